"""Section 2: steps beyond the threshold, on the policy of `trajectory.sharp`.

Its log-odds are even, so a step across their top that is longer than twice the way there lowers
the success rate; and near the top that is hardly more than twice the critical step.
"""

from __future__ import annotations

from functools import cache

from derivations import calculus, elementary
from derivations.calculus import differentiate
from derivations.kernel.terms import (
    Term,
    beta,
    both,
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
    substitute,
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
    obtain,
    part,
    rewrite,
    symmetric,
    where,
)
from derivations.theory.lines import CHOICE3, EXPLICIT, THREE_REWARD, softmax_line
from derivations.theory.setting import unique
from derivations.theory.trajectory.one_step import KAPPA, G, L, eta, i, regularity, t, u
from derivations.theory.trajectory.triples import sharp_line

LINE = sharp_line(G, L)
"""The policy of `trajectory.sharp`."""

J, ell, Dmu = LINE.success, LINE.log_odds, LINE.alignment

ODDS = (L + G**2) / L
"""The odds of success at the top."""

epsilon, tau, rho, delta = (real(name) for name in ("epsilon", "tau", "rho", "delta"))
x, y, z, v, w, D, K = (real(name) for name in ("x", "y", "z", "v", "w", "D", "K"))

WIDER = 2 * (1 + epsilon) * L + (1 + epsilon) ** 2 * G**2
"""kappa for the constants inflated by 1 + epsilon."""


def log_cosh(at: Term) -> Term:
    """log cosh(G t)."""
    return log((exp(G * at) + exp(-(G * at))) / 2)


def closed(at: Term) -> Term:
    """The log-odds in closed form."""
    return log(ODDS) - L * at**2 - log_cosh(at)


def regular(start: Term, end: Term, more: Term = epsilon) -> Term:
    """The regularity between two points, with constants inflated by 1 + `more`."""
    return LINE.regular((1 + more) * G, (1 + more) * L, start, end)


NEARLY_TIGHT = both(
    regular(-delta, delta),
    lt(0, Dmu(-delta)),
    le(Dmu(-delta), delta * WIDER),
    le(delta * WIDER, (1 + epsilon) ** 3 * Dmu(-delta)),
)
"""delta kappa/Delta mu lies between 1 and (1 + epsilon)**3, for constants of the segment."""


def too_far(start: Term, step: Term) -> Term:
    """The step keeps the regularity, is aligned, and lowers the success rate."""
    return both(
        lt(0, epsilon),
        lt(0, delta),
        regular(start, start + step),
        lt(0, Dmu(start)),
        lt(J(start + step), J(start)),
    )


BEYOND = rho * (2 * Dmu(-delta) / WIDER)
"""rho times twice the critical step at -delta."""


@state(
    "proposition",
    "trajectory.tight-step",
    "No larger step is safe",
    provenance="extension",
    given=[lt(0, L), lt(0, G)],
    claim=both(
        LINE.policy,
        forall(t, eq(ell(t), closed(t))),
        forall(t, eq(J(-t), J(t))),
        forall(
            (delta, eta), lt(0, delta), lt(2 * delta, eta), lt(J(-delta + eta), J(-delta))
        ),
        forall(
            epsilon, lt(0, epsilon),
            exists(tau, both(
                lt(0, tau), forall(delta, lt(0, delta), le(delta, tau), NEARLY_TIGHT)
            )),
        ),
        forall(rho, lt(1, rho), exists((epsilon, delta), too_far(-delta, BEYOND))),
    ),
    words="The log-odds are $c-Lt^2-\\log\\cosh(Gt)$, so from $-\\delta$ every step of more than "
    "$2\\delta$ lowers the success rate. For constants valid on $[-\\delta,\\delta]$, "
    "$\\delta\\kappa/\\Delta\\mu$ tends to 1: for every $\\rho > 1$ a step of $\\rho$ times twice "
    "the critical one, under constants that are valid on the whole step, lowers the success rate.",
)  # fmt: skip
def tight_step(proof: Proof) -> Theorem:
    known = proof.use("trajectory.sharp")
    policy, around = part(known, 0), part(known, 1, 1, 1, 1, 1, 1)
    rate = success(proof)
    odds = proof.note(intro(odds_in_closed_form(proof, rate), t), "write out the three responses")
    even = have(eq(J(-t), J(t)), where(rate, {u: -t}), where(rate, {u: t}))
    falls = proof.note(falling(proof, rate), "the odds of failure are even, and grow from 0 on")
    steep = alignment(proof, policy, odds)
    near = proof.note(
        nearly_tight(proof, around, steep),
        "the hyperbolic tangent of y lies between y/(1 + y) and y",
    )
    past = passing(proof, near, falls)
    return conjunction(
        policy, odds, intro(even, t), falls, near,
        proof.note(past, "start just before the top of the log-odds and step across it"),
    )  # fmt: skip


