"""Certificates: what goes out comes back, and what was tampered with does not."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import pytest

from derivations.kernel.certificate import FORMAT, lineage, replay, serialise
from derivations.kernel.terms import (
    Definition,
    KernelError,
    eq,
    exp,
    forall,
    function,
    lam,
    nat,
    num,
    real,
    total,
)
from derivations.kernel.theorem import Theorem, infer, step

x, y, n, m = real("x"), real("y"), nat("n"), nat("m")
f = function("f", "R")
square = Definition("square", lam(x, x * x))
ONCE = [(Fraction(1, 1), [(0, 1)], [])]


def example() -> dict[str, Theorem]:
    """Two theorems that use every kind of term and of argument."""
    given = infer("assume", formula=forall(x, f(x) > square(y)))
    at = infer("specialise", given, terms=[y / 2])
    halved = infer(
        "arithmetic", at, goal=f(y / 2) / 2 > y * y / 2,
        products=[(Fraction(1, 2), [(0, 1)], [])], names=["square"],
    )  # fmt: skip
    moved = infer("instantiate", halved, mapping=[(y, exp(x))])
    sums = infer("arithmetic", goal=eq(total(n, m, 2 * f(m)), 2 * total(n, m, f(m))))
    both = infer("conjoin", moved, sums)
    return {"both": both, "sums": sums}


def written(theorems: dict[str, Theorem]) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(json.dumps(serialise(theorems)))
    return data


GOOD = written(example())


def test_what_goes_out_comes_back() -> None:
    again, before = replay(GOOD), example()
    assert again.keys() == before.keys()
    for name, theorem in again.items():
        assert theorem.conclusion == before[name].conclusion
        assert theorem.hypotheses == before[name].hypotheses
    assert written(again) == GOOD
    assert repr(again["both"]) == repr(before["both"])


def test_every_step_is_there_once_and_after_its_premises() -> None:
    both = example()["both"]
    steps = list(lineage([both, both]))
    assert len(steps) == len(set(steps)) == 6 and steps[-1] is both
    for i, theorem in enumerate(steps):
        assert set(step(theorem).premises) <= set(steps[:i])


def test_a_remembering_kernel_may_be_used() -> None:
    asked: list[str] = []

    def counting(rule: str, *premises: Theorem, **arguments: Any) -> Theorem:
        asked.append(rule)
        return infer(rule, *premises, **arguments)

    assert replay(GOOD, counting).keys() == GOOD["theorems"].keys()
    assert asked == [row[0] for row in GOOD["steps"]]


def test_nobody_else_makes_theorems() -> None:
    class Fake:
        conclusion, hypotheses = example()["both"].conclusion, example()["both"].hypotheses

    with pytest.raises(KernelError, match="not a theorem"):
        replay(GOOD, lambda rule, *premises, **arguments: Fake())  # type: ignore[arg-type,return-value]


def leaves(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where something stands in a certificate."""
    items = data.items() if isinstance(data, dict) else enumerate(data)
    for key, value in items:
        if isinstance(value, (dict, list)):
            yield (*path, key)
            yield from leaves(value, (*path, key))
        else:
            yield (*path, key)


def put(data: Any, path: tuple[Any, ...], value: Any) -> Any:
    spoilt = copy.deepcopy(data)
    place = spoilt
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return spoilt


JUNK = [None, -1, 10**6, 2.5, "1/0", "nan", "x", "9" * 5000, [], {}, {"term": 0}, {"number": "1/0"},
        {"a": 1, "b": 2}, [[0]], True, float("inf")]  # fmt: skip


def renames(path: tuple[Any, ...], junk: Any) -> bool:
    """Whether a variable only gets another name, everywhere: that is another true theorem."""
    row = GOOD["terms"][path[1]] if path[0] == "terms" and len(path) == 3 else [None]
    return row[0] == "var" and path[2] == 1 and isinstance(junk, str) and junk.isidentifier()


