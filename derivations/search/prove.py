"""Decides claims: a kernel theorem, an exact counterexample, or an honest "unknown".

A claim holds where its terms are defined.  So `prove` first shows that the hypotheses,
and then the claim, are defined; that the hypotheses do not contradict each other (some
exact point satisfies them all); and only then looks for a counterexample and a proof.
Nothing here is trusted: theorems come from the kernel, counterexamples are substituted
exactly.

>>> prove("x**2 + 1 >= 2*x").verdict
'proved'
>>> prove("x**2 >= x").counterexample
{'x': '1/2'}
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal, NoReturn

from derivations.kernel.certificate import serialise
from derivations.kernel.terms import Term, both, le, lt, undefined
from derivations.kernel.theorem import Theorem, infer
from derivations.search.analysis import usable
from derivations.search.arithmetic import instance
from derivations.search.balls import enclose
from derivations.search.claims import ClaimError, relation_terms, show_claim
from derivations.search.definedness import (
    UndecidedError,
    UndefinedError,
    ensure_defined,
    examine,
    is_trivial,
    negative_base,
)
from derivations.search.direct import prove_directly
from derivations.search.formulas import (
    brief,
    fits,
    is_opaque,
    is_transcendental,
    negations,
    subterms,
    variables_in,
)
from derivations.search.limits import TRIED, OutOfTimeError, share, time_limit, what_was
from derivations.search.points import find_real_point
from derivations.search.real_roots import by_real_roots
from derivations.search.roots import Root, roots_of, with_root
from derivations.search.strategies import by_generalising, search_proof
from derivations.search.witness import MOST_SEARCHED, Point, find_witness, sample_point, show_point

Verdict = Literal["proved", "refuted", "unknown"]
_MOST_TERMS = 20_000  # of an expanded polynomial that the kernel is asked to check
_GRACE = 0.3  # seconds after which a search that does not look at the clock is interrupted


@dataclass(frozen=True)
class Answer:
    """What became of a claim.  `theorem` is the kernel's theorem of a proved claim.

    `certificate` is JSON data that `derivations.kernel.certificate.replay` checks: the
    theorem is called ``claim`` there, and ``defined 1``, ``defined 2``, ... say that the
    terms are defined.  `counterexample` maps names to exact values, as text.
    """

    verdict: Verdict
    claim: str
    given: tuple[str, ...]
    method: str
    certificate: dict[str, Any] | None
    counterexample: dict[str, str] | None
    seconds: float
    reason: str
    theorem: Theorem | None = None

    def as_json(self) -> dict[str, Any]:
        """The answer as plain data, without the theorem object.

        >>> sorted(prove("1 < 2").as_json())[:4]
        ['certificate', 'claim', 'counterexample', 'given']
        """
        return {
            "verdict": self.verdict,
            "claim": self.claim,
            "given": list(self.given),
            "method": self.method,
            "certificate": self.certificate,
            "counterexample": self.counterexample,
            "seconds": self.seconds,
            "reason": self.reason,
        }


@dataclass(frozen=True)
class _Refuted:
    """A point where the hypotheses hold and the claim does not."""

    point: Point


@dataclass(frozen=True)
class _Proved:
    """The theorem of the claim, how it was found, and that its terms are defined."""

    theorem: Theorem
    method: str
    defined: tuple[Theorem, ...]


_Decide = Callable[[Sequence[Term], Sequence[Term], float], "_Proved | _Refuted"]


def prove(claim: str | Term, given: Sequence[str | Term] = (), *, timeout: float = 20.0) -> Answer:
    """Decide a claim under hypotheses, within `timeout` seconds.

    The whole language of claims is tried: polynomials, roots, exp, log, sin, cos and what is made
    of them.  Other functions are opaque: what follows whatever their values is proved, nothing
    about them is refuted.  Raises `ClaimError` for text that is no claim, hypotheses that
    contradict each other, and terms that may be undefined.

    >>> prove("x > 0", ["x > 1"]).theorem
    x > 1 |- x > 0
    """
    return _answer(claim, given, timeout, _decide)


def refute(claim: str | Term, given: Sequence[str | Term] = (), *, timeout: float = 20.0) -> Answer:
    """Look for a counterexample of a claim only; the answer is ``refuted`` or ``unknown``.

    Raises `ClaimError` as `prove` does.

    >>> refute("exp(x) >= 1 + 1.000001*x").verdict
    'refuted'
    """
    return _answer(claim, given, timeout, _decide_refutation)


def certify(
    claim: str | Term,
    given: Sequence[str | Term] = (),
    *,
    bits: int = 64,
    timeout: float = 20.0,
) -> Answer:
    """Prove a claim on a box by ball arithmetic only, at a precision of so many bits.

    The hypotheses bound every variable by numbers; other hypotheses exclude parts of the box.
    The answer is ``proved`` or ``unknown``.  Raises `ClaimError` as `prove` does, and
    `ValueError` for a precision that the kernel does not have.

    >>> certify("log(1/(1-J)) >= J", ["0.01 <= J <= 0.99"], bits=256).verdict
    'proved'
    """
    if not 2 <= bits <= 10_000:
        raise ValueError(f"a precision is between 2 and 10,000 bits, not {bits}")

    def decide(goals: Sequence[Term], hypotheses: Sequence[Term], deadline: float) -> _Proved:
        return _decide_on_box(goals, hypotheses, deadline, bits)

    return _answer(claim, given, timeout, decide)


def _answer(
    claim: str | Term, given: Sequence[str | Term], timeout: float, decide: _Decide
) -> Answer:
    """The answer to a claim, from a function that decides its relations."""
    start = time.monotonic()
    goals = relation_terms(claim)
    hypotheses = tuple(h for g in given for h in relation_terms(g))
    shown = claim if isinstance(claim, str) else show_claim(claim)
    texts = tuple(g if isinstance(g, str) else show_claim(g) for g in given)
    result: _Proved | _Refuted | str
    roots: list[Root] = []
    tried: dict[str, None] = {}
    token = TRIED.set(tried)
    try:
        with time_limit(timeout + _GRACE):
            result, roots = _decide_with_roots(decide, goals, hypotheses, start + timeout)
    except UndecidedError as undecided:
        result = str(undecided)
    except RecursionError:
        result = "the claim is nested too deeply"
    except OutOfTimeError:
        result = f"neither proof nor counterexample in time{what_was(tried)}"
    except ClaimError as error:
        raise _placed(error, shown, texts) from None
    finally:
        TRIED.reset(token)
    seconds = round(time.monotonic() - start, 3)
    if isinstance(result, str):
        return Answer("unknown", shown, texts, "", None, None, seconds, result)
    if isinstance(result, _Refuted):
        method = "exact substitution"
        reason = "the claim fails at the counterexample" if result.point else "the claim is false"
        point = {v: x for v, x in result.point.items() if all(v != r.variable for r in roots)}
        return Answer("refuted", shown, texts, method, None, show_point(point), seconds, reason)
    named = {"claim": result.theorem}
    named.update({f"defined {i + 1}": t for i, t in enumerate(result.defined)})
    certificate = serialise(named)
    seconds = round(time.monotonic() - start, 3)
    reason = ", with ".join(["checked by the kernel", *map(str, roots)])
    theorem = result.theorem
    return Answer(
        "proved", shown, texts, result.method, certificate, None, seconds, reason, theorem
    )


def _decide_with_roots(
    decide: _Decide, goals: Sequence[Term], hypotheses: Sequence[Term], deadline: float
) -> tuple[_Proved | _Refuted, list[Root]]:
    """Decide a claim, with variables for the roots of what may be zero, which come back too."""
    roots: list[Root] = []
    first: ClaimError | None = None
    while True:
        try:
            return decide(goals, hypotheses, deadline), roots
        except ClaimError as error:
            first = first or error
            root = _root_at_fault(error, goals, hypotheses, deadline)
            if root is None:
                raise first from None
        roots.append(root)
        goals = with_root(root, goals)
        hypotheses = (*with_root(root, hypotheses), *root.relations)


def _root_at_fault(
    error: ClaimError, goals: Sequence[Term], hypotheses: Sequence[Term], deadline: float
) -> Root | None:
    """The root of a base that is only known not to be negative, if an error is about it."""
    if not isinstance(error, UndefinedError) or error.condition.head != ">":
        return None
    base = error.condition.args[0]
    roots = list(roots_of(base, [*goals, *hypotheses]))
    if not roots:
        return None
    plain = [h for h in hypotheses if all(p.head != "log" for p in subterms(h))]
    known = examine(plain, share(deadline, 4))
    for root in roots:
        sign = le(0, root.base)
        if search_proof(sign, known.facts, known.witness, share(deadline, 4)) is not None:
            return root
    negative = negative_base(base, known.facts, share(deadline, 4))
    if negative is not None:
        raise negative
    return None


def _decide_refutation(
    goals: Sequence[Term], hypotheses: Sequence[Term], deadline: float
) -> _Refuted:
    situation = examine(hypotheses, share(deadline, 2))
    conditions: list[Theorem] = []
    for goal in goals:
        conditions += ensure_defined(
            goal, (*situation.facts, *conditions), situation.witness, share(deadline, 2)
        )
    kept = (*hypotheses, *dict.fromkeys(c.conclusion for c in conditions))
    for attempt in range(3):
        for goal in goals:
            point = _counterexample(goal, kept, deadline, attempt)
            if point is not None:
                return _Refuted(point)
    raise UndecidedError(
        "no counterexample was found (tried: simple points, climbing from random points, z3, cvc5)"
    )


def _decide_on_box(
    goals: Sequence[Term], hypotheses: Sequence[Term], deadline: float, bits: int
) -> _Proved:
    situation = examine(hypotheses, share(deadline, 2))
    facts, defined, found = usable(situation.facts), list(situation.defined), list[Theorem]()

    def enclosed(goal: Term) -> Theorem:
        sides = [goal] if goal.head != "!=" else [lt(*goal.args), lt(*reversed(goal.args))]
        for side in sides:
            made = enclose(side, facts, deadline, bits=bits, most_bits=bits, most_parts=10**6)
            if made is not None and made.conclusion == goal:
                return made
            if made is not None:
                rule = "order.less-differs" if side == sides[0] else "order.greater-differs"
                a, b = goal.args
                return infer("detach", instance(rule, x=a, y=b), made)
        raise UndecidedError(
            f"{brief(goal)} was not enclosed with {bits} bits: where it holds with no margin, or "
            "a variable is not bounded by numbers, no enclosure proves it; use prove"
        )

    for goal in goals:
        for condition in dict.fromkeys(undefined(goal)):
            if not is_trivial(condition):
                defined.append(enclosed(condition))
        found.append(enclosed(goal))
    theorem = found[-1]
    for other in reversed(found[:-1]):
        theorem = infer("conjoin", other, theorem)
    _check(theorem, goals, hypotheses)
    return _Proved(theorem, f"enclosure with {bits} bits", tuple(defined))


def _placed(error: ClaimError, claim: str, given: Sequence[str]) -> ClaimError:
    """The error with the text that it is about, found by the term that it names."""
    for text in (error.text, claim, *given):
        position = text.find(error.text) if error.text else -1
        if position >= 0 and text is not error.text:
            return ClaimError(str(error), text, position)
    return ClaimError(str(error), claim, 0)


def _decide(
    goals: Sequence[Term], hypotheses: Sequence[Term], deadline: float
) -> _Proved | _Refuted:
    if not fits([*goals, *hypotheses], _MOST_TERMS):
        return _decide_large(goals, hypotheses, deadline)
    situation = examine(hypotheses, deadline)
    conditions: list[Theorem] = []
    for goal in goals:
        conditions += ensure_defined(
            goal, (*situation.facts, *conditions), situation.witness, deadline
        )
    facts = (*situation.facts, *conditions)
    kept = (*hypotheses, *dict.fromkeys(c.conclusion for c in conditions))
    opaque = any(is_opaque(t) for t in (*goals, *kept))
    found: list[Theorem] = []
    methods: list[str] = []
    open_: list[Term] = []
    for i, goal in enumerate(goals):
        until = share(deadline, len(goals) - i)
        result = _settle(goal, facts, kept, situation.witness, until, opaque)
        if isinstance(result, _Refuted):
            return result
        if result is None:
            open_.append(goal)
        else:
            found.append(result[0])
            methods.append(result[1])
    if open_:
        _give_up(open_[0], deadline, any(is_opaque(t) for t in (*open_, *hypotheses)))
    theorem = found[-1]
    for other in reversed(found[:-1]):
        theorem = infer("conjoin", other, theorem)
    _check(theorem, goals, hypotheses)
    defined = (*situation.defined, *conditions)
    return _Proved(theorem, ", ".join(dict.fromkeys(methods)), defined)


def _check(theorem: Theorem, goals: Sequence[Term], hypotheses: Sequence[Term]) -> None:
    """Make sure that what was proved is what was asked."""
    wanted = both(*goals)
    if theorem.conclusion != wanted or not theorem.hypotheses <= set(hypotheses):
        raise UndecidedError("the proof that was found is not one of this claim")


def _give_up(goal: Term, deadline: float, opaque: bool) -> NoReturn:
    tried = what_was(TRIED.get({}))
    if opaque:
        raise UndecidedError(
            f"nothing is known of some functions in {brief(goal)}, and it does not follow "
            f"whatever they are{tried}"
        )
    late = " in time" if time.monotonic() >= deadline - 0.2 else ""
    raise UndecidedError(f"neither proof nor counterexample was found{late}: {brief(goal)}{tried}")


# Settling one relation ------------------------------------------------------------------


def _settle(
    goal: Term,
    facts: Sequence[Theorem],
    kept: Sequence[Term],
    witness: Point | None,
    deadline: float,
    opaque: bool,
) -> tuple[Theorem, str] | _Refuted | None:
    """A theorem of the goal and its method, a counterexample, or None."""
    if opaque:
        return search_proof(goal, facts, witness, deadline)
    if any(is_transcendental(t) for t in (goal, *kept)):
        return _settle_transcendental(goal, facts, kept, witness, deadline)
    failures = negations(goal)
    variables = variables_in([goal, *kept])
    for negation in failures:
        point = sample_point([*kept, negation], variables, time.monotonic() + 0.15)
        if point is not None:
            return _Refuted(point)
    if not fits([goal, *kept], MOST_SEARCHED):
        return search_proof(goal, facts, witness, deadline)
    if len(variables) == 1 and all(p.head != "sqrt" for t in (goal, *kept) for p in subterms(t)):
        along = by_real_roots(goal, facts, share(deadline, 2))
        if along is not None:
            return along, "real roots"
        for negation in failures:
            point = find_witness([*kept, negation], share(deadline, 2))
            if point is not None:
                return _Refuted({**{v: Fraction(0) for v in variables}, **point})
    for first in (True, False):
        for negation in failures:
            until = time.monotonic() + (0.2 if first else 0.5)
            found = find_real_point([*kept, negation], until, brief=first)
            if found is not None:
                return _Refuted({**{v: Fraction(0) for v in variables}, **found})
        until = min(share(deadline, 4), time.monotonic() + 0.5)
        quick = prove_directly(goal, facts, until, 2) if first else None
        if quick is not None:
            return quick, "arithmetic"
    # What is not false at once is more often true than hard to refute.
    likely = search_proof(goal, facts, witness, min(share(deadline, 4), time.monotonic() + 3))
    if likely is not None:
        return likely
    for i, negation in enumerate(failures):
        point = find_witness([*kept, negation], share(deadline, 3 + len(failures) - 1 - i))
        if point is not None:
            everything = {v: Fraction(0) for v in variables}
            return _Refuted({**everything, **point})
    return search_proof(goal, facts, witness, deadline)


def _settle_transcendental(
    goal: Term,
    facts: Sequence[Theorem],
    kept: Sequence[Term],
    witness: Point | None,
    deadline: float,
) -> tuple[Theorem, str] | _Refuted | None:
    """First a little of both searches, then more."""
    point = _counterexample(goal, kept, min(deadline, time.monotonic() + 0.3), 0, brief=True)
    if point is not None:
        return _Refuted(point)
    plain = [f for f in facts if f.hypotheses == {f.conclusion}]
    found = search_proof(goal, plain, witness, min(deadline, time.monotonic() + 0.5))
    if found is not None:
        return found
    for attempt, part_ in enumerate((1.5, 1.2, 1)):
        until = share(deadline, 6) if attempt else min(deadline, time.monotonic() + 0.3)
        point = _counterexample(goal, kept, until, attempt)
        if point is not None:
            return _Refuted(point)
        if attempt == 2 or time.monotonic() >= deadline - 0.1:
            return None
        # What was proved on the way follows from the hypotheses; first without that ballast.
        whole = attempt or any(p.head == "lambertw" for p in subterms(goal))
        own = facts if whole else plain
        found = search_proof(goal, own, witness, share(deadline, part_))
        if found is not None:
            return found
    return None


def _counterexample(
    goal: Term, kept: Sequence[Term], deadline: float, seed: int, *, brief: bool = False
) -> Point | None:
    """A point where the hypotheses hold and the goal does not."""
    TRIED.get({})["counterexamples by climbing"] = None
    failures = negations(goal)
    variables = variables_in([goal, *kept])
    for i, negation in enumerate(failures):
        relations = [*kept, negation]
        until = share(deadline, len(failures) - i)
        if any(is_transcendental(r) for r in relations):
            found = find_real_point(relations, until, seed, brief=brief)
            point: Point | None = None if found is None else dict(found)
        else:
            point = find_witness(relations, until)
        if point is not None:
            return {**{v: Fraction(0) for v in variables}, **point}
    return None


def _decide_large(
    goals: Sequence[Term], hypotheses: Sequence[Term], deadline: float
) -> _Refuted | _Proved:
    """Decide a claim that is too large to expand, by trial or as an instance, or say so."""
    terms = [*goals, *hypotheses]
    if not any(is_opaque(t) for t in terms):
        conditions = list(dict.fromkeys(c for t in terms for c in undefined(t)))
        for goal in goals:
            for negation in negations(goal):
                wanted = [*conditions, *hypotheses, negation]
                point = sample_point(
                    wanted, variables_in(terms), min(share(deadline, 2), time.monotonic() + 2)
                )
                if point is not None and not conditions:
                    return _Refuted(point)
        if not hypotheses and not conditions and len(goals) == 1:
            found = by_generalising(goals[0], deadline)
            if found is not None:
                return _Proved(found, "instance", ())
    raise UndecidedError("the claim is too large once multiplied out")
