"""Algorithms that draw groups: the derived coefficients against exact sums over groups."""

from __future__ import annotations

from fractions import Fraction as Q
from itertools import product
from math import comb
from typing import Any

import pytest

from derivations import binomial, products, square_roots
from derivations.calculus import differentiate
from derivations.kernel.terms import (
    Term,
    derivative,
    eq,
    function,
    lam,
    le,
    lt,
    nat,
    num,
    real,
    substitute,
)
from derivations.kernel.theorem import Theorem
from derivations.library import theorem
from derivations.policies import ALGORITHMS, Numbers, at, coefficient, softmax_bandit
from derivations.tactics import ProofError, assume, discharge, have, intro, where
from derivations.theory.algorithm import degree
from derivations.theory.algorithm.edges import EDGE
from derivations.theory.algorithm.groups import COEFFICIENT, J, N, V, gap, t
from derivations.theory.algorithm.table import (
    DAPO,
    DR_GRPO,
    GRPO_ROW,
    LOG_ODDS,
    PASS,
    POPULATION,
    RAFT,
    REINFORCE,
    RLOO,
    STEADIED,
    TABLE,
    Algorithm,
    Row,
    coefficient_of,
    polynomial_objective,
)
from tests.mutants.evaluation import Instance, mp, value

k, x, u = nat("k"), real("x"), real("u")

# The derived rules -----------------------------------------------------------------------------


@pytest.mark.parametrize("n", range(5))
@pytest.mark.parametrize("j", range(5))
def test_binomial_coefficients_and_powers(n: int, j: int) -> None:
    given = Instance({"n": n, "k": j, "x": Q(2, 3), "y": Q(-5, 7)})
    assert value(products.CHOOSE(nat("n"), k), given) == comb(n, j)
    assert value(products.POWER(x, k), given) == Q(2, 3) ** j
    if j <= n:
        assert value(products.COMPLEMENT(real("y"), nat("n"), k), given) == Q(-5, 7) ** (n - j)


@pytest.mark.parametrize("n", range(4))
def test_the_binomial_mean_is_the_mean_over_all_outcomes(n: int) -> None:
    p = Q(2, 7)
    mean = binomial.mean(nat("n"), real("p"), lambda k: function("F", "N")(k))
    found = value(mean, Instance({"n": n, "p": p, "F": lambda k: Q(1, 1 + int(k))}))
    outcomes = product((0, 1), repeat=n)
    assert found == sum(p ** sum(o) * (1 - p) ** (n - sum(o)) * Q(1, 1 + sum(o)) for o in outcomes)


def test_newton_and_the_primitive() -> None:
    given = Instance({"n": 3, "p": Q(2, 7), "F": lambda k: Q(int(k) ** 2 + 1)})
    for rule in (binomial.newton(), binomial.recursion()):
        assert value(rule.conclusion, given)
    primitive = binomial.PRIMITIVE(nat("n"), lam(k, function("F", "N")(k)), real("p"))
    mean = binomial.mean(nat("n"), real("p"), lambda k: function("F", "N")(k))
    slope = derivative(u, substitute(primitive, {real("p"): u}), real("p"), mean)
    assert value(slope, given)


def test_side_conditions_are_not_optional() -> None:
    # Weights have signs on [0, 1] only, and a power of a negative number has none.
    with pytest.raises(ProofError):
        discharge(where(binomial.weight_sign(False), p=Q(3, 2)), assume(le(k, nat("n"))))
    with pytest.raises(ProofError):
        discharge(where(products.power_sign(False), x=-1))
    with pytest.raises(ProofError):
        discharge(where(products.complement_last(), k=3, n=2))
    with pytest.raises(ProofError):
        discharge(where(products.choose_positive(), k=3, n=2))
    with pytest.raises(ProofError):
        discharge(where(square_roots.root_unique(), x=4, y=-2))
    with pytest.raises(ProofError):
        discharge(where(square_roots.over_root(), x=-1))
    with pytest.raises(ProofError):
        discharge(where(square_roots.root_tangent(), x=-1, y=1))


