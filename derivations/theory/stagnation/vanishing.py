"""Vanishing alignment: perfect directions and threshold steps, yet the progress is bounded."""

from __future__ import annotations

from fractions import Fraction as Q

from derivations import calculus
from derivations.calculus import differentiate, restate
from derivations.expectation import WITHIN, Run
from derivations.kernel.terms import (
    Term,
    beta,
    both,
    derivative,
    eq,
    forall,
    function,
    lam,
    le,
    lt,
    nat,
    num,
    real,
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
    induct,
    instance,
    intro,
    part,
    rewrite,
    where,
)
from derivations.theory.lines import EXPLICIT, two_responses
from derivations.theory.setting import log_odds_of
from derivations.theory.stagnation.landscape import LOGISTIC, X
from derivations.theory.trajectory.one_step import G as SCORE
from derivations.theory.trajectory.one_step import L as HESSIAN
from derivations.theory.trajectory.pairs import logistic_log_odds, pair_probabilities
from derivations.theory.trajectory.runs import positive_part

k, K, i = nat("k"), nat("K"), nat("i")
x, t, u = real("x"), real("t"), real("u")
f = function("f", "R")

ONE, L_o, KAPPA_HERE = num(1), num(Q(5, 4)), num(Q(7, 2))
TOP = LOGISTIC(f(0) + 2)
"""The success rate is below sigma(f(0) + 2), since f(x) - f(0) <= 2 x/(1 + x)."""


def slope(at: Term) -> Term:
    """f'."""
    return 1 / (1 + at**2)


def bend(at: Term) -> Term:
    """f''."""
    return -2 * at / (1 + at**2) ** 2


_line = two_responses(*(lam(t, g(X(k) + t)) for g in (f, slope, bend)))
_log_policy, _score, _hessian = (
    lam((k, t, i), beta(g, [t, i])) for g in (_line.log_policy, _line.score, _line.hessian)
)
VANISHING = Run(
    _line.count, _line.reward, _log_policy, _score, _hessian, lam(k, slope(X(k)) / KAPPA_HERE)
)
"""Log-odds f on the real line, steps in the direction of growth: the critical one every time."""

_progress, _alignment = VANISHING.progress, VANISHING.alignment


@state(
    "corollary",
    "stagnation.vanishing",
    "Vanishing alignment stagnates",
    provenance="reconstructed",
    given=[
        forall(x, derivative(u, f(u), x, slope(x))),
        eq(X(0), 0),
        forall(k, eq(X(k + 1), X(k) + slope(X(k)) / KAPPA_HERE)),
    ],
    claim=both(
        VANISHING.run,
        VANISHING.regular(ONE, L_o),
        forall(
            k,
            both(
                eq(_alignment(k), slope(X(k))),
                lt(0, _alignment(k)),
                eq(VANISHING.size(k), positive_part(_alignment(k)) / (2 * L_o + ONE**2)),
            ),
        ),
        forall(K, le(_progress(K), 4)),
        forall(K, both(le(VANISHING.success(K), TOP), lt(TOP, 1))),
        forall(K, le(K * _alignment(K) ** 2, 14)),
    ),
    words="The log-odds are an arctangent, that is a function with $f'(x)=1/(1+x^2)$, which is not "
    "constructed here. Every direction is perfect and every "
    "step the critical one, yet $M(\\infty)\\le 4$.",
)
def vanishing(proof: Proof) -> Theorem:
    smooth, start, moves = proof.given
    line = VANISHING.at(k)
    made = _realised(proof)
    proof.note(made, "two responses realise the log-odds")
    policy = intro(fold(part(made, 0), line.policy), k)
    size = have(le(0, VANISHING.size(k)))
    arrives = have(eq(X(k + 1), X(k) + VANISHING.size(k)), apply(moves, at=[k]))
    joint = have(
        eq(beta(VANISHING.log_policy, [k + 1, 0, i]),
           beta(VANISHING.log_policy, [k, VANISHING.size(k), i])), arrives, unfold=EXPLICIT,
    )  # fmt: skip
    run = fold(
        conjunction(policy, intro(joint, (k, i), lt(i, VANISHING.count)), intro(size, k)),
        VANISHING.run,
    )
    regular = intro(fold(part(made, 1, 1), line.regular(ONE, L_o, 0, VANISHING.size(k))), k)
    aligned = have(eq(_alignment(k), slope(X(k))), part(apply(part(made, 1, 0), at=[0]), 1))
    positive = have(lt(0, _alignment(k)), aligned)
    whole = by_cases(
        instance("maximum.cases", x=_alignment(k), y=num(0)),
        *([lambda case: have(eq(positive_part(_alignment(k)), slope(X(k))), case, aligned)] * 2),
    )
    critical = have(
        eq(VANISHING.size(k), positive_part(_alignment(k)) / (2 * L_o + ONE**2)), whole
    )
    each = intro(conjunction(aligned, positive, critical), k)
    right = induct(
        k, le(0, X(k)), have(le(0, X(0)), start),
        lambda known: have(le(0, X(k + 1)), known, apply(moves, at=[k])),
    )  # fmt: skip
    low, below = _ceiling(proof, apply(right, at=[K]))
    tops = intro(conjunction(low, below), K)
    proof.note(tops, "f(x) - f(0) is at most 2 x/(1 + x)")
    bounded = _bounded(proof, run, regular, intro(critical, k), low, below)
    fades = _fading(proof, right, aligned, whole, bounded)
    return conjunction(run, regular, each, bounded, tops, fades)


