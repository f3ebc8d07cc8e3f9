"""Section 2: explicit instances with three responses, on which the bounds are attained."""

from __future__ import annotations

from functools import cache

from derivations import calculus
from derivations.calculus import differentiate, restate
from derivations.expectation import WITHIN, Line, Setting
from derivations.kernel.terms import (
    Term,
    absolute,
    beta,
    both,
    derivative,
    eq,
    exists,
    exp,
    forall,
    function,
    lam,
    le,
    log,
    lt,
    minimum,
    num,
    real,
    sqrt,
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
    instance,
    intro,
    obtain,
    part,
    rewrite,
    symmetric,
    transitive,
    where,
)
from derivations.theory.gap import side_facts, side_values
from derivations.theory.lines import CHOICE3, EXPLICIT, three_responses, three_weights
from derivations.theory.setting import unique
from derivations.theory.trajectory.one_step import (
    KAPPA,
    REGULARITY,
    SUCCESS,
    SUCCESS_CURVATURE,
    ZERO,
    G,
    J,
    L,
    closing,
    conjuncts,
    curvature_bounds,
    ell2,
    i,
    inside_step,
    line,
    n,
    on_step,
    regularity,
    t,
    u,
)
from derivations.theory.trajectory.pairs import f

# Three responses: the bounds are attained ---------------------------------------------------------
_rate = real("J")

_K = SUCCESS_CURVATURE(G, L, _rate)

_part = _rate * _K / (L + G**2)


def extremal(rate: Term) -> tuple[Term, Term, Term]:
    """Odds, spread and curvature of the policy that attains K(J)."""
    bound = SUCCESS_CURVATURE(G, L, rate)
    share = rate * bound / (L + G**2)
    return rate / (1 - rate), sqrt(share) * G, -((1 - rate) * bound)


_attaining = three_responses(*extremal(_rate))


def within_all(line_: Line, at: Term, score: Term, hessian: Term) -> Term:
    """|s| <= score and |h| <= hessian for all three responses, at one point."""
    return forall(
        i,
        lt(i, 3),
        both(
            WITHIN(beta(line_.score, [at, i]), score), WITHIN(beta(line_.hessian, [at, i]), hessian)
        ),
    )


@state(
    "theorem",
    "trajectory.success-curvature",
    "The curvature at a given success rate",
    provenance="extension",
    given=[*REGULARITY, le(0, G)],
    claim=both(
        on_step(
            both(
                le(-ell2(t), SUCCESS_CURVATURE(G, L, J(t))),
                le(SUCCESS_CURVATURE(G, L, J(t)), KAPPA),
            )
        ),
        eq(SUCCESS_CURVATURE(G, L, (L + G**2) / KAPPA), KAPPA),
        forall(
            _rate,
            lt(0, _rate),
            lt(_rate, 1),
            both(
                _attaining.policy,
                eq(_attaining.success(0), _rate),
                eq(_attaining.alignment(0), 0),
                within_all(_attaining, ZERO, G, L),
                eq(-_attaining.curvature(0), _K),
            ),
        ),
    ),
    words="The bound $K(J)$ holds along the step, is attained at every $J$ by three responses "
    "whose alignment is zero, and its largest value is $\\kappa$.",
)
def success_curvature(proof: Proof) -> Theorem:
    at = inside_step()
    near, far = curvature_bounds(proof, proof.given[1], at)
    rate = proof.use("setting.success-rate", at=[t])
    sides = (L + G**2) / J(t), L / (1 - J(t))
    goal = both(
        le(-ell2(t), SUCCESS_CURVATURE(G, L, J(t))), le(SUCCESS_CURVATURE(G, L, J(t)), KAPPA)
    )
    bound = by_cases(
        instance("minimum.cases", x=sides[0], y=sides[1]),
        *([lambda case: have(goal, case, near, far, rate, proof.given[2], unfold=(SUCCESS,))] * 2),
    )
    proof.note(bound, "each side alone bounds the curvature; the smaller bound is at most kappa")
    peak = (L + G**2) / KAPPA
    top = by_cases(
        instance("minimum.cases", x=(L + G**2) / peak, y=L / (1 - peak)),
        *([lambda case: have(
            eq(SUCCESS_CURVATURE(G, L, peak), KAPPA), case, proof.given[2],
            have(lt(0, KAPPA), proof.given[2]), have(lt(0, L + G**2), proof.given[2]),
            have(lt(0, 1 - peak), proof.given[2]), unfold=(SUCCESS,))] * 2),
    )  # fmt: skip
    proof.note(top, "both sides are kappa there")
    return conjunction(closing(bound), top, attained(proof))


