"""Section 4: learning rates that are safe.

The expected update of an on-policy algorithm is c(J) times the Gradient Gap.  So it moves along
the direction of the Gradient Gap, where the alignment Delta mu is the length of the Gradient
Gap, and with the learning rate alpha the step has the size eta = alpha c(J) Delta mu.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from derivations import calculus, sums
from derivations.expectation import ARBITRARY, NAMES, Line
from derivations.kernel.terms import (
    Definition,
    Term,
    app,
    beta,
    both,
    eq,
    exp,
    forall,
    function,
    implies,
    lam,
    le,
    lt,
    nat,
    num,
    real,
    sqrt,
    unfold,
)
from derivations.kernel.theorem import Theorem
from derivations.library import Proof, define, state
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
    where,
)
from derivations.theory.gap import GAP
from derivations.theory.token.curvature import KAPPA_TOK, TOKEN_CURVATURE
from derivations.theory.token.martingale import TOKEN_REGULAR, L_p
from derivations.theory.token.prefixes import TOKENS as DRAWN_TOKENS
from derivations.theory.token.prefixes import Drawn, T, T_max, h_tok, lp_tok, s_tok
from derivations.theory.token.root import value_facts
from derivations.theory.token.tails import SIGMA2, G_p
from derivations.theory.trajectory.one_step import KAPPA, SUCCESS, SUCCESS_CURVATURE, ZERO, G, L
from derivations.vectors import PRODUCTS, at, length, length_facts, pair, square

line = ARBITRARY
n, i, j, d, k, K = (nat(name) for name in "nijdkK")
p, q, alpha, a = (real(name) for name in ("p", "q", "alpha", "a"))
c, v = function("c", "R"), function("v", "N")
r, l, S = function("r", "N"), function("l", "N"), function("S", "N", "N")
s = function("s", "N")

J, ell, Dmu = line.success, line.log_odds, line.alignment


def critical(rate: Term) -> Term:
    """K(J)."""
    return SUCCESS_CURVATURE(G, L, rate)


# The direction of an update --------------------------------------------------------------------

ALONG = Definition(
    "along",
    lam(
        (n, s, S, d, v),
        forall(
            i, lt(i, n),
            eq(length(lam(j, v(j))) * s(i), pair(lam(j, v(j)), lam(j, S(i, j)))),
        ),
    ),
)  # fmt: skip
"""``along(n, s, S, d, v)``: s is the derivative of the log-policy in the direction v/|v|, the
score being the vector S(i, .) in R^d."""


def along(followed: Line, update: Term) -> Term:
    """The assumption that a line starts in the direction of an update."""
    return ALONG(n, followed.at(followed.score, 0), lam((i, j), S(i, j)), d, update)


GAMMA = lam(j, GAP(n, line.weights("+"), line.logs(0), lam((i, j), S(i, j)), j))
"""The Gradient Gap, a vector in R^d."""

_UPDATE = lam(j, v(j))

define(
    "assumption",
    "algorithm.along",
    "A line along an update",
    ALONG,
    provenance="reconstructed",
    claim=app(
        "imp",
        along(line, _UPDATE),
        unfold(along(line, _UPDATE), frozenset({"along"})),
    ),
    words="An update $v$ moves the parameters by $\\lvert v\\rvert$ in the direction "
    "$v/\\lvert v\\rvert$, and $S(i,\\cdot)$ is the score of response $i$ where it starts.",
    module=__name__,
)


@state(
    "lemma",
    "algorithm.direction",
    "The alignment of an update",
    provenance="classical",
    given=[along(line, _UPDATE)],
    claim=both(
        eq(length(_UPDATE) * Dmu(0), pair(_UPDATE, GAMMA)),
        implies(
            lt(0, a),
            forall(j, lt(j, d), eq(v(j), a * beta(GAMMA, [j]))),
            lt(0, length(GAMMA)),
            both(eq(length(_UPDATE), a * length(GAMMA)), eq(Dmu(0), length(GAMMA))),
        ),
    ),
    words="The expected update of an on-policy algorithm is perfectly aligned: its alignment is "
    "the length of the Gradient Gap.",
)
def direction(proof: Proof) -> Theorem:
    linear = proof.note(aligned(proof), "the alignment is linear in the direction")
    scaled = [assume(f) for f in premises(proof.statement.conclusion.args[1], 3)]
    positive, multiple, nonzero = scaled
    inside = assume(lt(j, d))
    same = apply(multiple, inside, at=[j])
    size = length(GAMMA)
    known = [at(length_facts(), x) for x in (_UPDATE, GAMMA)]
    sums_ = [
        congruent(lam(j, v(j) * other), lam(j, a * beta(GAMMA, [j]) * other), same, inside)
        for other in (v(j), beta(GAMMA, [j]))
    ]
    squares = have(
        eq(square(_UPDATE), a**2 * square(GAMMA)), *sums_, unfold=PRODUCTS
    )  # fmt: skip
    inner = have(eq(pair(_UPDATE, GAMMA), a * square(GAMMA)), *sums_, unfold=PRODUCTS)
    grown = proof.note(
        equal_squares(length(_UPDATE), a * size, have(eq(length(_UPDATE) ** 2, (a * size) ** 2),
                      squares, *known), have(le(0, length(_UPDATE)), *known),
                      have(lt(0, a * size), positive, nonzero)),
        "a positive multiple is as many times as long",
    )  # fmt: skip
    perfect = proof.have(
        eq(Dmu(0), size), linear, inner, grown, *known, positive, nonzero,
        why="divide by the length",
    )  # fmt: skip
    return conjunction(
        linear, intro(conjunction(grown, perfect), (), *(f.conclusion for f in scaled))
    )


def premises(formula: Term, count: int) -> list[Term]:
    """The first premises of ``p -> q -> ...``."""
    found = []
    for _ in range(count):
        found.append(formula.args[0])
        formula = formula.args[1]
    return found


def congruent(f: Term, g: Term, each: Theorem, inside: Theorem) -> Theorem:
    """Two sums over j < d agree when their terms do, from an equation about one term."""
    same = have(eq(beta(f, [j]), beta(g, [j])), each)
    rule = where(sums.congruent(), {function("f", "N"): f, function("g", "N"): g}, n=d)
    return discharge(rule, intro(same, j, inside.conclusion))


def equal_squares(
    x: Term, y: Term, squares: Theorem, first: Theorem, second: Theorem
) -> Theorem:
    """x = y from x**2 = y**2, 0 <= x and 0 < y."""
    p_, q_ = real("p"), real("q")
    plain = [assume(f) for f in (eq(p_**2, q_**2), le(0, p_), lt(0, q_))]
    zero = have(eq((p_ - q_) * (p_ + q_), 0), *plain)
    made = have(eq(p_ - q_, 0), zero, have(lt(0, p_ + q_), *plain))
    return discharge(where(have(eq(p_, q_), made), {p_: x, q_: y}), squares, first, second)


def aligned(proof: Proof) -> Theorem:
    """|v| Delta mu = <v, gamma>, by `gap.alignment`."""
    logs = line.logs(0)
    bilinear = proof.use("gap.alignment", mapping={l: logs, function("w", "N"): _UPDATE})
    opened = fold(proof.given[0], unfold(proof.given[0].conclusion, frozenset({"along"})))
    inside = assume(lt(i, n))
    each = apply(opened, inside, at=[i])
    results = []
    for side in "+-":
        weight = beta(line.weights(side), [i]) * exp(beta(logs, [i]))
        slow, fast = (
            weight * (length(_UPDATE) * line.score(num(0), i)) ,
            weight * pair(_UPDATE, lam(j, S(i, j))),
        )
        rule = where(
            sums.congruent(),
            {function("f", "N"): lam(i, slow), function("g", "N"): lam(i, fast)}, n=n,
        )  # fmt: skip
        same = have(eq(slow, fast), each)
        results.append(discharge(rule, intro(same, i, inside.conclusion)))
    return have(
        proof.statement.conclusion.args[0], bilinear, *results,
        unfold=(*NAMES, "inner", "gradient_gap"),
    )  # fmt: skip


# One step ------------------------------------------------------------------------------------

STEP = real("eta")
"""The size of the step."""

LEARNING = [
    line.policy, lt(0, alpha), lt(0, c(J(0))), le(0, Dmu(0)), eq(STEP, alpha * c(J(0)) * Dmu(0)),
]  # fmt: skip
"""A step with the learning rate alpha and the coefficient c."""

REGULAR = [line.regular(G, L, 0, STEP), lt(0, L)]

_parts = tuple(function(name, "N", "R", "N") for name in ("lp_tok", "s_tok", "h_tok"))
_lp, _same = function("lp", "R", "N"), function("same", "N", "N", "N")
_t = real("t")


def _token_level(lp: Term, tokens: Sequence[Term], size: Term) -> Term:
    """What the definition means."""
    shared = lam(i, T(i)), lam((k, i, j), _same(k, i, j))
    return both(
        DRAWN_TOKENS(n, lp, T_max, *tokens, *shared),
        TOKEN_REGULAR(n, T_max, *tokens[1:], G_p, L_p, 0, size),
        lt(0, L_p),
    )


TOKEN_LEVEL = Definition(
    "token_level",
    lam(
        (n, _lp, T_max, *_parts, T, _same, G_p, L_p, STEP),
        _token_level(
            lam((_t, i), _lp(_t, i)), [lam((k, _t, i), f(k, _t, i)) for f in _parts], STEP
        ),
    ),
)
"""``token_level(n, lp, T_max, lp_tok, s_tok, h_tok, T, same, G, L, eta)``: responses are drawn
token by token, and the tokens are regular on [0, eta]."""


def token_level(lp: Term, tokens: Sequence[Term], size: Term) -> Term:
    """The assumption that a policy is regular token by token."""
    shared = lam(i, T(i)), lam((k, i, j), _same(k, i, j))
    return TOKEN_LEVEL(n, lp, T_max, *tokens, *shared, G_p, L_p, size)


def token_parts(theorem: Theorem) -> list[Theorem]:
    """Drawn token by token, regular, and 0 < L_p."""
    opened = fold(theorem, unfold(theorem.conclusion, frozenset({"token_level"})))
    return [part(opened, 0), part(opened, 1, 0), part(opened, 1, 1)]


TOKENS = token_level(
    line.log_policy, [lam((k, _t, i), f(k, _t, i)) for f in (lp_tok, s_tok, h_tok)], STEP
)

define(
    "assumption",
    "algorithm.token-level",
    "Regularity at token level",
    TOKEN_LEVEL,
    provenance="reconstructed",
    claim=app("imp", TOKENS, unfold(TOKENS, frozenset({"token_level"}))),
    module=__name__,
)


def keeps_half(bound: Term) -> Term:
    """A rate below 1/(c K) gains at least half of the alignment."""
    return implies(le(alpha * c(J(0)) * bound, 1), le(STEP * Dmu(0) / 2, ell(STEP) - ell(0)))


def still_rises(bound: Term) -> Term:
    """A rate below 2/(c K) raises J."""
    return implies(lt(alpha * c(J(0)) * bound, 2), lt(0, Dmu(0)), lt(J(0), J(STEP)))


@state(
    "theorem",
    "algorithm.critical-rate",
    "The critical learning rate",
    provenance="extension",
    given=LEARNING,
    claim=both(
        implies(
            *REGULAR,
            both(
                keeps_half(KAPPA), still_rises(KAPPA),
                keeps_half(critical(J(0))), still_rises(critical(J(0))),
            ),
        ),
        implies(TOKENS, keeps_half(KAPPA_TOK)),
    ),
    words="The update $\\alpha\\,c(J)\\,\\gamma$ goes along the Gradient Gap, where $\\Delta\\mu$ "
    "is the length of $\\gamma$; $\\eta$ is its own length.",
)  # fmt: skip
def critical_rate(proof: Proof) -> Theorem:
    forward = have(le(0, STEP), *proof.given[1:])
    regular, level = [assume(f) for f in REGULAR], assume(TOKENS)
    tokens = token_parts(level)
    wide = proof.note(
        proof.use("trajectory.descent", forward, *regular), "one step of that size"
    )
    rates = [proof.use("setting.success-rate", at=[point]) for point in (ZERO, STEP)]
    constant = half_of(proof, KAPPA, have(lt(0, KAPPA), regular[1]), wide, forward), rising(
        proof, rates, wide
    )
    success = proof.note(
        proof.use("trajectory.success-step", forward, *regular), "and at the success rate"
    )
    positive = curvature_positive(J(0), rates[0], regular[1])
    there = critical(J(0))
    moving, short = assume(lt(0, Dmu(0))), assume(lt(alpha * c(J(0)) * there, 2))
    longer = have(lt(STEP, 2 * Dmu(0) / there), short, moving, positive, proof.given[4])
    climbs = apply(
        part(success, 0), have(lt(0, STEP), moving, *proof.given[1:]), longer
    )
    local = below(proof, there, positive, part(success, 1, 0)), intro(
        climbs, (), short.conclusion, moving.conclusion
    )
    first = intro(conjunction(*constant, *local), (), *(f.conclusion for f in regular))
    step = part(proof.use("token.threshold", forward, *tokens), 1)
    drawn = token_curvature_positive(proof, J(0), rates[0], tokens[0], tokens[2])
    second = intro(below(proof, KAPPA_TOK, drawn, step), (), level.conclusion)
    return conjunction(first, second)


def below(proof: Proof, bound: Term, positive: Theorem, gain: Theorem) -> Theorem:
    """`keeps_half`, from the gain of steps up to Delta mu/bound."""
    small = assume(le(alpha * c(J(0)) * bound, 1))
    limit = proof.have(
        le(STEP, Dmu(0) / bound), small, positive, *proof.given[1:],
        why="multiply the condition by the alignment",
    )  # fmt: skip
    return intro(apply(gain, limit), (), small.conclusion)


def half_of(
    proof: Proof, bound: Term, positive: Theorem, wide: Theorem, forward: Theorem
) -> Theorem:
    """`keeps_half`, from the quadratic bound."""
    x, D, B, g = (real(name) for name in ("x", "D", "B", "g"))
    plain = [assume(f) for f in (le(x * D - B * x**2 / 2, g), le(x, D / B), le(0, x), lt(0, B))]
    made = have(le(x * D / 2, g), have(le(x * B, D), *plain[1:]), *plain)
    gain = ell(STEP) - ell(0)
    low = have(le(STEP * Dmu(0) - bound * STEP**2 / 2, gain), wide)
    limit = assume(le(STEP, Dmu(0) / bound))
    values = {x: STEP, D: Dmu(0), B: bound, g: gain}
    kept = discharge(where(made, values), low, limit, forward, positive)
    return below(proof, bound, positive, intro(kept, (), limit.conclusion))


def curvature_positive(rate: Term, between: Theorem, positive: Theorem) -> Theorem:
    """0 < K(J) for 0 < J < 1 and 0 < L."""
    split = instance("minimum.cases", x=(L + G**2) / rate, y=L / (1 - rate))
    goal = lt(0, critical(rate))
    return by_cases(
        split, *([lambda case: have(goal, case, between, positive, unfold=(SUCCESS,))] * 2)
    )


def kappa_tok(rate: Term) -> Term:
    """kappa_tok(J)."""
    return TOKEN_CURVATURE(G_p, L_p, T_max, rate)


def token_curvature_positive(
    proof: Proof, rate: Term, between: Theorem, drawn: Theorem, positive: Theorem
) -> Theorem:
    """0 < kappa_tok(J), from 0 < J < 1, tokens and 0 < L_p."""
    inside = shrunk_rate(rate, between)
    above = value_facts(proof, inside[0].conclusion.args[1], *inside)[0]
    tokens = Drawn.of(drawn).some
    opened = unfold(kappa_tok(rate), frozenset({"token_curvature"}))
    near, far = opened.args
    whole = have(lt(0, L_p * T_max), tokens, positive)
    rest = have(le(0, SIGMA2 * above.conclusion.args[1]), tokens, above)
    branches = have(lt(0, near), whole, between), have(lt(0, far), whole, rest, between)
    made = by_cases(
        instance("minimum.cases", x=near, y=far),
        *([lambda case: have(lt(0, opened), case, *branches)] * 2),
    )
    return fold(made, lt(0, kappa_tok(rate)))


def shrunk_rate(rate: Term, between: Theorem) -> list[Theorem]:
    """0 < q and q <= 1 for q = (1 - J) exp(-3/2), from J < 1 and 0 <= J."""
    factor = exp(-num(Fraction(3, 2)))
    falls = discharge(
        where(calculus.exp_monotone(), a=factor.args[0], b=num(0)), have(le(factor.args[0], 0))
    )
    positive = instance("exp.positive", x=factor.args[0])
    one = have(le(factor, 1), falls, instance("exp.zero"))
    small = have(le((1 - rate) * factor, 1 - rate), one, between)
    return [
        have(lt(0, (1 - rate) * factor), positive, between),
        have(le((1 - rate) * factor, 1), small, between),
    ]


def rising(proof: Proof, rates: list[Theorem], wide: Theorem) -> Theorem:
    """`still_rises` for kappa, from the quadratic bound."""
    short, moving = assume(lt(alpha * c(J(0)) * KAPPA, 2)), assume(lt(0, Dmu(0)))
    short_step = have(lt(STEP * KAPPA, 2 * Dmu(0)), short, moving, proof.given[4])
    step = have(lt(0, STEP), moving, *proof.given[1:])
    x, D, B, g = (real(name) for name in ("x", "D", "B", "g"))
    plain = [assume(f) for f in (le(x * D - B * x**2 / 2, g), lt(x * B, 2 * D), lt(0, x))]
    made = have(lt(0, g), *plain)
    gain = ell(STEP) - ell(0)
    low = have(le(STEP * Dmu(0) - KAPPA * STEP**2 / 2, gain), wide)
    values = {x: STEP, D: Dmu(0), B: KAPPA, g: gain}
    grown = have(lt(ell(0), ell(STEP)), discharge(where(made, values), low, short_step, step))
    order_ = proof.use("setting.log-odds-order", *rates, p=J(0), q=J(STEP))
    climbs = apply(part(order_, 0), fold(grown, part(order_, 0).conclusion.args[0]))
    return intro(climbs, (), short.conclusion, moving.conclusion)


# Fixed learning rates ------------------------------------------------------------------------


@dataclass(frozen=True)
class Coefficient:
    """An algorithm by its coefficient, and the largest fixed learning rate that is safe."""

    name: str
    of: Callable[[Term], Term]
    rate: Term


PEAK = real("J_star")
"""The success rate at which K(J) is largest."""

_PEAK = (L + G**2) / KAPPA

_ROOT = L * (L + G**2)

REINFORCE = Coefficient("REINFORCE", lambda x: x * (1 - x), 1 / L + 1 / (L + G**2))
GRPO = Coefficient("GRPO", lambda x: sqrt(x * (1 - x)), 1 / sqrt(_ROOT))
RAFT = Coefficient("RAFT", lambda x: 1 - x, 1 / L)
LOG_ODDS = Coefficient("log-odds ascent", lambda x: num(1), 1 / KAPPA)
COEFFICIENTS = (REINFORCE, GRPO, RAFT, LOG_ODDS)


def largest_rate(algorithm: Coefficient) -> Term:
    """``rate * c(J) * K(J) <= 1`` for every J, with equality at one."""

    def condition(head: str, at_: Term) -> Term:
        return app(head, algorithm.rate * algorithm.of(at_) * critical(at_), 1)

    return both(
        forall(p, lt(0, p), lt(p, 1), condition("<=", p)),
        condition("=", PEAK),
    )


def safe_below(algorithm: Coefficient) -> Term:
    """Every smaller learning rate keeps half of the alignment, and raises J."""
    coefficient = algorithm.of(J(0))
    size = alpha * Dmu(0) if coefficient == num(1) else alpha * coefficient * Dmu(0)
    return implies(
        eq(STEP, size), le(alpha, algorithm.rate),
        both(
            le(STEP * Dmu(0) / 2, ell(STEP) - ell(0)),
            implies(lt(0, Dmu(0)), lt(J(0), J(STEP))),
        ),
    )  # fmt: skip


@state(
    "theorem",
    "algorithm.fixed-rate",
    "Fixed learning rates that are safe at every success rate",
    provenance="extension",
    given=[line.policy, *REGULAR, lt(0, alpha), le(0, Dmu(0)), eq(PEAK, _PEAK)],
    claim=both(
        lt(0, PEAK), lt(PEAK, 1),
        *(both(largest_rate(a_), safe_below(a_)) for a_ in COEFFICIENTS),
    ),
    words="REINFORCE, population GRPO, the log-likelihood of success (RAFT) and log-odds ascent, "
    "in this order: each rate is one over the largest value of $c(J)\\,K(J)$, and no larger one "
    "is below $1/(c(J)\\,K(J))$ at every $J$.",
)  # fmt: skip
def fixed_rate(proof: Proof) -> Theorem:
    positive, peak = proof.given[2], proof.given[5]
    proof.note(crossing(), "solve for the success rate at which both branches of K agree")
    inside = [have(lt(0, PEAK), positive, peak), have(lt(PEAK, 1), positive, peak)]
    results = []
    for algorithm in COEFFICIENTS:
        bound = proof.note(
            fixed_bound(algorithm, positive), f"the condition of {algorithm.name} at every J"
        )
        equality = proof.note(
            fixed_peak(algorithm, positive, peak, inside), "the peak of K attains the bound"
        )
        results.append(conjunction(
            conjunction(bound, equality), safe_at(proof, algorithm, bound)))  # fmt: skip
    return conjunction(*inside, *results)


def crossing() -> Theorem:
    """Where L/(1 - J) = (L + G**2)/J, found by `derive`; refuses another place than J*."""
    from derivations.search.derive import derive

    found = derive(le(L * p, (L + G**2) * (1 - p)), [L > 0, p > 0], "p")
    have(eq(found.value, _PEAK), assume(L > 0))
    return found.theorem


RAYS = forall(
    (p, q), lt(0, p), le(p, q), lt(q, 1),
    both(le(0, c(p)), le(p * c(q), q * c(p)), le((1 - q) * c(p), (1 - p) * c(q))),
)  # fmt: skip
"""c is not negative, c(J)/J does not increase and c(J)/(1 - J) does not fall: so it is for every
concave coefficient."""


@state(
    "lemma",
    "algorithm.largest-curvature",
    "Where the coefficient times the curvature is largest",
    provenance="extension",
    given=[lt(0, L), eq(PEAK, _PEAK), RAYS],
    claim=both(
        lt(0, PEAK), lt(PEAK, 1),
        forall(p, lt(0, p), lt(p, 1), le(c(p) * critical(p), c(PEAK) * KAPPA)),
        eq(critical(PEAK), KAPPA),
    ),
    words="So $1/(c(J^*)\\,\\kappa)$ is the largest fixed learning rate that is below "
    "$1/(c(J)\\,K(J))$ at every $J$, for every algorithm with such a coefficient.",
)  # fmt: skip
def largest_curvature(proof: Proof) -> Theorem:
    positive, peak, rays = proof.given
    inside = [have(lt(0, PEAK), positive, peak), have(lt(PEAK, 1), positive, peak)]
    low, high = assume(lt(0, p)), assume(lt(p, 1))
    size = part(apply(rays, low, have(le(p, p)), high, at=[p, p]), 0)
    wide = have(eq(KAPPA * (1 - PEAK), L), positive, peak), have(
        eq(KAPPA * PEAK, L + G**2), positive, peak
    )

    def side(branch: Term, before: Theorem, slope: Theorem) -> Theorem:
        """The bound from one branch of K, which is at least K."""
        smaller = by_cases(
            instance("minimum.cases", x=(L + G**2) / p, y=L / (1 - p)),
            *([lambda case: have(le(critical(p), branch), case, unfold=(SUCCESS,))] * 2),
        )
        product = have(le(c(p) * critical(p), c(p) * branch), smaller, size)
        limit = have(le(c(p) * branch, c(PEAK) * KAPPA),
                     slope, before, low, high, positive, *inside, *wide)  # fmt: skip
        return have(le(c(p) * critical(p), c(PEAK) * KAPPA), product, limit)

    def left(case: Theorem) -> Theorem:
        return side(L / (1 - p), case, part(apply(rays, low, case, inside[1], at=[p, PEAK]), 1, 1))

    def right(case: Theorem) -> Theorem:
        slope = part(apply(rays, inside[0], have(le(PEAK, p), case), high, at=[PEAK, p]), 1, 0)
        return side((L + G**2) / p, case, slope)

    made = proof.note(
        intro(by_cases(order(p, PEAK), left, right), p, low.conclusion, high.conclusion),
        "before the peak of K compare with L/(1 - J), beyond it with $(L + G^2)/J$",
    )
    return conjunction(
        *inside, made, proof.note(at_peak(positive, peak, inside), "both are kappa at the peak")
    )


def at_peak(positive: Theorem, peak: Theorem, inside: list[Theorem]) -> Theorem:
    """K(J*) = kappa."""
    far, near = (L + G**2) / PEAK, L / (1 - PEAK)
    same = [have(eq(branch, KAPPA), positive, peak, *inside) for branch in (far, near)]
    return by_cases(
        instance("minimum.cases", x=far, y=near),
        *([lambda case: have(eq(critical(PEAK), KAPPA), case, *same, unfold=(SUCCESS,))] * 2),
    )


def fixed_bound(algorithm: Coefficient, positive: Theorem) -> Theorem:
    """``rate * c(J) * K(J) <= 1`` for every J."""
    low, high = assume(lt(0, p)), assume(lt(p, 1))
    far, near = (L + G**2) / p, L / (1 - p)
    known = [low, high, positive]

    def branch(value: Term, case: Theorem) -> Theorem:
        curvature = have(eq(critical(p), value), case, unfold=(SUCCESS,))
        before = have(
            le((L + G**2) * (1 - p), L * p) if value == far else le(L * p, (L + G**2) * (1 - p)),
            case, *known,
        )  # fmt: skip
        made = scalar_bound(algorithm, value, before, known)
        goal = le(algorithm.rate * algorithm.of(p) * critical(p), 1)
        return have(goal, made, curvature)

    made = by_cases(
        instance("minimum.cases", x=far, y=near),
        lambda case: branch(far, case),
        lambda case: branch(near, case),
    )
    return intro(made, p, low.conclusion, high.conclusion)


def scalar_bound(
    algorithm: Coefficient, value: Term, before: Theorem, known: list[Theorem]
) -> Theorem:
    """``rate * c(p) * value <= 1`` on the side of the peak that `before` says."""
    goal = le(algorithm.rate * algorithm.of(p) * value, 1)
    if algorithm is not GRPO:
        return have(goal, before, *known)
    top, root = root_facts(_ROOT, have(lt(0, _ROOT), known[-1]))
    spread = have(lt(0, p * (1 - p)), *known)
    above, squared = root_facts(p * (1 - p), spread)
    x, y = sqrt(p * (1 - p)), sqrt(_ROOT)
    squares = have(le((x * value) ** 2, y**2), before, *known, squared, root)
    smaller = discharge(where(root_order(), {real("x"): x * value, real("y"): y}), squares, top)
    return have(goal, smaller, top)


def root_facts(value: Term, positive: Theorem) -> tuple[Theorem, Theorem]:
    """``0 < sqrt(x)`` and ``sqrt(x)**2 = x``, for 0 < x."""
    weak = have(le(0, value), positive)
    square_ = apply(instance("root.square", x=value), weak)
    sign = apply(instance("root.nonnegative", x=value), weak)

    def vanishes(case: Theorem) -> Theorem:
        zero = have(eq(sqrt(value), 0), case, sign)
        return have(lt(0, sqrt(value)), zero, square_, positive)

    return by_cases(order(sqrt(value), num(0)), vanishes, lambda case: case), square_


def root_order() -> Theorem:
    """x <= y from x**2 <= y**2 and 0 < y."""
    x, y = real("x"), real("y")
    plain = [assume(le(x**2, y**2)), assume(lt(0, y))]
    return by_cases(
        order(x, y), lambda case: case, lambda case: have(le(x, y), case, *plain)
    )


def fixed_peak(
    algorithm: Coefficient, positive: Theorem, peak: Theorem, inside: list[Theorem]
) -> Theorem:
    """``rate * c(J) * K(J) = 1`` at the peak of K."""
    goal = eq(algorithm.rate * algorithm.of(PEAK) * critical(PEAK), 1)
    curvature = at_peak(positive, peak, inside)
    if algorithm is not GRPO:
        return have(goal, curvature, positive, peak, *inside)
    spread = PEAK * (1 - PEAK)
    above, squared = root_facts(spread, have(lt(0, spread), *inside))
    top, root = root_facts(_ROOT, have(lt(0, _ROOT), positive))
    wide = have(lt(0, KAPPA), positive)
    squares = have(eq((sqrt(spread) * KAPPA) ** 2, sqrt(_ROOT) ** 2), squared, root, positive, peak)
    product = equal_squares(
        sqrt(spread) * KAPPA, sqrt(_ROOT), squares, have(le(0, sqrt(spread) * KAPPA), above, wide),
        top,
    )  # fmt: skip
    return have(goal, curvature, product, top)


def safe_at(proof: Proof, algorithm: Coefficient, bound: Theorem) -> Theorem:
    """`safe_below`, from `algorithm.critical-rate`."""
    size, small = (assume(f) for f in premises(safe_below(algorithm), 2))
    rate = proof.use("setting.success-rate", at=[0])
    positive = coefficient_sign(algorithm, rate)
    both_levels = proof.use(
        "algorithm.critical-rate", size, positive,
        mapping={c: lam(p, algorithm.of(p))},
    )  # fmt: skip
    rule = apply(part(both_levels, 0), *proof.given)
    limit = apply(bound, rate, at=[J(0)])
    known = [positive, curvature_positive(J(0), rate, proof.given[2])]
    below = have(le(alpha * algorithm.of(J(0)) * critical(J(0)), 1), limit, small, *known)
    gain = apply(part(rule, 1, 1, 0), below)
    rise = part(rule, 1, 1, 1)
    moving = assume(lt(0, Dmu(0)))
    strict = have(lt(alpha * algorithm.of(J(0)) * critical(J(0)), 2), below)
    shown = apply(rise, strict, moving)
    made = conjunction(gain, intro(shown, (), moving.conclusion))
    return proof.note(
        intro(made, (), size.conclusion, small.conclusion),
        f"hence the steps of {algorithm.name} are safe",
    )


def coefficient_sign(algorithm: Coefficient, rate: Theorem) -> Theorem:
    """0 < c(J)."""
    value = algorithm.of(J(0))
    if algorithm is GRPO:
        return root_facts(value.args[0], have(lt(0, value.args[0]), rate))[0]
    return have(lt(0, value), rate)