def _realised(proof: Proof) -> Theorem:
    """`trajectory.realisable` for step k."""
    here = X(k) + t
    first = apply(proof.given[0], at=[here])
    rule = instance("derivative.chain", f=lam(u, f(u)), g=lam(u, X(k) + u), t=t, x=slope(here),
                    y=num(1))  # fmt: skip
    first = restate(
        apply(rule, first, differentiate(u, X(k) + u, t, value=num(1))), slope(here)
    )
    second = differentiate(u, slope(X(k) + u), t, value=bend(here))
    root = have(le(2 * x, 1 + x**2)), have(le(-2 * x, 1 + x**2))
    square = have(le(1 + x**2, (1 + x**2) ** 2))
    bounds = have(both(WITHIN(slope(x), ONE), WITHIN(bend(x), ONE)), *root, square)
    bounds = intro(where(bounds, {x: here}), t, le(0, t), le(t, VANISHING.size(k)))
    made = proof.use(
        "trajectory.realisable", intro(first, t), intro(second, t), bounds,
        f=lam(t, f(here)), f1=lam(t, slope(here)), f2=lam(t, bend(here)), g=ONE, b=ONE,
        eta=VANISHING.size(k),
    )  # fmt: skip
    return rewrite(made, have(eq(ONE + ONE**2 / 4, L_o)))


def _ceiling(proof: Proof, right: Theorem) -> tuple[Theorem, Theorem]:
    """J_K <= sigma(f(0) + 2) < 1."""
    ahead = assume(le(0, u))
    shape = 2 * u / (1 + u) - f(u)
    rise = differentiate(
        u, shape, u, intro(apply(proof.given[0], at=[x]), x), have(lt(0, 1 + u), ahead),
        value=2 / (1 + u) ** 2 - slope(u),
    )  # fmt: skip
    sign = have(le(0, 2 / (1 + u) ** 2 - slope(u)), ahead)
    inside = ahead.conclusion, le(u, X(K))
    rule = where(calculus.monotone(), a=num(0), b=X(K), f=lam(u, shape),
                 g=lam(u, 2 / (1 + u) ** 2 - slope(u)))  # fmt: skip
    grown = discharge(rule, right, intro(rise, u, *inside), intro(sign, u, *inside))
    top = have(le(f(X(K)), f(0) + 2), grown, right)
    rate = have(eq(VANISHING.success(K), LOGISTIC(f(X(K)))), *pair_probabilities(f(X(K))),
                unfold=("mass", "logistic", *EXPLICIT))  # fmt: skip
    falls = discharge(where(calculus.exp_monotone(), a=-(f(0) + 2), b=-f(X(K))),
                      have(le(-(f(0) + 2), -f(X(K))), top))  # fmt: skip
    return (
        have(le(VANISHING.success(K), TOP), rate, falls, unfold=("logistic",)),
        have(lt(TOP, 1), unfold=("logistic",)),
    )


def _bounded(
    proof: Proof, run: Theorem, regular: Theorem, critical: Theorem, low: Theorem, below: Theorem
) -> Theorem:
    """M(K) <= 4, by `trajectory.ceiling`."""
    safe = intro(have(le(VANISHING.size(k), apply(critical, at=[k]).conclusion.args[1]),
                      apply(critical, at=[k])), k)  # fmt: skip
    mapping = {
        nat("n"): VANISHING.count, function("r", "N"): VANISHING.reward,
        function("lp", "N", "R", "N"): VANISHING.log_policy,
        function("s", "N", "R", "N"): VANISHING.score,
        function("h", "N", "R", "N"): VANISHING.hessian,
        function("eta", "N"): VANISHING.steps, SCORE: ONE, HESSIAN: L_o,
    }  # fmt: skip
    made = proof.use(
        "trajectory.ceiling", run, regular, have(lt(0, L_o)), safe, below, intro(low, K),
        mapping=mapping, p=TOP,
    )  # fmt: skip
    odds = fold(logistic_log_odds(f(0) + 2), eq(log_odds_of(TOP), f(0) + 2))
    start = part(apply(part(_realised(proof), 1, 0), at=[0]), 0)
    begin = have(eq(VANISHING.log_odds(0), f(0)), where(start, {k: num(0)}), proof.given[1])
    goal = le(_progress(K), 4)
    return intro(proof.have(goal, apply(made, at=[K]), odds, begin, why="`trajectory.ceiling`"), K)


def _fading(
    proof: Proof, right: Theorem, aligned: Theorem, whole: Theorem, bounded: Theorem
) -> Theorem:
    """K Delta mu_K**2 <= kappa M(K), since the alignment decreases."""
    claim = le(K * slope(X(K)) ** 2, KAPPA_HERE * _progress(K))
    here = apply(right, at=[K])
    move = apply(proof.given[2], at=[K])
    rises = have(le(X(K), X(K + 1)), move)
    falls = have(le(slope(X(K + 1)), slope(X(K))), rises, here)
    squares = have(le(slope(X(K + 1)) ** 2, slope(X(K)) ** 2), falls)
    scaled = have(le((K + 1) * slope(X(K + 1)) ** 2, (K + 1) * slope(X(K)) ** 2), squares)
    term = VANISHING.size(K) * positive_part(_alignment(K))
    last = have(eq(KAPPA_HERE * term, slope(X(K)) ** 2), where(whole, {k: K}))

    def step(known: Theorem) -> Theorem:
        grown = have(eq(_progress(K + 1), _progress(K) + term), unfold=("progress",))
        return have(beta(lam(K, claim), [K + 1]), scaled, known, last, grown)

    base = have(beta(lam(K, claim), [num(0)]), unfold=("progress",))
    rule = apply(induct(K, claim, base, step), at=[K])
    made = have(le(K * _alignment(K) ** 2, 14), rule, apply(bounded, at=[K]),
                where(aligned, {k: K}))  # fmt: skip
    return intro(proof.note(made, "and the alignment decreases"), K)