# Moves of the proof -----------------------------------------------------------------------------


def tail(at: Term) -> Term:
    """exp(L t**2) (exp(G t) + exp(-G t)), twice the odds of failure times the odds at the top."""
    return exp(L * at**2 + G * at) + exp(L * at**2 - G * at)


def success(proof: Proof) -> Theorem:
    """J(u) = 2 c/(2 c + tail(u)), c the odds at the top."""
    bends, odds = real("a"), real("c")
    line = softmax_line(
        num(3), THREE_REWARD, lam(i, CHOICE3(i, log(2 * odds), 0, 0)),
        lam(i, CHOICE3(i, 0, v, -v)), lam(i, CHOICE3(i, bends, w, w)),
    )  # fmt: skip
    positive = assume(lt(0, odds))
    top, bell = bends * u**2 / 2, w * u**2 / 2
    total = 2 * odds * exp(top) + exp(v * u) * exp(bell) + exp(-v * u) * exp(bell)
    whole = have(lt(0, total), positive)
    sums = [(log(2 * odds), top), (v * u, bell), (-v * u, bell)]
    known = [
        apply(instance("exp.log", x=2 * odds), have(lt(0, 2 * odds), positive)),
        *(instance("exp.sum", x=a, y=b) for a, b in sums),
        *(instance("exp.sum", x=a + b, y=-log(total)) for a, b in sums),
        discharge(where(calculus.exp_minus_log(), x=total), whole), whole,
    ]  # fmt: skip
    made = have(eq(line.success(u), 2 * odds * exp(top) / total), *known,
                unfold=("mass", *EXPLICIT))  # fmt: skip
    values = {odds: ODDS, v: G, bends: -L}
    made, other = where(made, values), -(ODDS * -L + G**2)
    share = lam(w, made.conclusion.args[1])
    made = discharge(where(made, {w: other}), have(lt(0, ODDS), *proof.given))
    bend = have(eq(other, L), *proof.given)
    made = infer("rewrite", bend, made, template=lam(w, eq(J(u), beta(share, [w]))))
    half = L * u**2 / 2
    powers = [
        elementary.exp_of_sum([(-1, half)]),
        *(elementary.exp_of_sum([(2, half), (sign, G * u)]) for sign in (1, -1)),
        elementary.exp_of_sum([(-1, G * u)]),
    ]
    return have(eq(J(u), 2 * ODDS / (2 * ODDS + tail(u))), made, *powers,
                have(lt(0, ODDS), *proof.given))  # fmt: skip


def odds_in_closed_form(proof: Proof, rate: Theorem) -> Theorem:
    """ell(t) = log(c) - L t**2 - log cosh(G t)."""
    cosh, positive = (exp(G * t) + exp(-(G * t))) / 2, have(lt(0, ODDS), *proof.given)
    some = assume(lt(0, w))
    power = elementary.exp_of_sum([(1, log(ODDS)), (-1, L * t**2), (-1, log(w))])
    inverses = [
        apply(instance("exp.log", x=z_), sign) for z_, sign in ((ODDS, positive), (w, some))
    ]
    plain = have(eq(exp(log(ODDS) - L * t**2 - log(w)), ODDS / (exp(L * t**2) * w)), power,
                 *inverses, some)  # fmt: skip
    plain = discharge(where(plain, {w: cosh}), have(lt(0, cosh)), *proof.given)
    powers = [
        *(elementary.exp_of_sum([(1, L * t**2), (sign, G * t)]) for sign in (1, -1)),
        elementary.exp_of_sum([(-1, G * t)]),
    ]
    value = have(eq(exp(closed(t)), 2 * ODDS / tail(t)), plain, have(
        eq(ODDS / (exp(L * t**2) * cosh), 2 * ODDS / tail(t)), *powers))  # fmt: skip
    share = discharge(where(_odds(), {x: J(t), y: 2 * ODDS, z: tail(t)}), where(rate, {u: t}),
                      have(lt(0, 2 * ODDS), positive), have(lt(0, tail(t))))  # fmt: skip
    made = rewrite(instance("log.exp", x=closed(t)), value, share)
    return fold(made, eq(ell(t), closed(t)))


