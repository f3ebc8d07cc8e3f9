"""Powers of what may be zero: the claim holds, or fails, at zero as well."""

from __future__ import annotations

import pytest

from derivations.elementary import ordered_powers
from derivations.kernel.certificate import replay
from derivations.kernel.terms import Term, app, eq, le, lt, num, real
from derivations.search.claims import ClaimError, parse_claim
from derivations.search.inverses import by_powers
from derivations.search.prove import prove, refute
from derivations.search.roots import Root, roots_of, with_root
from derivations.tactics import assume

X, R = real("x"), real("r")
TWO = ("x >= 0", "y >= 0")
THREE = ("a >= 0", "b >= 0", "c >= 0")

PAIRS = [
    ("(x + y)**(1/3) <= x**(1/3) + y**(1/3)", "(x + y)**(1/3) < x**(1/3) + y**(1/3)", TWO),
    ("x**(2/3) + y**(2/3) >= (x + y)**(2/3)", "x**(2/3) + y**(2/3) > (x + y)**(2/3)", TWO),
    ("x**(1/3)*y**(2/3) <= x/3 + 2*y/3", "x**(1/3)*y**(2/3) <= x/3 + 0.666*y", TWO),
    ("x**0.3 <= 0.7 + 0.3*x", "x**0.3 < 0.7 + 0.3*x", ("x >= 0",)),
    ("x**(1/3) >= x", "x**(1/3) > x", ("0 <= x <= 1",)),
    ("(x - y)**(1/3) >= x**(1/3) - y**(1/3)", "(x - y)**(1/3) > x**(1/3) - y**(1/3)",
     ("0 <= y <= x",)),
    ("(a*b*c)**(1/3) <= (a + b + c)/3", "(a*b*c)**(1/3) <= 0.333333*(a + b + c)", THREE),
    ("(1 + a)*(1 + b)*(1 + c) >= (1 + (a*b*c)**(1/3))**3",
     "(1 + a)*(1 + b)*(1 + c) > (1 + (a*b*c)**(1/3))**3", THREE),
    ("(x**2*y)**(1/3) <= (2*x + y)/3", "(x**2*y)**(1/3) <= (2*x + 0.999*y)/3", TWO),
    ("2*x**(1/3) <= exp(x)", "2.02*x**(1/3) <= exp(x)", ("x >= 0",)),
    ("y**(1/3) <= 2", "y**(1/3) < 2", ("x**(1/3) <= 1", "y**(1/3) <= 2*x**(1/3)", *TWO)),
    ("x**(1/3)*sqrt(x) >= 0", "x**(1/3)*sqrt(x) > 0", ("x >= 0",)),
]  # fmt: skip


@pytest.mark.parametrize(("true", "false", "given"), PAIRS)
def test_true_ones_are_proved_and_false_ones_refuted(
    true: str, false: str, given: tuple[str, ...]
) -> None:
    answer = prove(true, given)
    assert answer.verdict == "proved" and answer.claim == true
    assert "root = " in answer.reason
    assert answer.certificate is not None
    assert answer.theorem is not None
    again = replay(answer.certificate)["claim"]
    assert again.conclusion == answer.theorem.conclusion
    assert again.hypotheses == answer.theorem.hypotheses
    found = prove(false, given).counterexample
    assert found is not None
    assert set(found) == set("abc") & set(false) | set("xy") & set("".join((false, *given)))


def test_what_the_theorem_says_of_the_root() -> None:
    answer = prove("x**(1/3) <= (2 + x)/3", ["x >= 0"])
    assert answer.reason == "checked by the kernel, with root = x**(1/3)"
    assert answer.theorem is not None
    assert answer.theorem.conclusion == le(real("root"), (2 + X) / 3)
    defining = set(Root(real("root"), X, 3).relations)
    assert answer.theorem.hypotheses <= {*defining, *parse_claim("x >= 0")}


@pytest.mark.parametrize(("claim", "given"), [
    ("x**(1/3) >= 0", ["x >= -1e-9"]),
    ("x**(-1/3) >= 0", ["x >= 0"]),
    ("1/x**(1/3) >= 0", ["x >= 0"]),
    ("x**(1/3) + log(x) <= x", ["x >= 0"]),
    # Written with a logarithm, it is no power, and has no value at 0.
    ("exp(log(x)/3) >= 0", ["x >= 0"]),
    ("x**y >= 0", ["x >= 0", "y > 0"]),
    # The hypothesis that bounds the base rests on the power itself.
    ("x**(1/3) >= 0", ["x >= x**(1/3)"]),
])  # fmt: skip
def test_where_there_is_no_root(claim: str, given: list[str]) -> None:
    for ask in (prove, refute):
        with pytest.raises(ClaimError, match="of x, which may be (zero or )?negative.*'x >=? 0'"):
            ask(claim, given)


def test_names_are_not_taken() -> None:
    answer = prove("root**(1/3) + x**(1/3) <= 2", ["0 <= root <= 1", "0 <= x <= 1"])
    assert answer.reason.endswith("with root_ = root**(1/3), with root__ = x**(1/3)")
    answer = prove("(x + root)**(1/3) < 1", ["0 <= root <= 1", "0 <= x <= 1"])
    assert answer.verdict == "refuted"
    assert set(answer.counterexample or {}) == {"root", "x"}


def test_roots_of_formulas() -> None:
    formulas = parse_claim("x**(2/3) + x**(1/2) <= x**(3/5)*exp(1/3*log(y))")
    (root,) = roots_of(X, formulas)
    assert root.degree == 15
    assert str(with_root(root, formulas)[0]) == "root**10 + sqrt(x) <= root**9*exp(1/3*log(y))"
    assert list(roots_of(real("z"), formulas)) == []


@pytest.mark.parametrize("n", [2, 3, 10])
@pytest.mark.parametrize("head", ["<=", "<"])
def test_powers_of_both_sides(n: int, head: str) -> None:
    def known(goal: Term, facts: object, until: float) -> object:
        return assume(goal)

    y = real("y")
    facts = [assume(eq(R**n, X)), assume(le(0, R))]
    for goal, compared in (
        (app(head, R, y), app(head, X, y**n)),
        (app(head, y, R), app(head, y**n, X)),
    ):
        found = by_powers(goal, facts, 1e12, known)  # type: ignore[arg-type]
        assert found is not None and found.conclusion == goal
        assert found.hypotheses == {eq(R**n, X), compared, le(0, goal.args[1])}


def test_powers_of_both_sides_need_a_power() -> None:
    def never(goal: Term, facts: object, until: float) -> None:
        raise AssertionError("nothing is to be proved")

    for facts in ([], [assume(eq(R, X))], [assume(eq(R**2, R + 1))], [assume(eq(X**2, R))],
                  [assume(eq(R ** num(-1), X))], [assume(le(R**2, X))]):  # fmt: skip
        assert by_powers(le(R, 3), facts, 1e12, never) is None  # type: ignore[arg-type]
    square = [assume(eq(R**2, X))]
    for goal in (eq(R, 3), le(R**2, 3), le(R, R**2), lt(X, 3)):
        assert by_powers(goal, square, 1e12, never) is None  # type: ignore[arg-type]


def test_ordered_powers_need_their_hypotheses() -> None:
    for n in (1, 2, 3, 6):
        for head in ("<=", "<"):
            rule = ordered_powers(n, head)
            x, y = real("x"), real("y")
            assert rule.hypotheses == {le(0, y), app(head, x**n, y**n)}
            assert rule.conclusion == app(head, x, y)
    assert prove("x <= y", ["x**2 <= y**2"]).verdict == "refuted"
