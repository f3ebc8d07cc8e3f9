"""What a claim presupposes: its terms are defined, and its hypotheses have a common point."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from derivations.kernel.algebra import Algebra
from derivations.kernel.terms import RELATIONS, Term, app, free_variables, lt, undefined
from derivations.kernel.theorem import Theorem
from derivations.search.arithmetic import prove_relation
from derivations.search.claims import ClaimError, show_claim
from derivations.search.formulas import (
    SCALARS,
    brief,
    is_opaque,
    negations,
    subterms,
    variables_in,
)
from derivations.search.limits import share
from derivations.search.points import holds
from derivations.search.strategies import search_proof
from derivations.search.witness import Point, find_witness, sample_point, show_point
from derivations.tactics import assume

_INSTANT = 0.03  # seconds for points that are simple, before anything is proved


class UndecidedError(Exception):
    """The reason why a claim stays undecided; never leaves `prove`."""


@dataclass(frozen=True)
class Situation:
    """Hypotheses known to be defined and consistent: theorems to use, and a point.

    `facts` are the assumed hypotheses and what was proved on the way, `witness` is a
    point that satisfies them all, `defined` the theorems that their terms are defined.
    """

    facts: tuple[Theorem, ...]
    defined: tuple[Theorem, ...]
    witness: Point


class UndefinedError(ClaimError):
    """A term of a claim that may be undefined: what is presupposed may be false."""

    def __init__(self, message: str, text: str, condition: Term) -> None:
        super().__init__(message, text)
        self.condition = condition


class OpenConditionError(Exception):
    """A condition of definedness that could not be proved."""

    def __init__(self, condition: Term) -> None:
        super().__init__(condition)
        self.condition = condition


def examine(hypotheses: Sequence[Term], deadline: float) -> Situation:
    """Show that hypotheses are defined and have a common point.

    Raises `ClaimError` when a term may be undefined or the hypotheses contradict each
    other, `UndecidedError` when neither that nor the opposite can be shown.
    """
    facts, defined = _admit(hypotheses, deadline)
    witness = _consistent(facts, hypotheses, deadline) if hypotheses else {}
    return Situation(tuple(facts), tuple(defined), witness)


def _admit(hypotheses: Sequence[Term], deadline: float) -> tuple[list[Theorem], list[Theorem]]:
    """The hypotheses as theorems, each once those before it show that it is defined."""
    facts: list[Theorem] = []
    defined: list[Theorem] = []
    waiting = list(dict.fromkeys(hypotheses))
    while waiting:
        late: list[Term] = []
        for hypothesis in waiting:
            try:
                shown = definedness(hypothesis, facts, None, share(deadline, 4))
            except OpenConditionError:
                late.append(hypothesis)
                continue
            facts += [*shown, assume(hypothesis)]
            defined += shown
        if len(late) == len(waiting):
            shown = complain(late[0], facts, deadline)
            facts += [*shown, assume(late.pop(0))]
            defined += shown
        waiting = late
    return facts, defined


def definedness(
    formula: Term, facts: Sequence[Theorem], witness: Point | None, deadline: float
) -> list[Theorem]:
    """Theorems that a formula is defined; raises `OpenConditionError` at the first failure."""
    shown: list[Theorem] = []
    for condition in dict.fromkeys(undefined(formula)):
        if is_trivial(condition):
            continue
        proof = None
        if _violation(condition, [*facts, *shown], _at_once) is None:
            proof = search_proof(condition, [*facts, *shown], witness, share(deadline, 2))
        if proof is None:
            raise OpenConditionError(condition)
        shown.append(proof[0])
    return shown


def is_trivial(condition: Term) -> bool:
    """Whether a condition says of a number what everybody sees."""
    return (
        not free_variables(condition)
        and all(p.head in SCALARS or p.kind == "num" for p in subterms(condition))
        and bool(holds(condition, {}))
    )


def ensure_defined(
    goal: Term, facts: Sequence[Theorem], witness: Point | None, deadline: float
) -> list[Theorem]:
    """Theorems that a claim is defined; raises as `complain` does."""
    try:
        return definedness(goal, facts, witness, share(deadline, 2))
    except OpenConditionError:
        return complain(goal, facts, deadline)


def complain(formula: Term, facts: Sequence[Theorem], deadline: float) -> list[Theorem]:
    """Raise an error that names the term of a formula that may be undefined.

    `ClaimError` with the remedy when an exact point shows it, `UndecidedError` otherwise.
    Should every condition be proved in this second attempt, the proofs come back.
    """
    known = list(facts)
    for condition in dict.fromkeys(undefined(formula)):
        if is_trivial(condition):
            continue
        point = _violation(condition, known, _at_once)
        if point is None:
            proof = search_proof(condition, known, None, share(deadline, 4))
            if proof is not None:
                known.append(proof[0])
                continue
            until = share(deadline, 2)
            point = _violation(condition, known, partial(find_witness, deadline=until))
        if point is not None:
            raise _undefined_error(condition, formula, point)
        raise UndecidedError(
            f"could not show that {brief(condition)}, without which {brief(formula)} has no "
            "meaning: add it as a hypothesis"
        )
    return known[len(facts) :]


def _violation(
    condition: Term, facts: Sequence[Theorem], search: Callable[[Sequence[Term]], Point | None]
) -> Point | None:
    """A point, if the search comes to one, at which the facts hold and a condition does not."""
    known = [f.conclusion for f in facts]
    failures = negations(condition) if condition.head in RELATIONS else ()
    points = (search([*known, n]) for n in failures if not is_opaque(n))
    return next((p for p in points if p is not None), None)


def _at_once(relations: Sequence[Term]) -> Point | None:
    return sample_point(relations, variables_in(relations), time.monotonic() + _INSTANT)


def _undefined_error(condition: Term, formula: Term, point: Point) -> UndefinedError:
    term = condition.args[0]
    shown = show_claim(term)
    if condition.head == "!=" and Algebra().is_zero(term):
        return UndefinedError(f"division by {shown}, which is zero", shown, condition)
    trouble = {
        "!=": f"division by {shown}, which may be zero",
        ">": f"{_logarithm(term, formula)} of {shown}, which may be zero or negative",
        ">=": f"sqrt of {shown}, which may be negative",
        "<=": f"lambertw of {show_claim(condition.args[1])}, which may be less than -exp(-1)",
        "<": f"lambertw of {shown}, which may be zero or positive",
    }[condition.head]
    return _unmet(condition, trouble, shown, point)


def negative_base(base: Term, facts: Sequence[Theorem], deadline: float) -> UndefinedError | None:
    """What is wrong with a power of which the base may be negative, if it may be."""
    condition = app(">=", base, 0)
    search = partial(find_witness, deadline=deadline)
    point = _violation(condition, facts, _at_once) or _violation(condition, facts, search)
    if point is None:
        return None
    trouble = f"a power with an exponent that is no integer of {show_claim(base)}, which may be "
    return _unmet(condition, trouble + "negative", show_claim(base), point)


def _unmet(condition: Term, trouble: str, shown: str, point: Point) -> UndefinedError:
    if not free_variables(condition):
        return UndefinedError(trouble.replace("which may be", "which is"), shown, condition)
    place = ", ".join(f"{n} = {v}" for n, v in show_point(point).items() if v)
    where = f" (at {place})" if 0 < len(place) <= 60 else ""
    remedy = f"add --given '{show_claim(condition)}'"
    return UndefinedError(f"{trouble}{where}: {remedy}", shown, condition)


def _logarithm(term: Term, formula: Term) -> str:
    """What the logarithm of a term is taken for: itself, or a power."""
    exponents = [p.args[0] for p in subterms(formula) if p.head == "exp"]
    inside = [e for e in exponents if any(q.head == "log" and q.args[0] == term for q in e.args)]
    return "a power with an exponent that is no integer" if inside else "log"


def _consistent(facts: Sequence[Theorem], hypotheses: Sequence[Term], deadline: float) -> Point:
    """A point that satisfies the hypotheses; raises when they contradict each other."""
    relations = [f.conclusion for f in facts]
    point = find_witness(relations, min(share(deadline, 4), time.monotonic() + 1.5))
    if point is not None:
        return point
    contradiction = search_proof(lt(0, 0), facts, None, share(deadline, 3))
    if contradiction is not None:
        raise _contradiction_error(contradiction[0], hypotheses, deadline)
    point = find_witness(relations, share(deadline, 2))
    if point is None:
        raise UndecidedError("no point satisfying the hypotheses was found (vacuous?)")
    return point


def _contradiction_error(
    theorem: Theorem, hypotheses: Sequence[Term], deadline: float
) -> ClaimError:
    """Name a set of contradicting hypotheses that is as small as easily found."""
    used = [h for h in dict.fromkeys(hypotheses) if h in theorem.hypotheses]
    for hypothesis in list(used):
        rest = [h for h in used if h != hypothesis]
        end = min(share(deadline, 4), time.monotonic() + 0.5)
        if rest and time.monotonic() < end and not any(True for h in rest for _ in undefined(h)):
            found = prove_relation(lt(0, 0), [assume(h) for h in rest], degree=2, deadline=end)
            used = [h for h in rest if found is None or h in found.hypotheses] if found else used
    shown = "; ".join(brief(h) for h in used[:6]) + ("; ..." if len(used) > 6 else "")
    return ClaimError(f"the hypotheses contradict each other: {shown}", show_claim(used[-1]))