def sharp_line(score: Term, hessian: Term) -> Line:
    """The three responses whose curvature at t = 0 is -(2 L + G**2)."""
    return three_responses((hessian + score**2) / hessian, score, -hessian)


_sharp = sharp_line(G, L)

_epsilon, _tau = real("epsilon"), real("tau")


def inflated(line_: Line, score: Term, hessian: Term) -> Term:
    """For every epsilon > 0 the regularity, inflated by 1 + epsilon, holds on a segment."""
    wider = line_.regular((1 + _epsilon) * score, (1 + _epsilon) * hessian, -_tau, _tau)
    return forall(_epsilon, lt(0, _epsilon), exists(_tau, both(lt(0, _tau), wider)))


@state(
    "theorem",
    "trajectory.sharp",
    "The bound on the curvature cannot be lowered",
    provenance="extension",
    given=[lt(0, L), lt(0, G)],
    claim=both(
        _sharp.policy,
        eq(_sharp.success(0), (L + G**2) / KAPPA),
        eq(_sharp.alignment(0), 0),
        within_all(_sharp, ZERO, G, L),
        eq(_sharp.curvature(0), -KAPPA),
        inflated(_sharp, G, L),
    ),
    words="For $G = 0$ no such segment exists: a score that is zero on a segment leaves the "
    "policy constant there.",
)
def sharp(proof: Proof) -> Theorem:
    known = list(proof.given)
    ratio = (L + G**2) / L
    positive = have(lt(0, ratio), *known)
    values = proof.use("setting.three-responses", positive, rho=ratio, v=G, h0=-L)
    rate = have(eq(_sharp.success(0), (L + G**2) / KAPPA), part(values, 1, 0), *known,
                have(lt(0, KAPPA), *known))  # fmt: skip
    curved = have(eq(_sharp.curvature(0), -KAPPA), part(values, 1, 1, 1, 0), *known)
    proof.note(curved, "at t = 0 the three responses have the extreme curvature")
    other = have(eq(-(ratio * -L + G**2), L), *known)
    each = attained_bounds(proof, values, other)
    segment = proof.note(
        inflate(proof, values, other, positive), "score and second derivative are continuous"
    )
    return conjunction(part(values, 0), rate, part(values, 1, 1, 0), each, curved, segment)


S, S0, H, H0 = (real(name) for name in ("S", "S0", "H", "H0"))

