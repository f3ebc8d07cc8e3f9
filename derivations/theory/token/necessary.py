r"""Both factors of the critical step at token level are needed: the length and the logarithm.

Every token is a sign, -1 or 1 with probability proportional to exp(-G t) and exp(G t), and a
response is correct if and only if the sum of its signs is less than tau in absolute value.
"""

from __future__ import annotations

from derivations import calculus, elementary, sums
from derivations.calculus import differentiate
from derivations.expectation import NAMES, Setting
from derivations.kernel.terms import (
    Definition,
    absolute,
    app,
    beta,
    both,
    either,
    eq,
    exists,
    exp,
    forall,
    function,
    implies,
    lam,
    le,
    log,
    lt,
    num,
    real,
    sqrt,
    total,
    unfold,
)
from derivations.kernel.theorem import Theorem, infer
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
    part,
    where,
)
from derivations.theory.setting import unique
from derivations.theory.token.martingale import Dmu, J, ell2
from derivations.theory.token.prefixes import (
    GIVEN,
    Drawn,
    T_max,
    carried,
    h_tok,
    i,
    k,
    line,
    lp_tok,
    n,
    s_tok,
    t,
    u,
)
from derivations.theory.token.root import LAMBERT, log_inverse
from derivations.theory.token.signs import FAIR, b
from derivations.theory.token.tails import G_p
from derivations.theory.trajectory.top import too_far

G, tau, rho, delta = (real(name) for name in ("G", "tau", "rho", "delta"))
o = function("o", "N", "N")

SIGN_TOKENS = Definition(
    "sign_tokens",
    lam(
        (n, T_max, lp_tok, o, G),
        forall(
            (k, t, i), lt(i, n), lt(k, T_max),
            both(
                either(eq(o(k, i), -1), eq(o(k, i), 1)),
                eq(lp_tok(k, t, i), G * o(k, i) * t - log(exp(G * t) + exp(-(G * t)))),
            ),
        ),
    ),
)  # fmt: skip
"""``sign_tokens(n, T_max, lp_tok, o, G)``: token k of response i is a sign o(k, i), whose
log-probability at the point t is that of independent signs."""

_signs = SIGN_TOKENS(
    n, T_max, lam((k, t, i), lp_tok(k, t, i)), lam((k, i), o(k, i)), G
)  # fmt: skip
_sum = total(T_max, k, o(k, i))
_rare = forall(
    i, lt(i, n),
    both(
        implies(le(tau, absolute(_sum)), eq(beta(line.reward, [i]), 0)),
        implies(lt(absolute(_sum), tau), eq(beta(line.reward, [i]), 1)),
    ),
)  # fmt: skip

define(
    "assumption",
    "token.signs",
    "Independent signs",
    SIGN_TOKENS,
    provenance="extension",
    claim=app("imp", _signs, unfold(_signs, frozenset({"sign_tokens"}))),
    words="Every one of the $T_{\\max}$ tokens of a response is a sign, and its probability is "
    "proportional to $\\exp(\\pm G t)$ whatever came before.",
    module=__name__,
)

_surprise = log(1 / (1 - J(0)))
_order = G**2 * T_max * _surprise


