"""Exact points that satisfy polynomial constraints: counterexamples to false claims.

Rational sampling comes first; then z3, in a subprocess that is killed when its time is up.  The
search is untrusted, so every point is checked in exact arithmetic before it is returned.

Run as ``python -m derivations.search.refute`` this module is the z3 worker (JSON on stdin).
"""

from __future__ import annotations

import importlib
import itertools
import json
import math
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from derivations.search.polynomial import (
    Constraint,
    Kind,
    Poly,
    count_variables,
    evaluate,
    holds,
)

__all__ = [
    "Algebraic",
    "Search",
    "SolverAnswer",
    "Value",
    "evaluate",
    "find_counterexample",
    "find_point",
    "negations",
    "satisfies",
]

_Interval = tuple[Fraction, Fraction]


@dataclass(frozen=True)
class Algebraic:
    """The one real root of ``poly`` (integers, low to high) strictly between the bounds."""

    poly: tuple[int, ...]
    lower: Fraction
    upper: Fraction


Value = Fraction | Algebraic


@dataclass(frozen=True)
class Search:
    """A verified ``point`` or None; whether z3 answered unsat; and the methods tried."""

    point: tuple[Value, ...] | None
    says_unsat: bool
    tried: tuple[str, ...]


@dataclass(frozen=True)
class SolverAnswer:
    """What z3 said: a candidate point (not yet verified), or unsat, or neither (unknown)."""

    point: tuple[Value, ...] | None
    says_unsat: bool = False


# --------------------------------------------------------------------------------------------
# Exact checks


def satisfies(constraints: Sequence[Constraint], point: Sequence[Value]) -> bool:
    """Whether the point satisfies every constraint, in exact arithmetic.

    >>> root2 = Algebraic((-2, 0, 1), Fraction(1), Fraction(2))
    >>> satisfies([Constraint({(2,): Fraction(1), (0,): Fraction(-2)}, "=")], [root2])
    True
    """
    roots = [value for value in point if isinstance(value, Algebraic)]
    if not all(_isolates(root) for root in roots):
        return False
    return all(holds(_sign(c.poly, point), c.kind) for c in constraints)


def _isolates(root: Algebraic) -> bool:
    """Whether exactly one root lies strictly between the bounds, and none on them (Sturm)."""
    if root.lower >= root.upper or len(root.poly) < 2 or not root.poly[-1]:
        return False
    chain = [[Fraction(c) for c in root.poly], [i * Fraction(c) for i, c in enumerate(root.poly)]]
    chain[1] = chain[1][1:]
    while any(chain[-1]):
        chain.append([-c for c in _remainder(chain[-2], chain[-1])])
    low = [_horner(poly, root.lower) for poly in chain[:-1]]
    high = [_horner(poly, root.upper) for poly in chain[:-1]]
    # A change of sign as well: a root of even multiplicity could not be bisected.
    return low[0] * high[0] < 0 and _changes(low) - _changes(high) == 1


def _remainder(dividend: list[Fraction], divisor: list[Fraction]) -> list[Fraction]:
    rest = dividend[:]
    while len(rest) >= len(divisor):
        factor = rest[-1] / divisor[-1]
        for i in range(1, len(divisor) + 1):
            rest[-i] -= factor * divisor[-i]
        rest.pop()
    while rest and not rest[-1]:
        rest.pop()
    return rest


def _changes(values: Sequence[Fraction]) -> int:
    signs = [value > 0 for value in values if value]
    return sum(a != b for a, b in itertools.pairwise(signs))


def _horner(poly: Sequence[int | Fraction], at: Fraction) -> Fraction:
    total = Fraction(0)
    for coefficient in reversed(poly):
        total = total * at + coefficient
    return total