@state(
    "proposition",
    "trajectory.silent-score",
    "A score that vanishes on a segment leaves no curvature",
    provenance="extension",
    given=[line.policy, lt(0, _tau), line.regular(ZERO, L, -_tau, _tau)],
    claim=eq(line.curvature(0), 0),
    words="So `trajectory.sharp` needs a positive bound on the score.",
)
def silent_score(proof: Proof) -> Theorem:
    setting = Setting.of(proof.given[0])
    score, _ = regularity(proof.given[2])
    inside = assume(lt(i, n))
    low, high = assume(lt(ZERO - _tau, u)), assume(lt(u, ZERO + _tau))
    at = [have(le(-_tau, u), low), have(le(u, _tau), high)]
    zero = have(eq(line.score(u, i), 0), apply(score, *at, inside, at=[u, i]))
    rule = instance(
        "derivative.local", f=lam(u, line.score(u, i)), g=lam(u, ZERO), t=ZERO,
        x=line.hessian(0, i), d=_tau,
    )  # fmt: skip
    moving = apply(setting.hessian, inside, at=[0, i])
    flat = apply(rule, proof.given[1], intro(zero, u, low.conclusion, high.conclusion), moving)
    none = unique(flat, instance("derivative.constant", c=ZERO, t=ZERO))
    proof.note(none, "the score is constant near 0, so its derivative vanishes")
    here = [have(le(-_tau, ZERO), proof.given[1]), have(le(ZERO, _tau), proof.given[1])]
    bounds = (
        intro(apply(score, *here, inside, at=[0, i]), i, inside.conclusion),
        intro(have(WITHIN(line.hessian(0, i), ZERO), none), i, inside.conclusion),
    )
    sides = []
    for side in "+-":
        known = [*side_facts(proof, side, ZERO), *bounds]
        values = side_values(side, ZERO)
        sides.append(proof.use("setting.variance-bounds", *known, c=ZERO,
                               X=line.at(line.score, ZERO), **values))  # fmt: skip
        sides.append(proof.use("setting.mean-within", *known, c=ZERO,
                               X=line.at(line.hessian, ZERO), **values))  # fmt: skip
    return proof.have(
        proof.statement.conclusion, *sides, unfold=("curvature",), why="every term vanishes"
    )


# Steps beyond the threshold ------------------------------------------------------------------
TIGHT = sharp_line(num(1), num(1))
"""The line of `trajectory.sharp` with G = L = 1, so that kappa = 3."""

_ratio, _delta = real("rho"), real("delta")


def beyond(ratio: Term, epsilon: Term, delta: Term) -> Term:
    """rho times twice the critical step at -delta, for the constants inflated by epsilon."""
    return ratio * (2 * TIGHT.alignment(-delta) / (2 * (1 + epsilon) + (1 + epsilon) ** 2))


def too_far(ratio: Term, epsilon: Term, delta: Term) -> Term:
    """The step from -delta is beyond the threshold by the ratio, and the success rate falls."""
    end = -delta + beyond(ratio, epsilon, delta)
    return both(
        lt(0, epsilon),
        lt(0, delta),
        TIGHT.regular((1 + epsilon) * num(1), (1 + epsilon) * num(1), -delta, end),
        lt(0, TIGHT.alignment(-delta)),
        lt(TIGHT.success(end), TIGHT.success(-delta)),
    )


@state(
    "proposition",
    "trajectory.tight-step",
    "No larger step is safe",
    provenance="extension",
    claim=both(
        TIGHT.policy,
        forall(
            _ratio,
            lt(1, _ratio),
            exists((_epsilon, _delta), too_far(_ratio, _epsilon, _delta)),
        ),
    ),
    words="For every $\\rho > 1$ a step of $\\rho$ times twice the critical one, under constants "
    "that are valid on the whole step, lowers the success rate.",
)
def tight_step(proof: Proof) -> Theorem:
    ones = [have(lt(0, num(1)))] * 2
    mapping = {L: num(1), G: num(1)}
    known = proof.use("trajectory.sharp", *ones, mapping=mapping)
    policy, rest = part(known, 0), part(known, 1, 1, 1, 1)
    large = assume(lt(1, _ratio))
    epsilon = (_ratio - 1) / (_ratio + 5)
    small = have(both(lt(0, epsilon), lt(epsilon, 1)), large)
    segment = apply(part(rest, 1), part(small, 0), at=[epsilon])
    slope = proof.use("gap.curvature", policy, at=[0], mapping=TIGHT.substitution())
    named = restate(slope, TIGHT.curvature(0), unfold=("curvature",))
    three = have(eq(TIGHT.curvature(0), -3), part(rest, 0))
    flat = part(known, 1, 1, 0)
    meaning = instance(
        "derivative.meaning", f=lam(u, TIGHT.alignment(u)), t=ZERO, x=TIGHT.curvature(0), y=epsilon
    )
    near = apply(meaning, fold(named, derivative(u, TIGHT.alignment(u), 0, TIGHT.curvature(0))),
                 part(small, 0))  # fmt: skip
    goal = beta(proof.statement.conclusion.args[1].args[0], [_ratio]).args[1]
    d = real("d")

    def step(wide: Theorem, close: Theorem) -> Theorem:
        delta = minimum(_tau, d / 2) / (3 * _ratio + 1)
        sizes = by_cases(
            instance("minimum.cases", x=_tau, y=d / 2),
            *([lambda case: have(
                both(lt(0, delta), lt(delta, d), le(delta * (3 * _ratio + 1), _tau)),
                case, part(wide, 0), part(close, 0), large)] * 2),
        )  # fmt: skip
        x = real("x")
        tiny = [assume(r_) for r_ in conjuncts(sizes_of(x, d))]
        local = apply(part(close, 1), have(lt(0 - d, -x), *tiny, part(close, 0)),
                      have(lt(-x, 0 + d), *tiny, part(close, 0)), at=[-x])  # fmt: skip
        aligned = alignment_near(local, tiny, three, flat, large, epsilon, x)
        made = falls_beyond(proof, wide, aligned, tiny, large, epsilon, x)
        made = discharge(where(made, {x: delta}), *parts_of(sizes), wide, close, large)
        return infer("witness", made, formula=goal, terms=(epsilon, delta))

    made = obtain(segment, [_tau], lambda wide: obtain(near, [d], lambda close: step(wide, close)))
    return conjunction(policy, intro(proof.note(made, "start just before the top of the log-odds "
                                     "and step across it"), _ratio, large.conclusion))  # fmt: skip


