"""Section 2: explicit instances with three responses, on which the bounds are attained."""

from __future__ import annotations

from derivations import calculus
from derivations.calculus import differentiate
from derivations.expectation import WITHIN, Line, Setting
from derivations.kernel.terms import (
    Term,
    beta,
    both,
    eq,
    exists,
    forall,
    lam,
    le,
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


def extreme_values(line_: Line, score: Term, hessian: Term) -> Term:
    """At t = 0 every response has extreme values, and the incorrect ones are equally likely."""
    found = [beta(g, [ZERO, i]) for g in (line_.score, line_.hessian)]
    wanted = CHOICE3(i, 0, score, -score), CHOICE3(i, -hessian, hessian, hessian)
    likely = [beta(line_.log_policy, [ZERO, num(number)]) for number in (1, 2)]
    return both(forall(i, lt(i, 3), both(*map(eq, found, wanted))), eq(*likely))


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
        extreme_values(_sharp, G, L),
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
    extreme = attained_values(values, other)
    segment = proof.note(
        inflate(proof, values, other, positive), "score and second derivative are continuous"
    )
    return conjunction(
        part(values, 0), rate, part(values, 1, 1, 0), each, curved, extreme, segment
    )


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


def attained_values(values: Theorem, other: Theorem) -> Theorem:
    """`extreme_values` for the three responses of `trajectory.sharp`."""
    inside, hole = assume(lt(i, num(3))), real("hole")
    score, hessian = parts_of(apply(part(values, 1, 1, 1, 1), inside, at=[i]))
    there = hessian.conclusion.args[0]
    template = lam(hole, eq(there, CHOICE3(i, -L, hole, hole)))
    exact = conjunction(score, infer("rewrite", other, hessian, template=template))
    likely = extreme_values(_sharp, G, L).args[1]
    return conjunction(intro(exact, i, inside.conclusion), have(likely, unfold=EXPLICIT))


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


def parts_of(theorem: Theorem) -> list[Theorem]:
    """The parts of a conjunction, each a theorem."""
    if theorem.conclusion.head != "and":
        return [theorem]
    return [part(theorem, 0), *parts_of(part(theorem, 1))]
