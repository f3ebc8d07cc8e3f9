"""Cases of a ranking, weights, and certificates that these and sparse problems need."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from derivations.kernel.terms import Term
from derivations.kernel.theorem import Theorem
from derivations.search.arithmetic import prove_relation
from derivations.search.cases import by_ranking, by_weight
from derivations.search.claims import parse_claim
from derivations.tactics import assume

_THREE = ("a >= 0", "b >= 0", "c >= 0")
_ROBINSON = (
    "x**6 + y**6 + z**6 + {}*x**2*y**2*z**2"
    " >= x**4*(y**2 + z**2) + y**4*(z**2 + x**2) + z**4*(x**2 + y**2)"
)
Method = Callable[[Term, Sequence[Theorem], float], Theorem | None]


def attempt(method: Method, text: str, hypotheses: Sequence[str], seconds: float) -> Theorem | None:
    (goal,) = parse_claim(text)
    facts = [assume(h) for g in hypotheses for h in parse_claim(g)]
    found = method(goal, facts, time.monotonic() + seconds)
    if found is not None:
        assert found.conclusion == goal
        assert found.hypotheses <= {f.conclusion for f in facts}
    return found


@pytest.mark.parametrize(
    ("method", "true", "false", "hypotheses"),
    [
        (by_ranking, "a*(a-b)*(a-c) + b*(b-a)*(b-c) + c*(c-a)*(c-b) >= 0",
         "a*(a-b)*(a-c) + b*(b-a)*(b-c) + 0.999*c*(c-a)*(c-b) >= 0", _THREE),
        (by_ranking, "(b+c-a)*(c+a-b)*(a+b-c) <= a*b*c", "(b+c-a)*(c+a-b)*(a+b-c) < a*b*c", _THREE),
        (by_weight, _ROBINSON.format("3"), _ROBINSON.format("2.999999"), ()),
        (by_weight, "x**4*y**2 + x**2*y**4 + z**6 >= 3*x**2*y**2*z**2",
         "x**4*y**2 + x**2*y**4 + z**6 >= 3.000001*x**2*y**2*z**2", ()),
    ],
    ids=["Schur", "Padoa", "Robinson", "Motzkin"],
)  # fmt: skip
def test_true_and_not_what_is_a_little_stronger(
    method: Method, true: str, false: str, hypotheses: Sequence[str]
) -> None:
    assert attempt(method, true, hypotheses, 20) is not None
    assert attempt(method, false, hypotheses, 2) is None


def test_hypotheses_are_needed() -> None:
    schur = "a*(a-b)*(a-c) + b*(b-a)*(b-c) + c*(c-a)*(c-b) >= 0"
    assert attempt(by_ranking, schur, _THREE[:2], 2) is None


def _directly(goal: Term, facts: Sequence[Theorem], deadline: float) -> Theorem | None:
    return prove_relation(goal, facts, degree=2, deadline=deadline)


def test_the_face_of_am_gm_of_four() -> None:
    """On the face of the cone that it lies on the solver needs more regularisation."""
    given_ = (*_THREE, "d >= 0")
    right = "(a + b + c + d)**4"
    assert attempt(_directly, f"256*a*b*c*d <= {right}", given_, 20) is not None
    assert attempt(_directly, f"256.0001*a*b*c*d <= {right}", given_, 2) is None


def test_a_monomial_of_high_degree_in_many_variables() -> None:
    known = ("c > 0", "g > 0", "k > 0", "v >= 0", "N > 0", "0 < h", "h <= c*g/(k*(c**2*g + v/N))")
    assert attempt(_directly, "N*c**2*g + v > 0", known, 5) is not None
    assert attempt(_directly, "h*c*g >= k*h**2*(c**2*g + v/N)", known, 5) is not None
    assert attempt(_directly, "h*c*g >= 1.000001*k*h**2*(c**2*g + v/N)", known, 2) is None


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(-4, 4), min_size=4, max_size=4))
def test_random_symmetric_cubics(weights: list[int]) -> None:
    """A symmetric cubic is proved only if it is non-negative on a grid."""
    p, q, r, s = weights
    text = (f"{p}*(a**3 + b**3 + c**3) + {q}*(a**2*b + a*b**2 + b**2*c + b*c**2 + c**2*a + c*a**2)"
            f" + {r}*a*b*c + {s}*(a + b + c)**3 >= 0")  # fmt: skip
    found = attempt(by_ranking, text, _THREE, 1.5)
    grid = [(a, b, c) for a in range(5) for b in range(a + 1) for c in range(b + 1)]
    least = min(
        p * (a**3 + b**3 + c**3)
        + q * (a**2 * b + a * b**2 + b**2 * c + b * c**2 + c**2 * a + c * a**2)
        + r * a * b * c + s * (a + b + c) ** 3
        for a, b, c in grid
    )  # fmt: skip
    assert found is None or least >= 0
