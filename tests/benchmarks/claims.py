"""Scores of `prove` on the corpus, beside those of z3, cvc5 and SymPy on the same claims.

    python -m tests.benchmarks.claims --seconds 20 --json scores.json

Every decider has the same time for every claim, in a process of its own that is killed when
the time is over.  z3 and cvc5 get the negation in SMT-LIB and are taken at their word; both know
exp, sin, cos and pi; log and Lambert's function are given to them as inverses.
"""

from __future__ import annotations

import importlib
import json
import multiprocessing
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import click

from derivations.kernel.terms import Term
from derivations.search.claims import ClaimError, relation_terms, to_sympy
from derivations.search.prove import prove
from derivations.writing import write_file

from ..corpus import CLAIMS
from ..corpus.claim import Claim

PROVED, REFUTED, UNKNOWN = "proved", "refuted", "unknown"
_FORK = multiprocessing.get_context("fork")
_GRACE = 2.0
"""Seconds after which a decider that does not keep its own limit is killed."""


@dataclass(frozen=True)
class Result:
    """What a decider said of a claim, in how many seconds."""

    decider: str
    claim: str
    truth: bool
    verdict: str
    seconds: float

    @property
    def decided(self) -> bool:
        return self.verdict != UNKNOWN

    @property
    def right(self) -> bool:
        return self.verdict == (PROVED if self.truth else REFUTED)


# gradgap ----------------------------------------------------------------------------------------


def by_prove(claim: Claim, seconds: float) -> str:
    """The verdict of `prove`; a claim that it does not accept is undecided."""
    try:
        return prove(claim.claim, claim.given, timeout=seconds).verdict
    except ClaimError:
        return UNKNOWN


# Solvers --------------------------------------------------------------------------------------

_SIGNS: Mapping[str, str] = {
    "+": "+", "-": "-", "neg": "-", "*": "*", "/": "/",
    "<=": "<=", "<": "<", ">=": ">=", ">": ">", "=": "=", "!=": "distinct",
}  # fmt: skip


class Script:
    """A claim's negation, with its hypotheses, in the language of SMT-LIB."""

    def __init__(self, claim: Claim, pi: str) -> None:
        self.pi = pi
        self.algebraic = True
        self.lines: list[str] = []
        self.names: dict[Term, str] = {}
        hypotheses = [self.text(h) for g in claim.given for h in relation_terms(g)]
        goals = [self.text(goal) for goal in relation_terms(claim.claim)]
        self.lines += [f"(assert {h})" for h in hypotheses]
        self.lines.append(f"(assert (not (and true {' '.join(goals)})))")

    def __str__(self) -> str:
        # With ALL, cvc5 is much slower on polynomials.
        logic = "QF_NRA" if self.algebraic else "ALL"
        return f"(set-logic {logic})\n" + "\n".join(self.lines) + "\n(check-sat)\n"

    def text(self, term: Term) -> str:
        """The term; roots and pieces become variables with what defines them."""
        if term.kind == "num":
            return _number(term.head)
        if term in self.names:
            return self.names[term]
        if term.kind == "var":
            return self.variable(term)
        if term.head == "pi":
            self.algebraic = False
            return self.pi
        if term.head == "^":
            return self.power(self.text(term.args[0]), int(term.args[1].head))
        arguments = [self.text(a) for a in term.args]
        if term.head in _SIGNS:
            return f"({_SIGNS[term.head]} {' '.join(arguments)})"
        if term.head in ("abs", "min", "max"):
            return _piece(term.head, arguments)
        if term.head == "sqrt":
            name = self.variable(term)
            square = f"(= (* {name} {name}) {arguments[0]})"
            self.lines.append(f"(assert (and (>= {name} 0.0) {square}))")
            return name
        self.algebraic = False
        if term.head == "log":
            name = self.variable(term)
            self.lines.append(f"(assert (= (exp {name}) {arguments[0]}))")
            return name
        if term.head == "lambertw":
            name = self.variable(term)
            product = f"(= (* {name} (exp {name})) {arguments[0]})"
            self.lines.append(f"(assert (and (<= {name} (- 1.0)) {product}))")
            return name
        return f"({term.head} {arguments[0]})"

    def variable(self, term: Term) -> str:
        name = self.names[term] = f"v{len(self.names)}"
        self.lines.append(f"(declare-const {name} Real)")
        return name

    def power(self, base: str, exponent: int) -> str:
        if exponent == 0:
            return "1.0"
        product = f"(* {' '.join([base] * abs(exponent))})" if abs(exponent) > 1 else base
        return product if exponent > 0 else f"(/ 1.0 {product})"


