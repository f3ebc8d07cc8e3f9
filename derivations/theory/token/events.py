"""What the mean of the squared score can be under an event, and what follows for the gap.

An event A is given by weights between 0 and 1: its indicator, or the probabilities with which
a response belongs to it.
"""

from __future__ import annotations

from derivations import calculus, elementary, sums
from derivations.expectation import MASS, MEAN, NAMES, Setting
from derivations.kernel.terms import (
    Term,
    both,
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
    minimum,
    num,
    real,
    sqrt,
    total,
)
from derivations.kernel.theorem import Theorem, infer
from derivations.library import Proof, state
from derivations.tactics import (
    apply,
    assume,
    by_cases,
    conjunction,
    discharge,
    have,
    instance,
    intro,
    order,
    part,
    rewrite,
    where,
)
from derivations.theory.token.lambert import (
    LAMBERT,
    RATE,
    congruent_log,
    exponent_bound,
    height,
    log_inverse,
    log_monotone,
    surprise,
    value_facts,
)
from derivations.theory.token.martingale import (
    LENGTH,
    MEAN_LENGTH,
    Dmu,
    J,
    ell,
    L_p,
)
from derivations.theory.token.prefixes import (
    DRAWN,
    GIVEN,
    HESSIANS,
    SCORES,
    Drawn,
    T,
    T_max,
    i,
    line,
    n,
    t,
)
from derivations.theory.token.tails import (
    SIGMA2,
    G_p,
    bound_sign,
    lam_,
    no_score,
    positive_root,
)

w, l, X = function("w", "N"), function("l", "N"), function("X", "N")
x, p, epsilon, psi = (real(name) for name in ("x", "p", "epsilon", "psi"))

_ALL = lam(i, num(1))
_WEIGHTS = lam(i, w(i))
WEIGHTS = forall(i, lt(i, n), both(le(0, w(i)), le(w(i), 1)))


def rate_under(logs: Term) -> Term:
    """P(A)."""
    return MASS(n, _WEIGHTS, logs)


P = rate_under(line.logs(t))
EVENT = [WEIGHTS, lt(0, P)]
SQUARE = lam(i, line.score(t, i) ** 2)


def mean_under(variable: Term) -> Term:
    """E_A of a random variable."""
    return MEAN(n, _WEIGHTS, line.logs(t), variable)


_logs = lam(i, l(i))
_P = rate_under(_logs)
_m = real("m")


_GIBBS = [eq(total(n, i, exp(l(i))), 1), WEIGHTS, lt(0, _P)]
_mean = MEAN(n, _WEIGHTS, _logs, lam(i, X(i)))
_moment = MEAN(n, _ALL, _logs, lam(i, exp(X(i))))


@state(
    "lemma",
    "token.gibbs-moment",
    "The exponential of a conditional mean",
    provenance="classical",
    given=_GIBBS,
    claim=both(
        le(exp(_mean) * _P, _moment),
        implies(forall(i, lt(i, n), le(0, X(i))), le(exp(_mean) * _P + (1 - _P), _moment)),
        le(_P, 1),
    ),
    words="The second bound keeps what the complement of the event contributes.",
)
def gibbs_moment(proof: Proof) -> Theorem:
    normal, weights, positive = proof.given
    inside = assume(lt(i, n))
    weight = apply(weights, inside, at=[i])
    share = w(i) * exp(l(i))

    def summed(goal: Term, *facts: Theorem) -> Theorem:
        return sums.ordered(n, intro(have(goal, *facts), i, inside.conclusion))

    tangent = where(elementary.exp_above(), x=X(i), y=_m)
    tangents = summed(le(share * (exp(_m) * (1 + X(i) - _m)), share * exp(X(i))), tangent, weight)
    tangents = where(tangents, m=_mean)
    below = proof.have(
        le(exp(_mean) * _P, total(n, i, share * exp(X(i)))), tangents, positive, unfold=NAMES,
        why="the tangent of the exponential at the mean, weighed and summed",
    )  # fmt: skip
    rest = summed(le(share * exp(X(i)), exp(l(i)) * exp(X(i))), weight)
    first = proof.have(
        le(exp(_mean) * _P, _moment), below, rest, normal, unfold=NAMES,
        why="an event is at most everything",
    )  # fmt: skip
    sign = assume(forall(i, lt(i, n), le(0, X(i))))
    above = where(calculus.exp_tangent(), x=X(i))
    large = have(le(1, exp(X(i))), above, apply(sign, inside, at=[i]))
    others = (1 - w(i)) * exp(l(i))
    outside = summed(le(others, others * exp(X(i))), large, weight)
    kept = proof.have(
        le(exp(_mean) * _P + (1 - _P), _moment), below, outside, normal, unfold=NAMES,
        why="outside of the event, exp(f) is at least 1",
    )  # fmt: skip
    certain = have(le(_P, 1), summed(le(share, exp(l(i))), weight), normal, unfold=NAMES)
    return conjunction(first, intro(kept, (), sign.conclusion), certain)


@state(
    "lemma",
    "token.gibbs",
    "Gibbs' inequality for an event",
    provenance="classical",
    given=_GIBBS,
    claim=le(_mean, log(1 / _P) + log(_moment)),
)
def gibbs(proof: Proof) -> Theorem:
    positive = proof.given[2]
    bound = part(proof.use("token.gibbs-moment"), 0)
    large = have(lt(0, _moment), bound, positive)
    bound = logarithm(_mean, _moment / _P, have(le(exp(_mean), _moment / _P), bound, positive))
    parted = discharge(where(calculus.log_of_quotient(), x=_moment, y=_P), large, positive)
    turned = discharge(where(log_inverse(), x=_P), positive)
    return proof.have(
        proof.statement.conclusion, bound, parted, turned, why="take logarithms"
    )


