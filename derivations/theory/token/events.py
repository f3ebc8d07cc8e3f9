"""What the mean of the squared score can be under an event, and what follows for the gap.

An event A is given by weights between 0 and 1: its indicator, or the probabilities with which
a response belongs to it.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from derivations import calculus, elementary, sums
from derivations.expectation import MASS, MEAN, NAMES, Setting
from derivations.kernel.terms import (
    Term,
    beta,
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
    ne,
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
    fold,
    have,
    instance,
    intro,
    order,
    part,
    rewrite,
    where,
)
from derivations.theory.gap import side_facts, side_values
from derivations.theory.setting import odds
from derivations.theory.token.martingale import (
    LENGTH,
    MEAN_LENGTH,
    Dmu,
    J,
    ell,
)
from derivations.theory.token.prefixes import (
    GIVEN,
    SCORES,
    Drawn,
    T,
    T_max,
    i,
    line,
    n,
    t,
)
from derivations.theory.token.root import (
    LAMBERT,
    RATE,
    congruent_log,
    exponent_bound,
    height,
    log_inverse,
    log_monotone,
    log_one,
    surprise,
    value_facts,
)
from derivations.theory.token.tails import (
    SIGMA2,
    G_p,
    bound_sign,
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


_NONNEGATIVE = [forall(i, lt(i, n), le(0, w(i))), lt(0, _P)]
Y = function("Y", "N")


@state(
    "lemma",
    "token.mean-order",
    "A conditional mean is monotone",
    provenance="classical",
    given=[*_NONNEGATIVE, forall(i, lt(i, n), le(X(i), Y(i)))],
    claim=le(_mean, MEAN(n, _WEIGHTS, _logs, lam(i, Y(i)))),
)
def mean_order(proof: Proof) -> Theorem:
    weights, positive, ordered = proof.given
    inside, share = assume(lt(i, n)), w(i) * exp(l(i))
    each = have(
        le(share * X(i), share * Y(i)), *(apply(f, inside, at=[i]) for f in (weights, ordered))
    )
    proof.note(each, "weigh with the probability of the response")
    summed = sums.ordered(n, intro(each, i, inside.conclusion))
    return proof.have(
        proof.statement.conclusion, summed, positive, unfold=NAMES, why="sum over the responses"
    )


@state(
    "lemma",
    "token.jensen",
    "Jensen's inequality for the exponential",
    provenance="classical",
    given=_NONNEGATIVE,
    claim=le(exp(_mean), MEAN(n, _WEIGHTS, _logs, lam(i, exp(X(i))))),
    words="Jensen (1906).",
)
def jensen(proof: Proof) -> Theorem:
    weights, positive = proof.given
    inside, share = assume(lt(i, n)), w(i) * exp(l(i))
    tangent = where(elementary.exp_above(), x=X(i), y=_m)
    each = have(
        le(share * (exp(_m) * (1 + X(i) - _m)), share * exp(X(i))), tangent,
        apply(weights, inside, at=[i]),
    )  # fmt: skip
    tangents = where(sums.ordered(n, intro(each, i, inside.conclusion)), m=_mean)
    return proof.have(
        proof.statement.conclusion, tangents, positive, unfold=NAMES,
        why="the tangent of the exponential at the mean, weighed and summed",
    )  # fmt: skip


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
    words="As for `token.gibbs`; the second bound keeps what the complement of the event "
    "contributes.",
)
def gibbs_moment(proof: Proof) -> Theorem:
    normal, weights, positive = proof.given
    inside = assume(lt(i, n))
    weight = apply(weights, inside, at=[i])
    share = w(i) * exp(l(i))

    def summed(goal: Term, *facts: Theorem) -> Theorem:
        return sums.ordered(n, intro(have(goal, *facts), i, inside.conclusion))

    some = intro(have(le(0, w(i)), weight), i, inside.conclusion)
    below = proof.have(
        le(exp(_mean) * _P, total(n, i, share * exp(X(i)))), proof.use("token.jensen", some),
        positive, unfold=NAMES, why="Jensen's inequality",
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
    words="The variational formula of Donsker and Varadhan (1983), for the conditional law.",
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


@state(
    "theorem",
    "token.lambert",
    "The squared score under an event",
    provenance="extension",
    given=[*GIVEN, SCORES, *EVENT],
    claim=both(
        le(mean_under(SQUARE), SIGMA2 * LAMBERT(P)),
        le(1, LAMBERT(P)),
        eq(height(LAMBERT(P)), 1 + 2 * surprise(P)),
    ),
    words="The weights $w$ stand for an event $A$ of probability $P(A)$, the sum; the bound is "
    "logarithmic in it.",
)
def lambert(proof: Proof) -> Theorem:
    found, small = (part(proof.use("token.event-square"), q) for q in (0, 1))
    positive = proof.given[4]
    above, root, only = value_facts(proof, P, positive, small)
    proof.note(root, "V solves its equation")
    minimum_ = proof.use("token.lambert-minimum", positive, small, p=P)
    mean = mean_under(SQUARE)
    goal, value = le(mean, SIGMA2 * LAMBERT(P)), LAMBERT(P)

    def unlikely(case: Theorem) -> Theorem:
        strict, attained = (part(apply(part(minimum_, 1), case), q) for q in (0, 1))
        share = 1 - 1 / value
        inside = have(lt(0, share), strict), have(lt(share, 1), have(lt(0, value), strict))
        return have(goal, rewrite(part(apply(found, *inside, at=[share]), 0), attained))

    def certain(case: Theorem) -> Theorem:
        sure = have(eq(P, 1), case, small)
        none = have(eq(surprise(P), 0), congruent_log(have(eq(1 / P, 1), sure)), log_one())
        flat = have(eq(height(num(1)), 1 + 2 * surprise(P)), none, log_one())
        one = apply(only, have(le(1, num(1))), flat, at=[1])
        some, below = (assume(f) for f in _inside)
        bound = part(apply(found, some, below, at=[x]), 0)
        rest = have(lt(0, 1 - x), below)
        inverse = have(lt(0, 1 / (1 - x)), rest)
        tangent = discharge(where(calculus.log_tangent(), x=1 / (1 - x)), inverse)
        turned = discharge(where(log_inverse(), x=1 - x), rest)
        factor = have(le(exponent_bound(P, x), 1 / (1 - x)), tangent, turned, none, some, rest)
        scale = have(le(SIGMA2 * exponent_bound(P, x), SIGMA2 * (1 / (1 - x))), factor)
        limit = have(le(mean * (1 - x), SIGMA2), bound, scale, rest)
        limit = intro(limit, x, *_inside)

        top = by_cases(order(mean, SIGMA2), lambda c: c, larger_than(limit, mean))
        return have(goal, top, one)

    bound = proof.note(
        by_cases(order(num(1), P), certain, unlikely),
        "Gibbs and the moment at x = 1 - 1/V; if P(A) = 1, as x tends to 0",
    )
    return conjunction(bound, above, root)


def larger_than(limit: Theorem, mean: Term) -> Callable[[Theorem], Theorem]:
    """M <= sigma**2 from M (1 - x) <= sigma**2 for all x in (0, 1), where sigma**2 < M."""

    def use(over: Theorem) -> Theorem:
        share, level = (mean - SIGMA2) / (2 * mean), have(lt(0, mean), over)
        inside = have(lt(0, share), over, level), have(lt(share, 1), level)
        there = apply(limit, *inside, at=[share])
        return have(le(mean, SIGMA2), have(le((mean + SIGMA2) / 2, SIGMA2), there, level))

    return use


_close = lt(0, epsilon)


def _approached(limit: Term, rate: Term) -> Term:
    """The infimum over x of the bound of `token.joint` is at most the limit."""
    near = both(*_inside, le(joint_bound(x, rate), limit + epsilon))
    return forall(epsilon, _close, exists(x, near))


@state(
    "lemma",
    "token.joint-infimum",
    "The infimum of the joint bound",
    provenance="extension",
    given=RATE,
    claim=both(_approached(LAMBERT(p), p), _approached(1 / p, p)),
    words="The infimum over $x \\in (0,1)$ is at most $V(p)$ and at most $1/p$.",
)
def joint_infimum(proof: Proof) -> Theorem:
    positive, small = proof.given
    some, below, close = (assume(f) for f in (*_inside, _close))
    rest = have(lt(0, 1 - x), below)
    root = positive_root(1 - x, rest)
    square = apply(instance("root.square", x=1 - x), have(le(0, 1 - x), rest))
    inside = have(le(sqrt(1 - x) ** 2, num(1) ** 2), square, some)
    short = discharge(where(elementary.ordered_squares(), x=sqrt(1 - x), y=num(1)), inside)
    ratio = 1 / sqrt(1 - x)
    value = 1 + (ratio - 1) / p
    large = have(le(1, ratio), short, root)
    bigger = have(le(0, (ratio - 1) / p), large, positive)
    sign = have(lt(0, value), bigger)
    # The complement dropped.
    whole = have(le(value, ratio / p), small, positive, root)
    logs = discharge(where(log_monotone(), x=value, y=ratio / p), sign, whole)
    parted = elementary.log_of_product([(-1, p), (-1, sqrt(1 - x))], [positive, root])
    parted = rewrite(
        parted, have(eq(parted.conclusion.args[0].args[0], ratio / p), positive, root)
    )
    halves = discharge(where(elementary.log_of_root(), x=1 - x), rest)
    turned = discharge(where(log_inverse(), x=p), positive)
    dropped = proof.have(
        le(joint_bound(x, p), exponent_bound(p, x)), logs, parted, halves, turned, some,
        why="without the complement it is the bound that V minimises",
    )  # fmt: skip
    dropped = intro(dropped, x, *_inside)
    # log(1 + y) <= y.
    tangent = discharge(where(calculus.log_tangent(), x=value), sign)
    mean = have(le(ratio - 1, x / (2 * (1 - x))), short, root, square, rest)
    linear = proof.have(
        le(joint_bound(x, p), 1 / (p * (1 - x))), tangent, mean, some, positive, rest,
        why="log(1 + y) <= y",
    )  # fmt: skip
    linear = intro(linear, x, *_inside)
    share = p * epsilon / (1 + p * epsilon)
    product_ = have(lt(0, p * epsilon), positive, close)
    within_ = [have(lt(0, share), product_), have(lt(share, 1), product_)]
    there = apply(linear, *within_, at=[share])
    reached = have(le(joint_bound(share, p), 1 / p + epsilon), there, product_, positive)
    second = _witnessed(reached, within_, 1 / p, share)
    value_, root_, only = value_facts(proof, p)

    def certain(case: Theorem) -> Theorem:
        sure = have(eq(p, 1), case, small)
        none = have(eq(surprise(p), 0), congruent_log(have(eq(1 / p, 1), sure)), log_one())
        flat = have(eq(height(num(1)), 1 + 2 * surprise(p)), none, log_one())
        one = apply(only, have(le(1, num(1))), flat, at=[1])
        same_ = have(le(joint_bound(share, p), LAMBERT(p) + epsilon), reached, one, sure)
        return _witnessed(same_, within_, LAMBERT(p), share)

    def unlikely(case: Theorem) -> Theorem:
        made = apply(part(proof.use("token.lambert-minimum"), 1), case)
        strict, attained = part(made, 0), part(made, 1)
        at = 1 - 1 / LAMBERT(p)
        within = [have(lt(0, at), strict), have(lt(at, 1), have(lt(0, LAMBERT(p)), strict))]
        bound = rewrite(apply(dropped, *within, at=[at]), attained)
        close_ = have(le(joint_bound(at, p), LAMBERT(p) + epsilon), bound, close)
        return _witnessed(close_, within, LAMBERT(p), at)

    first = by_cases(order(num(1), p), certain, unlikely)
    return conjunction(
        intro(first, epsilon, close.conclusion), intro(second, epsilon, close.conclusion)
    )


def _witnessed(bound: Theorem, inside: list[Theorem], limit: Term, share: Term) -> Theorem:
    """There is an x, namely the share."""
    goal = _approached(limit, p).args[0]
    formula = beta(goal, [epsilon]).args[1]
    return infer("witness", conjunction(*inside, bound), formula=formula, terms=(share,))


@state(
    "theorem",
    "token.joint",
    "The squared score under an event, keeping the complement",
    provenance="extension",
    given=[*GIVEN, SCORES, *EVENT],
    claim=both(
        forall(x, *_inside, le(mean_under(SQUARE), SIGMA2 * joint_bound(x, P))),
        _approached(LAMBERT(P), P),
        _approached(1 / P, P),
    ),
    words="For an event $A$ with weights $w$ the infimum of the bounds over $x \\in (0,1)$ is at "
    "most both $V(P(A))$ and $1/P(A)$.",
)
def joint(proof: Proof) -> Theorem:
    found = proof.use("token.event-square")
    some, below = (assume(f) for f in _inside)
    bound = part(apply(part(found, 0), some, below, at=[x]), 1)
    proof.note(bound, "Gibbs, with what the complement contributes, at lambda = x/(2 sigma^2)")
    infimum = proof.use("token.joint-infimum", part(found, 1), p=P)
    return conjunction(intro(bound, x, *_inside), part(infimum, 0), part(infimum, 1))


# What follows for the gap and for lengths -----------------------------------------------------

SPREAD = J(t) * (1 - J(t)) * Dmu(t) ** 2


@state(
    "lemma",
    "token.spread",
    "The gap is part of the second moment",
    provenance="classical",
    given=[line.policy],
    claim=le(SPREAD, line.mean("", SQUARE, t)),
)
def spread(proof: Proof) -> Theorem:
    known = proof.use("setting.success-rate", at=[t])
    identity = proof.use("gap.score-identity", at=[t])
    normal = _normal(proof)
    moments = []
    for side in "+-":
        sign = proof.use("setting.variance-sign", *side_facts(proof, side, t),
                         X=line.at(line.score, t), **side_values(side, t))  # fmt: skip
        mass = have(lt(0, line.mass(side, t)), known)
        moments.append(have(
            le(line.mean_score(side, t) ** 2, line.mean(side, SQUARE, t)), sign, mass,
            unfold=NAMES,
        ))  # fmt: skip
        proof.note(moments[-1], "a variance is non-negative")
    split = have(
        eq(line.mean("", SQUARE, t),
           J(t) * line.mean("+", SQUARE, t) + (1 - J(t)) * line.mean("-", SQUARE, t)),
        known, normal, unfold=NAMES,
    )  # fmt: skip
    return proof.have(
        proof.statement.conclusion, *moments, identity, split, known,
        why="E[s^2] is a mean over both sides, where E_+[s] = (1-J) Delta mu, E_-[s] = -J Delta mu",
    )


@state(
    "lemma",
    "token.gap",
    "Size of the Gradient Gap at token level",
    provenance="extension",
    given=[*GIVEN, SCORES],
    claim=both(
        implies(ne(J(t), Fraction(1, 2)), le(Dmu(t) ** 2, 2 * SIGMA2 * ell(t) / (2 * J(t) - 1))),
        implies(eq(J(t), Fraction(1, 2)), le(Dmu(t) ** 2, 4 * SIGMA2)),
    ),
)
def gap(proof: Proof) -> Theorem:
    known = proof.use("setting.success-rate", at=[t])
    half = assume(eq(J(t), Fraction(1, 2)))
    moment = apply(part(proof.use("token.second-moment"), 0), proof.given[2])
    middle = proof.have(
        le(Dmu(t) ** 2, 4 * SIGMA2), proof.use("token.spread"), part(moment, 1), half,
        why="at J = 1/2 the gap is at most twice the root of the second moment",
    )  # fmt: skip
    identity = proof.use("gap.score-identity", at=[t])
    rate, level = -2 * ell(t) / Dmu(t), 2 * J(t) - 1
    azuma = proof.use("token.azuma", lam=rate)
    variable = lam(i, rate * line.score(t, i))
    goal = le(Dmu(t) ** 2, 2 * SIGMA2 * ell(t) / level)

    def apart(moves: Theorem, side: Theorem) -> Theorem:
        """The claim where Delta mu is not zero, on either side of 1/2."""
        sides = []
        for sign in "+-":
            each = proof.use("token.jensen", *side_facts(proof, sign, t), X=variable,
                             **side_values(sign, t))  # fmt: skip
            mean = line.mean(sign, variable, t)
            value = -2 * ell(t) * (1 - J(t)) if sign == "+" else 2 * ell(t) * J(t)
            mass = have(lt(0, line.mass(sign, t)), known)
            linear = have(eq(mean, rate * line.mean_score(sign, t)), mass, moves, unfold=("mean",))
            same_ = have(eq(mean, value), linear, identity, moves)
            sides.append(rewrite(each, same_))
        moment = line.mean("", lam(i, exp(rate * line.score(t, i))), t)
        parts = [line.mean(s, lam(i, exp(rate * line.score(t, i))), t) for s in "+-"]
        split = have(
            eq(moment, J(t) * parts[0] + (1 - J(t)) * parts[1]), known, _normal(proof), moves,
            unfold=NAMES,
        )  # fmt: skip
        whole = have(
            le(J(t) * exp(-2 * ell(t) * (1 - J(t))) + (1 - J(t)) * exp(2 * ell(t) * J(t)),
               exp(rate**2 * SIGMA2 / 2)),
            *sides, split, azuma, known, moves,
        )  # fmt: skip
        odds_ = fold(odds(J(t), known), eq(exp(ell(t)), J(t) / (1 - J(t))))
        down = elementary.exp_of_sum([(1, 2 * ell(t) * J(t)), (-2, ell(t))])
        down = rewrite(down, have(eq(down.conclusion.args[0].args[0], -2 * ell(t) * (1 - J(t)))))
        shift = elementary.exp_of_sum([(1, 2 * ell(t) * J(t)), (-1, ell(t))])
        shift = rewrite(shift, have(eq(shift.conclusion.args[0].args[0], level * ell(t))))
        sum_ = whole.conclusion.args[0]
        joined = have(eq(sum_, exp(level * ell(t))), down, shift, odds_, known)
        grown = rewrite(whole, joined)
        rule = where(calculus.exp_reflects(), x=level * ell(t), y=rate**2 * SIGMA2 / 2)
        exponents = discharge(rule, grown)
        square = have(lt(0, Dmu(t) ** 2), moves)
        scaled = have(
            le(level * ell(t) * Dmu(t) ** 2, 2 * ell(t) ** 2 * SIGMA2), exponents, square, moves
        )
        return have(goal, scaled, side, log_odds_sign(proof, side, known))

    different = assume(ne(J(t), Fraction(1, 2)))

    def still(zero: Theorem) -> Theorem:
        def at(side: Theorem) -> Theorem:
            flat = have(le(Dmu(t) ** 2, 0), zero)
            ratio = have(le(0, ell(t) / level), side, log_odds_sign(proof, side, known))
            scale = have(le(0, 2 * SIGMA2 * (ell(t) / level)), ratio)
            return have(goal, flat, scale, side)

        return on_either_side(at, different)

    def moving(moves: Theorem) -> Theorem:
        return on_either_side(lambda side: apart(moves, side), different)

    def falling(case: Theorem) -> Theorem:
        return by_cases(
            order(num(0), Dmu(t)),
            lambda other: still(have(eq(Dmu(t), 0), case, other)),
            moving,
        )

    outer = by_cases(order(Dmu(t), num(0)), falling, moving)
    proof.note(outer, "Azuma at lambda = -2 ell/Delta mu, and Jensen's inequality on both sides")
    return conjunction(
        intro(outer, (), different.conclusion), intro(middle, (), half.conclusion)
    )


def on_either_side(use: Callable[[Theorem], Theorem], different: Theorem) -> Theorem:
    """Cases J < 1/2 and 1/2 < J, from J != 1/2."""
    rule = instance("order.differs", x=J(t), y=num(Fraction(1, 2)))
    return by_cases(apply(rule, different), use, use)


def log_odds_sign(proof: Proof, side: Theorem, known: Theorem) -> Theorem:
    """The log-odds are positive above J = 1/2 and negative below."""
    above = side.conclusion == lt(num(Fraction(1, 2)), J(t))
    value = J(t) / (1 - J(t))
    pair = (num(1), value) if above else (value, num(1))
    rule = where(calculus.log_increasing(), x=pair[0], y=pair[1])
    rise = discharge(rule, *(have(f, side, known) for f in (lt(0, pair[0]), lt(*pair))))
    goal = lt(0, ell(t)) if above else lt(ell(t), 0)
    return have(goal, rise, log_one(), unfold=("log_odds",))


@state(
    "lemma",
    "token.length",
    "Mean length under an event",
    provenance="reconstructed",
    given=[
        *GIVEN, *EVENT, lt(0, psi), le(line.mean("", lam(i, exp(T(i) / psi)), t), 2),
    ],
    claim=le(
        mean_under(LENGTH), minimum(T_max, minimum(MEAN_LENGTH / P, psi * log(2 / P)))
    ),
    words="The least such $\\psi$ is the norm of $T$ with respect to $e^{x} - 1$.",
)  # fmt: skip
def length(proof: Proof) -> Theorem:
    _, tokens, weights, positive, scale, moment = proof.given
    inside, mean = assume(lt(i, n)), mean_under(LENGTH)
    weight, fits = apply(weights, inside, at=[i]), apply(Drawn.of(tokens).length, inside, at=[i])
    some = intro(have(le(0, w(i)), weight), i, inside.conclusion)
    longest = proof.note(
        proof.use(
            "setting.mean-bounds", some, intro(have(le(T(i), T_max), fits), i, inside.conclusion),
            l=line.logs(t), X=LENGTH, c=T_max,
        ),
        "no response is longer",
    )  # fmt: skip
    probability = exp(line.log_policy(t, i))
    each = have(le(w(i) * probability * T(i), probability * T(i)), weight)
    every = sums.ordered(n, intro(each, i, inside.conclusion))
    markov = proof.have(
        le(mean, MEAN_LENGTH / P), every, positive, _normal(proof), unfold=NAMES,
        why="an event is at most everything",
    )  # fmt: skip
    variable = lam(i, T(i) / psi)
    found = part(gibbs_at(proof, variable), 0)
    scaled = have(eq(mean_under(variable), mean / psi), positive, scale, unfold=NAMES)
    bound = have(le(exp(mean_under(variable)), 2 / P), found, moment, positive)
    tail = logarithm(mean_under(variable), 2 / P, bound)
    tail = proof.have(
        le(mean, psi * log(2 / P)), tail, scaled, scale, why="Gibbs' inequality for T/psi"
    )
    inner = minimum(MEAN_LENGTH / P, psi * log(2 / P))
    first = least(mean, inner, markov, tail)
    return least(mean, proof.statement.conclusion.args[1], longest, first)


def least(value: Term, bound: Term, *facts: Theorem) -> Theorem:
    """x <= min(a, b) from x <= a and x <= b."""
    left, right = bound.args
    split = instance("minimum.cases", x=left, y=right)
    return by_cases(split, *([lambda case: have(le(value, bound), case, *facts)] * 2))
