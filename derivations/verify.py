"""Verification: every proof is carried out here and checked again in a fresh process.

Two processes have to agree before a statement counts as proved.  This one runs the proof
scripts and writes their certificates down.  The fresh one imports the theory, which only
declares statements, replays each certificate with its own kernel, and compares what came
out with the statement as *it* knows it; nothing it is told can change what it expects.
While the one proves a statement the other checks the one before.  Where there is much to
prove, a third process carries out proofs from the end of the list; what it proved is
checked like the rest.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import types
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import IO, Any, Self

from derivations import library
from derivations.cache import PACKAGE, Store, digest, digest_files
from derivations.kernel.certificate import replay, serialise
from derivations.kernel.terms import KernelError, Term
from derivations.kernel.theorem import Theorem, infer
from derivations.library import LibraryError, Report, Statement
from derivations.tactics import ProofError

REPLAY_LIMIT = 300.0
"""Seconds the fresh process may take over one certificate."""

Progress = Callable[[str, int, int], None]
"""Told the id being proved, how many statements are done, and how many there are."""

_LONGEST_REASON = 400
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
        reason = f"its certificate is refused: {_line(error)}"
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
) -> tuple[list[Result], list[tuple[_Batch, Future[_Reply]]]]:
    """Prove what is left, first things first: the failures, and what the checker was asked."""
    failed: list[Result] = []
    ready: _Batch = []
    asked: list[tuple[_Batch, Future[_Reply]]] = []
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


def _submit(checker: Checker, batch: _Batch) -> Future[_Reply]:
    return checker.submit({a.result.id: a.theorem for a in batch if a.theorem is not None})


def _settled(checker: Checker, batch: _Batch, reply: _Reply) -> Iterator[Result]:
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


def _agreed(made: _Attempt, reply: _Reply, seconds: float) -> Result:
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


def claim_digest(statement: Statement) -> str:
    """The digest of what a statement says: its hypotheses and conclusion, definitions included."""
    said = [("conclusion", statement.conclusion)]
    said += [(f"hypothesis {i}", h) for i, h in enumerate(statement.hypotheses)]
    written = serialise({name: infer("assume", formula=formula) for name, formula in said})
    return digest(statement.id, statement.kind, json.dumps(written))


def shortfall(statement: Statement, theorem: Theorem) -> str:
    """How a theorem falls short of a statement, in one line; empty if it proves it."""
    if theorem.conclusion != statement.conclusion:
        return f"its certificate proves something else: {_short(theorem.conclusion)}"
    extra = theorem.hypotheses - frozenset(statement.hypotheses)
    if extra:
        return f"its certificate needs what is no hypothesis: {_short(min(extra, key=repr))}"
    return ""


# Why a proof failed ---------------------------------------------------------------------------


def explain(statement: Statement, error: BaseException) -> tuple[str, str]:
    """One line saying why a proof failed, and the goal that was left, or an empty text."""
    goal = error.goal if isinstance(error, ProofError) else None
    culprit = _failing(error)
    reason = _line(error)
    if culprit not in ("", statement.id):
        reason = f"it rests on {culprit}, which fails: {reason}"
    return reason, "" if goal is None else _short(goal, 2000)


def _failing(error: BaseException) -> str:
    """The id of the innermost statement whose proof was being carried out."""
    found = ""
    trace = error.__traceback__
    while trace is not None:
        frame = trace.tb_frame
        inside = frame.f_locals.get("statement")
        if frame.f_globals.get("__name__") == library.__name__ and isinstance(inside, Statement):
            found = inside.id
        trace = trace.tb_next
    return found


def _line(error: BaseException) -> str:
    """What went wrong, in one line; where, unless the message is meant for the user."""
    told = isinstance(error, ProofError | LibraryError | KernelError | RecursionError)
    return _cut(_said(error) + ("" if told else _where(error)), _LONGEST_REASON)


def _said(error: BaseException) -> str:
    try:
        said = " ".join(str(error).split())
    except Exception:  # a user's exception may fail to print itself
        said = ""
    if isinstance(error, RecursionError):
        return "RecursionError: nested or recursing too deeply"
    if isinstance(error, KernelError):
        return f"the kernel refuses: {said}"
    if isinstance(error, ProofError | LibraryError) and said:
        return said
    return f"{type(error).__name__}: {said}".removesuffix(": ")


def _where(error: BaseException, file: Path | None = None) -> str:
    """`` (file, line n)`` of the innermost frame, or of the innermost one in `file`."""
    found = ""
    trace = error.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if file is None or name == str(file):
            found = f" ({Path(name).name}, line {trace.tb_lineno})"
        trace = trace.tb_next
    return found


def _short(term: Term, longest: int = 200) -> str:
    try:
        return _cut(repr(term), longest)
    except RecursionError:
        return "a term too deep to print"


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 3]}..."


# Remembered verdicts ----------------------------------------------------------------------------


def _keys(store: Store, chosen: Iterable[Statement], own: str | None) -> dict[str, str]:
    """The key of each statement; none for one whose claim cannot be written down."""
    keys: dict[str, str] = {}
    for statement in chosen:
        # A malformed claim is reported when its proof is attempted.
        with contextlib.suppress(Exception):
            claim = claim_digest(statement)
            if statement.id not in _OWN_IDS:
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


# The user's own files ---------------------------------------------------------------------------

_OWN: dict[Path, str] = {}
_HELPERS: set[Path] = set()
_OWN_IDS: set[str] = set()


def load_file(path: str | os.PathLike[str]) -> Path:
    """Run a user's Python file, so that its statements join the library.

    What it imports from its own folder is found.  Raises `LibraryError`, in one line that
    names file and line, when it cannot be run or states nothing.
    """
    library.load()
    file = Path(path).absolute()
    source = _read(file)
    if file.resolve() in _loaded_files():
        return file
    before, known = set(sys.modules), {s.id: s for s in library.statements()}
    if str(file.parent) not in sys.path:
        # Last, so that no file there hides a module of Python's or of this package.
        sys.path.append(str(file.parent))
    _run(file, source)
    stated = [s.id for s in library.statements() if known.get(s.id) is not s]
    if not stated:
        raise LibraryError(f"{file.name} states nothing: it registers no statement")
    _OWN[file] = digest(source)
    _OWN_IDS.update(stated)
    _HELPERS.update(_user_modules(set(sys.modules) - before))
    return file


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or str(error)
        raise LibraryError(f"cannot read {file}: {said}") from None


def _loaded_files() -> set[Path]:
    """The files that are modules already, so that none is run twice."""
    found = {f.resolve() for f in _OWN}
    found |= {h.resolve() for h in _HELPERS}
    return found


def _run(file: Path, source: bytes) -> None:
    module = types.ModuleType(_module_name(file))
    module.__file__ = str(file)
    try:
        # Compiled here, not by the import system: its stored bytecode is chosen by time
        # and size, and may be that of the file as it was a moment ago.
        code = compile(source, str(file), "exec")
        sys.modules[module.__name__] = module
        exec(code, module.__dict__)  # running it is what was asked for
    except (Exception, SystemExit) as error:  # it may raise anything
        sys.modules.pop(module.__name__, None)
        raise LibraryError(f"cannot load {file.name}: {_trouble(file, error)}") from None


def _trouble(file: Path, error: BaseException) -> str:
    if isinstance(error, SyntaxError):
        name = Path(error.filename).name if error.filename else file.name
        return f"{error.msg} ({name}, line {error.lineno or 1})"
    return _cut(_said(error) + (_where(error, file) or _where(error)), _LONGEST_REASON)


def _module_name(file: Path) -> str:
    """The file's own name, so that its neighbours can import it, unless that is taken."""
    name = file.stem
    if name.isidentifier() and name not in sys.modules:
        try:
            found = importlib.util.find_spec(name)
        except (ImportError, ValueError):
            found = None
        if found is None or found.origin == str(file):
            return name
    return f"{name}_{digest(str(file))[:8]}"