def _sign(poly: Poly, point: Sequence[Value]) -> Fraction:
    """A number with the sign of ``poly`` at the point (the value itself for rational points)."""
    fixed = _substitute(poly, point)
    roots = [value for value in point if isinstance(value, Algebraic)]
    if not any(any(monomial) for monomial in fixed):
        return sum(fixed.values(), Fraction(0))
    boxes: list[_Interval] = [(root.lower, root.upper) for root in roots]
    for _ in range(8):
        boxes = [_refine(root, box, 6) for root, box in zip(roots, boxes, strict=True)]
        low, high = _range(fixed, boxes)
        if low > 0 or high < 0:
            return low if low > 0 else high
    # Perhaps zero: any other root of the eliminant is at least this far away from zero.
    gap = _root_gap(fixed, roots)
    if gap is None:
        zero_possible, gap = False, Fraction(0)
    else:
        zero_possible = True
    while True:
        boxes = [_refine(root, box, 8) for root, box in zip(roots, boxes, strict=True)]
        low, high = _range(fixed, boxes)
        if low > 0 or high < 0:
            return low if low > 0 else high
        if zero_possible and -gap < low and high < gap:
            return Fraction(0)


def _substitute(poly: Poly, point: Sequence[Value]) -> Poly:
    """Insert the rational coordinates; what remains is a polynomial in the algebraic ones."""
    result: Poly = {}
    for monomial, coefficient in poly.items():
        term = coefficient
        rest: list[int] = []
        for value, exponent in zip(point, monomial, strict=True):
            if isinstance(value, Algebraic):
                rest.append(exponent)
            else:
                term *= value**exponent
        key = tuple(rest)
        result[key] = result.get(key, Fraction(0)) + term
    return {monomial: value for monomial, value in result.items() if value}


def _refine(root: Algebraic, box: _Interval, steps: int) -> _Interval:
    """Bisect an isolating interval; it becomes a single point if the root is met exactly."""
    low, high = box
    if low == high:
        return box
    below = _horner(root.poly, low) > 0
    for _ in range(steps):
        middle = (low + high) / 2
        value = _horner(root.poly, middle)
        if not value:
            return middle, middle
        if (value > 0) == below:
            low = middle
        else:
            high = middle
    return low, high


def _range(poly: Poly, boxes: Sequence[_Interval]) -> _Interval:
    """An interval that contains all values of the polynomial on the box."""
    low = high = Fraction(0)
    for monomial, coefficient in poly.items():
        ends = (coefficient, coefficient)
        for (a, b), exponent in zip(boxes, monomial, strict=True):
            powers = [a**exponent, b**exponent]
            if exponent and exponent % 2 == 0 and a < 0 < b:
                powers.append(Fraction(0))
            corners = [end * power for end in ends for power in (min(powers), max(powers))]
            ends = (min(corners), max(corners))
        low += ends[0]
        high += ends[1]
    return low, high


def _root_gap(poly: Poly, roots: Sequence[Algebraic]) -> Fraction | None:
    """A lower bound on the non-zero values |poly| can have at these roots; None if never zero.

    Eliminates the roots from t - poly by resultants: the value is a root of what remains.
    """
    flint = importlib.import_module("flint")
    names = ["t", *(f"x{i}" for i in range(len(roots)))]
    context = flint.fmpz_mpoly_ctx.get(names, flint.Ordering.lex)
    scale = 1
    for value in poly.values():
        scale *= value.denominator
    terms = {(0, *monomial): int(-value * scale) for monomial, value in poly.items()}
    terms[(1, *[0] * len(roots))] = scale
    eliminant = context.from_dict(terms)
    for number, root in enumerate(roots):
        powers = {
            (0, *(power if i == number else 0 for i in range(len(roots)))): coefficient
            for power, coefficient in enumerate(root.poly)
            if coefficient
        }
        if any(key[number + 1] for key in eliminant.to_dict()):
            eliminant = eliminant.resultant(context.from_dict(powers), names[number + 1])
    coefficients = {int(key[0]): abs(int(value)) for key, value in eliminant.to_dict().items()}
    lowest = min(coefficients)
    if lowest == 0:
        return None
    # Cauchy's bound for the reversed polynomial.
    least = coefficients[lowest]
    return Fraction(least, least + max(coefficients.values()))


# --------------------------------------------------------------------------------------------
# Rational sampling