def _number(value: Fraction) -> str:
    size = f"(/ {abs(value.numerator)}.0 {value.denominator}.0)"
    return size if value >= 0 else f"(- {size})"


def _piece(name: str, arguments: Sequence[str]) -> str:
    first = arguments[0]
    second = f"(- {first})" if name == "abs" else arguments[1]
    sign = "<=" if name == "min" else ">="
    return f"(ite ({sign} {first} {second}) {first} {second})"


def by_z3(claim: Claim, seconds: float) -> str:
    """z3 on the negation."""
    z3 = importlib.import_module("z3")
    solver = z3.Solver()
    solver.set("timeout", int(1000 * seconds))
    solver.from_string(str(Script(claim, "pi")))
    answer = str(solver.check())
    return {"unsat": PROVED, "sat": REFUTED}.get(answer, UNKNOWN)


def by_cvc5(claim: Claim, seconds: float) -> str:
    """cvc5 on the negation."""
    cvc5 = importlib.import_module("cvc5")
    manager = cvc5.TermManager()
    solver = cvc5.Solver(manager)
    solver.setOption("tlimit-per", str(int(1000 * seconds)))
    parser = cvc5.InputParser(solver)
    script = str(Script(claim, "real.pi"))
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, script, "claim")
    symbols, answer = parser.getSymbolManager(), ""
    while not (command := parser.nextCommand()).isNull():
        answer = str(command.invoke(solver, symbols)).strip()
    return {"unsat": PROVED, "sat": REFUTED}.get(answer, UNKNOWN)


# SymPy ------------------------------------------------------------------------------------------


def by_sympy(claim: Claim, seconds: float) -> str:
    """What SymPy makes of a claim: `simplify`, then `ask`, then `solveset` in one variable."""
    sympy = importlib.import_module("sympy")
    given = [sympy.sympify(to_sympy(h)) for g in claim.given for h in relation_terms(g)]
    goals = [sympy.sympify(to_sympy(goal)) for goal in relation_terms(claim.claim)]
    verdicts = [_sympy_verdict(sympy, goal, given) for goal in goals]
    if REFUTED in verdicts:
        return REFUTED
    return PROVED if set(verdicts) == {PROVED} else UNKNOWN


def _signed(sympy: Any, goal: Any, given: Iterable[Any]) -> Any:
    """The goal, with the signs that the hypotheses state as assumptions on its variables."""
    signs: dict[Any, dict[str, bool]] = {}
    for relation in given:
        if isinstance(relation, (sympy.Lt, sympy.Le)):
            relation = relation.reversed
        if isinstance(relation, (sympy.Gt, sympy.Ge)) and relation.lhs.is_Symbol:
            if relation.rhs.is_number and relation.rhs >= 0:
                strict = isinstance(relation, sympy.Gt) or relation.rhs > 0
                signs.setdefault(relation.lhs, {})["positive" if strict else "nonnegative"] = True
    return goal.xreplace({v: sympy.Symbol(v.name, real=True, **s) for v, s in signs.items()})


def _sympy_verdict(sympy: Any, goal: Any, given: Sequence[Any]) -> str:
    for decide in (_simplified, _asked, _solved):
        try:
            answer = decide(sympy, goal, given)
        except (NotImplementedError, TypeError, ValueError, AttributeError):
            continue
        if answer is not None:
            return PROVED if answer else REFUTED
    return UNKNOWN


def _truth(sympy: Any, value: Any) -> bool | None:
    if value in (sympy.true, sympy.false):
        return bool(value)
    return None


def _simplified(sympy: Any, goal: Any, given: Sequence[Any]) -> bool | None:
    return _truth(sympy, sympy.simplify(_signed(sympy, goal, given)))


def _asked(sympy: Any, goal: Any, given: Sequence[Any]) -> bool | None:
    q = sympy.Q
    goal = _signed(sympy, goal, given)
    if goal in (sympy.true, sympy.false):
        return bool(goal)
    difference = goal.lhs - goal.rhs
    predicate = {
        sympy.Ge: q.nonnegative, sympy.Gt: q.positive, sympy.Le: q.nonpositive,
        sympy.Lt: q.negative, sympy.Eq: q.zero, sympy.Ne: q.nonzero,
    }[type(goal)]  # fmt: skip
    # The signs of the variables are in the symbols.  A "no" would be about all of their values.
    return True if any(sympy.ask(predicate(d)) for d in (difference, difference.factor())) else None


