"""Lambert's function: its values as variables, at arguments where they are known, and compared.

With ``w = -lambertw(t)`` it is ``t = -w*exp(-w)``.  Where t is ``-c*v**n``, the variable v is a
term in w, and what relates v and the value becomes a relation about w >= 1 without the function.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from derivations.elementary import lambert_compared, log_of_product
from derivations.kernel.algebra import Algebra
from derivations.kernel.terms import (
    KernelError,
    Term,
    app,
    eq,
    exp,
    free_variables,
    lam,
    le,
    log,
    lt,
    num,
    substitute,
)
from derivations.kernel.theorem import Theorem, infer
from derivations.search.arithmetic import symmetric
from derivations.search.balls import enclose, interval
from derivations.search.claims import evaluate
from derivations.search.exchange import Inverse, Prove, exchanged, solved_in
from derivations.search.formulas import subterms
from derivations.search.limits import share
from derivations.search.numeric import to_float
from derivations.tactics import ProofError, by_cases, fresh, have, instance, order, replace, rewrite

_ONCE = ((Fraction(1), ((0, 1),), ()),)
_HIGHEST = 4  # power of a variable in an argument


def by_lambert(
    goal: Term, facts: Sequence[Theorem], deadline: float, prove: Prove
) -> Theorem | None:
    """A relation in which values of Lambert's function occur; None if no way.

    >>> import time
    >>> from derivations.kernel.terms import lambertw, real
    >>> from derivations.search.strategies import search_proof
    >>> from derivations.tactics import assume
    >>> def prove(goal, facts, until):
    ...     found = search_proof(goal, facts, None, until)
    ...     return found and found[0]
    >>> p = real("p")
    >>> facts = [assume(lt(0, p)), assume(le(p, 1))]
    >>> goal = le(1 - 2*log(p), -lambertw(-p**2*exp(-1)))
    >>> by_lambert(goal, facts, time.monotonic() + 5, prove)
    0 < p, p <= 1 |- 1 - 2*log(p) <= -lambertw(-p**2*exp(-1))
    """
    formulas = (goal, *(f.conclusion for f in facts))
    parts = list(dict.fromkeys(p for f in formulas for p in subterms(f)))
    values = [p for p in parts if p.head == "lambertw"]
    known: list[_Value] = []
    for part in values:
        domain = _domain(part.args[0], facts, deadline, prove)
        if domain is not None:
            known.append(_Value(part, domain))
    ways: list[Callable[[_Value], Theorem | None]] = [
        lambda value: _exactly(goal, value, facts, deadline, prove),
        lambda value: _ordered(goal, value, known, facts, share(deadline, 2), prove),
        lambda value: _without(goal, value, parts, facts, deadline, prove),
        lambda value: _compared(goal, value, known, facts, share(deadline, 2), prove),
    ]
    for way in ways:
        for value in known:
            try:
                found = way(value)
            except (KernelError, ProofError):  # a step that is not of the form that a rule needs
                continue
            if found is not None:
                return found
    return None


@dataclass(frozen=True)
class _Value:
    """A value ``lambertw(t)``, and theorems that ``-exp(-1) <= t`` and ``t < 0``."""

    term: Term
    domain: tuple[Theorem, Theorem]

    @property
    def argument(self) -> Term:
        """The t."""
        t: Term = self.term.args[0]
        return t

    def law(self, name: str) -> Theorem:
        """That the value is at most -1 (branch), or what it solves (equation)."""
        rule = instance(f"lambertw.{name}", x=self.argument)
        return infer("detach", infer("detach", rule, self.domain[0]), self.domain[1])


def _domain(
    t: Term, facts: Sequence[Theorem], deadline: float, prove: Prove
) -> tuple[Theorem, Theorem] | None:
    made = []
    for goal in (le(-exp(num(-1)), t), lt(t, 0)):
        found = next((f for f in facts if f.conclusion == goal), None)
        found = found or prove(goal, _plain(facts), share(deadline, 3))
        if found is None:
            return None
        made.append(found)
    return made[0], made[1]


def _plain(facts: Sequence[Theorem]) -> list[Theorem]:
    """The facts that are not about Lambert's function."""
    return [f for f in facts if all(p.head != "lambertw" for p in subterms(f.conclusion))]


