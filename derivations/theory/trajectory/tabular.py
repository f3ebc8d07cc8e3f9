"""Section 2: tabular softmax, which has no threshold."""

from __future__ import annotations

from derivations import calculus, sums
from derivations.expectation import MASS, Line
from derivations.kernel.terms import (
    Term,
    beta,
    both,
    eq,
    exp,
    forall,
    function,
    lam,
    le,
    log,
    lt,
    nat,
    ne,
    num,
    real,
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
    obtain,
    part,
    rewrite,
    symmetric,
    transitive,
    where,
)
from derivations.theory.gap import GAP
from derivations.theory.lines import (
    BINARY,
    SOME_CORRECT,
    SOME_INCORRECT,
    softmax_line,
    weight_positive,
)
from derivations.theory.trajectory.one_step import ZERO, eta, i, n
from derivations.theory.trajectory.pairs import log_odds_exp
from derivations.theory.trajectory.runs import k
from derivations.theory.trajectory.triples import parts_of

# Tabular softmax ---------------------------------------------------------------------------------
A, D = function("A", "N"), function("D", "N", "N")

r, j, m = function("r", "N"), nat("j"), nat("m")

_logits = lam(i, A(i))

_success = MASS(n, lam(i, r(i)), _logits)


def logit_line(direction: Term) -> Line:
    """The softmax policy with logits A(i) + t direction(i)."""
    return softmax_line(n, lam(i, r(i)), _logits, direction, lam(i, num(0)))


def tabular_gap(index: Term) -> Term:
    """Coordinate `index` of the Gradient Gap: pi_+ on correct, -pi_- on incorrect responses."""
    weight = exp(A(index))
    return r(index) * weight / _success - (1 - r(index)) * weight / (1 - _success)


_scores = lam((i, j), beta(logit_line(lam(i, D(i, j))).score, [ZERO, i]))

_tabular = logit_line(lam(i, tabular_gap(i)))

_share_squared = total(n, i, r(i) * (exp(A(i)) / _success) ** 2)

_kronecker = [
    forall(i, eq(D(i, i), 1)),
    forall((i, j), ne(i, j), eq(D(i, j), 0)),
]


@state(
    "theorem",
    "trajectory.tabular",
    "Tabular softmax has no threshold",
    provenance="extension",
    given=[BINARY, SOME_CORRECT, SOME_INCORRECT, eq(total(n, i, exp(A(i))), 1), *_kronecker],
    claim=both(
        forall(j, lt(j, n), eq(GAP(n, lam(i, r(i)), _logits, _scores, j), tabular_gap(j))),
        _tabular.policy,
        forall(
            eta,
            le(0, eta),
            both(
                le(eta * _share_squared, _tabular.log_odds(eta) - _tabular.log_odds(0)),
                le(1 / total(n, i, r(i)), _share_squared),
                lt(0, 1 / total(n, i, r(i))),
            ),
        ),
    ),
    words="One free logit per response, $D$ the identity matrix. Along the Gradient Gap every "
    "step raises the log-odds, by at least its size over the number of correct responses.",
)
def tabular(proof: Proof) -> Theorem:
    policy = proof.use(
        "setting.softmax-line", mapping={function("b", "N"): lam(i, tabular_gap(i)),
                                         function("c", "N"): lam(i, num(0))}
    )  # fmt: skip
    gap_ = proof.note(tabular_gradient(proof), "the score of response i in logit j is D(i, j) - "
                      "pi(j)")  # fmt: skip
    gain_ = tabular_gain(proof, policy)
    return conjunction(gap_, policy, gain_)


# Moves of the proofs ----------------------------------------------------------------------


def success_bounds(proof: Proof) -> Theorem:
    """0 < J < 1 for the softmax with logits A, from the policy at t = 0."""
    positive = []
    for side, existence in (("+", proof.given[1]), ("-", proof.given[2])):
        weights = lam(i, (r(i) if side == "+" else 1 - r(i)) * exp(A(i)))
        each = intro(
            by_cases(apply(proof.given[0], assume(lt(i, n)), at=[i]),
                     *([lambda case: have(le(0, beta(weights, [i])), case)] * 2)),
            i, lt(i, n),
        )  # fmt: skip

        def use(chosen: Theorem, weights: Term = weights, each: Theorem = each) -> Theorem:
            rule = where(sums.positive(), f=weights, n=n, k=k)
            at_k = have(lt(0, beta(weights, [k])), part(chosen, 1))
            return discharge(rule, each, part(chosen, 0), at_k)

        positive.append(obtain(existence, [k], use))
    return have(both(lt(0, _success), lt(_success, 1)), *positive, proof.given[3], unfold=("mass",))