# Moves of the proofs ----------------------------------------------------------------------


def attained(proof: Proof) -> Theorem:
    """K(J) is the curvature of three responses, for every J in (0, 1)."""
    positive, below = assume(lt(0, _rate)), assume(lt(_rate, 1))
    known = [positive, below, proof.given[2], proof.given[4]]
    odds_, spread, bend = extremal(_rate)
    values = proof.use(
        "setting.three-responses", have(lt(0, odds_), *known), rho=odds_, v=spread, h0=bend
    )
    size = by_cases(
        instance("minimum.cases", x=(L + G**2) / _rate, y=L / (1 - _rate)),
        *([lambda case: have(
            both(lt(0, _K), le(_rate * _K, L + G**2), le((1 - _rate) * _K, L)), case, *known,
            unfold=(SUCCESS,))] * 2),
    )  # fmt: skip
    share = have(both(le(0, _part), le(_part, 1)), size, *known)
    root = [apply(instance(name, x=_part), have(le(0, _part), share))
            for name in ("root.nonnegative", "root.square")]  # fmt: skip
    small = have(le(sqrt(_part), 1), share, *root)
    square = have(eq(spread**2, _part * G**2), root[1])
    success = have(eq(_attaining.success(0), _rate), part(values, 1, 0), *known)
    curved = have(eq(-_attaining.curvature(0), _K), part(values, 1, 1, 1, 0), *known)

    other = -(odds_ * bend + spread**2)
    simple = have(eq(other, _part * L), square, *known)
    parts = [
        have(WITHIN(spread, G), small, root[0], proof.given[4]),
        have(WITHIN(-spread, G), small, root[0], proof.given[4]),
        have(WITHIN(bend, L), size, *known),
        rewrite(have(WITHIN(_part * L, L), share, proof.given[2]), symmetric(simple)),
        have(WITHIN(ZERO, G), proof.given[4]),
    ]

    def response(number: int) -> Theorem:
        exact = apply(part(values, 1, 1, 1, 1), have(lt(num(number), 3)), at=[num(number)])
        score = CHOICE3(number, 0, spread, -spread)
        hessian = CHOICE3(number, bend, other, other)
        values_ = (ZERO, spread, -spread)[number], (bend, other, other)[number]
        proofs = (parts[4], *parts[:2])[number], (parts[2], parts[3], parts[3])[number]
        return conjunction(*(
            rewrite(chosen(choice, value, proof_), symmetric(part(exact, side)))
            for side, (choice, value, proof_) in enumerate(
                zip((score, hessian), values_, proofs, strict=True))
        ))  # fmt: skip

    bounds = beta(within_all(_attaining, ZERO, G, L).args[0], [i]).args[1]
    each = intro(each_below(i, 3, bounds, response), i, lt(i, 3))
    made = conjunction(part(values, 0), success, part(values, 1, 1, 0), each, curved)
    proof.note(made, "three responses: the score vanishes on the correct one")
    return intro(made, _rate, positive.conclusion, below.conclusion)


