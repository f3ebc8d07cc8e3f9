"""Section 2: explicit instances with two responses.

Two responses realise every log-odds function; with it, catastrophic failure under perfect
alignment and a run whose progress diverges while its gradient sum stays bounded.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from derivations import calculus, sums
from derivations.calculus import differentiate, restate
from derivations.expectation import NAMES, WITHIN, Run
from derivations.kernel.terms import (
    PI,
    RELATIONS,
    Term,
    beta,
    both,
    cos,
    derivative,
    eq,
    exp,
    forall,
    function,
    lam,
    le,
    lt,
    nat,
    num,
    real,
    sin,
    substitute,
    total,
    unfold,
)
from derivations.kernel.theorem import Theorem, infer
from derivations.library import Proof, state
from derivations.tactics import (
    apply,
    assume,
    by_cases,
    conjunction,
    discharge,
    each_below,
    fold,
    have,
    induct,
    instance,
    intro,
    obtain,
    part,
    replace,
    rewrite,
    specialise,
    symmetric,
    where,
)
from derivations.theory.lines import EXPLICIT, explicit_rewards, two_responses
from derivations.theory.setting import CONVERGES, odds
from derivations.theory.trajectory.one_step import (
    SUCCESS,
    SUCCESS_CURVATURE,
    ZERO,
    G,
    L,
    conjuncts,
    eta,
    i,
    inside_step,
    n,
    t,
    u,
)
from derivations.theory.trajectory.runs import HALF, K, k, positive_part

# Explicit instances: two responses ---------------------------------------------------------------
f, f1, f2 = (function(name, "R") for name in ("f", "f1", "f2"))

g, b = real("g"), real("b")

pair = two_responses(lam(t, f(t)), lam(t, f1(t)), lam(t, f2(t)))


@state(
    "lemma",
    "trajectory.realisable",
    "Every log-odds function is realised by two responses",
    provenance="extension",
    given=[
        forall(t, derivative(u, f(u), t, f1(t))),
        forall(t, derivative(u, f1(u), t, f2(t))),
        forall(t, le(0, t), le(t, eta), both(WITHIN(f1(t), g), WITHIN(f2(t), b))),
    ],
    claim=both(
        pair.policy,
        forall(t, both(eq(pair.log_odds(t), f(t)), eq(pair.alignment(t), f1(t)))),
        pair.regular(g, b + g**2 / 4, 0, eta),
    ),
    words="Stated along a line: $f(t)$ is the restriction of a function on $\\mathbb{R}^d$ to "
    "$\\theta + tw$ with $\\lvert w\\rvert = 1$, whose gradient and Hessian bound $f'$ and $f''$. "
    "So for every line the two responses have the regularity with $G = g$ and $L = b + g^2/4$.",
)
def realisable(proof: Proof) -> Theorem:
    slope, bend = (apply(given, at=[t]) for given in proof.given[:2])
    shares = pair_probabilities(f(t))
    normal = proof.have(
        eq(total(2, i, exp(beta(pair.log_policy, [t, i]))), 1), *shares, unfold=EXPLICIT,
        why="the two probabilities are logistic",
    )  # fmt: skip
    smooth = [pair_derivative(g_, v, slope, bend) for g_, v in (
        (pair.log_policy, pair.score), (pair.score, pair.hessian))]  # fmt: skip
    for made in smooth:
        proof.note(made, "differentiate")
    policy = fold(
        conjunction(
            intro(normal, t),
            *(intro(made, (t, i), lt(i, 2)) for made in smooth),
            *explicit_rewards(pair.reward, 2),
        ),
        pair.policy,
    )
    odds = proof.have(
        eq(pair.log_odds(t), f(t)), logistic_log_odds(f(t)), *shares,
        unfold=("log_odds", "mass", *EXPLICIT), why="the log-odds of a logistic function",
    )  # fmt: skip
    aligned = proof.have(
        eq(pair.alignment(t), f1(t)), *shares, unfold=(*NAMES, *EXPLICIT),
        why="the conditional means are single values",
    )  # fmt: skip
    return conjunction(policy, intro(conjunction(odds, aligned), t), pair_regular(proof))


def pair_run(start: Term, value: Term, slope: Term, bend: Term, size: Term) -> Run:
    """Steps of one size along the real axis: step k starts at start(k), in direction +1.

    `value` is the log-odds as a function of the position, `slope` and `bend` its derivatives.
    """
    lines = two_responses(
        *(lam(t, beta(h_, [beta(start, [k]) + t])) for h_ in (value, slope, bend))
    )
    functions = (lines.log_policy, lines.score, lines.hessian)
    log_policy, score, hessian = (lam((k, t, i), beta(h_, [t, i])) for h_ in functions)
    return Run(lines.count, lines.reward, log_policy, score, hessian, lam(k, size))


a, omega, start = real("a"), real("omega"), real("f0")

_x = real("x")

_position = lam(k, 2 * PI * k / omega)

_collapse = (
    lam(_x, start - a * _x + b / omega * sin(omega * _x)),
    lam(_x, -a + b * cos(omega * _x)),
    lam(_x, -(b * omega * sin(omega * _x))),
)

COLLAPSE = pair_run(_position, *_collapse, 2 * PI / omega)
"""The instance of `trajectory.collapse`, from log-odds f0."""

_cG, _cL = a + b, b * omega + (a + b) ** 2 / 4

_times = (4 * PI * b + 3 * PI * (a + b) ** 2 / omega) / (b - a)
"""How many times the critical step the steps of `trajectory.collapse` are."""

_epsilon = real("epsilon")


@state(
    "theorem",
    "trajectory.collapse",
    "Catastrophic failure under perfect alignment",
    provenance="reconstructed",
    given=[lt(0, a), lt(a, b), lt(0, omega)],
    claim=both(
        COLLAPSE.run,
        COLLAPSE.regular(_cG, _cL),
        forall(
            k,
            both(
                eq(COLLAPSE.alignment(k), b - a),
                eq(COLLAPSE.log_odds(k), start - 2 * PI * a * k / omega),
                lt(COLLAPSE.success(k + 1), COLLAPSE.success(k)),
            ),
        ),
        CONVERGES(lam(k, COLLAPSE.success(k)), ZERO),
        eq(2 * PI / omega, _times * ((b - a) / (2 * _cL + _cG**2))),
        lt(4 * PI, _times),
        forall(
            _epsilon, lt(0, _epsilon), le(a, b / 2), le(16 * PI * a, _epsilon * b),
            le(27 * PI * b, _epsilon * omega), le(_times, 4 * PI + _epsilon),
        ),
    ),
    words="Every step is perfectly aligned with the Gradient Gap, and the success rate falls at "
    "every step, to 0. The step is the stated multiple of the critical one, which tends to "
    "$4\\pi$ as $a \\to 0$ and $\\omega \\to \\infty$: it is within $\\varepsilon$ of that for "
    "$a\\le\\min\\{\\tfrac12,\\tfrac{\\varepsilon}{16\\pi}\\}\\,b$ and "
    "$\\omega\\ge 27\\pi b/\\varepsilon$.",
)  # fmt: skip
def collapse(proof: Proof) -> Theorem:
    goals = conjuncts(proof.statement.conclusion)
    positive = instance("pi.positive")
    smooth = [
        differentiate(_x_, beta(h_, [_x_]), _x, *proof.given, value=beta(s_, [_x]))
        for _x_ in (u,)
        for h_, s_ in zip(_collapse, _collapse[1:], strict=False)
    ]
    bounds = have(
        both(WITHIN(beta(_collapse[1], [_x]), a + b), WITHIN(beta(_collapse[2], [_x]), b * omega)),
        *unit_circle(omega * _x), *proof.given,
    )  # fmt: skip
    size = have(le(0, 2 * PI / omega), positive, *proof.given)
    run_, values, regular = realised(
        proof, COLLAPSE, _position, _collapse, (bounds, a + b, b * omega),
        (smooth[0], smooth[1]), size,
    )  # fmt: skip
    proof.note(run_, "two responses realise the log-odds function")
    at_start = apply(values, at=[0])
    turns = [turn(k), turn(k + 1)]
    aligned = proof.have(
        eq(COLLAPSE.alignment(k), b - a), part(at_start, 1), *whole_turns(turns), *proof.given,
        why="the cosine is 1 at the start of every step",
    )  # fmt: skip
    odds = proof.have(
        eq(COLLAPSE.log_odds(k), start - 2 * PI * a * k / omega), part(at_start, 0),
        *whole_turns(turns), *proof.given,
        why="and the sine is 0",
    )  # fmt: skip
    odds_all = intro(odds, k)
    between = intro(rate_of_run(proof, COLLAPSE, part(fold(run_, unfold(run_.conclusion,
                    frozenset({"run"}))), 0)), k)  # fmt: skip
    falls = falling(proof, odds_all, between, positive)
    limit = vanishing(proof, odds_all, between, positive)
    apart = have(lt(0, b - a), *proof.given)
    multiple = proof.have(goals[-3], positive, *proof.given, apart, why="algebra")
    limit_ = multiples(proof, positive, apart)
    return conjunction(
        run_, fold(regular, goals[1]),
        intro(conjunction(aligned, odds, falls), k), limit, multiple, *limit_,
    )  # fmt: skip


# The gradient sum of an explicit run --------------------------------------------------------------
_third = num(Fraction(2, 3))

_line_functions = (lam(_x, _x), lam(_x, num(1)), lam(_x, num(0)))

_start = lam(k, _third * k)

STEADY = pair_run(_start, *_line_functions, _third)
"""Log-odds x on the real line, steps of 2/3 from x = 0: J_0 = 1/2."""

_quarter = num(Fraction(1, 4))


def _share(at: Term) -> Term:
    return STEADY.size(at) * (
        STEADY.success(at) * (1 - STEADY.success(at)) * positive_part(STEADY.alignment(at))
    )


@state(
    "proposition",
    "trajectory.gradient-sum-instance",
    "An instance with both sums enclosed",
    provenance="extension",
    claim=both(
        STEADY.run,
        STEADY.regular(num(1), _quarter),
        forall(
            k,
            le(
                STEADY.size(k),
                positive_part(STEADY.alignment(k))
                / SUCCESS_CURVATURE(1, _quarter, STEADY.success(k)),
            ),
        ),
        forall(K, eq(STEADY.progress(K), 2 * K / 3)),
        forall(
            K,
            both(
                le(num(Fraction(1, 6)), total(K + 1, k, _share(k))),
                le(total(K + 1, k, _share(k)), 1),
            ),
        ),
    ),
    words="$M(K) = 2K/3$ diverges, while the gradient sum stays between 1/6 and 1.",
)
def gradient_sum_instance(proof: Proof) -> Theorem:
    goals = conjuncts(proof.statement.conclusion)
    smooth = [
        differentiate(u, beta(h_, [u]), _x, value=beta(s_, [_x]))
        for h_, s_ in zip(_line_functions, _line_functions[1:], strict=False)
    ]
    bounds = have(both(WITHIN(num(1), num(1)), WITHIN(num(0), num(0))))
    run_, values, regular = realised(
        proof, STEADY, _start, _line_functions, (bounds, num(1), num(0)),
        (smooth[0], smooth[1]), have(le(0, _third)),
    )  # fmt: skip
    proof.note(run_, "two responses realise the log-odds x")
    regular = rewrite(regular, have(eq(num(0) + num(1) ** 2 / 4, _quarter)))
    one = apply(values, at=[0])
    aligned = have(eq(STEADY.alignment(k), 1), part(one, 1))
    policies = part(fold(run_, unfold(run_.conclusion, frozenset({"run"}))), 0)
    rate = rate_of_run(proof, STEADY, policies)
    all_rates = intro(rate, k)
    whole = by_cases(
        instance("maximum.cases", x=STEADY.alignment(k), y=ZERO),
        *([lambda case: have(eq(positive_part(STEADY.alignment(k)), 1), case, aligned)] * 2),
    )
    limit = by_cases(
        instance("minimum.cases", x=num(Fraction(5, 4)) / STEADY.success(k),
                 y=_quarter / (1 - STEADY.success(k))),
        *([lambda case: have(beta(goals[2].args[0], [k]), case, whole, rate, unfold=(SUCCESS,))]
          * 2),
    )  # fmt: skip
    limits = proof.note(intro(limit, k), "K(J) is at most kappa = 3/2")
    pairs = intro(have(eq(_third * positive_part(STEADY.alignment(k)), _third), whole), k, lt(k, K))
    rule = where(
        sums.congruent(),
        {function("f", "N"): lam(k, _third * positive_part(STEADY.alignment(k))),
         function("g", "N"): lam(k, _third)},
        n=K,
    )  # fmt: skip
    progress = proof.have(
        eq(STEADY.progress(K), 2 * K / 3), discharge(rule, pairs), unfold=("progress",),
        why="every step contributes 2/3",
    )  # fmt: skip
    return conjunction(
        run_, regular, limits, intro(progress, K),
        intro(enclosed(proof, run_, regular, limits, values, all_rates, intro(whole, k)), K),
    )  # fmt: skip


# Moves of the proofs ----------------------------------------------------------------------


def pair_probabilities(value: Term) -> list[Theorem]:
    """exp(-log(1 + exp(-f))) and exp(-log(1 + exp(f))), and exp(f) by exp(-f)."""
    return [
        *(
            discharge(where(calculus.exp_minus_log(), x=1 + exp(v)), have(lt(0, 1 + exp(v))))
            for v in (-value, value)
        ),
        # exp(f) is written as 1/exp(-f), so that one of the two exponentials remains.
        have(eq(exp(value), 1 / exp(-value)), where(calculus.exp_minus(), x=value)),
    ]


def logistic_log_odds(value: Term) -> Theorem:
    """log(p/(1 - p)) = f for p = 1/(1 + exp(-f))."""
    p_ = 1 / (1 + exp(-value))
    back = instance("log.exp", x=value)
    shown = have(eq(exp(value), p_ / (1 - p_)), where(calculus.exp_minus(), x=value))
    return rewrite(back, shown)


def pair_derivative(g_: Term, value: Term, slope: Theorem, bend: Theorem) -> Theorem:
    """One derivative of the two-response line, at t, for either response."""
    body, wanted = unfold(beta(g_, [u, i])), beta(value, [t, i])
    F, F1, q, m = function("F", "R"), function("F1", "R"), real("q"), real("m")
    plain = substitute(body, {f: F, f1: F1})
    made = differentiate(
        u, plain, t,
        assume(derivative(u, F(u), t, q)), assume(derivative(u, F1(u), t, m)),
    )  # fmt: skip
    made = discharge(
        where(made, {F: lam(u, f(u)), F1: lam(u, f1(u)), q: f1(t), m: f2(t)}), slope, bend
    )
    same = where(calculus.exp_minus(), x=f(t))
    made = restate(made, wanted, same, unfold=EXPLICIT)
    return fold(made, derivative(u, beta(g_, [u, i]), t, wanted))


def pair_regular(proof: Proof) -> Theorem:
    """|s| <= g and |h| <= b + g**2/4 for the two-response line."""
    low, high = inside_step()
    bounds = apply(proof.given[2], low, high, at=[t])
    S = real("S")
    share = 1 / (1 + exp(-f(t)))
    assumed = [assume(lt(0, S)), assume(lt(S, 1))]
    values = [have(lt(0, share)), have(lt(share, 1))]
    pieces = []
    for function_, bound in ((pair.score, g), (pair.hessian, b + g**2 / 4)):

        def response(number: int, function_: Term = function_, bound: Term = bound) -> Theorem:
            at = beta(function_, [t, num(number)])
            plain = replace(unfold(at, frozenset(EXPLICIT)), share, S)
            made = have(WITHIN(plain, bound), bounds, *assumed)
            made = discharge(where(made, {S: share}), *values, bounds)
            return have(WITHIN(at, bound), made, unfold=EXPLICIT)

        goal = WITHIN(beta(function_, [t, i]), bound)
        each = each_below(i, 2, goal, response)
        pieces.append(intro(each, (t, i), low.conclusion, high.conclusion, lt(i, 2)))
    score, hessian = pieces
    proof.note(score, "the probabilities lie between 0 and 1")
    proof.note(hessian, "and p(1 - p) is at most 1/4")
    return fold(conjunction(score, hessian), pair.regular(g, b + g**2 / 4, 0, eta))


def realised(
    proof: Proof,
    steps: Run,
    start: Term,
    functions: tuple[Term, Term, Term],
    bounds: tuple[Theorem, Term, Term],
    derivatives: tuple[Theorem, Theorem],
    size: Theorem,
    *moves: Theorem,
) -> tuple[Theorem, Theorem, Theorem]:
    """A run of two responses: the assumption ``run``, its values, and its regularity.

    `derivatives` are those of the log-odds at an arbitrary position x, `bounds` the theorem
    that bounds them there, with the bounds; `size` says that the step is not negative, `moves`
    where it leads if arithmetic does not.
    """
    x = real("x")
    here = beta(start, [k]) + t
    shifted = [lam(t, beta(h_, [here])) for h_ in functions]
    moved = []
    for made in derivatives:
        inner = where(made, x=here)
        body, at, slope_ = inner.conclusion.args
        rule = instance("derivative.chain", f=body, g=lam(u, beta(start, [k]) + u), t=t,
                        x=slope_, y=num(1))  # fmt: skip
        step = differentiate(u, beta(start, [k]) + u, t, value=num(1))
        chained = apply(rule, inner, step)
        moved.append(intro(restate(chained, slope_), t))
    theorem_, low, high = bounds
    within_ = intro(where(theorem_, {x: here}), t, le(0, t), le(t, steps.size(k)))
    made = proof.use(
        "trajectory.realisable", *moved, within_,
        mapping=dict(zip((f, f1, f2), shifted, strict=True)), g=low, b=high, eta=steps.size(k),
    )  # fmt: skip
    policy = intro(fold(part(made, 0), steps.at(k).policy), k)
    inside = assume(lt(i, steps.count))
    arrives = have(eq(beta(start, [k + 1]) + 0, beta(start, [k]) + steps.size(k)),
                   *parameters(proof), *moves)  # fmt: skip
    joint = rewritten(beta(steps.log_policy, [k + 1, 0, i]), arrives, lambda place: beta(
        two_responses(*(lam(t, beta(h_, [place])) for h_ in functions)).log_policy, [0, i]))
    run_ = fold(
        conjunction(policy, intro(joint, (k, i), inside.conclusion), intro(size, k)), steps.run
    )
    regular = part(made, 1, 1)
    closed = fold(regular, steps.at(k).regular(low, high + low**2 / 4, 0, steps.size(k)))
    return run_, part(made, 1, 0), intro(closed, k)


def rewritten(there: Term, same: Theorem, shape: Callable[[Term], Term]) -> Theorem:
    """``there = shape(b)`` from a = b, where `there` is shape(a)."""
    hole = real("hole")
    itself = have(eq(there, shape(same.conclusion.args[0])))
    return infer("rewrite", same, itself, template=lam(hole, eq(there, shape(hole))))


def parameters(proof: Proof) -> list[Theorem]:
    """What the hypotheses say of the parameters of an instance."""
    return [g_ for g_ in proof.given if g_.conclusion.head in RELATIONS]


def unit_circle(angle: Term) -> list[Theorem]:
    """-1 <= sin <= 1 and -1 <= cos <= 1."""
    circle = instance("circle", x=angle)
    return [
        have(formula, circle)
        for value in (sin(angle), cos(angle))
        for formula in (le(-1, value), le(value, 1))
    ]


def turn(count: Term) -> tuple[Theorem, Theorem]:
    """sin(2 pi k) = 0 and cos(2 pi k) = 1."""
    m = nat("m")
    results = []
    for function_, name, value in ((sin, "sin", 0), (cos, "cos", 1)):
        base = have(eq(function_(2 * PI * 0), value), instance(f"{name}.zero"))

        def step(known: Theorem, function_: Callable[[Term], Term] = function_,
                 name: str = name, value: int = value) -> Theorem:  # fmt: skip
            shifted = instance(f"{name}.period", x=2 * PI * m)
            return have(eq(function_(2 * PI * (m + 1)), value), shifted, known)

        rule = induct(m, eq(function_(2 * PI * m), value), base, step)
        results.append(specialise(rule, count))
    return results[0], results[1]


def whole_turns(turns: list[tuple[Theorem, Theorem]]) -> list[Theorem]:
    """The values of sine and cosine after whole turns, in one list."""
    return [value for pair_ in turns for value in pair_]


def rate_of_run(proof: Proof, steps: Run, policies: Theorem) -> Theorem:
    """0 < J_k < 1 for an explicit run."""
    policy = apply(policies, at=[k])
    rate = proof.use("setting.success-rate", policy, mapping=steps.at(k).substitution(), at=[0])
    return have(both(lt(0, steps.success(k)), lt(steps.success(k), 1)), rate)


def falling(proof: Proof, odds: Theorem, between: Theorem, positive: Theorem) -> Theorem:
    """J_{k+1} < J_k, from the log-odds."""
    now, later = apply(odds, at=[k]), apply(odds, at=[k + 1])
    lower = have(lt(COLLAPSE.log_odds(k + 1), COLLAPSE.log_odds(k)), now, later, positive,
                 *proof.given)  # fmt: skip
    rule = proof.use(
        "setting.log-odds-order", apply(between, at=[k]), apply(between, at=[k + 1]),
        p=COLLAPSE.success(k + 1), q=COLLAPSE.success(k),
    )  # fmt: skip
    return proof.note(apply(part(rule, 0), lower), "the log-odds fall by 2 pi a/omega a step")


def multiples(proof: Proof, positive: Theorem, apart: Theorem) -> tuple[Theorem, Theorem]:
    """The multiple of the critical step exceeds 4 pi, and by at most epsilon in the limit."""
    more = 4 * PI * a + 3 * PI * (a + b) ** 2 / omega
    square = have(lt(0, (a + b) ** 2), have(lt(0, a + b), *proof.given))
    share = have(lt(0, 3 * PI * (a + b) ** 2 / omega), square, positive, *proof.given)
    some = have(lt(0, more), share, positive, *proof.given)
    split = have(eq(_times, 4 * PI + more / (b - a)), apart)
    exceeds = have(lt(4 * PI, _times), split, have(lt(0, more / (b - a)), some, apart))
    small = [assume(r) for r in (
        lt(0, _epsilon), le(a, b / 2), le(16 * PI * a, _epsilon * b),
        le(27 * PI * b, _epsilon * omega),
    )]  # fmt: skip
    square = have(le((a + b) ** 2, 9 * b**2 / 4), small[1], *proof.given)
    wave = have(le(3 * PI * (a + b) ** 2 / omega, 3 * PI * (9 * b**2 / 4) / omega), square,
                positive, *proof.given)  # fmt: skip
    fast = have(le(27 * PI * b / omega, _epsilon), small[3], proof.given[2])
    fast = have(le(3 * PI * (9 * b**2 / 4) / omega, _epsilon * b / 4), fast, *proof.given)
    whole = have(le(more, _epsilon * b / 2), wave, fast, small[2])
    room = have(le(_epsilon * b / 2, _epsilon * (b - a)), small[1], small[0])
    most = have(le(more / (b - a), _epsilon), whole, room, apart)
    near = have(le(_times, 4 * PI + _epsilon), split, most)
    proof.note(near, "a + b is at most 3 b/2, and b - a at least b/2")
    return exceeds, intro(near, _epsilon, *(r.conclusion for r in small))


def vanishing(proof: Proof, odds: Theorem, between: Theorem, positive: Theorem) -> Theorem:
    """J_k -> 0: J_k <= exp(ell_k), and exp(-y) <= 1/(1 + y)."""
    epsilon, N = real("epsilon"), nat("N")
    small, after = assume(lt(0, epsilon)), assume(le(N, k))
    now, rate = apply(odds, at=[k]), apply(between, at=[k])
    decrease = 2 * PI * a / omega
    wanted = CONVERGES(lam(k, COLLAPSE.success(k)), ZERO)
    goal = beta(unfold(wanted, frozenset({"converges"})).args[0], [epsilon]).args[1]
    first = exp(start)
    far = instance("natural.archimedes", x=first / (epsilon * decrease))

    def late(chosen: Theorem) -> Theorem:
        fall = decrease * k
        enough = rate_of_fall(chosen, after, have(lt(0, decrease), positive, *proof.given), small)
        inverse = where(calculus.exp_minus(), x=fall)
        joined_ = instance("exp.sum", x=start, y=-fall)
        exponent = have(eq(COLLAPSE.log_odds(k), start + -fall), now, *proof.given)
        value = rewrite(log_odds_exp(COLLAPSE.success(k), rate, COLLAPSE.log_odds(k)), exponent)
        product = have(
            eq(COLLAPSE.success(k) / (1 - COLLAPSE.success(k)), first / exp(fall)),
            value, joined_, inverse, rate, *proof.given,
        )  # fmt: skip
        below = rewrite(discharge(exp_decay(first, fall, epsilon), enough, small),
                        symmetric(product))  # fmt: skip
        near = have(WITHIN(COLLAPSE.success(k) - 0, epsilon), below, rate, small)
        return infer("witness", intro(near, k, after.conclusion), formula=goal, terms=(N,))

    made = intro(obtain(far, [N], late), epsilon, small.conclusion)
    return proof.note(fold(made, wanted), "the odds decay exponentially")


def rate_of_fall(chosen: Theorem, after: Theorem, falls: Theorem, small: Theorem) -> Theorem:
    """x/epsilon <= d*k from x/(epsilon*d) <= N, N <= k and 0 < d."""
    x, d = real("x"), real("d")
    epsilon, N = small.conclusion.args[1], after.conclusion.args[0]
    plain = have(
        le(x / epsilon, d * k), assume(le(x / (epsilon * d), N)), after, assume(lt(0, d)), small
    )
    values = {x: chosen.conclusion.args[0].args[0], d: falls.conclusion.args[1]}
    return discharge(where(plain, values), chosen, after, falls, small)


def exp_decay(x: Term, y: Term, epsilon: Term) -> Theorem:
    """x/exp(y) <= epsilon where x/epsilon <= y and 0 < epsilon."""
    u_, v_ = real("u"), real("v")
    enough, small = assume(le(u_ / epsilon, v_)), assume(lt(0, epsilon))
    tangent = where(calculus.exp_tangent(), x=v_)
    return where(have(le(u_ / exp(v_), epsilon), tangent, enough, small), {u_: x, v_: y})


def log_odds_exp(rate: Term, between: Theorem, name: Term) -> Theorem:
    """exp(ell) = J/(1 - J)."""
    made = odds(rate, between)
    return fold(made, eq(exp(name), rate / (1 - rate)))


def enclosed(
    proof: Proof,
    run_: Theorem,
    regular: Theorem,
    limits: Theorem,
    values: Theorem,
    rates: Theorem,
    whole: Theorem,
) -> Theorem:
    """1/6 <= the gradient sum <= 1, for K + 1 steps of the steady run."""
    start = part(apply(values, at=[0]), 0)
    first = where(have(eq(STEADY.log_odds(k), _third * k), start), {k: ZERO})
    level = have(eq(STEADY.log_odds(0), 0), first)
    begin = apply(rates, at=[0])
    even = log_odds_exp(STEADY.success(0), begin, STEADY.log_odds(0))
    even = rewrite(even, level, instance("exp.zero"))
    half = proof.have(eq(STEADY.success(0), num(HALF)), even, begin, why="it starts at 1/2")
    mapping = {
        n: STEADY.count, function("r", "N"): STEADY.reward,
        function("lp", "N", "R", "N"): STEADY.log_policy,
        function("s", "N", "R", "N"): STEADY.score,
        function("h", "N", "R", "N"): STEADY.hessian,
        function("eta", "N"): STEADY.steps, G: num(1), L: _quarter,
    }  # fmt: skip
    bound = proof.use(
        "trajectory.gradient-sum", run_, regular, limits, have(lt(0, _quarter)), mapping=mapping
    )
    above = have(le(total(K + 1, k, _share(k)), 1), apply(part(bound, 1, 0), at=[K + 1]), half)
    sign = have(le(0, _share(k)), apply(whole, at=[k]), apply(rates, at=[k]))
    claim = le(num(Fraction(1, 6)), total(K + 1, k, _share(k)))
    base = have(beta(lam(K, claim), [ZERO]), half, apply(whole, at=[0]), degree=2)
    later = where(sign, {k: K + 1})
    rule = induct(K, claim, base, lambda known: have(beta(lam(K, claim), [K + 1]), known, later))
    return conjunction(specialise(rule, K), above)
