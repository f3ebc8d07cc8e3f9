"""The difference of a goal as a product, and the goal from the signs of the factors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from derivations.kernel.algebra import Algebra
from derivations.kernel.terms import Term, free_variables, le, lt
from derivations.kernel.theorem import Theorem, difference, infer
from derivations.search.arithmetic import symmetric
from derivations.search.attempt import Search
from derivations.search.normal import atoms, normalise
from derivations.tactics import instance


@dataclass(frozen=True)
class Factored:
    """The difference of a goal as a constant times powers of irreducible terms."""

    constant: Fraction
    factors: tuple[tuple[Term, int], ...]
    equations: tuple[Theorem, ...]
    strict: tuple[Theorem, ...]


def factored(search: Search, goal: Term, facts: Sequence[Theorem], depth: int) -> Factored | None:
    """The difference of a goal in factors, its divisors being known not to vanish."""
    wanted = difference(goal)
    strict = [f for f in facts if f.conclusion.head in ("<", ">", "!=")]
    strict += search.divisors(wanted, [*facts, *strict], depth)
    known = [*facts, *strict]

    def positive(term: Term) -> Theorem | None:
        if term == goal.args[1] and goal == lt(0, term):
            return None
        return search.positive(term, known, depth)

    equations = normalise([wanted], strict, positive)
    equations += solved(facts, wanted)
    more = []
    for equation in equations:
        more += search.divisors(equation.conclusion.args[1], known, depth)
    strict += more
    algebra = Algebra(
        nonzero=[difference(f.conclusion) for f in strict],
        equations=[e.conclusion.args for e in equations],
    )
    numerator, denominator = algebra.normal(wanted)
    if numerator == 0:
        return Factored(Fraction(0), (), tuple(equations), tuple(strict))
    if len(numerator) > 400 or len(denominator) > 200:
        return None
    one = algebra.number(1)[0]
    (above, first), (below, second) = numerator.factor(), denominator.factor()
    parts = [(algebra.term((f, one)), int(e)) for f, e in first]
    parts += [(algebra.term((f, one)), -int(e)) for f, e in second]
    return Factored(Fraction(int(above), int(below)), tuple(parts), tuple(equations), tuple(strict))


def solved(facts: Sequence[Theorem], wanted: Term) -> list[Theorem]:
    """Equations ``variable = term`` among the facts that say something of the goal."""
    made: list[Theorem] = []
    for fact in facts:
        relation = fact.conclusion
        if relation.head != "=":
            continue
        for this in (fact, symmetric(fact)):
            left, right = this.conclusion.args
            if (
                left.kind == "var"
                and left not in free_variables(right)
                and not any(left in free_variables(m.conclusion) for m in made)
            ):
                made.append(this)
                break
    return made


def on_circles(goal: Term, shape: Factored) -> Theorem | None:
    """An equation that follows from sin(t)**2 + cos(t)**2 = 1 and sqrt(n)**2 = n."""
    found = list(atoms([f for f, _ in shape.factors]))
    circles = [
        instance("circle", x=t) for t in dict.fromkeys(a.args[0] for a in found if a.head == "sin")
    ]
    for root in found:
        if root.head == "sqrt" and root.args[0].kind == "num" and root.args[0].head > 0:
            inside = root.args[0]
            weak = infer("arithmetic", goal=le(0, inside),
                         products=((Fraction(inside.head), (), ()),))  # fmt: skip
            circles.append(infer("detach", instance("root.square", x=inside), weak))
    if not circles:
        return None
    algebra = Algebra(
        nonzero=[difference(f.conclusion) for f in shape.strict],
        equations=[e.conclusion.args for e in shape.equations],
    )
    terms = [difference(goal), *(difference(c.conclusion) for c in circles)]
    (rest, denominator), *others = algebra.normals(terms)
    one, multipliers = algebra.number(1)[0], []
    for i, (circle, _) in enumerate(others):
        quotient, rest = divmod(rest, circle)
        if quotient != 0:
            place = len(shape.equations) + len(shape.strict) + i
            factor = algebra.term((quotient, one)) / algebra.term((denominator, one))
            multipliers.append((place, factor))
    if rest != 0:
        return None
    return infer(
        "arithmetic", *shape.equations, *shape.strict, *circles, goal=goal,
        multipliers=tuple(multipliers), equations=tuple(range(len(shape.equations))),
    )  # fmt: skip


def assembled(
    search: Search, goal: Term, shape: Factored, proofs: Sequence[Theorem | None]
) -> Theorem | None:
    """The goal from the signs of its factors."""
    coefficient = shape.constant
    premises = [*shape.equations, *shape.strict]
    powers: list[tuple[int, int]] = []
    squares: list[Term] = []
    for proof, (factor, exponent) in zip(proofs, shape.factors, strict=True):
        if proof is None:
            squares.append(factor ** (exponent // 2))
            continue
        if proof.conclusion.args[0] == factor and exponent % 2:
            coefficient = -coefficient
        powers.append((len(premises), exponent))
        premises.append(proof)
    equations = tuple(range(len(shape.equations)))
    if shape.constant == 0:
        return infer("arithmetic", *premises, goal=goal, equations=equations)
    if coefficient <= 0:
        return None
    product = (coefficient, tuple(powers), tuple(squares))
    return infer("arithmetic", *premises, goal=goal, products=(product,), equations=equations)
