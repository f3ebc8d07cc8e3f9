"""Points where relations hold: near and far, found at once where a claim misses by little."""

from __future__ import annotations

import time

import pytest

from derivations.search.claims import parse_claim
from derivations.search.points import find_real_point, satisfied

NEAR_MISSES = [
    ("(1 + x)*log(1 + 1/x) <= 1.000001", ("x > 0",)),
    ("(4*pi*b + 3*pi*(a + b)**2/w)/(b - a) <= 12.5664", ("0 < a", "a < b", "w > 0")),
    ("exp(x) < 1 + 1.000001*x", ()),
    ("sqrt(x + 1) - sqrt(x) < 1/(1.999999*sqrt(x + 1))", ("x >= 0",)),
    ("x**2 + y**2 < 2.000001*x*y", ()),
    ("sin(x) > 0.999999*x", ("x > 0",)),
    ("x*exp(-x) > 0.367879", ()),
    ("log(x)/x > 0.36787", ("x > 0",)),
    ("x*log(x) > -1e-7", ("0 < x < 0.5",)),
    ("p*log(p/q) + (1 - p)*log((1 - p)/(1 - q)) < 2.000001*(p - q)**2",
     ("0 < p < 1", "0 < q < 1")),
]
ON_EDGES = [
    ("(1 - eta*mu)**2 > exp(-2*eta*mu)", ("0 < eta", "0 < mu", "eta*mu <= 1.28")),
    ("log(x + y*z) > 1.61677", ("x > 0", "y > 0", "z > 0", "x + y*z <= 5.0371")),
    ("exp(x*y) > 21.8183", ("x**2 + y**2 <= 6.1655", "x >= 0", "y >= 0")),
]
IMPOSSIBLE = [
    ("(1 - eta*mu)**2 > exp(-2*eta*mu)", ("0 < eta", "0 < mu", "eta*mu <= 1.27")),
    ("log(x + y*z) > 1.61684", ("x > 0", "y > 0", "z > 0", "x + y*z <= 5.0371")),
    ("(1 + x)*log(1 + 1/x) <= 1", ("x > 0",)),
    ("(4*pi*b + 3*pi*(a + b)**2/w)/(b - a) <= 12.566", ("0 < a", "a < b", "w > 0")),
    ("exp(x) < 1 + x", ()),
    ("sqrt(x + 1) - sqrt(x) < 1/(2*sqrt(x + 1))", ("x >= 0",)),
    ("x**2 + y**2 < 2*x*y", ()),
    ("sin(x) > x", ("x > 0",)),
    ("x*exp(-x) > 0.36788", ()),
    ("x*log(x) > 0", ("0 < x < 0.5",)),
    ("p*log(p/q) + (1 - p)*log((1 - p)/(1 - q)) < 2*(p - q)**2", ("0 < p < 1", "0 < q < 1")),
]


@pytest.mark.parametrize(("text", "given"), NEAR_MISSES)
def test_a_brief_look_finds_a_near_miss(text: str, given: tuple[str, ...]) -> None:
    relations = [r for g in (*given, text) for r in parse_claim(g)]
    start = time.monotonic()
    point = find_real_point(relations, start + 5, brief=True)
    assert point is not None
    assert satisfied(relations, point)
    assert time.monotonic() - start < 1


@pytest.mark.parametrize(("text", "given"), ON_EDGES)
def test_what_fails_close_to_an_edge_only_is_found_there(text: str, given: tuple[str, ...]) -> None:
    relations = [r for g in (*given, text) for r in parse_claim(g)]
    point = find_real_point(relations, time.monotonic() + 5)
    assert point is not None
    assert satisfied(relations, point)


@pytest.mark.parametrize(("text", "given"), IMPOSSIBLE)
def test_no_point_where_there_is_none(text: str, given: tuple[str, ...]) -> None:
    relations = [r for g in (*given, text) for r in parse_claim(g)]
    for brief in (True, False):
        assert find_real_point(relations, time.monotonic() + 0.5, brief=brief) is None
