"""Verification: every proof is carried out here and checked again in a fresh process.

Two processes have to agree before a statement counts as proved.  This one runs the proof
scripts and writes their certificates down; the fresh one (`checker`) replays them.  While
the one proves a statement the other checks the one before.  Where there is much to prove,
a third process carries out proofs from the end of the list; what it proved is checked like
the rest.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from typing import Any, Self

from derivations import library
from derivations.cache import Store
from derivations.checker import (
    REPLAY_LIMIT,
    Checker,
    NoAnswerError,
    Reply,
    Worker,
    answer_all,
    claim_digest,
    shortfall,
)
from derivations.files import belongs_to_user, extension_digest
from derivations.kernel.certificate import replay, serialise
from derivations.kernel.theorem import Theorem
from derivations.library import LibraryError, Report, Statement
from derivations.reasons import explain, line

Progress = Callable[[str, int, int], None]
"""Told the id being proved, how many statements are done, and how many there are."""

# With fewer statements a second prover is not worth what it costs to start.
_WORTH_SHARING = 20
_PASSING = ("proved", "definition", "assumption")


# What verification answers -----------------------------------------------------------------


@dataclass(frozen=True)
class Result:
    """The verdict on one statement, and what its proof rests on.

    `seconds` is what the proof and its replay took when they were last carried out;
    `reason` and `goal` say why it failed and what was left to show.
    """

    id: str
    kind: str
    verdict: str
    seconds: float
    provenance: str
    assumptions: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    cited: tuple[str, ...] = ()
    oracles: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    reason: str = ""
    goal: str = ""
    cached: bool = False

    @property
    def ok(self) -> bool:
        """Whether it was proved, or is a definition or an assumption that is well formed."""
        return self.verdict in _PASSING

    def as_json(self) -> dict[str, Any]:
        """The fields of the JSON contract; a failure also says why."""
        shown: dict[str, Any] = {
            "id": self.id,
            "kind": self.kind,
            "verdict": self.verdict,
            "seconds": round(self.seconds, 4),
            "assumptions": list(self.assumptions),
            "rules": list(self.rules),
            "cited": list(self.cited),
            "oracles": list(self.oracles),
            "provenance": self.provenance,
            "cached": self.cached,
        }
        return shown if self.ok else {**shown, "reason": self.reason, "goal": self.goal}


@dataclass(frozen=True)
class Verification:
    """The outcome of a verification, statement by statement."""

    seconds: float
    results: tuple[Result, ...]

    @property
    def ok(self) -> bool:
        """Whether there was something to verify and all of it passed."""
        return bool(self.results) and all(r.ok for r in self.results)

    def as_json(self) -> dict[str, Any]:
        """The JSON contract of ``gradgap verify``."""
        return {
            "ok": self.ok,
            "seconds": round(self.seconds, 4),
            "statements": [r.as_json() for r in self.results],
        }


# Verifying ----------------------------------------------------------------------------------


def verify(
    ids: Sequence[str] | None = None,
    *,
    fresh: bool = False,
    progress: Progress | None = None,
    store: Store | None = None,
    limit: float = REPLAY_LIMIT,
) -> Verification:
    """Verify the statements named, or all; raises `LibraryError` for an unknown id.

    With a store, verdicts reached before are taken from it unless `fresh`, and new ones
    are kept in it.  A statement that fails does not stop the others.
    """
    started = time.perf_counter()
    chosen = library.statements() if ids is None else [*map(library.theorem, dict.fromkeys(ids))]
    if not chosen:
        raise LibraryError("there is no statement to verify")
    own = extension_digest()
    keys = _keys(store, chosen, own) if store is not None and store.usable else {}
    results = {} if fresh or store is None else _recall(store, keys, chosen)
    left = [s for s in chosen if s.id not in results]
    found = _examine(left, limit, _counted(progress, len(results), len(chosen)))
    if store is not None and found and store.unchanged() and own == extension_digest():
        _remember(store, keys, found)
    results.update((r.id, r) for r in found)
    return Verification(time.perf_counter() - started, tuple(results[s.id] for s in chosen))


def check(statement: Statement) -> Report:
    """Prove a statement and replay its certificate, in this process."""
    started = time.perf_counter()
    made = _attempt(statement)
    if isinstance(made, Result):
        return Report(statement.id, made.verdict, made.seconds, made.reason)
    try:
        again = replay(serialise({statement.id: statement.theorem}))
        reason = shortfall(statement, again[statement.id])
    except Exception as error:  # whatever happens, it is not proved
        reason = f"its certificate is refused: {line(error)}"
    verdict = "failed" if reason else made.result.verdict
    return Report(statement.id, verdict, time.perf_counter() - started, reason)


@dataclass(frozen=True)
class _Attempt:
    """A proof that went through, and has yet to be checked in the fresh process.

    There is no theorem here if it was the assistant that carried it out.
    """

    result: Result
    theorem: Theorem | None
    claim: str


_Batch = list[_Attempt]


def _counted(progress: Progress | None, done: int, total: int) -> Callable[[str, int], None]:
    if progress is None:
        return lambda id, count: None
    return lambda id, count: progress(id, done + count, total)


def _examine(
    chosen: Sequence[Statement], limit: float, progress: Callable[[str, int], None]
) -> list[Result]:
    if not chosen:
        return []
    left = deque(chosen)
    with Checker(limit) as checker, _Assistant(left, checker) as assistant:
        results, asked = _carry_out(left, checker, len(chosen), progress)
        progress("", len(chosen))
        assistant.wait()
        # If the assistant died, the statement it had is in the list again.
        more, also_asked = _carry_out(left, checker, len(chosen), progress)
        for batch, future in (*asked, *also_asked, *assistant.asked):
            results.extend(_settled(checker, batch, future.result()))
        return [*results, *more, *assistant.failed]


def _carry_out(
    left: deque[Statement], checker: Checker, total: int, progress: Callable[[str, int], None]
) -> tuple[list[Result], list[tuple[_Batch, Future[Reply]]]]:
    """Prove what is left, first things first: the failures, and what the checker was asked."""
    failed: list[Result] = []
    ready: _Batch = []
    asked: list[tuple[_Batch, Future[Reply]]] = []
    while left:
        with contextlib.suppress(IndexError):  # the assistant may have taken the last one
            statement = left.popleft()
            progress(statement.id, total - len(left) - 1)
            made = _attempt(statement)
            if isinstance(made, Result):
                failed.append(made)
                continue
            ready.append(made)
            # What has accumulated goes out when the other process is idle.
            if not asked or asked[-1][1].done():
                asked.append((ready, _submit(checker, ready)))
                ready = []
    if ready:
        asked.append((ready, _submit(checker, ready)))
    return failed, asked


def _submit(checker: Checker, batch: _Batch) -> Future[Reply]:
    return checker.submit({a.result.id: a.theorem for a in batch if a.theorem is not None})


def _settled(checker: Checker, batch: _Batch, reply: Reply) -> Iterator[Result]:
    """The results of a batch; one that came to grief as a whole is asked one by one."""
    if reply.trouble and len(batch) > 1:
        for made in batch:
            yield from _settled(checker, [made], _submit(checker, [made]).result())
        return
    for made in batch:
        yield _agreed(made, reply, reply.seconds / len(batch))


def _attempt(statement: Statement) -> _Attempt | Result:
    """Run a proof script: what it proved, or a failed result."""
    started = time.perf_counter()

    def result(verdict: str) -> Result:
        took = time.perf_counter() - started
        return Result(statement.id, statement.kind, verdict, took, statement.provenance)

    try:
        theorem = statement.theorem
        found = library.foundations(statement)
        claim = claim_digest(statement)
        uses = statement.uses()
    except (Exception, SystemExit) as error:  # a proof script may do anything
        reason, goal = explain(statement, error)
        return replace(result("failed"), reason=reason, goal=goal)
    passed = replace(
        result(_passed(statement)),
        assumptions=found.assumptions,
        rules=(*found.rules, *found.axioms),
        cited=found.cited,
        oracles=found.oracles,
        uses=uses,
    )
    return _Attempt(passed, theorem, claim)


def _agreed(made: _Attempt, reply: Reply, seconds: float) -> Result:
    """The result once the fresh process has answered; both must say the same."""
    result = replace(made.result, seconds=made.result.seconds + seconds)
    if reply.trouble:
        return replace(result, verdict="unknown" if reply.late else "failed", reason=reply.trouble)
    reason, claim = reply.answers.get(result.id, ("the fresh process did not answer", ""))
    if not reason and claim != made.claim:
        reason = "the fresh process knows another statement under this id"
    return replace(result, verdict="failed", reason=reason) if reason else result


def _passed(statement: Statement) -> str:
    return statement.kind if statement.kind in ("definition", "assumption") else "proved"


# Remembered verdicts ----------------------------------------------------------------------------


def _keys(store: Store, chosen: Iterable[Statement], own: str | None) -> dict[str, str]:
    """The key of each statement; none for one whose claim cannot be written down."""
    keys: dict[str, str] = {}
    for statement in chosen:
        # A malformed claim is reported when its proof is attempted.
        with contextlib.suppress(Exception):
            claim = claim_digest(statement)
            if not belongs_to_user(statement):
                keys[statement.id] = store.key(claim)
            elif own is not None:
                keys[statement.id] = store.key(claim, own)
    return keys


def _recall(
    store: Store, keys: Mapping[str, str], chosen: Iterable[Statement]
) -> dict[str, Result]:
    found: dict[str, Result] = {}
    for statement in chosen:
        key = keys.get(statement.id)
        record = store.load(statement.id, key) if key is not None else None
        result = _from_record(statement, record) if record is not None else None
        if result is not None:
            found[statement.id] = result
    return found


def _from_record(statement: Statement, record: Mapping[str, Any]) -> Result | None:
    """A remembered result, if it says what a passing result of this statement would say."""
    names = ("assumptions", "rules", "cited", "oracles", "uses")
    texts = {name: _texts(record.get(name)) for name in names}
    seconds = record.get("seconds")
    if record.get("id") != statement.id or record.get("verdict") != _passed(statement):
        return None
    if not isinstance(seconds, int | float) or None in texts.values():
        return None
    lists: dict[str, Any] = dict(texts)
    return Result(
        statement.id, statement.kind, _passed(statement), float(seconds),
        statement.provenance, cached=True, **lists,
    )  # fmt: skip


def _texts(value: Any) -> tuple[str, ...] | None:
    whole = isinstance(value, list) and all(isinstance(v, str) for v in value)
    return tuple(value) if whole else None


def _remember(store: Store, keys: Mapping[str, str], results: Iterable[Result]) -> None:
    for result in results:
        if not result.ok or result.id not in keys:
            continue
        record = {name: value for name, value in _as_data(result).items() if name != "cached"}
        if not store.save(result.id, keys[result.id], record):
            return  # the folder cannot be written: neither can the next record


# A second prover ---------------------------------------------------------------------------------

_BOOT = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from derivations.verify import assist; assist()"
)


class _Assistant:
    """A process that carries out proofs from the end of the list, while this one begins.

    What it proved goes to the checker as a certificate; it is not believed any more than
    this process is.  If it dies, the statement it had goes back to the list.
    """

    def __init__(self, left: deque[Statement], checker: Checker) -> None:
        self.failed: list[Result] = []
        self.asked: list[tuple[_Batch, Future[Reply]]] = []
        self._left = left
        self._checker = checker
        self._worker = Worker(_BOOT)
        self._pool = ThreadPoolExecutor(1)
        self._working: Future[None] | None = None

    def __enter__(self) -> Self:
        if len(self._left) >= _WORTH_SHARING and (os.cpu_count() or 1) > 1:
            self._working = self._pool.submit(self._work)
        return self

    def __exit__(self, *_: object) -> None:
        self._worker.close()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def wait(self) -> None:
        """Wait until it has finished what it took from the list."""
        if self._working is not None:
            self._working.result()

    def _work(self) -> None:
        with contextlib.suppress(OSError):
            self._worker.start()
        while self._left:
            with contextlib.suppress(IndexError):
                statement = self._left.pop()
                try:
                    self._take(statement, self._worker.ask({"prove": statement.id}))
                except (NoAnswerError, LookupError, TypeError):
                    self._left.append(statement)
                    return

    def _take(self, statement: Statement, answer: Any) -> None:
        told = answer["result"]
        lists = {name: tuple(v) for name, v in told.items() if isinstance(v, list)}
        held: dict[str, Any] = {**told, **lists}
        result = Result(**held)
        if result.id != statement.id:
            raise LookupError("an answer to another question")
        if not result.ok:
            self.failed.append(result)
            return
        made = _Attempt(result, None, claim_digest(statement))
        self.asked.append(([made], self._checker.submit_certificate(answer["certificate"])))


def assist() -> None:
    """Carry out the proofs asked for on standard input: the body of the assistant."""
    answer_all(_prove_for)


def _prove_for(question: Mapping[str, Any]) -> dict[str, Any]:
    """Carry out one proof: the result, and the certificate if it went through."""
    made = _attempt(library.theorem(question["prove"]))
    if isinstance(made, Result):
        return {"result": _as_data(made)}
    id = made.result.id
    try:
        certificate = serialise({id: library.prove(id)})
    except Exception as error:  # whatever happens, it is not proved
        reason = f"its certificate cannot be written: {line(error)}"
        return {"result": _as_data(replace(made.result, verdict="failed", reason=reason))}
    return {"result": _as_data(made.result), "certificate": certificate}


def _as_data(result: Result) -> dict[str, Any]:
    return {f.name: getattr(result, f.name) for f in fields(result)}