def tabular_gradient(proof: Proof) -> Theorem:
    """The coordinates of the Gradient Gap in the logits."""
    normal, diagonal, elsewhere = proof.given[3], *proof.given[4:]
    inside = assume(lt(j, n))
    sums_ = []
    for weights in (lam(i, num(1)), lam(i, r(i)), lam(i, 1 - r(i))):
        terms = lam(i, beta(weights, [i]) * exp(A(i)) * D(i, j))
        rule = where(sums.single(), {function("f", "N"): terms}, n=n, m=j)
        off = apply(elsewhere, assume(ne(i, j)), at=[i, j])
        each = intro(have(eq(beta(terms, [i]), 0), off), i, lt(i, n), ne(i, j))
        picked = discharge(rule, inside, each)
        sums_.append(
            have(eq(picked.conclusion.args[0], beta(weights, [j]) * exp(A(j))), picked,
                 apply(diagonal, at=[j]))
        )  # fmt: skip
    goal = eq(GAP(n, lam(i, r(i)), _logits, _scores, j), tabular_gap(j))
    made = have(goal, *sums_, normal, success_bounds(proof),
                unfold=("gradient_gap", "mean", "mass"))  # fmt: skip
    return intro(made, j, inside.conclusion)


def tabular_gain(proof: Proof, policy: Theorem) -> Theorem:
    """The gain along the Gradient Gap: Jensen on the correct side, exp <= 1 on the other."""
    between = success_bounds(proof)
    normal = proof.given[3]
    forward = assume(le(0, eta))
    binary = proof.given[0]
    inside = assume(lt(i, n))
    split = apply(binary, inside, at=[i])
    mean_ = _share_squared
    # exp(eta w) >= exp(eta m) (1 + eta (w - m)) on correct, exp(eta w) <= 1 on incorrect ones.
    w = tabular_gap(i)
    tangent = where(calculus.exp_tangent(), x=eta * w - eta * mean_)
    joined_ = instance("exp.sum", x=eta * mean_, y=eta * w - eta * mean_)
    whole = have(eq(eta * mean_ + (eta * w - eta * mean_), eta * w))
    product = rewrite(joined_, whole)
    low = exp(eta * mean_) * (1 + (eta * (exp(A(i)) / _success) - eta * mean_))
    weight = exp(A(i))
    above_each = by_cases(
        split,
        lambda case: have(le(r(i) * weight * low, r(i) * weight * exp(eta * w)), case),
        lambda case: have(
            le(r(i) * weight * low, r(i) * weight * exp(eta * w)),
            product, tangent, case, between,
        ),
    )  # fmt: skip
    zero = instance("exp.zero")
    shrink = discharge(
        where(calculus.exp_monotone(), a=-(eta * (weight / (1 - _success))), b=ZERO),
        have(le(-(eta * (weight / (1 - _success))), 0), forward, between),
    )
    below_each = by_cases(
        split,
        lambda case: have(
            le((1 - r(i)) * weight * exp(eta * w), (1 - r(i)) * weight),
            rewrite_exponent(eta * w, -(eta * (weight / (1 - _success))), case, between, shrink),
            zero, case,
        ),
        lambda case: have(le((1 - r(i)) * weight * exp(eta * w), (1 - r(i)) * weight), case),
    )  # fmt: skip
    above = summed(above_each, r(i) * weight * low, r(i) * weight * exp(eta * w))
    below = summed(below_each, (1 - r(i)) * weight * exp(eta * w), (1 - r(i)) * weight)
    return finish_tabular(proof, policy, between, normal, forward, above, below)