# Arguments s exp(s) -----------------------------------------------------------------------


def _exactly(
    goal: Term, value: _Value, facts: Sequence[Theorem], deadline: float, prove: Prove
) -> Theorem | None:
    """The goal with s for ``lambertw(s*exp(s))``, where s <= -1."""
    t = value.argument
    inside = (p.args[0] for p in subterms(t) if p.head == "exp")
    s = next((s for s in inside if Algebra().is_zero(t - s * exp(s))), None)
    apart = None if s is None else prove(le(s, -1), facts, share(deadline, 4))
    if s is None or apart is None:
        return None
    sides = ((value.term, s), (s, value.term))
    same = [infer("arithmetic", goal=le(*p)) for p in ((s * exp(s), t), (t, s * exp(s)))]
    below, above = (
        lambert_compared(le(*side), value.domain, apart, equal)
        for side, equal in zip(sides, same, strict=True)
    )
    rule = instance("order.antisymmetric", x=value.term, y=s)
    equation = infer("detach", infer("detach", rule, below), above)
    found = prove(replace(goal, value.term, s), facts, deadline)
    hole = fresh("hole", "R", goal)
    template = lam(hole, replace(goal, value.term, hole))
    return found and infer("rewrite", symmetric(equation), found, template=template)


# The value as the variable ----------------------------------------------------------------


def _without(
    goal: Term, value: _Value, parts: Sequence[Term], facts: Sequence[Theorem], deadline: float,
    prove: Prove,
) -> Theorem | None:  # fmt: skip
    """The goal with minus the value as the variable, in place of the one in the argument."""
    names = free_variables(value.argument)
    if len(names) != 1:
        return None
    (v,) = names
    scale = _scale(value.argument, v)
    if scale is None:
        return None
    part, root = value.term, -value.term
    logs = [p for p in parts if p.head == "log" and free_variables(p) == {v}]
    n, q, _ = scale
    positive = prove(lt(0, v), _plain(facts), share(deadline, 8)) if n > 1 and q > 0 else None
    if n > 1 and positive is None:
        return None
    images = (
        infer("arithmetic", goal=eq(part, -root)),
        *_images(value, v, *scale, logs, positive or value.domain[1]),
    )
    above = _above(value, facts, share(deadline, 8), prove)
    bounds = _bounds(value, v, facts, deadline, prove)
    implied = {f.conclusion for f in facts if interval([f.conclusion], v) != (None, None)}
    implied |= {d.conclusion for d in value.domain}
    inverse = Inverse(root, images, (*bounds, above), frozenset(implied))
    return exchanged(goal, inverse, facts, deadline, prove)


def _above(
    value: _Value, facts: Sequence[Theorem], deadline: float, prove: Prove
) -> Theorem:
    """That minus the value is at least 1, or more if its argument is more than ``-exp(-1)``."""
    root, corner = -value.term, num(-1) * exp(num(-1))
    strict = prove(lt(corner, value.argument), _plain(facts), deadline)
    if strict is None:
        return infer("arithmetic", value.law("branch"), goal=le(1, root), products=_ONCE)
    same = infer("arithmetic", goal=le(-1, -1))
    below = lambert_compared(lt(value.term, -1), value.domain, same, strict)
    return infer("arithmetic", below, goal=lt(1, root), products=_ONCE)