def _user_modules(names: Iterable[str]) -> Iterator[Path]:
    """The source files of modules that belong neither to Python nor to what is installed."""
    import sysconfig

    paths = sysconfig.get_paths()
    foreign = [Path(paths[k]) for k in ("stdlib", "platstdlib", "purelib", "platlib")]
    for name in names:
        origin = getattr(sys.modules.get(name), "__file__", None)
        if origin and not any(Path(origin).is_relative_to(f) for f in (*foreign, PACKAGE)):
            yield Path(origin)


def extension_digest() -> str | None:
    """The digest of the user's files as they are on disk; None if they changed since."""
    for file, said in _OWN.items():
        try:
            if digest(file.read_bytes()) != said:
                return None
        except OSError:
            return None
    helpers = digest_files(_HELPERS)
    return None if helpers is None else digest(helpers, *map(str, _OWN), *_OWN.values())


# The fresh process ------------------------------------------------------------------------------

_BOOT = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from derivations.verify import serve; serve()"
)
_BOOT_ASSISTANT = _BOOT.replace("serve", "assist")


@dataclass(frozen=True)
class _Reply:
    """What the fresh process says of a batch: for each id why it disagrees, and the claim.

    An empty reason is agreement.  `trouble` says why there is no answer for any of them,
    `late` that it took too long.
    """

    answers: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    seconds: float = 0.0
    trouble: str = ""
    late: bool = False