def rewrite_exponent(
    old: Term, new: Term, case: Theorem, between: Theorem, bound: Theorem
) -> Theorem:
    """exp(old) <= exp(0), when the exponents agree in this case."""
    same = have(eq(old, new), case, between)
    return have(le(exp(old), exp(ZERO)), rewrite(bound, symmetric(same)))


def summed(each: Theorem, low: Term, high: Term) -> Theorem:
    """Sum an inequality over the responses."""
    rule = where(
        sums.monotone(),
        {function("f", "N"): lam(i, low), function("g", "N"): lam(i, high)}, n=n,
    )  # fmt: skip
    return discharge(rule, intro(each, i, lt(i, n)))


def finish_tabular(
    proof: Proof,
    policy: Theorem,
    between: Theorem,
    normal: Theorem,
    forward: Theorem,
    above: Theorem,
    below: Theorem,
) -> Theorem:
    """From the two sums to the log-odds, and from the squares to the number of responses."""
    weight, w = exp(A(i)), tabular_gap(i)
    raised = total(n, i, r(i) * weight * exp(eta * w))
    lowered = total(n, i, (1 - r(i)) * weight * exp(eta * w))
    jensen = proof.have(
        le(exp(eta * _share_squared) * _success, raised), above, between, unfold=("mass",),
        why="Jensen's inequality, by the tangent of exp at the mean",
    )  # fmt: skip
    shrinks = proof.have(
        le(lowered, 1 - _success), below, normal, unfold=("mass",), why="exp(-x) <= 1 for x >= 0"
    )
    rates = {
        at: proof.use("setting.success-rate", policy, mapping=_tabular.substitution(), at=[at])
        for at in (ZERO, eta)
    }
    end = tabular_end(proof, raised, lowered)
    log_one = have(eq(log(1), 0), rewrite(instance("log.exp", x=ZERO), instance("exp.zero")))
    start = have(eq(_tabular.success(0), _success), normal, log_one, unfold=("mass",))
    gained = odds_grow(jensen, shrinks, start, end, between, rates)
    squares = proof.note(square_sum(proof, between), "Cauchy-Schwarz over the correct responses")
    return intro(conjunction(gained, squares), eta, forward.conclusion)


def tabular_end(proof: Proof, raised: Term, lowered: Term) -> Theorem:
    """J(eta) is the raised weight of the correct responses over the total weight."""
    mapping = {function("b", "N"): lam(i, tabular_gap(i)), function("c", "N"): lam(i, ZERO)}
    positive = where(weight_positive(proof.given[1], eta), mapping)
    whole = positive.conclusion.args[1]
    w, bell = tabular_gap(i), beta(_tabular.log_policy, [eta, i])
    log_weight_ = bell.args[0]
    share = discharge(where(calculus.exp_minus_log(), x=whole), positive)
    split = instance("exp.sum", x=A(i), y=eta * w)
    joined_ = instance("exp.sum", x=log_weight_, y=-log(whole))
    same = have(eq(log_weight_, A(i) + eta * w))
    product = transitive(where(have(eq(exp(real("x")), exp(real("x")))), x=log_weight_),
                         rewrite_side(same, split))  # fmt: skip
    inside = intro(product, i, lt(i, n))
    rule = where(
        sums.congruent(),
        {function("f", "N"): lam(i, exp(log_weight_)),
         function("g", "N"): lam(i, exp(A(i)) * exp(eta * w))},
        n=n,
    )  # fmt: skip
    total_weight_ = discharge(rule, inside)
    each = have(
        eq(r(i) * exp(bell), r(i) * exp(A(i)) * exp(eta * w) / whole), joined_, product, share,
        positive,
    )  # fmt: skip
    summed_ = discharge(
        where(
            sums.congruent(),
            {function("f", "N"): lam(i, r(i) * exp(bell)),
             function("g", "N"): lam(i, r(i) * exp(A(i)) * exp(eta * w) / whole)},
            n=n,
        ),
        intro(each, i, lt(i, n)),
    )  # fmt: skip
    opened = have(eq(whole, raised + lowered), total_weight_)
    made = have(eq(_tabular.success(eta), raised / whole), summed_, positive, unfold=("mass",))
    hole = real("hole")
    template = lam(hole, eq(_tabular.success(eta), raised / hole))
    divided = infer("rewrite", opened, made, template=template)
    return conjunction(divided, rewrite(positive, opened))