@dataclass(frozen=True)
class _Task:
    constraints: tuple[Constraint, ...]
    nvars: int
    integer: tuple[bool, ...]
    seed: int
    deadline: float | None

    def expired(self) -> bool:
        """Whether the deadline has passed."""
        return self.deadline is not None and time.monotonic() >= self.deadline

    def accepts(self, point: Sequence[Fraction]) -> bool:
        """Whether a rational point satisfies everything, integrality included."""
        whole = all(
            value.denominator == 1 for value, flag in zip(point, self.integer, strict=True) if flag
        )
        return whole and all(holds(evaluate(c.poly, point), c.kind) for c in self.constraints)


_SMALL = (0, 1, -1, 2, -2, 3, -3, 4, 5, -5, 10, -10, 100, -100, 1000)
_FRACTIONS = tuple(
    Fraction(sign * n, d)
    for n, d in (
        (1, 2),
        (1, 3),
        (2, 3),
        (1, 4),
        (3, 4),
        (3, 2),
        (3, 5),
        (4, 5),
        (1, 10),
        (9, 10),
        (1, 100),
    )
    for sign in (1, -1)
)


def _values(task: _Task) -> list[list[Fraction]]:
    """For each variable candidate values, simple ones first, within its explicit bounds."""
    lists = []
    for variable in range(task.nvars):
        low, high = _bounds(task, variable)
        values = [Fraction(n) for n in _SMALL]
        if not task.integer[variable]:
            values += _FRACTIONS
        special: list[Fraction] = []
        for end, sign in ((low, 1), (high, -1)):
            if end is not None:
                steps = (0, Fraction(1, 100), Fraction(1, 10), Fraction(1, 2), 1, 2, 10, 1000)
                special += [end + sign * step for step in steps]
        if low is not None and high is not None:
            special += [low + (high - low) * Fraction(n, 10) for n in range(1, 10)]
        if task.integer[variable]:
            special = [Fraction(round(value)) for value in special]
        inside = [
            value
            for value in dict.fromkeys(values + special)
            if (low is None or value >= low) and (high is None or value <= high)
        ]
        lists.append(inside or [Fraction(0)])
    return lists


def _bounds(task: _Task, variable: int) -> tuple[Fraction | None, Fraction | None]:
    """Explicit bounds on one variable, from constraints that are linear in it alone."""
    low: Fraction | None = None
    high: Fraction | None = None
    zero = (0,) * task.nvars
    unit = tuple(int(i == variable) for i in range(task.nvars))
    for constraint in task.constraints:
        slope = constraint.poly.get(unit)
        if not slope or set(constraint.poly) - {zero, unit} or constraint.kind == "!=":
            continue
        end = -constraint.poly.get(zero, Fraction(0)) / slope
        if constraint.kind == "=" or slope > 0:
            low = end if low is None else max(low, end)
        if constraint.kind == "=" or slope < 0:
            high = end if high is None else min(high, end)
    return low, high


def _sample(task: _Task) -> tuple[Fraction, ...] | None:
    """Simple rational points: a grid if it is small, else random; filtered in floats first."""
    numpy = importlib.import_module("numpy")
    source = numpy.random.default_rng(task.seed)
    lists = _values(task)
    total = 1
    for values in lists:
        total *= len(values)
    count = 4000
    for attempt in range(3):
        if task.expired():
            return None
        if attempt == 0:
            width = max(2, int(count ** (1 / max(1, task.nvars))))
            grid = itertools.product(*(range(min(width, len(values))) for values in lists))
            picks = numpy.array(list(itertools.islice(grid, 2 * count)), dtype=int)
        else:
            columns = [source.integers(0, len(values), count) for values in lists]
            picks = numpy.stack(columns, axis=1) if columns else numpy.zeros((1, 0), dtype=int)
        floats = (
            numpy.stack(
                [
                    numpy.array([float(v) for v in values])[picks[:, i]]
                    for i, values in enumerate(lists)
                ],
                axis=1,
            )
            if lists
            else numpy.zeros((1, 0))
        )
        good = _float_filter(task, floats)
        for row in picks[good][:60]:
            point = tuple(values[int(i)] for values, i in zip(lists, row, strict=True))
            if task.accepts(point):
                return point
        if total <= count:
            return None
    return None