def _scale(t: Term, v: Term) -> tuple[int, Fraction, Term | None] | None:
    """n, q and e with ``t = -q*exp(e)*v**n``, or ``-q*v**n`` if e is None; e is closed."""
    inside = [p.args[0] for p in subterms(t) if p.head == "exp" and not free_variables(p)]
    for e in (*inside[:1], None):
        factor = num(1) if e is None else exp(e)
        q = evaluate(replace(substitute(t, {v: num(1)}), factor, num(1)), {})
        for n in range(1, _HIGHEST + 1):
            if q and Algebra().is_zero(t - num(q) * factor * v**n):
                return n, -q, e
    return None


def _images(
    value: _Value, v: Term, n: int, q: Fraction, e: Term | None, logs: Sequence[Term],
    positive: Theorem,
) -> Iterator[Theorem]:  # fmt: skip
    """What v, or logarithms of its powers and then v, are in terms of minus the value."""
    root, factor = -value.term, num(1) if e is None else exp(e)
    above = instance("exp.positive", x=-root)
    inverse = above if e is None else instance("exp.positive", x=e)
    equation, scale = value.law("equation"), 1 / (num(q) * factor)
    if n == 1:
        yield infer("arithmetic", equation, inverse, goal=eq(v, root * exp(-root) * scale),
                    multipliers=((0, scale),))  # fmt: skip
        return
    factors = [(1, root), (1, exp(-root))]
    signs = [have(lt(0, root), value.law("branch")), above]
    if e is not None:
        factors.append((-1, factor))
        signs.append(inverse)
    if q != 1:
        factors.append((-1, num(q)))
        signs.append(infer("arithmetic", goal=lt(0, num(q)), products=((q, (), ()),)))
    whole = log_of_product(factors, signs)
    law = infer("arithmetic", equation, inverse, multipliers=((0, scale),),
                goal=eq(v**n, whole.conclusion.args[0].args[0]))  # fmt: skip
    turned = rewrite(log_of_product([(n, v)], [positive]), law)
    line = log(root) - root
    line = line if e is None else line - e
    line = (line if q == 1 else line - log(num(q))) / n
    exponents = [-root] if e is None else [-root, e]
    there = infer(
        "arithmetic", turned, whole, *(instance("log.exp", x=x) for x in exponents),
        goal=eq(log(v), line),
        multipliers=tuple((i, num(Fraction(sign, n)))
                          for i, sign in enumerate((-1, 1, 1, -1)[: 2 + len(exponents)])),
    )  # fmt: skip
    for part in logs:
        powers = (k for k in range(-_HIGHEST, _HIGHEST + 1)
                  if k and Algebra(nonzero=[v]).is_zero(part.args[0] - v**k))  # fmt: skip
        k = next(powers, None)
        if k is not None and part != log(v):
            yield infer("arithmetic", log_of_product([(k, v)], [positive]), there, positive,
                        goal=eq(part, k * line),
                        multipliers=((0, num(1)), (1, num(k))))  # fmt: skip
    yield there
    yield symmetric(rewrite(infer("detach", instance("exp.log", x=v), positive), there))


def _bounds(
    value: _Value, v: Term, facts: Sequence[Theorem], deadline: float, prove: Prove
) -> list[Theorem]:
    """Bounds by numbers of minus the value, from those of the variable in its argument."""
    made, t = [], value.argument
    for end in interval([f.conclusion for f in facts], v):
        there = None if end is None else substitute(t, {v: num(end)})
        if there is None or not -1 / math.e < to_float(there) < 0:
            continue
        for up, beside in ((True, le(there, t)), (False, le(t, there))):
            known = prove(beside, _plain(facts), share(deadline, 8))
            found = None if known is None else _bound(value, there, up, known, deadline)
            if found is not None:
                made.append(found)
                break
    return made