class _NoAnswerError(Exception):
    """The other process did not answer: why, and whether it was for lack of time."""

    def __init__(self, why: str, late: bool = False) -> None:
        super().__init__(why)
        self.late = late


class _Worker:
    """Another process that imports this package and answers one question after the other.

    It is started when it is first needed, and again after it died.
    """

    def __init__(self, program: str, limit: float | None = None) -> None:
        self._program = program
        self._limit = limit
        self._process: subprocess.Popen[bytes] | None = None
        self._errors: IO[bytes] | None = None
        self._closed = False

    def start(self) -> subprocess.Popen[bytes]:
        """The process, running; raises `OSError`."""
        if self._process is None:
            errors = tempfile.TemporaryFile()  # noqa: SIM115 (closed by _stop)
            try:
                self._process, self._errors = _start(self._program, errors), errors
            except BaseException:
                errors.close()
                raise
            if self._closed:  # meanwhile nobody waits for it any more
                self._stop()
                raise OSError("verification was stopped")
        return self._process

    def close(self) -> None:
        """End it for good; whoever waits for an answer gets none."""
        self._closed = True
        self._stop()

    def ask(self, question: Mapping[str, Any]) -> Any:
        """The answer to a question; raises `_NoAnswerError`."""
        try:
            process = self.start()
        except OSError as error:
            raise _NoAnswerError(f"no fresh process could be started: {_line(error)}") from error
        late = threading.Event()

        def expire() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(self._limit or 0, expire)
        if self._limit is not None:
            timer.start()
        try:
            answer = _exchange(process, question)
        except (OSError, ValueError):
            answer = None
        finally:
            timer.cancel()
        if answer is not None:
            return answer
        how = self._stop()
        if late.is_set():
            raise _NoAnswerError(f"checking its certificate took more than {self._limit:g} s", True)
        raise _NoAnswerError(f"the fresh process died over its certificate ({how})")

    def _stop(self) -> str:
        """End the process; how it ended, and the last line it wrote to its error output."""
        process, errors = self._process, self._errors
        self._process = self._errors = None
        if process is None or errors is None:
            return ""
        process.kill()
        code = process.wait()
        for pipe in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):
                if pipe is not None:
                    pipe.close()
        errors.seek(0)
        lines = errors.read().decode("utf-8", "replace").split("\n")
        errors.close()
        last = next((line.strip() for line in reversed(lines) if line.strip()), "")
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        return _cut(f"{how}: {last}" if last else how, _LONGEST_REASON)


class Checker:
    """The fresh process that replays certificates, beside this one."""

    def __init__(self, limit: float = REPLAY_LIMIT) -> None:
        self._worker = _Worker(_BOOT, limit)
        self._pool = ThreadPoolExecutor(1)

    def __enter__(self) -> Self:
        # It imports the theory while the first proof is carried out.
        self._pool.submit(self._worker.start)
        return self

    def __exit__(self, *_: object) -> None:
        self._worker.close()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def submit(self, theorems: Mapping[str, Theorem]) -> Future[_Reply]:
        """Ask for the certificates of theorems to be replayed and compared with the library."""
        return self._pool.submit(self._certify, theorems)

    def submit_certificate(self, certificate: Mapping[str, Any]) -> Future[_Reply]:
        """Ask for a certificate to be replayed and compared with the library."""
        return self._pool.submit(self._ask, certificate)

    def ask(self, certificate: Mapping[str, Any]) -> _Reply:
        """Have one certificate replayed and each of its theorems compared with the library."""
        return self.submit_certificate(certificate).result()

    def _certify(self, theorems: Mapping[str, Theorem]) -> _Reply:
        try:
            return self._ask(serialise(theorems))
        except Exception as error:  # whatever happens, it is no answer
            return _Reply(trouble=f"its certificate cannot be written: {_line(error)}")

    def _ask(self, certificate: Mapping[str, Any]) -> _Reply:
        try:
            return _read_reply(self._worker.ask(certificate))
        except _NoAnswerError as error:
            return _Reply(trouble=str(error), late=error.late)


class _Assistant:
    """A process that carries out proofs from the end of the list, while this one begins.

    What it proved goes to the checker as a certificate; it is not believed any more than
    this process is.  If it dies, the statement it had goes back to the list.
    """

    def __init__(self, left: deque[Statement], checker: Checker) -> None:
        self.failed: list[Result] = []
        self.asked: list[tuple[_Batch, Future[_Reply]]] = []
        self._left = left
        self._checker = checker
        self._worker = _Worker(_BOOT_ASSISTANT)
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
                except (_NoAnswerError, LookupError, TypeError):
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