def _float_filter(task: _Task, floats: Any) -> Any:
    """Row mask of the float points that satisfy all constraints up to rounding."""
    numpy = importlib.import_module("numpy")
    good = numpy.ones(len(floats), dtype=bool)
    with numpy.errstate(all="ignore"):
        for constraint in task.constraints:
            value = numpy.zeros(len(floats))
            size = numpy.full(len(floats), 1e-300)
            for monomial, coefficient in constraint.poly.items():
                term = numpy.full(len(floats), float(coefficient))
                for i, exponent in enumerate(monomial):
                    if exponent:
                        term = term * floats[:, i] ** exponent
                value += term
                size += abs(term)
            if constraint.kind in (">", ">="):
                good &= value >= -1e-12 * size
            elif constraint.kind == "=":
                good &= abs(value) <= 1e-12 * size
    return good


def _linear_in(poly: Poly) -> list[int]:
    """The variables in which the polynomial has degree one."""
    width = count_variables([poly])
    return [i for i in range(width) if max(monomial[i] for monomial in poly) == 1]


def _solve_for(poly: Poly, variable: int, point: list[Fraction]) -> Fraction | None:
    """The value of one variable that makes the polynomial zero, given the other coordinates."""
    slope = rest = Fraction(0)
    for monomial, coefficient in poly.items():
        term = coefficient
        for i, exponent in enumerate(monomial):
            if i != variable and exponent:
                term *= point[i] ** exponent
        if monomial[variable]:
            slope += term
        else:
            rest += term
    return -rest / slope if slope else None


def _boundary(task: _Task) -> tuple[Fraction, ...] | None:
    """Random points moved onto constraint boundaries, by solving linear variables exactly."""
    source = random.Random(task.seed)
    lists = _values(task)
    usable = [(c, _linear_in(c.poly)) for c in task.constraints if c.poly and c.kind != "!="]
    equations = [(c, v) for c, v in usable if c.kind == "="]
    borders = [(c, v) for c, v in usable if c.kind != "=" and v]
    if any(not variables for _, variables in equations) or not (equations or borders):
        return None
    for trial in range(600 if equations else 200):
        if task.expired():
            return None
        # Few distinct small values first: coincidences between them are what is often needed.
        width = 4 if trial % 2 else 40
        point = [source.choice(values[:width]) for values in lists]
        steps = list(equations)
        source.shuffle(steps)
        if borders and (not equations or trial % 3 == 0):
            steps.insert(0, source.choice(borders))
        solved: set[int] = set()
        for constraint, variables in steps:
            choice = [v for v in variables if v not in solved]
            if not choice:
                break
            variable = source.choice(choice)
            value = _solve_for(constraint.poly, variable, point)
            if value is None:
                break
            point[variable] = value
            solved.add(variable)
        if task.accepts(point):
            return tuple(point)
        if not equations and steps:
            variable = min(solved, default=0)
            middle = point[variable]
            for shift in (Fraction(1, 100), Fraction(-1, 100), Fraction(1), Fraction(-1)):
                point[variable] = middle + shift
                if task.accepts(point):
                    return tuple(point)
    return None


# --------------------------------------------------------------------------------------------
# z3 in a subprocess


def _encode(task: _Task, seconds: float) -> str:
    return json.dumps(
        {
            "nvars": task.nvars,
            "integer": list(task.integer),
            "milliseconds": max(1, int(seconds * 1000)),
            "seed": task.seed,
            "constraints": [
                {
                    "kind": constraint.kind,
                    "terms": [[str(value), list(m)] for m, value in constraint.poly.items()],
                }
                for constraint in task.constraints
            ],
        }
    )


