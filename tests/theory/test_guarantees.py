"""What the coefficient of an algorithm guarantees, for algorithms that are not in the table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction as Q
from typing import Any

import pytest

from derivations.kernel.terms import (
    Term,
    beta,
    eq,
    implies,
    lam,
    le,
    log,
    lt,
    minimum,
    num,
    real,
    sqrt,
)
from derivations.tactics import ProofError, assume, have
from derivations.theory.algorithm import rates
from derivations.theory.algorithm.edges import EDGE
from derivations.theory.algorithm.groups import N
from derivations.theory.algorithm.guarantees import (
    FixedRate,
    edges_of,
    fixed_rate,
    iterations,
    iterations_at_most,
    primitive,
    row_of,
    shape_of,
)
from derivations.theory.algorithm.iterations import END, Jk, alpha, never_saturates
from derivations.theory.algorithm.table import (
    DAPO,
    DR_GRPO,
    GRPO_ROW,
    LOG_ODDS,
    POPULATION,
    RAFT,
    STEADIED,
    TABLE,
    Algorithm,
    Row,
)
from tests.mutants.evaluation import Instance, digits, mp, value

J, x, L, G = (real(name) for name in ("J", "x", "L", "G"))
Value = Callable[[Term], Term]


def scaled(size: int) -> Algorithm:
    """Rewards over their variance plus 1/G; it is in no table."""

    def scale(k: Term) -> Term:
        return k * (size - k) / size**2 + num(Q(1, size))

    return Algorithm(
        f"variance-scaled, {size}", num(size),
        lambda k, J: (1 - k / size) / scale(k), lambda k, J: -(k / size) / scale(k),
    )  # fmt: skip


def standardised(size: int) -> Algorithm:
    """GRPO."""
    return Algorithm(
        f"GRPO, {size}", num(size),
        lambda k, J: (1 - k / size) / (sqrt(k * (size - k)) / size),
        lambda k, J: -(k / size) / (sqrt(k * (size - k)) / size),
    )  # fmt: skip


MIXED = Algorithm(
    "mixed pairs", num(2), lambda k, J: num(1), lambda k, J: num(0), lambda k: k * (2 - k)
)


def pass_at_two(J: Term) -> Term:
    return 2 * (J * (1 - J) ** 2)


# The coefficient ---------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", [scaled(2), scaled(4), standardised(4), MIXED],
                         ids=lambda a: a.name)  # fmt: skip
def test_the_coefficient_is_written_out(algorithm: Algorithm) -> None:
    row = row_of(algorithm)
    closed = row.closing(row)
    assert closed.conclusion == eq(algorithm.derived(x), row.coefficient(x))
    assert closed.hypotheses <= {lt(0, x), lt(x, 1)}
    if row.ascent:
        slope = row.ascent(row)
        assert slope.conclusion.args[2] == row.slope


def test_the_coefficient_in_numbers() -> None:
    # For pairs: two mixed groups of four, advantages 1/2 / (1/4 + 1/2), so c = 2/3 J (1-J).
    at = Instance({"x": Q(1, 3)})
    assert value(row_of(scaled(2)).coefficient(x), at) == Q(2, 3) * Q(2, 9)
    four = 4 * (Q(1, 3) * Q(8, 27) + Q(1, 27) * Q(2, 3)) * mp.sqrt(3) / 4 + Q(4, 9) * Q(6, 9) / 2
    assert abs(value(row_of(standardised(4)).coefficient(x), at) - four) < mp.mpf("1e-40")


@pytest.mark.parametrize("power", [2, 3, 5])
def test_an_elementary_objective_is_found(power: int) -> None:
    row = row_of(Algorithm(f"pass@{power}", num(1), lambda k, J: power * (1 - J) ** (power - 1),
                           lambda k, J: num(0)))  # fmt: skip
    assert row.objective is not None
    f = row.objective
    low, high = (value(f(J), Instance({"J": place})) for place in (Q(0), Q(1, 3)))
    assert high - low == 1 - Q(2, 3) ** power
    assert row.ascending().conclusion.head == "forall"


@pytest.mark.parametrize("row", [POPULATION, RAFT, LOG_ODDS], ids=lambda row: row.algorithm.name)
def test_rows_of_single_responses_are_those_of_the_table(row: Row) -> None:
    found = row_of(row.algorithm)
    assert found.coefficient(x) == row.coefficient(x)
    assert (found.objective is None) == (row is POPULATION)


def test_a_symbolic_group_size_is_refused() -> None:
    with pytest.raises(ValueError, match="write the coefficient"):
        row_of(Algorithm("any size", N + 2, lambda k, J: num(1), lambda k, J: num(0)))


# The learning rate -------------------------------------------------------------------------------


def worst(safe: FixedRate) -> Any:
    """The largest rate c(J) K(J) on a grid, at G = L = 1, where K is largest at 2/3."""
    at = Instance({"L": Q(1), "G": Q(1)})
    product = safe.rate * safe.coefficient(J) * rates.critical(J)
    places = (Q(j, 60) for j in range(1, 60))
    return max(value(product, Instance({**at.values, "J": place})) for place in places)


def says_safe(safe: FixedRate) -> bool:
    """The theorem is the bound, under 0 < L alone."""
    p = real("p")
    body = safe.theorem.conclusion.args[0]
    claim = le(safe.rate * safe.coefficient(p) * rates.critical(p), 1)
    return safe.theorem.hypotheses <= {lt(0, L)} and beta(body, [p]) == implies(
        lt(0, p), lt(p, 1), claim
    )


@pytest.mark.parametrize("known", rates.COEFFICIENTS, ids=lambda a: a.name)
def test_the_rates_of_the_paper_come_out(known: rates.Coefficient) -> None:
    safe = fixed_rate(known.of)
    assert says_safe(safe)
    assert safe.attained is not None
    for place in ({"L": Q(1), "G": Q(2)}, {"L": Q(3, 7), "G": Q(1, 5)}):
        found, wanted = (value(r, Instance(place)) for r in (safe.rate, known.rate))
        assert abs(digits(found) - digits(wanted)) < mp.mpf("1e-40")


@pytest.mark.parametrize("algorithm", [scaled(2), scaled(4), MIXED], ids=lambda a: a.name)
def test_the_rate_of_a_new_algorithm_is_the_largest(algorithm: Algorithm) -> None:
    safe = fixed_rate(row_of(algorithm).coefficient)
    assert says_safe(safe)
    assert safe.attained is not None
    assert safe.attained.hypotheses <= {lt(0, L)}
    assert worst(safe) == 1


def test_a_coefficient_that_is_not_concave_may_have_a_largest_rate() -> None:
    safe = fixed_rate(pass_at_two)
    assert says_safe(safe)
    assert safe.attained is not None
    assert safe.attained.conclusion.args[0].args[0].args[1] == pass_at_two(num(Q(1, 2)))
    assert have(eq(safe.rate, 2 / L), assume(lt(0, L)))
    assert Q(9, 10) < worst(safe) <= 1


SIZES = [2, 3, 4, 8]
PLACE = {"L": Q(1), "G": Q(1), "b": Q(1, 3), "delta": Q(1), "epsilon": Q(1, 7)}


def sized(kind: str, size: int) -> Algorithm:
    """Algorithms with standardised rewards, or centred ones, written out for one group size."""
    if kind == "Dr. GRPO":
        return Algorithm(f"{kind}, {size}", num(size), lambda k, J: 1 - k / size,
                         lambda k, J: -(k / size))  # fmt: skip
    plain = standardised(size)
    if kind == "DAPO":
        return replace(plain, name=f"DAPO, {size}", kept=lambda k: minimum(1, k * (size - k)))
    if kind == "GRPO":
        return plain

    def scale(k: Term) -> Term:
        return sqrt(k * (size - k) / num(size * (size - 1))) + num(Q(1, 100))

    return Algorithm(
        f"{kind}, {size}", num(size), lambda k, J: (1 - k / size) / scale(k),
        lambda k, J: -(k / size) / scale(k),
    )  # fmt: skip


@pytest.mark.parametrize(
    "kind, size",
    [*((kind, size) for kind in ("Dr. GRPO", "GRPO") for size in SIZES),
     *(("epsilon", size) for size in SIZES[:3])],
)  # fmt: skip
def test_everything_follows_for_groups_of_one_size(kind: str, size: int) -> None:
    """Coefficient, rate, run, iterations and edges."""
    row = row_of(sized(kind, size))
    safe = fixed_rate(row)
    assert safe.theorem.hypotheses <= {lt(0, L)}
    assert safe.attained is not None
    assert abs(float(worst(safe)) - 1) < 1e-12
    made = iterations_at_most(safe)
    assert le(alpha, safe.rate) in made.hypotheses
    near = edges_of(row).success.conclusion
    beyond = value(beta(near.args[0], [1 - num(Q(1, 10**9))]), Instance({}))
    assert abs(float(beyond) - float(value(near.args[2], Instance({})))) < 1e-6


def test_groups_that_are_dropped_leave_a_safe_rate() -> None:
    safe = fixed_rate(row_of(sized("DAPO", 4)))
    assert safe.theorem.hypotheses <= {lt(0, L)} and safe.attained is None
    assert 0.5 < float(worst(safe)) <= 1


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.algorithm.name)
@pytest.mark.parametrize("companions", [1, 2, 6])
def test_every_row_of_the_table_has_a_safe_rate(row: Row, companions: int) -> None:
    """For groups of two or three, of four, and of eight; pass@k for these k."""
    safe = fixed_rate(row)
    places = [{**PLACE, "N": companions, "M": companions, "J": Q(j, 6)} for j in range(1, 6)]
    product = safe.rate * row.coefficient(J) * rates.critical(J)
    assert all(float(value(product, Instance(place))) <= 1 + 1e-12 for place in places)
    if row is not DAPO:
        assert safe.attained is not None
        assert value(safe.attained.conclusion, Instance(places[0]))


@pytest.mark.parametrize("row", [GRPO_ROW, STEADIED, DR_GRPO, DAPO],
                         ids=lambda row: row.algorithm.name)  # fmt: skip
@pytest.mark.parametrize("companions", [0, 2, 6])
def test_the_lower_bounds_for_iterations(row: Row, companions: int) -> None:
    floor = shape_of(row).floor
    assert floor is not None
    at = {**PLACE, "N": companions + (row is DR_GRPO)}
    for place in (Q(1, 100), Q(1, 2), Q(9, 10)):
        given = Instance({**at, "x": place})
        assert value(floor.below.conclusion, given)
    assert iterations_at_most(fixed_rate(row)).conclusion.head == "and"


@pytest.mark.parametrize("coefficient", [lambda J: 1 / J, lambda J: J - num(Q(1, 2)), lambda J: -J])
def test_no_rate_for_unbounded_or_negative_coefficients(coefficient: Value) -> None:
    with pytest.raises(ProofError):
        fixed_rate(coefficient)


def test_a_run_with_that_rate_never_saturates() -> None:
    safe = fixed_rate(row_of(scaled(2)).coefficient)
    made = safe.run()
    assert made.conclusion.args[1] == never_saturates()
    assert le(alpha, safe.rate) in made.hypotheses
    assert len(made.hypotheses) == 7  # a run, regular, 0 < L, 0 < alpha, the rate, the steps


# Iterations --------------------------------------------------------------------------------------


def steps_to(goal: Any, rate: Any, coefficient: Value, start: Any) -> int:
    """Log-odds t, alignment 1: steps of alpha c(J)."""
    place, count = mp.log(start / (1 - start)), 0
    while (J_ := 1 / (1 + mp.exp(-place))) < goal:
        place += rate * value(coefficient(J), Instance({"J": J_}))
        count += 1
    return count


@pytest.mark.parametrize(
    "coefficient",
    [row_of(scaled(2)).coefficient, pass_at_two, lambda J: (1 - J) * (1 + J),
     lambda J: sqrt(J * (1 - J))],
    ids=["pairs", "pass@2", "1 - J**2", "roots"],
)  # fmt: skip
def test_iterations_from_a_primitive(coefficient: Value) -> None:
    safe = fixed_rate(coefficient)
    made = iterations(safe)
    at = Instance({"L": Q(1, 4), "G": Q(1)})  # the constants of two responses with log-odds t
    rate, start, goal = value(safe.rate, at), mp.mpf(3) / 5, mp.mpf("0.99")
    F = primitive(coefficient)
    low, high = (value(F(J), Instance({"J": place})) for place in (start, goal))
    count = steps_to(goal, rate, coefficient, start)
    assert count <= 2 / rate * (high - low) + 1
    assert count > (high - low) / rate / 3
    assert {le(alpha, safe.rate), lt(Jk(0), END)} <= made.hypotheses


def test_a_wrong_primitive_is_refused() -> None:
    safe = fixed_rate(lambda J: num(1))
    with pytest.raises(ProofError):
        iterations(safe, lambda J: log(J / (1 - J)) + J)


def test_a_rising_coefficient_is_refused() -> None:
    # c(J) = J rises up to J = 1.
    with pytest.raises(ProofError):
        iterations(fixed_rate(lambda J: J))


def test_only_coefficients_that_rise_first_need_half_a_chance() -> None:
    half = le(num(Q(1, 2)), Jk(0))
    assert half in iterations(fixed_rate(lambda J: J * (1 - J))).hypotheses
    assert half not in iterations(fixed_rate(lambda J: 1 - J)).hypotheses


def test_without_a_primitive_there_is_a_bound() -> None:
    coefficient = row_of(scaled(4)).coefficient
    with pytest.raises(ValueError, match="no primitive"):
        primitive(coefficient)
    made = iterations_at_most(fixed_rate(coefficient))
    assert made.conclusion.head == "and"
    assert le(alpha, fixed_rate(coefficient).rate) in made.hypotheses


# The edges ---------------------------------------------------------------------------------------


def test_the_edges_of_the_rows() -> None:
    found = edges_of(DAPO)
    level = sqrt(N + 1) / (N + 2)
    for limit, at in ((found.success, 1), (found.failure, 0)):
        assert limit.conclusion == EDGE(lam(x, DAPO.coefficient(x)), at, level)
        assert not limit.hypotheses
    assert edges_of(GRPO_ROW).success.conclusion.args[2] == sqrt(N + 1)
    raft = edges_of(RAFT)
    assert raft.success.conclusion == EDGE(lam(x, (1 - x) / (1 - x)), 1, 1)
    assert raft.failure.conclusion == EDGE(lam(x, 1 - x), 0, 1)


def test_edges_that_do_not_follow_are_refused() -> None:
    with pytest.raises(ValueError, match="depend on the success rate"):
        edges_of(POPULATION)
    middle = Algorithm("halves", num(4), lambda k, J: num(1), lambda k, J: num(0),
                       lambda k: 1 - minimum(1, (k - 2) ** 2))  # fmt: skip
    with pytest.raises(ValueError, match="neither kept"):
        edges_of(middle)


def test_no_bound_without_one_on_the_coefficient() -> None:
    with pytest.raises(ProofError, match="no lower bound"):
        iterations_at_most(fixed_rate(lambda J: J * (1 - J) ** 3))