def _bound(
    value: _Value, there: Term, up: bool, known: Theorem, deadline: float
) -> Theorem | None:
    """A bound of minus the value by a number, from one of its argument by a closed term."""
    near, scale = to_float(app("lambertw", there)), 10**6
    c = Fraction(math.ceil(near * scale) if up else math.floor(near * scale), scale)
    corner = num(c) * exp(num(c))
    closed = enclose(le(corner, there) if up else le(there, corner), [], deadline)
    if closed is None or c > -1:
        return None
    t, part = value.argument, value.term
    sides = (corner, t) if up else (t, corner)
    chain = infer("arithmetic", closed, known, goal=le(*sides), products=(
        *_ONCE, (Fraction(1), ((1, 1),), ())))  # fmt: skip
    below = infer("arithmetic", goal=le(num(c), -1), products=((-1 - c, (), ()),))
    shown = lambert_compared(
        le(part, num(c)) if up else le(num(c), part), value.domain, below, chain
    )
    turned = le(num(-c), -part) if up else le(-part, num(-c))
    return infer("arithmetic", shown, goal=turned, products=_ONCE)


# Comparisons ------------------------------------------------------------------------------


def _ordered(
    goal: Term, value: _Value, known: Sequence[_Value], facts: Sequence[Theorem], deadline: float,
    prove: Prove,
) -> Theorem | None:  # fmt: skip
    """The order of two values, from that of their arguments."""
    solved = solved_in(goal, value.term) if goal.head in _INEQUALITIES else None
    if solved is None:
        return None
    other = next((k for k in known if Algebra().is_zero(k.term - solved[0])), None)
    if other is None:
        return None
    _, below, factor = solved
    head = "<" if goal.head in ("<", ">") else "<="
    pair = (other.argument, value.argument) if below else (value.argument, other.argument)
    compared = prove(app(head, *pair), facts, deadline)
    if compared is None:
        return None
    equation, s = other.law("equation"), other.term
    there = (s * exp(s), pair[1]) if below else (pair[0], s * exp(s))
    sign = num(1 if below else -1)
    product = infer("arithmetic", compared, equation, goal=app(head, *there), products=_ONCE,
                    multipliers=((1, -sign),))  # fmt: skip
    wanted = app(head, value.term, s) if below else app(head, s, value.term)
    made = lambert_compared(wanted, value.domain, other.law("branch"), product)
    return infer("arithmetic", made, goal=goal, products=((factor, ((0, 1),), ()),))


def _compared(
    goal: Term, value: _Value, known: Sequence[_Value], facts: Sequence[Theorem], deadline: float,
    prove: Prove,
) -> Theorem | None:  # fmt: skip
    """A bound c of a value at t, from c exp(c) and t, or since the value is at most -1."""
    solved = solved_in(goal, value.term) if goal.head in _INEQUALITIES else None
    if solved is None:
        return None
    c, below, scale = solved
    t, part = value.argument, value.term
    head = "<" if goal.head in ("<", ">") else "<="
    wanted = app(head, part, c) if below else app(head, c, part)
    others = [k for k in known if k is not value]
    laws = [k.law(name) for k in others for name in ("branch", "equation")]
    more = [*facts, *(d for d in (*value.domain, *laws) if d not in facts)]

    def inside(case: Theorem) -> Theorem:
        there = c * exp(c)
        relation = app(head, there, t) if below else app(head, t, there)
        found = prove(relation, [*more, case] if free_variables(c) else more, share(deadline, 2))
        if found is None:
            raise ProofError("no comparison")
        return lambert_compared(wanted, value.domain, case, found)

    def outside(case: Theorem) -> Theorem:
        if not below:
            raise ProofError("a bound from below is at most -1")
        return infer("arithmetic", value.law("branch"), case, goal=wanted,
                     products=(*_ONCE, (Fraction(1), ((1, 1),), ())))  # fmt: skip

    apart = prove(le(c, -1), facts, share(deadline, 4))
    shown = inside(apart) if apart else by_cases(order(c, num(-1)), inside, outside)
    return infer("arithmetic", shown, goal=goal, products=((scale, ((0, 1),), ()),))


_INEQUALITIES = ("<=", "<", ">=", ">")