def chosen(choice: Term, value: Term, bound: Theorem) -> Theorem:
    """A bound on one of the alternatives of ``choice3``, as a bound on the choice."""
    x, y, z = (real(name) for name in ("x", "y", "z"))
    number, *alternatives = choice.args
    plain = CHOICE3(number, x, y, z)
    same = have(eq((x, y, z)[int(number.head)], plain), unfold=EXPLICIT)
    return rewrite(bound, where(same, dict(zip((x, y, z), alternatives, strict=True))))


def choice_value(choice: Term) -> Theorem:
    """``choice3(k, x, y, z)`` is the alternative with the number k."""
    x, y, z = (real(name) for name in ("x", "y", "z"))
    number, *alternatives = choice.args
    same = have(eq(CHOICE3(number, x, y, z), (x, y, z)[int(number.head)]), unfold=EXPLICIT)
    return where(same, dict(zip((x, y, z), alternatives, strict=True)))


def attained_bounds(proof: Proof, values: Theorem, other: Theorem) -> Theorem:
    """|s| <= G and |h| <= L at t = 0 for the three responses of `trajectory.sharp`."""
    known = list(proof.given)

    def response(number: int) -> Theorem:
        exact = apply(part(values, 1, 1, 1, 1), have(lt(num(number), 3)), at=[num(number)])
        made = []
        for side, bound in ((0, G), (1, L)):
            there, choice = part(exact, side).conclusion.args
            value = choice_value(choice)
            size = have(WITHIN(value.conclusion.args[1], bound), other, *known)
            made.append(size_of(there, bound, transitive(part(exact, side), value), size))
        return conjunction(*made)

    bounds = beta(within_all(_sharp, ZERO, G, L).args[0], [i]).args[1]
    return intro(each_below(i, 3, bounds, response), i, lt(i, 3))


def size_of(there: Term, bound: Term, exact: Theorem, size: Theorem) -> Theorem:
    """|there| <= bound, when it equals a value with that bound."""
    hole = real("hole")
    template = lam(hole, WITHIN(hole, bound))
    return infer("rewrite", symmetric(exact), size, template=template)


def near_zero(proof: Proof, small: Theorem) -> Theorem:
    """The bounds for the three responses, from s(t, 0) = S and h(t, 0) = H near t = 0."""
    score, hessian = (1 + _epsilon) * G, (1 + _epsilon) * L
    facts_ = [
        *(assume(r_) for r_ in conjuncts(changes(S - S0, _epsilon * G / 4))),
        *(assume(r_) for r_ in conjuncts(changes(H - H0, _epsilon * L))),
        *(assume(r_) for r_ in conjuncts(changes(2 * L * t, _epsilon * G / 2))),
        assume(eq(S0, 0)), assume(eq(H0, -L)), small, *proof.given,
    ]  # fmt: skip
    scores = (S, G + 2 * L * t + S, -G + 2 * L * t + S)
    hessians = (H, 2 * L + H, 2 * L + H)
    return have(
        both(*(WITHIN(v_, score) for v_ in scores), *(WITHIN(v_, hessian) for v_ in hessians)),
        *facts_,
    )


def changes(amount: Term, bound: Term) -> Term:
    """-bound <= amount and amount <= bound."""
    return both(le(-bound, amount), le(amount, bound))


