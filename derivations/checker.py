"""The fresh process: it replays certificates with its own kernel and its own statements.

It imports the theory, which only declares statements, replays each certificate it is sent,
and compares what came out with the statement as *it* knows it; nothing it is told can change
what it expects.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import IO, Any, Self

from derivations import library
from derivations.cache import PACKAGE, digest
from derivations.files import load_file, loaded
from derivations.kernel.certificate import replay, serialise
from derivations.kernel.theorem import Theorem, infer
from derivations.library import LibraryError, Statement
from derivations.reasons import LONGEST, cut, line, short

REPLAY_LIMIT = 300.0
"""Seconds the fresh process may take over one certificate."""

_BOOT = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from derivations.checker import serve; serve()"
)


@dataclass(frozen=True)
class Reply:
    """What the fresh process says of a batch: for each id why it disagrees, and the claim.

    An empty reason is agreement.  `trouble` says why there is no answer for any of them,
    `late` that it took too long.
    """

    answers: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    seconds: float = 0.0
    trouble: str = ""
    late: bool = False


class NoAnswerError(Exception):
    """The other process did not answer: why, and whether it was for lack of time."""

    def __init__(self, why: str, late: bool = False) -> None:
        super().__init__(why)
        self.late = late


class Worker:
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
        """The answer to a question; raises `NoAnswerError`."""
        try:
            process = self.start()
        except OSError as error:
            raise NoAnswerError(f"no fresh process could be started: {line(error)}") from error
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
            raise NoAnswerError(f"checking its certificate took more than {self._limit:g} s", True)
        raise NoAnswerError(f"the fresh process died over its certificate ({how})")

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
        return cut(f"{how}: {last}" if last else how, LONGEST)


class Checker:
    """The fresh process that replays certificates, beside this one."""

    def __init__(self, limit: float = REPLAY_LIMIT) -> None:
        self._worker = Worker(_BOOT, limit)
        self._pool = ThreadPoolExecutor(1)

    def __enter__(self) -> Self:
        # It imports the theory while the first proof is carried out.
        self._pool.submit(self._worker.start)
        return self

    def __exit__(self, *_: object) -> None:
        self._worker.close()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def submit(self, theorems: Mapping[str, Theorem]) -> Future[Reply]:
        """Ask for the certificates of theorems to be replayed and compared with the library."""
        return self._pool.submit(self._certify, theorems)

    def submit_certificate(self, certificate: Mapping[str, Any]) -> Future[Reply]:
        """Ask for a certificate to be replayed and compared with the library."""
        return self._pool.submit(self._ask, certificate)

    def ask(self, certificate: Mapping[str, Any]) -> Reply:
        """Have one certificate replayed and each of its theorems compared with the library."""
        return self.submit_certificate(certificate).result()

    def _certify(self, theorems: Mapping[str, Theorem]) -> Reply:
        try:
            return self._ask(serialise(theorems))
        except Exception as error:  # whatever happens, it is no answer
            return Reply(trouble=f"its certificate cannot be written: {line(error)}")

    def _ask(self, certificate: Mapping[str, Any]) -> Reply:
        try:
            return _read_reply(self._worker.ask(certificate))
        except NoAnswerError as error:
            return Reply(trouble=str(error), late=error.late)


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
        _send(process, {"files": [str(f) for f in loaded()]})
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


def _read_reply(answer: Any) -> Reply:
    try:
        if answer["trouble"]:
            return Reply(trouble=str(answer["trouble"]))
        answers = {
            id: (str(reason), str(claim)) for id, (reason, claim) in answer["answers"].items()
        }
        return Reply(answers, float(answer["seconds"]))
    except (KeyError, TypeError, ValueError, AttributeError):
        return Reply(trouble="the fresh process gave no readable answer")


def serve() -> None:
    """Check certificates that come in on standard input: the body of the fresh process."""
    memory, kernel = remembering(infer), list(_kernel())

    def answer(certificate: Mapping[str, Any]) -> Mapping[str, Any]:
        if list(_kernel()) != kernel:
            return {"trouble": "a file that was loaded changes the kernel"}
        return _answer(certificate, memory)

    answer_all(answer)


def _kernel() -> Iterator[tuple[str, ...]]:
    """What the modules of the kernel consist of: a user's file runs in this process, too."""
    for module in ("terms", "axioms", "algebra", "theorem", "certificate"):
        name = f"derivations.kernel.{module}"
        for key, value in vars(sys.modules[name]).items():
            yield from _parts((name, key), value)
    yield from _parts(("flint",), sys.modules["flint"].fmpz_mpoly_ctx)


def _parts(place: tuple[str, ...], value: Any) -> Iterator[tuple[str, ...]]:
    code = getattr(value, "__code__", None)
    yield (*place, str(id(value)), str(id(code)))
    if isinstance(value, type) and value.__module__.startswith("derivations.kernel."):
        for key, member in vars(value).items():
            yield from _parts((*place, key), member)


def answer_all(answer: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> None:
    """Answer the questions that come in on standard input, a line of JSON each."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that asks
    questions, answers = _private_streams()
    for file in json.loads(questions.readline() or b"{}").get("files", ()):
        load_file(file)
    library.load()
    for question in questions:
        answers.write(json.dumps(answer(json.loads(question))).encode() + b"\n")
        answers.flush()


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
        trouble = f"its certificate is refused: {line(error)}"
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
        return f"the fresh process knows no such statement: {line(error)}", ""
    return shortfall(statement, theorem), claim_digest(statement)


def claim_digest(statement: Statement) -> str:
    """The digest of what a statement says: its hypotheses and conclusion, definitions included."""
    said = [("conclusion", statement.conclusion)]
    said += [(f"hypothesis {i}", h) for i, h in enumerate(statement.hypotheses)]
    written = serialise({name: infer("assume", formula=formula) for name, formula in said})
    return digest(statement.id, statement.kind, json.dumps(written))


def shortfall(statement: Statement, theorem: Theorem) -> str:
    """How a theorem falls short of a statement, in one line; empty if it proves it."""
    if theorem.conclusion != statement.conclusion:
        return f"its certificate proves something else: {short(theorem.conclusion)}"
    extra = theorem.hypotheses - frozenset(statement.hypotheses)
    if extra:
        return f"its certificate needs what is no hypothesis: {short(min(extra, key=repr))}"
    return ""