def test_monotone_needs_the_order_up_to_n_only() -> None:
    F, H = function("F", "N"), function("H", "N")
    rule = where(binomial.monotone(), {F: lam(k, k), H: lam(k, num(3)), nat("n"): num(3)})
    half = where(rule, p=Q(1, 2))
    each = intro(have(le(k, 3), assume(le(k, 3))), k, le(k, 3))
    range_ = have(le(0, num(Q(1, 2)))), have(le(num(Q(1, 2)), 1))
    made = discharge(half, each, *range_)
    assert made.conclusion.head == "<=" and not made.hypotheses
    beyond = where(binomial.monotone(), {F: lam(k, k), H: lam(k, num(3)), nat("n"): num(4)})
    with pytest.raises(ProofError):
        discharge(where(beyond, p=Q(1, 2)), each, *range_)


@pytest.mark.parametrize("n", range(4))
def test_differences_of_a_function_and_of_its_derivative(n: int) -> None:
    """On 1/(3 - x), for which all of them are positive, and x - x**3, for which they are not."""
    reals = (Q(-1), Q(-1, 3), Q(1, 2))
    for f, g in (
        (lambda z: 1 / (3 - z), lambda z: 1 / (3 - z) ** 2),
        (lambda z: z - z**3, lambda z: 1 - 3 * z**2),
    ):
        at_ = Instance({"n": n, "f": f, "g": g, "low": Q(-2), "high": Q(3), "x": Q(1, 3),
                        "F": lambda k: Q(2) ** int(k), "psi": lambda z: Q(1, 7) ** int(3 * z)},
                       reals)  # fmt: skip
        for rule in (binomial.difference_slope(), binomial.difference_sign(False),
                     binomial.difference_sign(True)):  # fmt: skip
            assert value(rule.conclusion, at_) or not all(value(h, at_) for h in rule.hypotheses)
        for rule in (binomial.difference_next(), binomial.difference_reflection()):
            assert value(rule.conclusion, at_) and not rule.hypotheses


def test_the_sign_of_a_difference_needs_that_of_the_derivative() -> None:
    """x**2 increases on (0, 5), not on (-1, 5)."""
    start = where(binomial.form_start(), {real("x"): num(1), real("y"): num(-1),
                                          function("F", "N"): lam(k, 2 * (x + k))})  # fmt: skip
    slope = binomial.difference_along(0, lam(u, 2 * u), x)
    first = have(eq(slope, 2 * x), start, unfold=("difference",))

    def rule(low: int) -> Theorem:
        return where(binomial.difference_sign(True), {
            function("f", "R"): lam(u, u**2), function("g", "R"): lam(u, 2 * u),
            real("low"): num(low), real("high"): num(5), nat("n"): num(0),
        })  # fmt: skip

    def smooth(low: int) -> Theorem:
        return intro(differentiate(u, u**2, x, value=2 * x), x, lt(low, x), lt(x, 5))

    inside = [assume(lt(0, x)), assume(lt(x + 0, 5))]
    sign = intro(have(lt(0, slope), first, *inside), x, *(i.conclusion for i in inside))
    made = discharge(rule(0), smooth(0), sign)
    assert made.conclusion.head == "forall" and not made.hypotheses
    with pytest.raises(ProofError):
        discharge(rule(0), smooth(0))
    with pytest.raises(ProofError):
        discharge(rule(0), sign)
    with pytest.raises(ProofError):
        discharge(rule(-1), smooth(-1), sign)


# The table -------------------------------------------------------------------------------------

NUMERIC = {
    "reinforce": REINFORCE, "rloo": RLOO, "dr-grpo": DR_GRPO, "grpo-population": POPULATION,
    "grpo": GRPO_ROW, "dapo": DAPO, "raft": RAFT, "log-odds": LOG_ODDS, "pass@2": PASS,
}  # fmt: skip
EXACT = Numbers(30)


def closed_form(row: Row, rate: Q, size: int) -> Any:
    """The coefficient of a row as the theory states it, for one group size."""
    fixed = row.algorithm.size.kind == "num"
    left = 0 if fixed else size - int(row.algorithm.size.args[1].head)
    return value(row.coefficient(x), Instance({"x": rate, "N": left, "M": 1}))