def inflate(proof: Proof, values: Theorem, other: Theorem, positive: Theorem) -> Theorem:
    """The inflated regularity, from the continuity of s(t, 0) and h(t, 0) at t = 0."""
    known, small = list(proof.given), assume(lt(0, _epsilon))
    weights = [*three_weights((L + G**2) / L, positive), other, *known]
    slack = [have(lt(0, size), small, *known) for size in (_epsilon * G / 4, _epsilon * L)]
    near = [
        continuity(beta(function_, [u, ZERO]), size, weights)
        for function_, size in zip((_sharp.score, _sharp.hessian), slack, strict=True)
    ]
    goal = beta(inflated(_sharp, G, L).args[0], [_epsilon]).args[1]
    d1, d2 = real("d1"), real("d2")
    slope = _epsilon * G / (4 * L)
    radius = minimum(d1, minimum(d2, slope))

    def chosen_radii(score: Theorem, hessian: Theorem) -> Theorem:
        facts_ = [part(score, 0), part(hessian, 0), have(lt(0, slope), small, *known)]
        sizes = smaller_than_all(d1, d2, slope, facts_)
        low, high = assume(le(-radius, t)), assume(le(t, radius))
        local = [
            apply(part(theorem_, 1), have(le(0 - d_, t), low, sizes),
                  have(le(t, 0 + d_), high, sizes), at=[t])
            for theorem_, d_ in ((score, d1), (hessian, d2))
        ]  # fmt: skip
        drift = have(changes(2 * L * t, _epsilon * G / 2), low, high, sizes, *known)
        bounds = bounds_at(proof, values, small, [*local, drift])
        pieces = [
            intro(made, (t, i), low.conclusion, high.conclusion, lt(i, 3))
            for made in all_responses(bounds, other, known)
        ]
        wanted = _sharp.regular((1 + _epsilon) * G, (1 + _epsilon) * L, -radius, radius)
        shown = conjunction(part(sizes, 0), fold(conjunction(*pieces), wanted))
        return infer("witness", shown, formula=goal, terms=(radius,))

    made = obtain(
        near[0], [d1],
        lambda score: obtain(near[1], [d2], lambda hessian: chosen_radii(score, hessian)),
    )  # fmt: skip
    return intro(made, _epsilon, small.conclusion)


def continuity(body: Term, size: Theorem, known: list[Theorem]) -> Theorem:
    """There is a segment round 0 on which body(u) changes by at most the given size."""
    smooth = differentiate(u, body, ZERO, *known)
    rule = where(
        calculus.continuous(),
        {f: lam(u, body), t: ZERO, real("x"): smooth.conclusion.args[2],
         real("y"): size.conclusion.args[1]},
    )  # fmt: skip
    return discharge(rule, smooth, size)


def smaller_than_all(x: Term, y: Term, z: Term, positive: list[Theorem]) -> Theorem:
    """0 < min(x, min(y, z)), and it is at most each of the three."""
    inner = minimum(y, z)
    goal = both(*(lt(0, minimum(x, inner)), *(le(minimum(x, inner), v_) for v_ in (x, y, z))))
    second = instance("minimum.cases", x=y, y=z)
    first = instance("minimum.cases", x=x, y=inner)
    return by_cases(second, *([lambda one: by_cases(
        first, *([lambda two: have(goal, one, two, *positive)] * 2))] * 2))  # fmt: skip


def bounds_at(proof: Proof, values: Theorem, small: Theorem, facts_: list[Theorem]) -> Theorem:
    """`near_zero` for the line: S is s(t, 0), and so on."""
    first = apply(part(values, 1, 1, 1, 1), have(lt(ZERO, 3)), at=[0])
    exact = [
        transitive(part(first, side), choice_value(part(first, side).conclusion.args[1]))
        for side in (0, 1)
    ]
    mapping = {
        S: beta(_sharp.score, [t, ZERO]), S0: beta(_sharp.score, [ZERO, ZERO]),
        H: beta(_sharp.hessian, [t, ZERO]), H0: beta(_sharp.hessian, [ZERO, ZERO]),
    }  # fmt: skip
    return discharge(where(near_zero(proof, small), mapping), *facts_, *exact, small, *proof.given)