def _ask_z3(task: _Task, seconds: float) -> SolverAnswer:
    """Run the worker with a hard time limit; any failure of the worker counts as unknown."""
    root = str(Path(__file__).resolve().parents[2])
    paths = [root, os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in paths if p)}
    try:
        # run() kills the child when the time is up.
        done = subprocess.run(
            [sys.executable, "-m", "derivations.search.refute"],
            input=_encode(task, max(0.05, seconds - 0.3)),
            capture_output=True,
            text=True,
            timeout=seconds,
            env=environment,
            check=False,
        )
        reply = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, OSError, ValueError):
        return SolverAnswer(None)
    if reply.get("status") != "sat":
        return SolverAnswer(None, reply.get("status") == "unsat")
    return SolverAnswer(tuple(_decode(value) for value in reply["point"]))


def _decode(value: Any) -> Value:
    if isinstance(value, str):
        return Fraction(value)
    return Algebraic(tuple(value["poly"]), Fraction(value["lower"]), Fraction(value["upper"]))


def _worker(text: str) -> str:
    """The z3 side: one JSON problem to one JSON answer."""
    z3: Any = importlib.import_module("z3")
    data = json.loads(text)
    variables = [
        z3.Int(f"x{i}") if flag else z3.Real(f"x{i}") for i, flag in enumerate(data["integer"])
    ]
    solver = z3.Solver()
    solver.set("timeout", data["milliseconds"])
    solver.set("random_seed", data["seed"] % 2**31)
    zero = z3.RealVal(0)
    for constraint in data["constraints"]:
        total = zero
        for value, monomial in constraint["terms"]:
            term = z3.RealVal(value)
            for variable, exponent in zip(variables, monomial, strict=True):
                real = z3.ToReal(variable) if z3.is_int(variable) else variable
                for _ in range(exponent):
                    term = term * real
            total = total + term
        kind = constraint["kind"]
        solver.add(
            total > 0
            if kind == ">"
            else total >= 0
            if kind == ">="
            else total == 0
            if kind == "="
            else total != 0
        )
    status = str(solver.check())
    if status != "sat":
        return json.dumps({"status": status})
    model = solver.model()
    point = [_describe(z3, model.eval(variable, model_completion=True)) for variable in variables]
    return json.dumps({"status": "sat", "point": point})


def _describe(z3: Any, value: Any) -> Any:
    if not z3.is_algebraic_value(value):
        return str(value.as_fraction() if z3.is_rational_value(value) else value.as_long())
    middle = Fraction(str(value.approx(30).as_fraction()))
    margin = Fraction(1, 10**25)
    coefficients = [int(str(c)) for c in value.poly()]
    return {"poly": coefficients, "lower": str(middle - margin), "upper": str(middle + margin)}


def _near_rational(task: _Task, point: Sequence[Value]) -> tuple[Fraction, ...] | None:
    """Try simple rational points near a point with algebraic coordinates."""
    for limit in (1, 2, 5, 10, 100, 1000, 10**6, 10**12):
        guess = tuple(
            value
            if isinstance(value, Fraction)
            else ((value.lower + value.upper) / 2).limit_denominator(limit)
            for value in point
        )
        if task.accepts(guess):
            return guess
    return None


def _by_z3(task: _Task, seconds: float) -> SolverAnswer:
    """z3's answer with the point verified (a rational neighbour if one will do), else None."""
    answer = _ask_z3(task, seconds)
    if answer.point is None:
        return answer
    rational = _near_rational(task, answer.point)
    if rational is not None:
        return SolverAnswer(rational)
    whole = all(
        isinstance(value, Fraction)
        for value, flag in zip(answer.point, task.integer, strict=True)
        if flag
    )
    point = tuple(
        value if isinstance(value, Fraction) else _simplify(value) for value in answer.point
    )
    size = math.prod(len(value.poly) - 1 for value in point if isinstance(value, Algebraic))
    # The exact zero test eliminates all the roots, so its cost grows with the product of degrees.
    if whole and size <= 100 and satisfies(task.constraints, point):
        return SolverAnswer(point)
    return SolverAnswer(None)


