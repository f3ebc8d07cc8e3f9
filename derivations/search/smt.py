"""Points that z3 and cvc5 propose, each in a subprocess that is killed when its time is up.

Nothing is taken at its word here: a point is only a proposal, and that there is none is a reason
to stop looking, never one to believe so.

Run as ``python -m derivations.search.smt`` this module is the worker (JSON on stdin and stdout).
"""

from __future__ import annotations

import importlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from derivations.search.algebraic import Algebraic, Value
from derivations.search.polynomial import Constraint

__all__ = ["SOLVERS", "Answer", "propose"]


@dataclass(frozen=True)
class Answer:
    """A point that a solver proposes, or None; and whether it says that there is no point."""

    point: tuple[Value, ...] | None
    none: bool = False


def propose(
    solver: str,
    constraints: Sequence[Constraint],
    integer: Sequence[bool],
    seconds: float,
    seed: int = 0,
) -> Answer:
    """What one of `SOLVERS` says of where the constraints hold; nothing of it is verified.

    ``integer`` flags, for every variable, whether it must be an integer.  Any failure of the
    solver is like no answer in time.

    >>> propose("z3", [Constraint({(1,): Fraction(2), (0,): Fraction(-3)}, "=")], [False], 9)
    Answer(point=(Fraction(3, 2),), none=False)
    """
    root = str(Path(__file__).resolve().parents[2])
    paths = [root, os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in paths if p)}
    problem = {
        "solver": solver,
        "integer": list(integer),
        "milliseconds": max(1, int((seconds - 0.3) * 1000)),
        "seed": seed % 2**31,
        "constraints": [
            {"kind": c.kind, "terms": [[str(value), list(m)] for m, value in c.poly.items()]}
            for c in constraints
        ],
    }
    try:
        # run() kills the child when the time is up.
        done = subprocess.run(
            [sys.executable, "-m", "derivations.search.smt"],
            input=json.dumps(problem),
            capture_output=True,
            text=True,
            timeout=seconds,
            env=environment,
            check=False,
        )
        reply = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, OSError, ValueError):
        return Answer(None)
    if isinstance(reply, list):
        return Answer(tuple(_decode(value) for value in reply))
    return Answer(None, reply == "unsat")


def _decode(value: Any) -> Value:
    if isinstance(value, str):
        return Fraction(value)
    return Algebraic(tuple(value["poly"]), Fraction(value["lower"]), Fraction(value["upper"]))


# The worker ---------------------------------------------------------------------------------


def _worker(text: str) -> str:
    problem = json.loads(text)
    module, start, describe = SOLVERS[problem["solver"]]
    smt: Any = importlib.import_module(module)
    variables = [
        smt.Int(f"x{i}") if flag else smt.Real(f"x{i}")
        for i, flag in enumerate(problem["integer"])
    ]
    solver = start(smt, problem)
    for constraint in problem["constraints"]:
        solver.add(_constraint(smt, variables, constraint))
    status = str(solver.check())
    if status != "sat":
        return json.dumps(status)
    model = solver.model()
    values = [model.eval(variable, model_completion=True) for variable in variables]
    return json.dumps([_rational(smt, value) or describe(value) for value in values])


def _constraint(smt: Any, variables: Sequence[Any], constraint: Mapping[str, Any]) -> Any:
    total = smt.RealVal(0)
    for value, monomial in constraint["terms"]:
        term = smt.RealVal(value)
        for variable, exponent in zip(variables, monomial, strict=True):
            real = smt.ToReal(variable) if variable.is_int() else variable
            for _ in range(exponent):
                term = term * real
        total = total + term
    kinds: Mapping[str, Callable[[], Any]] = {
        ">": lambda: total > 0,
        ">=": lambda: total >= 0,
        "=": lambda: total == 0,
        "!=": lambda: total != 0,
    }
    return kinds[constraint["kind"]]()


def _rational(smt: Any, value: Any) -> str | None:
    if smt.is_rational_value(value):
        return str(value.as_fraction())
    return str(value.as_long()) if smt.is_int_value(value) else None


def _start_z3(smt: Any, problem: Mapping[str, Any]) -> Any:
    solver = smt.Solver()
    solver.set("timeout", problem["milliseconds"])
    solver.set("random_seed", problem["seed"])
    return solver


def _describe_z3(value: Any) -> dict[str, Any]:
    middle = Fraction(str(value.approx(30).as_fraction()))
    margin = Fraction(1, 10**25)
    coefficients = [int(str(c)) for c in value.poly()]
    return {"poly": coefficients, "lower": str(middle - margin), "upper": str(middle + margin)}


def _start_cvc5(smt: Any, problem: Mapping[str, Any]) -> Any:
    # With a logic that names polynomials cvc5 uses coverings, which find algebraic points.
    solver = smt.SolverFor("ALL" if any(problem["integer"]) else "QF_NRA")
    solver.set("tlimit-per", str(problem["milliseconds"]))
    solver.set("seed", str(problem["seed"]))
    return solver


def _describe_cvc5(value: Any) -> dict[str, Any]:
    """Read ``<1*x^2 + (-2), (5/4, 3/2)>``: a polynomial, and an interval around one root."""
    poly, lower, upper = re.search(r"<(.*), \((.*), (.*)\)>", str(value)).groups()  # type: ignore[union-attr]
    coefficients: dict[int, int] = {}
    for term in poly.split(" + "):
        number, times, power = term.strip("()").partition("*x")
        coefficients[int(power.removeprefix("^") or 1) if times else 0] = int(number)
    whole = [coefficients.get(i, 0) for i in range(max(coefficients) + 1)]
    return {"poly": whole, "lower": lower, "upper": upper}


SOLVERS: Mapping[str, tuple[str, Callable[..., Any], Callable[[Any], dict[str, Any]]]] = {
    "z3": ("z3", _start_z3, _describe_z3),
    "cvc5": ("cvc5.pythonic", _start_cvc5, _describe_cvc5),
}
"""Each solver's module, what starts it, and how it describes an algebraic number."""

if __name__ == "__main__":
    sys.stdout.write(_worker(sys.stdin.read()))