@cache
def _odds() -> Theorem:
    """y/z = x/(1 - x) from x = y/(y + z), for positive y and z."""
    known = [assume(r) for r in (eq(x, y / (y + z)), lt(0, y), lt(0, z))]
    rest = have(eq(1 - x, z / (y + z)), *known)
    return have(eq(y / z, x / (1 - x)), *known, rest, have(lt(0, z / (y + z)), *known[1:]))


def falling(proof: Proof, rate: Theorem) -> Theorem:
    """J(-delta + eta) < J(-delta) for 0 < delta and 2 delta < eta."""
    positive, beyond = assume(lt(0, delta)), assume(lt(2 * delta, eta))
    a, b, f, g = real("a"), real("b"), function("f", "R"), function("g", "R")
    ordered, right = assume(lt(a, b)), assume(lt(0, a))
    up, down = L * v**2 + G * v, L * v**2 - G * v
    slope = (2 * L * v + G) * exp(up) + (2 * L * v - G) * exp(down)
    smooth = differentiate(u, tail(u), v, value=slope)
    low, high = assume(lt(a, v)), assume(lt(v, b))
    inside = have(lt(0, v), low, right)
    rise = discharge(where(calculus.exp_increasing(), a=down, b=up),
                     have(lt(down, up), inside, proof.given[1]))  # fmt: skip
    sign = have(lt(0, slope), have(lt(0, G * (exp(up) - exp(down))), rise, proof.given[1]),
                have(lt(0, L * v * (exp(up) + exp(down))), inside, proof.given[0]))  # fmt: skip
    rule = where(calculus.increasing(), {f: lam(u, tail(u)), g: lam(v, slope)})
    grows = discharge(
        rule, ordered, intro(smooth, v, le(a, v), le(v, b)),
        intro(sign, v, low.conclusion, high.conclusion), *proof.given,
    )  # fmt: skip
    end = -delta + eta
    higher = discharge(where(grows, {a: delta, b: end}), positive,
                       have(lt(delta, end), beyond), *proof.given)  # fmt: skip
    higher = rewrite(higher, have(eq(tail(delta), tail(-delta))))
    values = {x: J(end), y: J(-delta), z: 2 * ODDS, v: tail(end), w: tail(-delta)}
    made = discharge(
        where(_order(), values), where(rate, {u: end}), where(rate, {u: -delta}), higher,
        have(lt(0, tail(-delta))), have(lt(0, 2 * ODDS), *proof.given),
    )  # fmt: skip
    return intro(made, (delta, eta), positive.conclusion, beyond.conclusion)


@cache
def _order() -> Theorem:
    """x < y from x = z/(z + v) and y = z/(z + w), for w < v, and w and z positive."""
    known = [
        assume(r)
        for r in (eq(x, z / (z + v)), eq(y, z / (z + w)), lt(w, v), lt(0, w), lt(0, z))
    ]
    return have(lt(x, y), *known)


def tanh(at: Term) -> Term:
    """tanh(y)."""
    return (exp(at) - exp(-at)) / (exp(at) + exp(-at))


def alignment(proof: Proof, policy: Theorem, odds: Theorem) -> Theorem:
    """Delta mu(-delta) = 2 L delta + G tanh(G delta)."""
    rising = proof.use("gap.log-odds-gradient", policy, mapping=LINE.substitution(), at=[t])
    value = -(2 * L * t + G * tanh(G * t))
    smooth = differentiate(u, closed(u), t, have(lt(0, (exp(G * t) + exp(-(G * t))) / 2)),
                           value=value)  # fmt: skip
    near = intro(symmetric(apply(odds, at=[u])), u, lt(t - 1, u), lt(u, t + 1))
    rule = instance("derivative.local", f=lam(u, closed(u)), g=lam(u, ell(u)), t=t, x=value,
                    d=num(1))  # fmt: skip
    same = unique(rising, apply(rule, have(lt(0, num(1))), near, smooth))
    return have(eq(Dmu(-delta), 2 * L * delta + G * tanh(G * delta)), where(same, {t: -delta}))