def rewrite_side(same: Theorem, equation: Theorem) -> Theorem:
    """From a = b and exp(b) = c infer exp(a) = c."""
    hole = real("hole")
    template = lam(hole, eq(exp(hole), equation.conclusion.args[1]))
    return infer("rewrite", symmetric(same), equation, template=template)


def odds_grow(
    jensen: Theorem,
    shrinks: Theorem,
    start: Theorem,
    end: Theorem,
    between: Theorem,
    rates: dict[Term, Theorem],
) -> Theorem:
    """eta m <= ell(eta) - ell(0), from the odds."""
    P, Q, J0, J1, E = (real(name) for name in ("P", "Q", "J0", "J1", "E"))
    plain = [
        assume(le(E * J0, P)), assume(le(Q, 1 - J0)), assume(eq(J1, P / (P + Q))),
        assume(lt(0, P + Q)), assume(lt(0, J0)), assume(lt(J0, 1)), assume(lt(0, J1)),
        assume(lt(J1, 1)), assume(lt(0, E)),
    ]  # fmt: skip
    failure = have(eq(1 - J1, Q / (P + Q)), *plain)
    positive = have(lt(0, Q), failure, *plain)
    scalar = have(le(E * (J0 / (1 - J0)), J1 / (1 - J1)), failure, positive, *plain)
    begin, stop = _tabular.success(0), _tabular.success(eta)
    values = {
        E: exp(eta * _share_squared), J0: _success, J1: stop,
        P: jensen.conclusion.args[1], Q: shrinks.conclusion.args[0],
    }  # fmt: skip
    grown = discharge(
        where(scalar, values), jensen, shrinks, *parts_of(end), between, rates[eta],
        instance("exp.positive", x=eta * _share_squared),
    )  # fmt: skip
    odds_ = log_odds_exp(begin, rates[ZERO], _tabular.log_odds(0))
    first = have(eq(odds_.conclusion.args[0], _success / (1 - _success)), odds_, start)
    second = log_odds_exp(stop, rates[eta], _tabular.log_odds(eta))
    joined_ = instance("exp.sum", x=eta * _share_squared, y=_tabular.log_odds(0))
    left = eta * _share_squared + _tabular.log_odds(0)
    ordered = rewrite(rewrite(grown, symmetric(second), symmetric(first)), symmetric(joined_))
    made = discharge(where(calculus.exp_reflects(), x=left, y=_tabular.log_odds(eta)), ordered)
    return moved(made)


def moved(ordered: Theorem) -> Theorem:
    """From a + b <= c infer a <= c - b."""
    x, y, z = (real(name) for name in ("x", "y", "z"))
    rule = have(le(x, z - y), assume(le(x + y, z)))
    (a_, b_), c_ = ordered.conclusion.args[0].args, ordered.conclusion.args[1]
    return discharge(where(rule, {x: a_, y: b_, z: c_}), ordered)


def square_sum(proof: Proof, between: Theorem) -> Theorem:
    """1/N <= sum of the squares, N the number of correct responses, and 0 < 1/N."""
    count, mean_ = total(n, i, r(i)), exp(A(i)) / _success
    inside = assume(lt(i, n))
    split = apply(proof.given[0], inside, at=[i])
    signs = by_cases(split, *([lambda case: have(le(0, r(i)), case)] * 2))

    def use(found: Theorem) -> Theorem:
        rule = where(sums.positive(), f=lam(i, r(i)), n=n, k=k)
        return discharge(
            rule,
            intro(signs, i, inside.conclusion),
            part(found, 0),
            have(lt(0, r(k)), part(found, 1)),
        )

    positive = obtain(proof.given[1], [k], use)
    c_ = real("c")
    square = have(le(0, r(i) * (mean_ - c_) ** 2), signs)
    summed_ = where(summed(square, ZERO, r(i) * (mean_ - c_) ** 2), {c_: 1 / count})
    first = have(le(1 / count, _share_squared), summed_, positive, between, unfold=("mass",))
    return conjunction(first, have(lt(0, 1 / count), positive))