def _start(program: str, errors: IO[bytes]) -> subprocess.Popen[bytes]:
    if not sys.executable:
        raise OSError("the Python interpreter is not known")
    path = [p or os.getcwd() for p in sys.path] + [str(PACKAGE.parent)]
    # -I: neither environment variables nor the current folder decide what it imports.
    options = ["-I", "-B"] if sys.dont_write_bytecode else ["-I"]
    process = subprocess.Popen(
        [sys.executable, *options, "-c", program, json.dumps(path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
    )  # fmt: skip
    with contextlib.suppress(OSError):  # if it died already, the first question finds out
        _send(process, {"files": [str(f) for f in _OWN]})
    return process


def _send(process: subprocess.Popen[bytes], message: Mapping[str, Any]) -> None:
    if process.stdin is None:
        raise OSError("no pipe")
    process.stdin.write(json.dumps(message).encode() + b"\n")
    process.stdin.flush()


def _exchange(process: subprocess.Popen[bytes], message: Mapping[str, Any]) -> Any:
    """Send a question and wait for the answer; None or an error if there is none."""
    _send(process, message)
    line = process.stdout.readline() if process.stdout is not None else b""
    return json.loads(line) if line.endswith(b"\n") else None


def _read_reply(answer: Any) -> _Reply:
    try:
        if answer["trouble"]:
            return _Reply(trouble=str(answer["trouble"]))
        answers = {
            id: (str(reason), str(claim)) for id, (reason, claim) in answer["answers"].items()
        }
        return _Reply(answers, float(answer["seconds"]))
    except (KeyError, TypeError, ValueError, AttributeError):
        return _Reply(trouble="the fresh process gave no readable answer")


def serve() -> None:
    """Check certificates that come in on standard input: the body of the fresh process."""
    memory = remembering(infer)
    _answer_all(lambda certificate: _answer(certificate, memory))


def assist() -> None:
    """Carry out the proofs asked for on standard input: the body of the assistant."""
    _answer_all(_prove_for)


def _answer_all(answer: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that asks
    questions, answers = _private_streams()
    for file in json.loads(questions.readline() or b"{}").get("files", ()):
        load_file(file)
    library.load()
    for line in questions:
        answers.write(json.dumps(answer(json.loads(line))).encode() + b"\n")
        answers.flush()


def _prove_for(question: Mapping[str, Any]) -> dict[str, Any]:
    """Carry out one proof: the result, and the certificate if it went through."""
    made = _attempt(library.theorem(question["prove"]))
    if isinstance(made, Result):
        return {"result": _as_data(made)}
    id = made.result.id
    try:
        certificate = serialise({id: library.prove(id)})
    except Exception as error:  # whatever happens, it is not proved
        reason = f"its certificate cannot be written: {_line(error)}"
        return {"result": _as_data(replace(made.result, verdict="failed", reason=reason))}
    return {"result": _as_data(made.result), "certificate": certificate}


def _as_data(result: Result) -> dict[str, Any]:
    return {f.name: getattr(result, f.name) for f in fields(result)}


def remembering(infer_: Callable[..., Theorem]) -> Callable[..., Theorem]:
    """`infer`, with its answers kept: certificates share most of their steps.

    Nothing has to be believed for that.  What it returns was made by the kernel, and a
    theorem says the same however it was come by.
    """
    kept: dict[Any, Theorem] = {}

    def again(rule: str, *premises: Theorem, **arguments: Any) -> Theorem:
        question = (rule, premises, tuple(arguments.items()))
        if question not in kept:
            kept[question] = infer_(rule, *premises, **arguments)
        return kept[question]

    return again


def _private_streams() -> tuple[IO[bytes], IO[bytes]]:
    """The pipes, out of reach of whatever a user's file reads or prints."""
    questions, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return questions, answers


def _answer(certificate: Mapping[str, Any], infer: Callable[..., Theorem]) -> dict[str, Any]:
    """Replay a certificate and compare its theorems with the statements of this process."""
    started = time.perf_counter()
    answers: dict[str, tuple[str, str]] = {}
    trouble = ""
    try:
        answers = {id: _compared(id, made) for id, made in replay(certificate, infer).items()}
    except Exception as error:  # whatever happens, it does not agree
        trouble = f"its certificate is refused: {_line(error)}"
    return {
        "answers": answers,
        "trouble": trouble,
        "seconds": time.perf_counter() - started,
    }


def _compared(id: str, theorem: Theorem) -> tuple[str, str]:
    """How the theorem falls short of the statement of that id, and what that one claims."""
    try:
        statement = library.theorem(id)
    except LibraryError as error:
        return f"the fresh process knows no such statement: {_line(error)}", ""
    return shortfall(statement, theorem), claim_digest(statement)