@pytest.mark.parametrize("size", [2, 3, 5, 8])
@pytest.mark.parametrize("name", sorted(NUMERIC))
def test_coefficients_agree_with_the_sum_over_groups(name: str, size: int) -> None:
    point = at(softmax_bandit((True, False, False, False)), (0, 0, 0, 0), EXACT)
    found = coefficient(ALGORITHMS[name], point, size)
    wanted = closed_form(NUMERIC[name], Q(1, 4), size)
    assert abs(mp.mpf(str(found)) - wanted) < mp.mpf("1e-25")


@pytest.mark.parametrize("row", TABLE, ids=[row.algorithm.name for row in TABLE])
@pytest.mark.parametrize("companions", [0, 1, 3])
def test_the_closed_form_is_the_derived_coefficient(row: Row, companions: int) -> None:
    values = {"N": companions, "M": 2, "b": Q(1, 3), "epsilon": Q(1, 7), "delta": Q(1)}
    given = Instance({"x": Q(2, 5), **values})
    if row in (GRPO_ROW, STEADIED, DAPO):
        # The derived one multiplies 1/std by 0 where all rewards agree: 0 to the kernel.
        size = companions + 2
        shares = [comb(size, j) * Q(2, 5) ** j * Q(3, 5) ** (size - j) for j in range(size + 1)]
        ddof, eps = (1, Q(1, 7)) if row is STEADIED else (0, Q(0))
        found = sum(
            mp.mpf(s.numerator) / s.denominator * (j * (size - j)) / size**2
            / (mp.sqrt(mp.mpf(j * (size - j)) / (size * (size - ddof))) + mp.mpf(eps.numerator) / 7)
            for j, s in enumerate(shares) if 0 < j < size
        )  # fmt: skip
        if row is DAPO:
            kept = 1 - shares[0] - shares[-1]
            found = found * kept.denominator / kept.numerator
        assert abs(found - value(row.coefficient(x), given)) < mp.mpf("1e-40")
        return
    assert value(eq(row.algorithm.derived(x), row.coefficient(x)), given)


def test_every_row_is_in_the_theorem() -> None:
    rest = theorem("algorithm.coefficient").conclusion
    for row in TABLE[:-1]:
        first, rest = rest.args
        assert first == row.claim
    assert rest == TABLE[-1].claim


def test_a_wrong_closed_form_is_not_proved() -> None:
    wrong = Row(REINFORCE.algorithm, lambda x: x * x, REINFORCE.closing, REINFORCE.objective)
    with pytest.raises(ProofError):
        wrong.closing(wrong)


# An algorithm that is not in the table ---------------------------------------------------------


def _scaled(k: Term) -> Term:
    """The variance of the rewards plus 1/G."""
    return k * (N + 2 - k) / (N + 2) ** 2 + 1 / (N + 2)


NEW = Algorithm(
    "variance-scaled", N + 2,
    lambda k, J: (1 - k / (N + 2)) / _scaled(k),
    lambda k, J: -(k / (N + 2)) / _scaled(k),
)  # fmt: skip


def test_a_new_algorithm_has_a_coefficient_and_an_objective_without_further_proofs() -> None:
    update = coefficient_of(NEW)
    assert update.conclusion == eq(V(N + 2, 0, 0, 0), NEW.derived(J(t)) * gap(t))
    f, slope = polynomial_objective(NEW)
    assert slope.conclusion == derivative(u, f(u), x, NEW.derived(x) / (x * (1 - x)))
    assert slope.hypotheses == {lt(0, x), lt(x, 1)}
    # For pairs: two mixed groups of four, advantages 1/2 / (1/4 + 1/2), so c = 2/3 J (1-J).
    assert value(NEW.derived(x), Instance({"N": 0, "x": Q(1, 3)})) == Q(2, 3) * Q(2, 9)