@pytest.mark.parametrize("junk", JUNK, ids=lambda v: repr(v)[:12])
def test_junk_anywhere_is_refused_or_harmless(junk: Any) -> None:
    """Whatever is put wherever: a kernel error, or the same theorems, or fewer."""
    before = example()
    for path in leaves(GOOD):
        if renames(path, junk):
            continue
        try:
            after = replay(put(GOOD, path, junk))
        except KernelError:
            continue
        for name, theorem in after.items():
            assert theorem.conclusion == before[name].conclusion, (path, junk)
            assert theorem.hypotheses == before[name].hypotheses, (path, junk)


def test_a_step_comes_after_its_premises() -> None:
    spoilt = copy.deepcopy(GOOD)
    spoilt["steps"].reverse()
    with pytest.raises(KernelError, match="comes later"):
        replay(spoilt)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("format",), "gradgap-certificate-0"),
        (("theorems", "sums", "step"), 0),
        (("theorems", "sums", "step"), -1),
        (("theorems", "sums", "conclusion"), 0),
        (("theorems", "both", "hypotheses"), []),
        (("theorems", "sums", "hypotheses"), [0]),
        (("theorems",), []),
        (("steps", 1, 1), [1]),
        (("steps", 1, 1), [-1]),
        (("steps", 1, 1), []),
        (("steps", 0, 0), "axiom"),
        (("steps", 0, 0), ["assume"]),
        (("steps", 0, 2), {"formula": {"number": "1"}}),
        (("steps", 0, 2), {"formula": 0, "more": 1}),
        (("steps", 2, 2, "products"), [[{"number": "-1/2"}, [[0, 1]], []]]),
        (("steps", 2, 2, "products"), [[{"number": "1/3"}, [[0, 1]], []]]),
        (("steps", 2, 2, "names"), []),
        (("definitions", 0, 0), "exp"),
    ],
    ids=repr,
)
def test_tampering(path: tuple[Any, ...], value: Any) -> None:
    with pytest.raises(KernelError):
        replay(put(GOOD, path, value))


@pytest.mark.parametrize("data", [None, 3, "x", [], {}, {"format": FORMAT}, {"format": [FORMAT]}])
def test_what_is_no_certificate(data: Any) -> None:
    with pytest.raises(KernelError):
        replay(data)


def test_terms_in_a_circle() -> None:
    spoilt = copy.deepcopy(GOOD)
    place = next(i for i, row in enumerate(spoilt["terms"]) if row[0] == "app" and row[2])
    spoilt["terms"][place][2][0] = place
    with pytest.raises(KernelError, match="comes later"):
        replay(spoilt)


def test_deep_terms_go_out_and_come_back() -> None:
    deep = x
    for _ in range(400):
        deep = exp(deep)
    made = infer("assume", formula=deep > 0)
    assert replay(written({"deep": made}))["deep"].conclusion == made.conclusion


@pytest.mark.parametrize(
    "number", ["1e999999999", "1.5", " 1", "1_0", "½", "1/0", "--1", "", 1.5, 3]
)
def test_numbers_are_written_in_one_way(number: Any) -> None:
    place = next(i for i, row in enumerate(GOOD["terms"]) if row[0] == "num")
    with pytest.raises(KernelError):
        replay(put(GOOD, ("terms", place, 1), number))


def test_what_would_fill_the_memory() -> None:
    """Such a power would end the process: no exception could be caught."""
    tower, wide = num(2), x + y + real("a") + real("b") + real("c") + real("d")
    for _ in range(5):
        tower = tower**200
    product = (wide**20) * (wide**20 + 1)
    for goal in (tower >= 0, wide**200 >= 0, product >= 0, ((x**200) ** 200 * y) ** 200 >= 0):
        with pytest.raises(KernelError, match="too large|beyond|not hold|bits"):
            infer("arithmetic", goal=goal, products=[(1, [], [x])])


def test_what_cannot_be_written() -> None:
    # The kernel takes no such argument; the writer would refuse it, too.
    from derivations.kernel.certificate import _Writer

    for value in (0.5, None, {"a": 1}):
        with pytest.raises(KernelError, match="cannot be written"):
            _Writer().value(value)
    assert _Writer().value([num(1), (2, "x")]) == [{"term": 0}, [2, "x"]]


def test_an_axiom_that_is_none() -> None:
    positive = written({"p": infer("axiom", name="exp.positive")})
    with pytest.raises(KernelError):
        replay(put(positive, ("steps", 0, 2, "name"), "exp.zero"))