def logarithm(left: Term, value: Term, bound: Theorem) -> Theorem:
    """x <= log(y) from exp(x) <= y."""
    rise = discharge(
        where(log_monotone(), x=exp(left), y=value), bound, instance("exp.positive", x=left)
    )
    return have(le(left, log(value)), rise, instance("log.exp", x=left))


# The squared score under an event -------------------------------------------------------------


def _normal(proof: Proof) -> Theorem:
    return apply(Setting.of(proof.given[0]).normalised, at=[t])


def gibbs_at(proof: Proof, variable: Term) -> Theorem:
    """`token.gibbs-moment` for a random variable of the policy."""
    return proof.use("token.gibbs-moment", _normal(proof), l=line.logs(t), X=variable)


_share = real("x")
_inside = [lt(0, _share), lt(_share, 1)]


def joint_bound(share: Term, rate: Term) -> Term:
    """(2/x) log(1 + ((1 - x)**(-1/2) - 1)/p)."""
    return 2 / share * log(1 + (1 / sqrt(1 - share) - 1) / rate)


@state(
    "lemma",
    "token.event-square",
    "The squared score under an event, for every exponent",
    provenance="extension",
    given=[*GIVEN, SCORES, *EVENT],
    claim=both(
        forall(x, *_inside, both(
            le(mean_under(SQUARE), SIGMA2 * exponent_bound(P, x)),
            le(mean_under(SQUARE), SIGMA2 * joint_bound(x, P)),
        )),
        le(P, 1),
    ),
)  # fmt: skip
def event_square(proof: Proof) -> Theorem:
    some, below = (assume(f) for f in _inside)
    mean = mean_under(SQUARE)
    small = part(gibbs_at(proof, SQUARE), 1, 1)
    goals = [le(mean, SIGMA2 * f(*a)) for f, a in (
        (exponent_bound, (P, x)), (joint_bound, (x, P)),
    )]  # fmt: skip

    def moving(positive: Theorem) -> Theorem:
        tokens = Drawn.of(proof.given[1]).some
        scale, rate = have(lt(0, SIGMA2), positive, tokens), x / (2 * SIGMA2)
        sign = have(le(0, rate), some, positive, tokens)
        inner = have(eq(2 * rate * SIGMA2, x), positive, tokens)
        moment = proof.use(
            "token.square-mgf", sign, have(lt(2 * rate * SIGMA2, 1), inner, below), lam=rate
        )
        moment = proof.note(rewrite(moment, inner), "the moment at lambda = x/(2 sigma^2)")
        variable = lam(i, rate * line.score(t, i) ** 2)
        whole = mean_under(variable)
        scaled = have(eq(whole, rate * mean), proof.given[4], positive, tokens, unfold=NAMES)
        found = gibbs_at(proof, variable)
        inside = assume(lt(i, n))
        each = intro(have(le(0, rate * line.score(t, i) ** 2), sign), i, inside.conclusion)
        made = [
            plain_bound(whole, part(found, 0), moment, proof.given[4], below),
            kept_bound(whole, apply(part(found, 1, 0), each), moment, proof.given[4]),
        ]
        return conjunction(*(
            have(g, have(le(mean, 2 * SIGMA2 / x * right.conclusion.args[1]), right, scaled,
                         positive, tokens, some), scale, some)
            for g, right in zip(goals, made, strict=True)
        ))  # fmt: skip

    def still(case: Theorem) -> Theorem:
        zero = have(eq(G_p, 0), case, bound_sign(proof))
        none, weight = no_score(proof, case), w(i) * exp(line.log_policy(t, i))
        none = have(eq(weight * line.score(t, i) ** 2, 0), none)
        nothing = sums.equal(n, intro(none, i, lt(i, n)))
        flat = have(eq(mean, 0), nothing, proof.given[4], unfold=NAMES)
        return conjunction(*(have(g, zero, flat) for g in goals))

    made = by_cases(order(G_p, num(0)), still, moving)
    return conjunction(intro(made, x, *_inside), small)


def plain_bound(
    mean: Term, found: Theorem, moment: Theorem, positive: Theorem, below: Theorem
) -> Theorem:
    """E_A[f] <= log(1/P) - log(1 - x)/2 from exp(E_A[f]) P <= E exp(f) <= (1 - x)**(-1/2)."""
    rest = have(lt(0, 1 - x), below)
    root = positive_root(1 - x, rest)
    value = 1 / (P * sqrt(1 - x))
    made = logarithm(mean, value, have(le(exp(mean), value), found, moment, positive, root))
    parted = elementary.log_of_product([(-1, P), (-1, sqrt(1 - x))], [positive, root])
    parted = rewrite(parted, have(eq(parted.conclusion.args[0].args[0], value), positive, root))
    halves = discharge(where(elementary.log_of_root(), x=1 - x), rest)
    turned = discharge(where(log_inverse(), x=P), positive)
    return have(le(mean, surprise(P) - log(1 - x) / 2), made, parted, halves, turned)


def kept_bound(mean: Term, found: Theorem, moment: Theorem, positive: Theorem) -> Theorem:
    """E_A[f] <= log(1 + ((1 - x)**(-1/2) - 1)/P), from what the complement contributes."""
    value = 1 + (1 / sqrt(1 - x) - 1) / P
    return logarithm(mean, value, have(le(exp(mean), value), found, moment, positive))