@cache
def tanh_between() -> Theorem:
    """y/(1 + y) <= tanh(y) <= y for 0 <= y."""
    positive = assume(le(0, y))
    up, down = exp(y), exp(-y)
    inverse = where(calculus.exp_minus(), x=y)
    square = elementary.exp_of_sum([(2, y)])
    tangent = where(calculus.exp_tangent(), x=2 * y)
    grown = have(le(1 + 2 * y, up**2), tangent, square)
    low = have(le(y / (1 + y), (up**2 - 1) / (up**2 + 1)), grown, positive)
    low = have(le(y / (1 + y), tanh(y)), low, inverse, positive)
    shape = u * (exp(u) + exp(-u)) - (exp(u) - exp(-u))
    slope = u * (exp(u) - exp(-u))
    ahead = assume(le(0, u)), assume(le(u, y))
    rise = discharge(where(calculus.exp_monotone(), a=-u, b=u), have(le(-u, u), ahead[0]))
    sign = have(le(0, slope), have(le(0, exp(u) - exp(-u)), rise), ahead[0])
    rule = where(calculus.monotone(), a=num(0), b=y, f=lam(u, shape), g=lam(u, slope))
    inside = tuple(r.conclusion for r in ahead)
    made = discharge(rule, positive, intro(differentiate(u, shape, u, value=slope), u, *inside),
                     intro(sign, u, *inside))  # fmt: skip
    high = have(le(up - down, y * (up + down)), made, instance("exp.zero"))
    return conjunction(low, have(le(tanh(y), y), high))


@cache
def _scalar() -> Theorem:
    """0 < D <= delta kappa <= (1 + epsilon)**3 D for D = 2 L delta + G x.

    Where G delta <= epsilon and y/(1 + y) <= x <= y, y = G delta.
    """
    known = [assume(r) for r in (
        lt(0, L), lt(0, G), lt(0, epsilon), lt(0, delta), le(G * delta, epsilon),
        le(G * delta / (1 + G * delta), x), le(x, G * delta), eq(D, 2 * L * delta + G * x),
    )]  # fmt: skip
    size = have(lt(0, G * delta), *known[:4])
    least = have(le(G * delta, (1 + epsilon) * x), *known[:6], size)
    some = have(lt(0, x), known[5], size)
    aligned = have(lt(0, D), known[7], have(lt(0, L * delta), *known[:4]),
                   have(lt(0, G * x), some, known[1]))  # fmt: skip
    plain = have(le(D, delta * KAPPA), known[7], have(le(G * x, G * (G * delta)), *known[:7]))
    wider = have(le(KAPPA, WIDER), *known[:3])
    above = have(le(D, delta * WIDER), plain, have(le(delta * KAPPA, delta * WIDER), wider,
                                                   known[3]))  # fmt: skip
    share = have(le(G * (G * delta), G * ((1 + epsilon) * x)), least, known[1])
    small = have(le(delta * KAPPA, (1 + epsilon) * D), share, known[7],
                 have(le(0, epsilon * (L * delta)), *known[:4]))  # fmt: skip
    square = have(le(WIDER, (1 + epsilon) ** 2 * KAPPA), *known[:3])
    bound = have(le(delta * WIDER, (1 + epsilon) ** 2 * (delta * KAPPA)), square, known[3])
    last = have(le((1 + epsilon) ** 2 * (delta * KAPPA), (1 + epsilon) ** 2 * ((1 + epsilon) * D)),
                small)  # fmt: skip
    return conjunction(aligned, above, have(
        le(delta * WIDER, (1 + epsilon) ** 3 * D), bound, last))  # fmt: skip


def nearly_tight(proof: Proof, around: Theorem, steep: Theorem) -> Theorem:
    """For every epsilon the claim `NEARLY_TIGHT` holds for all small delta."""
    some = assume(lt(0, epsilon))
    goal = exists(tau, both(
        lt(0, tau), forall(delta, lt(0, delta), le(delta, tau), NEARLY_TIGHT)
    ))  # fmt: skip
    radius = minimum(tau, epsilon / G)

    def within(wide: Theorem) -> Theorem:
        positive = part(wide, 0)
        sizes = by_cases(
            instance("minimum.cases", x=tau, y=epsilon / G),
            *([lambda case: have(
                both(lt(0, radius), le(radius, tau), le(G * radius, epsilon)), case, positive,
                some, *proof.given)] * 2),
        )  # fmt: skip
        right, small = assume(lt(0, delta)), assume(le(delta, radius))
        fits = have(le(delta, tau), small, part(sizes, 1, 0))
        tiny = have(le(G * delta, epsilon), have(le(G * delta, G * radius), small, proof.given[1]),
                    part(sizes, 1, 1))  # fmt: skip
        bounds = discharge(where(tanh_between(), y=G * delta),
                           have(le(0, G * delta), right, proof.given[1]))  # fmt: skip
        made = discharge(
            where(_scalar(), {x: tanh(G * delta), D: Dmu(-delta)}), *proof.given, some, right,
            tiny, part(bounds, 0), part(bounds, 1), steep,
        )  # fmt: skip
        local = narrower(part(wide, 1), -delta, delta, have(le(-tau, -delta), fits), fits)
        each = intro(conjunction(local, made), delta, right.conclusion, small.conclusion)
        return infer("witness", conjunction(part(sizes, 0), each), formula=goal, terms=(radius,))

    made = obtain(apply(around, some, at=[epsilon]), [tau], within)
    return intro(made, epsilon, some.conclusion)


