"""A fixed learning rate that is safe at every success rate, and what a run with it does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from derivations.kernel.terms import (
    Term,
    both,
    eq,
    free_variables,
    lam,
    le,
    lt,
    num,
    real,
    unfold,
)
from derivations.kernel.theorem import Theorem, infer
from derivations.library import prove
from derivations.search.claims import ClaimError, to_sympy
from derivations.tactics import (
    ProofError,
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
from derivations.theory.algorithm.guarantees.claims import AT_PEAK, SMOOTH, given_by, scalar_claim
from derivations.theory.algorithm.guarantees.rows import radicals, root_values, tidied
from derivations.theory.algorithm.guarantees.shapes import (
    Ceiling,
    Shape,
    open_unit,
    searched,
    shape_of,
)
from derivations.theory.algorithm.iterations import SAFE, TRAINING, TRAJECTORY, Jk, alpha, run
from derivations.theory.algorithm.rates import PEAK, c, critical, curvature_positive, p
from derivations.theory.algorithm.table import Row, Value
from derivations.theory.trajectory.one_step import KAPPA, SUCCESS, G, L


@dataclass(frozen=True)
class FixedRate:
    """A fixed learning rate that is safe at every success rate.

    `theorem` says that rate c(J) K(J) <= 1 on (0, 1).  `attained` says that there is equality
    somewhere, mostly at J* = (L + G**2)/(2 L + G**2), so that no larger rate is safe by that
    criterion; None where the rate is only known to be safe.
    """

    shape: Shape
    rate: Term
    theorem: Theorem
    attained: Theorem | None = None

    @property
    def coefficient(self) -> Value:
        """c."""
        return self.shape.coefficient

    @property
    def positive(self) -> Theorem:
        """0 < c on (0, 1)."""
        return self.shape.positive

    def run(self) -> Theorem:
        """A run with a learning rate up to this one: every step keeps half of its alignment, and
        the run never saturates (`algorithm.safe-run`)."""
        made = where(prove("algorithm.safe-run"), {c: lam(p, self.coefficient(p))})
        return given_by(made, *self.training())

    def training(self) -> tuple[Theorem, Theorem, Theorem]:
        """Of a run with such a learning rate: the coefficient and the learning rate are positive,
        and the rate is safe."""
        low, high = assume(le(Jk(0), p)), assume(lt(p, 1))
        small, positive_rate = assume(le(alpha, self.rate)), assume(TRAINING[1])
        inside = [have(lt(0, p), low, started_inside()), high]
        ranged = (p, low.conclusion, high.conclusion)
        sign = apply(self.positive, *inside, at=[p])
        limit = apply(self.theorem, *inside, at=[p])
        curve = curvature_positive(p, conjunction(*inside), SMOOTH)
        # The coefficient and the rate may be long: as numbers they are only factors.
        v, w, r = real("v"), real("w"), real("r")
        known = [assume(f) for f in (lt(0, v), lt(0, w), le(alpha, r), le(r * v * w, 1))]
        product = have(lt(0, v * w), *known[:2])
        rule = have(le(alpha * v * w, 1), have(le(alpha * (v * w), r * (v * w)), known[2], product),
                    known[3])  # fmt: skip
        names = {v: self.coefficient(p), w: critical(p), r: self.rate}
        below = discharge(where(rule, names), small, sign, curve, limit)
        safe = conjunction(*map(assume, TRAJECTORY), intro(below, *ranged))
        either = where(assume(SAFE), {c: lam(p, self.coefficient(p))}).conclusion
        chosen = infer("weaken", safe, formula=either)
        return intro(sign, *ranged), positive_rate, chosen


def fixed_rate(given: Row | Shape | Value, *facts: Theorem) -> FixedRate:
    """A fixed learning rate that is safe at every J, for a row, or any coefficient on (0, 1).

    It is the largest, 1/(c(J*) kappa), where c is such as `algorithm.largest-curvature` asks for,
    say concave; otherwise it comes from a bound c(J) <= b (1 - J), or c(J) <= b.  The facts are
    about parameters of c.  Raises `ProofError` if neither can be proved.

    >>> fixed_rate(lambda J: J * (1 - J)).rate
    (G**2 + 2*L)/(L*(G**2 + L))
    """
    if isinstance(given, Row):
        given = shape_of(given)
    shape = given if isinstance(given, Shape) else searched(given, *facts)
    return _below_ceiling(shape) if shape.rays is None else _at_peak(shape, shape.rays, facts)


def _at_peak(shape: Shape, rays: Theorem, facts: Sequence[Theorem]) -> FixedRate:
    """The largest rate, by `algorithm.largest-curvature`."""
    coefficient, low, high = shape.coefficient, *open_unit(p)
    mapping = {c: lam(p, coefficient(p)), PEAK: AT_PEAK}
    same = have(eq(AT_PEAK, AT_PEAK))
    made = given_by(where(prove("algorithm.largest-curvature"), mapping), rays, same, SMOOTH)
    inside = part(made, 0), part(made, 1, 0)
    largest = coefficient(AT_PEAK) * KAPPA
    sign = apply(shape.positive, *inside, at=[AT_PEAK])
    short = _reciprocal(largest, sign, *facts)
    rate = short.conclusion.args[1]
    product = have(lt(0, _A * _B), assume(lt(0, _A)), assume(lt(0, _B)))
    product = where(product, {_A: coefficient(AT_PEAK), _B: KAPPA})
    size = discharge(product, sign, have(lt(0, KAPPA), SMOOTH))
    limit = apply(part(made, 1, 1, 0), low, high, at=[p])
    below, equal = _inverse_rates()
    there = {_A: coefficient(AT_PEAK), _B: critical(AT_PEAK), _V: largest, _R: rate}
    top = have(eq(_A * _B, _A * _K), assume(eq(_B, _K)))
    top = discharge(where(top, {_A: there[_A], _B: there[_B], _K: KAPPA}), part(made, 1, 1, 1))
    here = {_A: coefficient(p), _B: critical(p), _V: largest, _R: rate}
    theorem = discharge(where(below, here), size, short, limit)
    theorem = intro(theorem, p, low.conclusion, high.conclusion)
    return FixedRate(shape, rate, theorem, discharge(where(equal, there), size, short, top))


_A, _B, _K, _R, _V = (real(name) for name in "abkrv")


def _inverse_rates() -> tuple[Theorem, Theorem]:
    """For r = 1/v, 0 < v: ``r a b <= 1`` from ``a b <= v``, ``r a b = 1`` from ``a b = v``."""
    size, short = assume(lt(0, _V)), assume(eq(1 / _V, _R))
    inverse = have(both(lt(0, _R), eq(_R * _V, 1)), size, short)
    product = have(le(_R * (_A * _B), _R * _V), assume(le(_A * _B, _V)), inverse)
    return (
        have(le(_R * _A * _B, 1), product, inverse),
        have(eq(_R * _A * _B, 1), assume(eq(_A * _B, _V)), inverse),
    )


def _reciprocal(largest: Term, sign: Theorem, *facts: Theorem) -> Theorem:
    """``1/largest = rate``, the rate in factors where arithmetic can follow."""
    plain = 1 / largest
    try:
        tidy = tidied(plain) if len(radicals(to_sympy(plain))) < 2 else plain
        return scalar_claim(eq(plain, tidy), sign, SMOOTH, *facts)
    except (ClaimError, ProofError):
        return have(eq(plain, plain))


def _below_ceiling(shape: Shape) -> FixedRate:
    """A safe rate from a bound; the largest one where the bound is attained before J*."""
    ceiling, coefficient, (low, high) = shape.ceiling, shape.coefficient, open_unit(p)
    if ceiling is None:
        raise ProofError("neither the rays of the coefficient nor a bound are known")
    sign = apply(shape.positive, low, high, at=[p])
    scale = KAPPA if ceiling.flat else L
    product = _below_branch(coefficient(p), ceiling, sign)
    inverse = 1 / ceiling.b
    rate = (tidied(inverse) if not free_variables(inverse) else inverse) / scale
    positive = _ceiling_sign(ceiling, shape)
    size = have(lt(0, _A * _B), assume(lt(0, _A)), assume(lt(0, _B)))
    size = discharge(where(size, {_A: ceiling.b, _B: scale}), positive,
                     have(lt(0, scale), SMOOTH))  # fmt: skip
    short = scalar_claim(eq(1 / (ceiling.b * scale), rate), positive, SMOOTH,
                   *root_values(ceiling.b))  # fmt: skip
    below, equal = _inverse_rates()
    names = {_A: coefficient(p), _B: critical(p), _V: ceiling.b * scale, _R: rate}
    theorem = discharge(where(below, names), size, short, product)
    theorem = intro(theorem, p, low.conclusion, high.conclusion)
    if ceiling.attained is None:
        return FixedRate(shape, rate, theorem)
    at, early, same = ceiling.attained
    top = _first_branch(at, early, same, ceiling.b)
    names = {_A: coefficient(at), _B: critical(at), _V: ceiling.b * scale, _R: rate}
    return FixedRate(shape, rate, theorem, discharge(where(equal, names), size, short, top))


def _ceiling_sign(ceiling: Ceiling, shape: Shape) -> Theorem:
    """0 < b, as c(1/2) is positive."""
    half = num(Fraction(1, 2))
    inside = have(lt(0, half)), have(lt(half, 1))
    sign = apply(shape.positive, *inside, at=[half])
    below = given_by(where(ceiling.below, {p: half}), *inside)
    v, w, r = real("v"), real("w"), real("r")
    rule = have(lt(0, w), assume(lt(0, v)), assume(le(v, w * r)), assume(lt(0, r)))
    form = ceiling.form(half)
    return discharge(where(rule, {v: shape.coefficient(half), w: ceiling.b, r: form}), sign, below,
                     have(lt(0, form)))  # fmt: skip


def _first_branch(at: Term, early: Theorem, same: Theorem, b: Term) -> Theorem:
    """``c K = b L`` where ``c = b (1 - J)``, for a success rate that is at most 1/2."""
    less = have(le(L / (1 - at), (L + G**2) / at), early, SMOOTH)
    curvature = by_cases(
        instance("minimum.cases", x=(L + G**2) / at, y=L / (1 - at)),
        *([lambda case: have(eq(critical(at), L / (1 - at)), case, less, unfold=(SUCCESS,))] * 2),
    )
    return have(eq(same.conclusion.args[0] * critical(at), b * L), curvature, same, early)


def _below_branch(value: Term, ceiling: Ceiling, sign: Theorem) -> Theorem:
    """``c K <= b L`` from ``c <= b (1 - J)``, or ``c K <= b kappa`` from ``c <= b``."""
    low, high = open_unit(p)
    v, w = real("v"), real("w")
    names = {v: value, w: ceiling.b}
    curve = curvature_positive(p, conjunction(low, high), SMOOTH)
    if ceiling.flat:
        known = [assume(le(v, w * 1)), assume(lt(0, v))]
        limit = have(le(critical(p), KAPPA), *_log_odds_bound(low, high))
        made = have(le(v * critical(p), w * KAPPA), *known, limit, curve)
        return discharge(where(made, names), ceiling.below, sign, low, high, SMOOTH)
    branch = L / (1 - p)
    smaller = by_cases(
        instance("minimum.cases", x=(L + G**2) / p, y=branch),
        *([lambda case: have(le(critical(p), branch), case, unfold=(SUCCESS,))] * 2),
    )
    first = have(le(v * critical(p), v * branch), smaller, assume(lt(0, v)))
    second = have(le(v * branch, w * L), assume(le(v, w * (1 - p))), SMOOTH, high)
    made = have(le(v * critical(p), w * L), first, second)
    return discharge(where(made, names), ceiling.below, sign, low, high, SMOOTH)


def _log_odds_bound(low: Theorem, high: Theorem) -> list[Theorem]:
    """K(J) <= kappa, as for log-odds ascent."""
    made = fixed_rate(lambda J: num(1))
    return [apply(made.theorem, low, high, at=[p]), have(lt(0, KAPPA), SMOOTH)]





def started_inside() -> Theorem:
    """0 < J_0, for a run."""
    running = assume(run.run)
    opened = fold(running, unfold(run.run, frozenset({"run"})))
    made = where(prove("setting.success-rate"), run.at(num(0)).substitution())
    made = discharge(made, apply(part(opened, 0), at=[0]))
    return have(lt(0, Jk(0)), apply(made, at=[0]))
