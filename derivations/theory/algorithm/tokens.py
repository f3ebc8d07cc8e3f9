"""Section 4: fixed learning rates at token level.

kappa_tok(J) grows without bound as J tends to 1, but only like log(1/(1 - J)); the coefficients of
REINFORCE, GRPO, Dr. GRPO and RAFT fall faster.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache

from derivations import calculus, elementary
from derivations.kernel.terms import (
    Term,
    both,
    eq,
    exp,
    forall,
    function,
    lam,
    le,
    log,
    lt,
    num,
    real,
    sqrt,
    unfold,
)
from derivations.kernel.theorem import Theorem
from derivations.library import Proof, state
from derivations.tactics import (
    apply,
    assume,
    by_cases,
    conjunction,
    discharge,
    fold,
    have,
    instance,
    intro,
    order,
    part,
    rewrite,
    where,
)
from derivations.theory.algorithm.bernstein import BELOW_ROOT, coefficient_sign
from derivations.theory.algorithm.groups import G
from derivations.theory.algorithm.rates import (
    GRPO,
    RAFT,
    REINFORCE,
    kappa_tok,
    root_facts,
    root_order,
    shrunk_rate,
)
from derivations.theory.algorithm.table import GRPO as GROUPS
from derivations.theory.token.martingale import L_p
from derivations.theory.token.prefixes import T_max
from derivations.theory.token.root import LAMBERT, log_inverse, value_facts
from derivations.theory.token.tails import SIGMA2

p, m, q = real("p"), real("m"), real("q")
c = function("c", "R")

HALF, THREE_HALVES = num(Fraction(1, 2)), num(Fraction(3, 2))


CEILING = L_p * T_max + 10 * SIGMA2
"""What c(J) kappa_tok(J) never exceeds."""


def bounded(coefficient: Term) -> Term:
    """c(J) kappa_tok(J) is at most that."""
    return le(coefficient * kappa_tok(p), CEILING)


@state(
    "lemma",
    "algorithm.token-supremum",
    "The coefficient falls faster than the curvature at token level grows",
    provenance="extension",
    given=[
        lt(0, L_p), lt(0, T_max),
        forall(p, lt(0, p), lt(p, 1), le(0, c(p))),
        forall(p, lt(0, p), lt(p, HALF), le(c(p), 1 - p)),
        forall(p, le(HALF, p), lt(p, 1), le(c(p) ** 2, p * (1 - p))),
    ],
    claim=forall(p, lt(0, p), lt(p, 1), bounded(c(p))),
)  # fmt: skip
def token_supremum(proof: Proof) -> Theorem:
    low, high = assume(lt(0, p)), assume(lt(p, 1))
    sign = apply(proof.given[2], low, high, at=[p])
    opened = unfold(kappa_tok(p), frozenset({"token_curvature"}))
    near, far = opened.args
    tokens = have(lt(0, L_p * T_max), *proof.given[:2])
    least = by_cases(
        instance("minimum.cases", x=near, y=far),
        *([lambda case: have(both(le(opened, near), le(opened, far)), case)] * 2),
    )
    goal = le(c(p) * opened, CEILING)

    def early(case: Theorem) -> Theorem:
        bound = apply(proof.given[3], low, case, at=[p])
        first = have(le(c(p) * near, L_p * T_max), bound, tokens, high)
        small = have(le(c(p) * opened, c(p) * near), part(least, 0), sign)
        return have(goal, first, small, have(le(0, SIGMA2), proof.given[1]))

    def late(case: Theorem) -> Theorem:
        bound = apply(proof.given[4], case, high, at=[p])
        small = have(le(c(p) * opened, c(p) * far), part(least, 1), sign)
        steep = scaled_root(proof, case, high)
        ratio = where(late_ratio(), {q: c(p)})
        ratio = discharge(ratio, sign, bound, case, high)
        value = LAMBERT((1 - p) * exp(-THREE_HALVES))
        return have(goal, small, late_sum(value, ratio, steep, proof, low, tokens))

    made = by_cases(order(HALF, p), late, early)
    proof.note(made, "V grows like a logarithm, c falls at least like a square root")
    return intro(fold(made, bounded(c(p))), p, low.conclusion, high.conclusion)


@cache
def late_ratio() -> Theorem:
    """q <= p and q <= 3/2 p sqrt(1 - p), from q**2 <= p (1 - p) and p >= 1/2."""
    low, high = assume(le(HALF, p)), assume(lt(p, 1))
    known = [assume(le(0, q)), assume(le(q**2, p * (1 - p))), low, high]
    above, squared = root_facts(1 - p, have(lt(0, 1 - p), high))
    r = sqrt(1 - p)
    positive = have(lt(0, p), low)
    first = discharge(
        where(root_order(), {real("x"): q, real("y"): p}),
        have(le(q**2, p**2), *known), positive,
    )  # fmt: skip
    other = THREE_HALVES * p * r
    squares = have(
        le(q**2, other**2), known[1], have(le(p * (1 - p), THREE_HALVES**2 * p**2 * (1 - p)),
                                          low, high), squared,
    )  # fmt: skip
    second = discharge(
        where(root_order(), {real("x"): q, real("y"): other}), squares,
        have(lt(0, other), above, positive),
    )  # fmt: skip
    return conjunction(first, second)


def scaled_root(proof: Proof, half: Theorem, high: Theorem) -> Theorem:
    """sqrt(1 - p) V((1 - p) exp(-3/2)) <= 13/2, and 1 <= V."""
    rest = have(lt(0, 1 - p), high)
    shrunk = (1 - p) * exp(-THREE_HALVES)
    inverse = apply(instance("exp.log", x=1 - p), rest)
    joined = instance("exp.sum", x=log(1 - p), y=-THREE_HALVES)
    same = have(eq(exp(log(1 - p) + -THREE_HALVES), shrunk), joined, inverse)
    level = rewrite(instance("log.exp", x=log(1 - p) + -THREE_HALVES), same)
    inside = shrunk_rate(p, have(both(le(0, p), lt(p, 1)), half, high))
    bounds = part(proof.use("token.lambert-properties"), 1, 1, 0)
    above = part(apply(bounds, *inside, at=[shrunk]), 1)
    surprise = log(1 / shrunk)
    turned = discharge(where(log_inverse(), x=shrunk), inside[0])
    tangent = discharge(where(calculus.log_tangent(), x=1 - p), rest)
    sign = have(le(0, surprise), turned, level, tangent, half)
    root = apply(instance("root.square", x=surprise), sign)
    linear = have(
        le(LAMBERT(shrunk), 2 + 3 * surprise), above,
        have(le(2 * sqrt(surprise), 1 + surprise), root, square_of(sqrt(surprise) - 1)),
    )  # fmt: skip
    r = sqrt(1 - p)
    over, squared = root_facts(1 - p, rest)
    halves = discharge(where(elementary.log_of_root(), x=1 - p), rest)
    lifted = have(lt(0, 1 / r), over)
    bound = discharge(where(calculus.log_tangent(), x=1 / r), lifted)
    flipped = discharge(where(log_inverse(), x=r), over)
    top = have(
        le(surprise, 2 / r - HALF), turned, level, halves, bound, flipped
    )
    whole = have(le(LAMBERT(shrunk), 6 / r + HALF), linear, top)
    shorter = discharge(
        where(root_order(), {real("x"): r, real("y"): num(1)}),
        have(le(r**2, num(1) ** 2), squared, half), have(lt(0, num(1))),
    )  # fmt: skip
    product = have(le(r * LAMBERT(shrunk), r * (6 / r + HALF)), whole, over)
    small = have(le(r * LAMBERT(shrunk), num(Fraction(13, 2))), product, shorter, over)
    return conjunction(small, value_facts(proof, shrunk, *inside)[0])


def square_of(x: Term) -> Theorem:
    """0 <= x**2."""
    return have(le(0, x**2))


def late_sum(
    value: Term, ratio: Theorem, steep: Theorem, proof: Proof, low: Theorem, tokens: Theorem
) -> Theorem:
    """c (A + B V)/p <= A + 10 B."""
    A, B, V, r = (real(name) for name in ("A", "B", "V", "r"))
    plain = [assume(f) for f in (
        le(q, p), le(q, THREE_HALVES * p * r), le(r * V, num(Fraction(13, 2))), lt(0, p), lt(0, A),
        le(0, B), le(0, V),
    )]  # fmt: skip
    share = have(le(q / p, 1), plain[0], plain[3])
    steeper = have(le(q / p, THREE_HALVES * r), plain[1], plain[3])
    first = have(le(q / p * A, A), share, plain[4])
    raised = have(le(q / p * V, THREE_HALVES * (r * V)), steeper, plain[6])
    second = have(le(q / p * V, 10), raised, plain[2])
    weighted = have(le(B * (q / p * V), 10 * B), second, plain[5])
    made = have(le(q * ((A + B * V) / p), A + 10 * B), first, weighted, plain[3])
    values = {q: c(p), A: L_p * T_max, B: SIGMA2, V: value, r: sqrt(1 - p)}
    return discharge(
        where(made, values), *(part(ratio, side) for side in (0, 1)), part(steep, 0), low, tokens,
        have(le(0, SIGMA2), proof.given[1]),
        have(le(0, value), part(steep, 1)),
    )  # fmt: skip


# The algorithms ----------------------------------------------------------------------------------


@state(
    "corollary",
    "algorithm.token-rates",
    "A fixed learning rate at token level",
    provenance="extension",
    given=[lt(0, L_p), lt(0, T_max), lt(0, m), le(m, 1)],
    claim=forall(
        p, lt(0, p), lt(p, 1),
        both(
            bounded(REINFORCE.of(p)), bounded(m * REINFORCE.of(p)), bounded(GRPO.of(p)),
            bounded(GROUPS(G, p)), bounded(RAFT.of(p)),
        ),
    ),
    words="REINFORCE, Dr. GRPO with $m = (G-1)/G$, population GRPO, GRPO with groups of "
    "$G = N + 1$, and RAFT: the supremum over $J$ is finite, and the learning rate "
    "$1/(L_p T_{\\max} + 10\\,G_p^2\\,T_{\\max})$ is safe at every $J$.",
)  # fmt: skip
def token_rates(proof: Proof) -> Theorem:
    low, high = assume(lt(0, p)), assume(lt(p, 1))
    plain = [REINFORCE.of(p), m * REINFORCE.of(p), GRPO.of(p), RAFT.of(p)]
    small = {form: small_coefficient(proof, form) for form in plain}
    small[GROUPS(G, p)] = small_groups(proof, small[GRPO.of(p)])
    results = []
    for form in (*plain[:3], GROUPS(G, p), plain[3]):
        made = proof.use("algorithm.token-supremum", *small[form], mapping={c: lam(p, form)})
        results.append(apply(made, low, high, at=[p]))
    return proof.note(
        intro(conjunction(*results), p, low.conclusion, high.conclusion),
        "their coefficients are that small",
    )


def small_groups(proof: Proof, limit: list[Theorem]) -> list[Theorem]:
    """The same of c_G, which is not negative and at most the coefficient of population GRPO."""
    low, high = assume(lt(0, p)), assume(lt(p, 1))
    weak = have(le(0, p), low), have(le(p, 1), high)
    value = GROUPS(G, p)
    sign = discharge(where(coefficient_sign(), x=p), *weak)
    most = apply(part(proof.use("algorithm.grpo-bernstein"), *BELOW_ROOT), *weak, at=[p])
    proof.note(most, "c_G is at most the coefficient of population GRPO")
    between = intro(conjunction(sign, most), p, low.conclusion, high.conclusion)

    def bounded_by(known: Theorem, goal: Term, *inside: Term) -> Theorem:
        """What holds of the limit where `inside` does, and so of c_G."""
        facts = [assume(f) for f in inside]
        ends = have(lt(0, p), *facts), have(lt(p, 1), *facts)
        there = apply(between, *ends, at=[p])
        made = have(goal, apply(known, *facts, at=[p]), there)
        return intro(made, p, *inside)

    return [
        intro(sign, p, low.conclusion, high.conclusion),
        bounded_by(limit[1], le(value, 1 - p), lt(0, p), lt(p, HALF)),
        bounded_by(limit[2], le(value**2, p * (1 - p)), le(HALF, p), lt(p, 1)),
    ]


def small_coefficient(proof: Proof, form: Term) -> list[Theorem]:
    """What `algorithm.token-supremum` asks of a coefficient."""
    low, high = assume(lt(0, p)), assume(lt(p, 1))
    early, late = assume(lt(p, HALF)), assume(le(HALF, p))

    def known(*inside: Theorem) -> list[Theorem]:
        spread = have(lt(0, p * (1 - p)), *inside)
        roots = root_facts(p * (1 - p), spread) if form == GRPO.of(p) else ()
        return [spread, *roots, *inside, *proof.given[2:]]

    sign = have(le(0, form), *known(low, high))
    squares = have(le(form**2, (1 - p) ** 2), *known(low, early))
    values = {real("x"): form, real("y"): 1 - p}
    below = discharge(where(root_order(), values), squares, have(lt(0, 1 - p), low, early))
    square = have(le(form**2, p * (1 - p)), *known(have(lt(0, p), late), high), late)
    return [
        intro(sign, p, low.conclusion, high.conclusion),
        intro(below, p, low.conclusion, early.conclusion),
        intro(square, p, late.conclusion, high.conclusion),
    ]