def narrower(
    wide: Theorem, start: Term, end: Term, low: Theorem, high: Theorem, more: Term = epsilon
) -> Theorem:
    """Regularity on [-tau, tau] gives regularity on [start, end]."""
    inside = [assume(le(start, t)), assume(le(t, end)), assume(lt(i, num(3)))]
    ends = [
        apply(at_most(), low, inside[0], at=[low.conclusion.args[0], start, t]),
        apply(at_most(), inside[1], high, at=[t, end, high.conclusion.args[1]]),
    ]
    pieces = [
        intro(apply(bound, *ends, inside[2], at=[t, i]), (t, i), *(r.conclusion for r in inside))
        for bound in regularity(wide)
    ]
    return fold(conjunction(*pieces), regular(start, end, more))


@cache
def at_most() -> Theorem:
    """``for all x, y, z: x <= y -> y <= z -> x <= z``."""
    chain = assume(le(x, y)), assume(le(y, z))
    return intro(have(le(x, z), *chain), (x, y, z), *(c.conclusion for c in chain))


@cache
def _room() -> Theorem:
    """2 delta < rho (2 D/K) <= 2 rho delta for rho = 1/(1 - 4 epsilon).

    From D <= delta K <= (1 + epsilon)**3 D, all positive.
    """
    large = assume(lt(1, rho))
    some, aligned, positive = (assume(lt(0, z)) for z in (delta, D, K))
    above, below = assume(le(D, delta * K)), assume(le(delta * K, (1 + epsilon) ** 3 * D))
    share = assume(eq(epsilon, (rho - 1) / (4 * rho)))
    small = have(both(lt(0, epsilon), lt(epsilon, 1)), share, large)
    inverse = have(eq(rho * (1 - 4 * epsilon), 1), share, large)
    less = have(lt((1 + epsilon) ** 3 * (1 - 4 * epsilon), 1), small)
    ratio = have(lt((1 + epsilon) ** 3, rho), have(
        lt(rho * ((1 + epsilon) ** 3 * (1 - 4 * epsilon)), rho), less, large), inverse)  # fmt: skip
    wins = have(lt(delta * K, rho * D), below, have(lt((1 + epsilon) ** 3 * D, rho * D), ratio,
                                                    aligned))  # fmt: skip
    return conjunction(
        have(lt(2 * delta, rho * (2 * D / K)), wins, positive),
        have(le(rho * (2 * D / K), 2 * rho * delta), above, positive, large),
    )


def passing(proof: Proof, near: Theorem, falls: Theorem) -> Theorem:
    """For every rho > 1 there are epsilon and delta whose step is `too_far`."""
    large = assume(lt(1, rho))
    share = (rho - 1) / (4 * rho)
    goal = exists((epsilon, delta), too_far(-delta, BEYOND))
    some = have(lt(0, share), large)

    def step(local: Theorem) -> Theorem:
        start = tau / (2 * rho)
        wide = part(local, 0)
        sizes = have(both(lt(0, start), le(start, tau), eq(2 * rho * start, tau)), wide, large)
        whole = apply(part(local, 1), wide, have(le(tau, tau)), at=[tau])
        here = apply(part(local, 1), part(sizes, 0), part(sizes, 1, 0), at=[start])
        at = {epsilon: share, delta: start}
        size, limit = (substitute(term, at) for term in (BEYOND, WIDER))
        positive = have(lt(0, limit), some, *proof.given)
        room = discharge(
            where(_room(), {**at, D: Dmu(-start), K: limit}), large, part(sizes, 0),
            *(part(here, 1, *way) for way in ((0,), (1, 0), (1, 1))), positive,
            have(eq(share, (rho - 1) / (4 * rho))),
        )  # fmt: skip
        end = -start + size
        reach = have(le(end, tau), part(room, 1), sizes)
        kept = narrower(part(whole, 0), -start, end, have(le(-tau, -start), sizes), reach,
                        share)  # fmt: skip
        lower = apply(falls, part(sizes, 0), part(room, 0), at=[start, size])
        shown = conjunction(some, part(sizes, 0), kept, part(here, 1, 0), lower)
        return infer("witness", shown, formula=goal, terms=(share, start))

    made = obtain(apply(near, some, at=[share]), [tau], step)
    return intro(made, rho, large.conclusion)