def all_responses(bounds: Theorem, other: Theorem, known: list[Theorem]) -> list[Theorem]:
    """The six bounds, as bounds for every response."""
    separate = [part(bounds, *(1,) * k_, 0) for k_ in range(5)] + [part(bounds, *(1,) * 5)]
    results = []
    for offset, function_ in ((0, _sharp.score), (3, _sharp.hessian)):

        def response(number: int, offset: int = offset, function_: Term = function_) -> Theorem:
            bound = separate[offset + number]
            shifted, size = bound.conclusion.args
            there = beta(function_, [t, num(number)])
            same = have(eq(there, shifted), other, *known, unfold=EXPLICIT)
            return size_of(there, size, same, bound)

        goal = WITHIN(beta(function_, [t, i]), separate[offset].conclusion.args[1])
        results.append(each_below(i, 3, goal, response))
    return results


def sizes_of(x: Term, d: Term) -> Term:
    """How small delta is."""
    return both(lt(0, x), lt(x, d), le(x * (3 * _ratio + 1), _tau))


def parts_of(theorem: Theorem) -> list[Theorem]:
    """The parts of a conjunction, each a theorem."""
    if theorem.conclusion.head != "and":
        return [theorem]
    return [part(theorem, 0), *parts_of(part(theorem, 1))]


def alignment_near(
    local: Theorem,
    tiny: list[Theorem],
    three: Theorem,
    flat: Theorem,
    large: Theorem,
    epsilon: Term,
    x: Term,
) -> Theorem:
    """(3 - epsilon) delta <= Delta mu(-delta) <= (3 + epsilon) delta."""
    D, D0, C = real("D"), real("D0"), real("C")
    error, step = D - D0 - C * (-x - ZERO), -x - ZERO
    plain = [assume(le(absolute(error), epsilon * absolute(step))), assume(eq(C, -3)),
             assume(eq(D0, 0))]  # fmt: skip
    goal = both(le((3 - epsilon) * x, D), le(D, (3 + epsilon) * x))
    made = by_cases(
        instance("absolute.cases", x=error),
        *([lambda one: by_cases(
            instance("absolute.cases", x=step),
            *([lambda two: have(goal, one, two, *plain, *tiny, large)] * 2))] * 2),
    )  # fmt: skip
    values = {D: TIGHT.alignment(-x), D0: TIGHT.alignment(0), C: TIGHT.curvature(0)}
    return discharge(where(made, values), local, three, flat, *tiny, large)


def falls_beyond(
    proof: Proof,
    wide: Theorem,
    aligned: Theorem,
    tiny: list[Theorem],
    large: Theorem,
    epsilon: Term,
    x: Term,
) -> Theorem:
    """`too_far` at delta = x."""
    end = -x + beyond(_ratio, epsilon, x)
    D = real("D")
    plain = [assume(r_) for r_ in conjuncts(both(
        le((3 - epsilon) * x, D), le(D, (3 + epsilon) * x)))]  # fmt: skip
    reach = -x + _ratio * (2 * D / (2 * (1 + epsilon) + (1 + epsilon) ** 2))
    scalar = have(both(lt(0, D), lt(x, reach), le(reach, _tau), le(x, _tau)), *plain, *tiny, large)
    facts_ = discharge(where(scalar, {D: TIGHT.alignment(-x)}), aligned, *tiny, large)
    limits = parts_of(facts_)
    shorter = narrower(wide, epsilon, x, end, limits)
    start, stop = success_near(proof, -x), success_near(proof, end)
    higher = tail_order(x, end, tiny, limits)
    lower = falls_with_odds(stop, start, higher)
    positive = have(lt(0, epsilon), large)
    return conjunction(positive, tiny[0], shorter, limits[0], lower)


def narrower(wide: Theorem, epsilon: Term, x: Term, end: Term, limits: list[Theorem]) -> Theorem:
    """Regularity on [-tau, tau] gives regularity on [-delta, -delta + eta]."""
    low, high, inside = assume(le(-x, t)), assume(le(t, end)), assume(lt(i, num(3)))
    score, hessian = regularity(part(wide, 1))
    _, _, last, first = limits
    below = apply(at_most(), high, last, at=[t, end, _tau])
    ends = [have(le(-_tau, t), low, first), below]
    pieces = [
        intro(
            apply(bound, *ends, inside, at=[t, i]), (t, i),
            low.conclusion, high.conclusion, inside.conclusion,
        )
        for bound in (score, hessian)
    ]  # fmt: skip
    wanted = TIGHT.regular((1 + epsilon) * num(1), (1 + epsilon) * num(1), -x, end)
    return fold(conjunction(*pieces), wanted)