def _solved(sympy: Any, goal: Any, given: Sequence[Any]) -> bool | None:
    variables = sorted(sympy.And(goal, *given).free_symbols, key=str)
    if len(variables) != 1:
        return None
    # `solveset` wants one unknown without assumptions other than being real.
    unknown = sympy.Symbol(variables[0].name, real=True)
    plain = {variables[0]: unknown}
    found = sympy.S.Reals
    for relation in (*given, sympy.Not(goal)):
        found &= sympy.solveset(relation.xreplace(plain), unknown, sympy.S.Reals)
    return bool(found.is_empty) if found.is_empty is not None else None


# Scores -------------------------------------------------------------------------------------------

DECIDERS: Mapping[str, tuple[str, Callable[[Claim, float], str]]] = {
    "gradgap": ("derivations", by_prove),
    "z3": ("z3", by_z3),
    "cvc5": ("cvc5", by_cvc5),
    "sympy": ("sympy", by_sympy),
}
"""Each decider with the module that it needs."""


def _answer(name: str, claim: Claim, seconds: float, pipe: Connection) -> None:
    start = time.monotonic()
    try:
        verdict = DECIDERS[name][1](claim, seconds)
    except Exception:  # whatever a solver dies of, the claim is not decided
        verdict = UNKNOWN
    pipe.send((verdict, time.monotonic() - start))


def run(name: str, claim: Claim, seconds: float) -> Result:
    """One decider on one claim, in a process that is killed when the time is over."""
    ours, theirs = _FORK.Pipe(duplex=False)
    process = _FORK.Process(target=_answer, args=(name, claim, seconds, theirs))
    start = time.monotonic()
    process.start()
    theirs.close()
    verdict, spent = UNKNOWN, None
    if ours.poll(seconds + _GRACE):
        try:
            verdict, spent = ours.recv()
        except EOFError:  # the process died
            pass
    process.kill()
    process.join()
    ours.close()
    taken = time.monotonic() - start if spent is None else spent
    return Result(name, claim.name, claim.truth, verdict, round(taken, 3))


@dataclass(frozen=True)
class Score:
    """How a decider did."""

    decider: str
    claims: int
    decided: int
    right: int
    wrong: int
    true_proved: int
    false_refuted: int
    median_seconds: float
    slowest_seconds: float


def score(name: str, results: Sequence[Result]) -> Score:
    """The score of one decider."""
    own = [r for r in results if r.decider == name]
    right = [r for r in own if r.right]
    decided = sum(r.decided for r in own)
    seconds = [r.seconds for r in own]
    return Score(
        name, len(own), decided, len(right), decided - len(right),
        sum(r.truth for r in right), sum(not r.truth for r in right),
        round(statistics.median(seconds), 3), max(seconds),
    )  # fmt: skip


def table(scores: Iterable[Score]) -> Iterator[str]:
    """The lines of the table."""
    heads = ("decider", "claims", "decided", "right", "wrong", "proved", "refuted", "median s",
             "slowest s")  # fmt: skip
    rows = [heads, *(tuple(str(v) for v in asdict(s).values()) for s in scores)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for first, *rest in rows:
        cells = [v.rjust(w) for v, w in zip(rest, widths[1:], strict=True)]
        yield "  ".join([first.ljust(widths[0]), *cells])


@click.command()
@click.option("--seconds", default=20.0, show_default=True, help="time for a claim")
@click.option("--every", default=1, show_default=True, help="take each such claim only")
@click.option("--decider", "names", multiple=True, type=click.Choice(list(DECIDERS)))
@click.option("--json", "file", type=click.Path(path_type=Path), help="results and scores")
def main(seconds: float, every: int, names: Sequence[str], file: Path | None) -> None:
    """Print the scores on the corpus."""
    chosen = [n for n in DECIDERS if not names or n in names]
    for name in chosen:
        # Loaded before the fork: nobody's time is spent on imports.
        importlib.import_module(DECIDERS[name][0])
    results: list[Result] = []
    claims = CLAIMS[::every]
    with click.progressbar(claims, label=", ".join(chosen), file=sys.stderr) as shown:
        for claim in shown:
            results += [run(name, claim, seconds) for name in chosen]
            if file is not None:  # as far as it goes: the whole run takes hours
                write_file(file, _written(seconds, chosen, results))
    for line in table(score(name, results) for name in chosen):
        click.echo(line)
    for result in results:
        if result.decided and not result.right:
            kind = "true" if result.truth else "false"
            click.echo(f"{result.decider}: {result.verdict}, but {kind}: {result.claim}")


def _written(seconds: float, names: Sequence[str], results: Sequence[Result]) -> str:
    scores = [asdict(score(name, results)) for name in names]
    data = {"seconds": seconds, "scores": scores, "results": [asdict(r) for r in results]}
    return json.dumps(data, indent=1)


if __name__ == "__main__":
    main()