def _simplify(root: Algebraic) -> Algebraic:
    """The same root with decimal bounds that are as short as possible."""
    middle = (root.lower + root.upper) / 2
    for digits in (0, 1, 2, 3, 4, 6, 8, 12, 16, 20):
        scale = 10**digits
        low = Fraction(math.floor(middle * scale), scale)
        short = Algebraic(root.poly, low, low + Fraction(1, scale))
        if short.lower < root.lower and root.upper < short.upper and _isolates(short):
            return short
    return root


# --------------------------------------------------------------------------------------------
# The search


def find_point(
    constraints: Sequence[Constraint],
    nvars: int,
    integer: Sequence[bool] = (),
    *,
    seed: int = 0,
    deadline: float | None = None,
) -> Search:
    """Look for a point that satisfies all the constraints; its ``point`` is exactly verified.

    ``integer`` flags the variables that must be integers (empty: none); ``deadline`` is a
    time.monotonic() value (without one z3 has ten seconds).  ``says_unsat`` repeats z3's claim
    that there is no point, which is not verified.  ValueError if the lengths do not match.

    >>> find_point([Constraint({(2,): Fraction(-1), (0,): Fraction(4)}, "=")], 1).point
    (Fraction(2, 1),)
    """
    flags = tuple(integer) or (False,) * nvars
    if len(flags) != nvars or any(len(m) != nvars for c in constraints for m in c.poly):
        raise ValueError(f"constraints and integer flags must be about {nvars} variables")
    cleaned = tuple(
        Constraint({m: Fraction(v) for m, v in c.poly.items() if v}, c.kind) for c in constraints
    )
    task = _Task(cleaned, nvars, flags, seed, deadline)
    tried: list[str] = []
    methods: list[tuple[str, Callable[[_Task], tuple[Fraction, ...] | None]]] = [
        ("sample", _sample),
        ("boundary", _boundary),
    ]
    for name, method in methods:
        if task.expired():
            return Search(None, False, tuple(tried))
        tried.append(name)
        point = method(task)
        if point is not None:
            return Search(point, False, tuple(tried))
    seconds = 10.0 if deadline is None else deadline - time.monotonic()
    if seconds < 0.2:  # the worker would not even have started
        return Search(None, False, tuple(tried))
    answer = _by_z3(task, seconds)
    return Search(answer.point, answer.says_unsat, (*tried, "z3"))


def negations(goal: Constraint) -> tuple[Constraint, ...]:
    """The constraints of which one holds exactly where the goal fails.

    >>> [c.kind for c in negations(Constraint({(1,): Fraction(1)}, "="))]
    ['>', '>']
    """
    opposite: Poly = {monomial: -value for monomial, value in goal.poly.items()}
    if goal.kind == "=":
        return (Constraint(goal.poly, ">"), Constraint(opposite, ">"))
    turned: dict[Kind, tuple[Poly, Kind]] = {
        ">=": (opposite, ">"),
        ">": (opposite, ">="),
        "!=": (goal.poly, "="),
    }
    return (Constraint(*turned[goal.kind]),)


def find_counterexample(
    goal: Constraint,
    hypotheses: Sequence[Constraint],
    nvars: int,
    integer: Sequence[bool] = (),
    *,
    seed: int = 0,
    deadline: float | None = None,
) -> Search:
    """Look for a point where all hypotheses hold and the goal fails; see `find_point`.

    ``says_unsat`` is True only if z3 says so about every way for the goal to fail.
    """
    cases = negations(goal)
    tried: tuple[str, ...] = ()
    unsat = True
    for number, case in enumerate(cases):
        share = deadline
        if deadline is not None:
            now = time.monotonic()
            share = now + (deadline - now) / (len(cases) - number)
        found = find_point([*hypotheses, case], nvars, integer, seed=seed, deadline=share)
        tried += found.tried
        if found.point is not None:
            return Search(found.point, False, tried)
        unsat = unsat and found.says_unsat
    return Search(None, unsat, tried)


if __name__ == "__main__":
    sys.stdout.write(_worker(sys.stdin.read()))