@state(
    "proposition",
    "token.length-necessary",
    "Length and logarithm are both needed",
    provenance="extension",
    given=[*GIVEN, lt(0, G), _signs, _rare],
    claim=both(
        le(_surprise, T_max * log(2)),
        le(_order / 360, -ell2(0)),
        implies(le(1, _surprise), le(-ell2(0), 5 * _order)),
        forall(
            rho, lt(1, rho),
            exists(delta, both(lt(0, delta), too_far(-delta, rho, _order / 360))),
        ),
    ),
    words="Independent signs, the responses being drawn token by token; a response is incorrect "
    "if and only if its signs add up to $\\tau$ at least, in absolute value. At $t = 0$ the "
    "curvature is of the order $T_{\\max} \\log(1/P(O^-))$, where $P(O^-) = 1 - J(0)$, and for "
    "every $\\rho > 1$ there is a point just before from which $\\rho$ times twice the matching "
    "critical step lowers the success rate: so neither factor of the critical step can be spared. "
    "That there is such a policy for every $T_{\\max}$ is a hypothesis, not proved here: explicit "
    "trees of a few tokens are tests.",
)  # fmt: skip
def length_necessary(proof: Proof) -> Theorem:
    drawn, positive = Drawn.of(proof.given[1]), proof.given[2]
    tokens = fold(proof.given[3], unfold(_signs, frozenset({"sign_tokens"})))
    inside, early = assume(lt(i, n)), assume(lt(k, T_max))
    at = apply(tokens, inside, early, at=[k, t, i])
    level = where(part(at, 1), t=u)
    wave = exp(G * t) + exp(-(G * t))
    slope = G * o(k, i) - G * (exp(G * t) - exp(-(G * t))) / wave
    formula = G * o(k, i) * u - log(exp(G * u) + exp(-(G * u)))
    own = carried(apply(drawn.score, inside, early, at=[k, t, i]), u, formula, level)
    made = differentiate(u, formula, t, value=slope)
    score = proof.note(unique(own, made), "differentiate the log-probability of a sign")
    shape = beta(lam(t, slope), [u])
    own = carried(apply(drawn.hessian, inside, early, at=[k, t, i]), u, shape, where(score, t=u))
    bend = -(G**2) * (1 - ((exp(G * t) - exp(-(G * t))) / wave) ** 2)
    made = differentiate(u, shape, t, value=bend)
    hessian = proof.note(unique(own, made), "and once more")
    zero = instance("exp.zero")
    score = have(eq(s_tok(k, 0, i), G * o(k, i)), where(score, t=0), zero)
    hessian = have(eq(h_tok(k, 0, i), -(G**2)), where(hessian, t=0), zero)
    sign = part(at, 0)
    chance = have(eq(lp_tok(k, 0, i), -log(2)), where(part(at, 1), t=0), zero)
    values = {G_p: G, t: num(0), b: G * tau}
    two = beta(lam((G_p, t), FAIR), [G, num(0)])
    goal = beta(two.args[0], [k, i]).args[1].args[1].args[1]
    pair = by_cases(sign, *(
        lambda q, which=which: infer("weaken", have(which, q, score), formula=goal)
        for which in goal.args
    ))  # fmt: skip
    fair = intro(conjunction(chance, pair), (k, i), inside.conclusion, early.conclusion)
    sums_ = apply(proof.use("token.score-sum"), inside, at=[0, i])
    whole = sums.equal(T_max, intro(score, k, early.conclusion))
    whole = have(eq(line.score(0, i), G * _sum), part(sums_, 0), whole)
    bends = sums.equal(T_max, intro(hessian, k, early.conclusion))
    bends = have(eq(line.hessian(0, i), -(G**2 * T_max)), part(sums_, 1), bends)
    rare = intro(rare_score(proof, whole), i, inside.conclusion)
    given = [positive, fair, rare]
    tail = proof.use("token.sign-tail", *given, mapping=values)
    spread = proof.use("token.sign-spread", *given, mapping=values)
    known = proof.use("setting.success-rate", at=[0])
    flat = curvature_value(proof, bends, spread, known)
    lower = proof.have(le(_order / 360, -ell2(0)), part(tail, 1), part(spread, 0), flat,
                       why="log(1/P) is at most 40 (1 + tau^2/T)")  # fmt: skip
    wide = intro(by_cases(sign, *([lambda q: have(
        both(le(-G, s_tok(k, 0, i)), le(s_tok(k, 0, i), G)), q, score, positive)] * 2)),
        (k, i), inside.conclusion, early.conclusion)  # fmt: skip
    means = proof.use("token.side-means", mapping={t: num(0), G_p: G})
    moment = apply(part(means, 1, 1, 0), wide)
    upper = proof.note(upper_bound(proof, moment, flat, known), "and `token.lambert` from above")
    order_ = have(lt(0, _order / 360), spread_positive(proof, known))
    drift = have(eq(Dmu(0), 0), part(spread, 1), unfold=("alignment",))
    beyond = proof.use("trajectory.past-the-top", drift, order_, lower, K=_order / 360)
    return conjunction(part(tail, 0), lower, upper, beyond)