def test_a_new_algorithm_has_limits_at_both_edges() -> None:
    up, down = NEW.advantages(x)
    values = {N: N + 1, function("a", "R"): up, function("b", "R"): down}
    made = where(theorem("algorithm.edge").theorem, values)
    assert not made.hypotheses
    near_one, near_zero = made.conclusion.args
    assert near_one.head == near_zero.head == EDGE
    ratio = near_one.args[0]
    c = COEFFICIENT(N + 1, x, up, down)
    assert ratio == lam(x, c / (1 - x))
    # Groups of three: a(3) - b(2) = 2/3 / (2/9 + 1/3), the limit of c/(1 - J).
    given = Instance({"N": 1, "x": 1 - Q(1, 10**9)})
    assert value(near_one.args[2], given) == Q(6, 5)
    assert abs(value(c / (1 - x), given) - Q(6, 5)) < Q(1, 10**8)


def test_objectives_that_are_no_polynomials_are_refused() -> None:
    for algorithm in (POPULATION.algorithm, RAFT.algorithm, DAPO.algorithm):
        with pytest.raises(ValueError, match="no polynomial objective"):
            polynomial_objective(algorithm)


# GRPO with finite groups -----------------------------------------------------------------------


def grpo(size: int, rate: Q) -> Any:
    """c_G(J), summed outright."""
    terms = (
        comb(size, j) * rate**j * (1 - rate) ** (size - j) * Q(1, size) for j in range(size + 1)
    )
    return mp.fsum(
        mp.mpf(w.numerator) / w.denominator * mp.sqrt(j * (size - j)) for j, w in enumerate(terms)
    )


@pytest.mark.parametrize("size", [1, 2, 3, 4, 9])
def test_the_bernstein_polynomial(size: int) -> None:
    for rate in (Q(1, 100), Q(1, 3), Q(1, 2), Q(9, 10)):
        found = value(GRPO_ROW.coefficient(x), Instance({"x": rate, "N": size - 2}))
        assert abs(found - grpo(size, rate)) < mp.mpf("1e-60")


@pytest.mark.parametrize("id", ["algorithm.grpo-bernstein", "algorithm.grpo-bounds"])
@pytest.mark.parametrize("companions", [0, 1, 4])
def test_the_statements_hold_where_they_are_tried(id: str, companions: int) -> None:
    statement = theorem(id)
    given = Instance({"N": companions, "x": Q(2, 7)}, (Q(1, 4), Q(1, 2), Q(2, 3)), naturals=12)
    assert all(value(h, given) for h in statement.hypotheses)
    assert value(statement.conclusion, given)


@pytest.mark.parametrize("size", range(2, 9))
def test_the_degree_of_the_polynomial(size: int) -> None:
    """G - 1 for even G, G - 2 for odd G: the coefficients beyond vanish, that one does not."""
    expected = size - 1 if size % 2 == 0 else size - 2
    at_ = Instance({"N": size - 2, "x": Q(2, 7)})
    powers = [value(degree.POWERS(N, num(k)), at_) for k in range(size - 1)]
    assert all(abs(a) < mp.mpf("1e-60") for a in powers[expected:])
    assert powers[expected - 1] > mp.mpf("1e-6")
    # The polynomial is c_G divided by x (1 - x), integrated: compare the slope at 2/7.
    slope = mp.fsum(a * (k + 1) * mp.mpf(2) ** k / mp.mpf(7) ** k for k, a in enumerate(powers))
    assert abs(slope * 10 / 49 - grpo(size, Q(2, 7))) < mp.mpf("1e-60")


@pytest.mark.parametrize("order", [0, 1, 2])
def test_even_differences_where_they_are_tried(order: int) -> None:
    statement = theorem("algorithm.even-differences")
    for place in (Q(-29, 10), Q(-2), Q(-3, 2)):
        at_ = Instance({"c": Q(3), "x": place, "m": order})
        if all(value(h, at_) for h in statement.hypotheses):
            assert value(statement.conclusion, at_)
    assert all(value(h, Instance({"c": Q(3), "x": Q(-2), "m": 2})) for h in statement.hypotheses)