@cache
def at_most() -> Theorem:
    """``for all x, y, z: x <= y -> y <= z -> x <= z``."""
    x, y, z = (real(name) for name in ("x", "y", "z"))
    chain = assume(le(x, y)), assume(le(y, z))
    return intro(have(le(x, z), *chain), (x, y, z), *(c.conclusion for c in chain))


def tail(at: Term) -> Term:
    """exp(t + t**2) + exp(-t + t**2), four times the odds of failure."""
    return exp(at + at**2) + exp(-at + at**2)


def success_near(proof: Proof, at: Term) -> Theorem:
    """J(t) = 4/(4 + exp(t + t**2) + exp(-t + t**2)) for the tight line."""
    four = log(2 * ((num(1) + num(1) ** 2) / num(1)))
    level = apply(instance("exp.log", x=four.args[0]), have(lt(0, four.args[0])))
    bell = -(u**2) / 2
    weight = 4 * exp(bell) + exp(bell) * exp(u + u**2) + exp(bell) * exp(-u + u**2)
    positive = have(lt(0, weight))
    share = discharge(where(calculus.exp_minus_log(), x=weight), positive)
    pieces = [
        instance("exp.sum", x=four, y=bell),
        instance("exp.sum", x=bell, y=u + u**2),
        instance("exp.sum", x=bell, y=-u + u**2),
        instance("exp.sum", x=four + bell, y=-log(weight)),
    ]
    made = have(eq(TIGHT.success(u), 4 / (4 + tail(u))), level, *pieces, share, positive,
                unfold=("mass", *EXPLICIT))  # fmt: skip
    return where(made, {u: at})


def tail_order(x: Term, end: Term, tiny: list[Theorem], limits: list[Theorem]) -> Theorem:
    """The failure odds at the end of the step exceed those at its start."""
    a_, b_, v_ = real("a"), real("b"), real("v")
    ordered, positive = assume(lt(a_, b_)), assume(lt(0, a_))
    smooth = differentiate(u, tail(u), v_)
    value = smooth.conclusion.args[2]
    low, high = assume(lt(a_, v_)), assume(lt(v_, b_))
    rise = discharge(
        where(calculus.exp_increasing(), a=-v_ + v_**2, b=v_ + v_**2),
        have(lt(-v_ + v_**2, v_ + v_**2), low, positive),
    )
    sign = have(lt(0, value), rise, have(lt(0, v_), low, positive))
    rule = where(calculus.increasing(), {f: lam(u, tail(u)), function("g", "R"): lam(v_, value)})
    grows = discharge(
        rule, ordered, intro(smooth, v_, le(a_, v_), le(v_, b_)),
        intro(sign, v_, low.conclusion, high.conclusion),
    )  # fmt: skip
    even = have(eq(tail(-x), tail(x)))
    made = discharge(where(grows, {a_: x, b_: end}), tiny[0], limits[1], *tiny, *limits)
    return rewrite(made, symmetric(even))


def falls_with_odds(stop: Theorem, start: Theorem, higher: Theorem) -> Theorem:
    """4/(4 + T) falls as T > 0 rises."""
    P, Q, T, U = (real(name) for name in ("P", "Q", "T", "U"))
    plain = [
        assume(eq(P, 4 / (4 + T))), assume(eq(Q, 4 / (4 + U))), assume(lt(U, T)), assume(lt(0, U))
    ]  # fmt: skip
    made = have(lt(P, Q), *plain)
    (low, high), x = higher.conclusion.args, real("x")
    values = {P: stop.conclusion.args[0], Q: start.conclusion.args[0], T: high, U: low}
    positive = where(have(lt(0, tail(x))), {x: low.args[0].args[0].args[0]})
    return discharge(where(made, values), stop, start, higher, positive)