def rare_score(proof: Proof, whole: Theorem) -> Theorem:
    """The incorrect responses by their scores, under i < n."""
    inside = assume(lt(i, n))
    score = absolute(line.score(0, i))
    rule = apply(proof.given[4], inside, at=[i])
    size = by_cases(
        instance("absolute.cases", x=_sum),
        *([lambda one: by_cases(
            instance("absolute.cases", x=line.score(0, i)),
            *([lambda two: have(
                eq(score, G * absolute(_sum)), one, two, whole, proof.given[2])] * 2),
        )] * 2),
    )  # fmt: skip
    made = []
    for side, value in ((0, le(G * tau, score)), (1, lt(score, G * tau))):
        case = assume(value)
        relation = (le(tau, absolute(_sum)), lt(absolute(_sum), tau))[side]
        there = have(relation, case, size, proof.given[2])
        made.append(intro(apply(part(rule, side), there), (), value))
    return conjunction(*made)


def curvature_value(
    proof: Proof, bends: Theorem, spread: Theorem, known: Theorem
) -> Theorem:
    """-ell'' = E_-[s**2] - E_+[s**2] at t = 0."""
    square = lam(i, line.score(0, i) ** 2)
    found = []
    for side in "+-":
        mass = have(lt(0, line.mass(side, 0)), known)
        weight = beta(line.weights(side), [i]) * exp(line.log_policy(0, i))
        each = have(eq(weight * line.hessian(0, i), weight * -(G**2 * T_max)), bends)
        summed = sums.equal(n, intro(each, i, lt(i, n)))
        found.append(have(eq(line.mean_hessian(side, 0), -(G**2 * T_max)), summed, mass,
                          unfold=NAMES))  # fmt: skip
        value = line.mean(side, square, 0) - line.mean_score(side, 0) ** 2
        found.append(have(eq(line.variance(side, 0), value), mass, unfold=NAMES))
    goal = eq(-ell2(0), line.mean("-", square, 0) - line.mean("+", square, 0))
    return proof.have(goal, *found, part(spread, 1), unfold=("curvature",),
                      why="the second derivatives cancel and the mean scores vanish")  # fmt: skip


def spread_positive(proof: Proof, known: Theorem) -> Theorem:
    """0 < G**2 T_max log(1/(1 - J))."""
    rate = 1 - J(0)
    tangent = discharge(where(calculus.log_tangent(), x=rate), have(lt(0, rate), known))
    inverse = discharge(where(log_inverse(), x=rate), have(lt(0, rate), known))
    above = have(lt(0, _surprise), tangent, inverse, known)
    some = Drawn.of(proof.given[1]).some
    return have(lt(0, _order), above, some, proof.given[2])


def upper_bound(proof: Proof, moment: Theorem, flat: Theorem, known: Theorem) -> Theorem:
    """-ell'' <= 5 G**2 T_max log(1/P) where the logarithm is at least 1."""
    late, rate = assume(le(1, _surprise)), 1 - J(0)
    rates = [have(lt(0, rate), known), have(le(rate, 1), known)]
    value = proof.use("token.lambert-properties")
    value = part(apply(part(value, 1, 1, 0), *rates, at=[rate]), 1)
    root = [apply(instance(name, x=_surprise), have(le(0, _surprise), late))
            for name in ("root.nonnegative", "root.square")]  # fmt: skip
    square = have(le(sqrt(_surprise) ** 2, _surprise**2), root[1], late)
    short = discharge(
        where(elementary.ordered_squares(), x=sqrt(_surprise), y=_surprise), square,
        have(le(0, _surprise), late),
    )  # fmt: skip
    value = have(le(LAMBERT(rate), 5 * _surprise), value, short, late)
    size = have(lt(0, G**2 * T_max), proof.given[2], Drawn.of(proof.given[1]).some)
    above = have(le(G**2 * T_max * LAMBERT(rate), 5 * _order), value, size)
    low = right_moment(proof, known)
    made = have(le(-ell2(0), 5 * _order), flat, moment, above, low)
    return intro(made, (), late.conclusion)


def right_moment(proof: Proof, known: Theorem) -> Theorem:
    """0 <= E_+[s**2]."""
    setting, inside = Setting.of(proof.given[0]), assume(lt(i, n))
    weight = beta(line.weights("+"), [i]) * exp(line.log_policy(0, i))
    square = line.score(0, i) ** 2
    split = apply(setting.binary, inside, at=[i])
    each = by_cases(split, *([lambda q: have(le(0, weight * square), q)] * 2))
    summed = sums.ordered(n, intro(each, i, inside.conclusion))
    mass = have(lt(0, line.mass("+", 0)), known)
    return have(le(0, line.mean("+", lam(i, square), 0)), summed, mass, unfold=NAMES)
