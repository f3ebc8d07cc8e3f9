"""What the modules of this package share: variables, and scalar claims by the prover."""

from __future__ import annotations

import importlib
from typing import Any

from derivations.kernel.terms import (
    Term,
    lt,
    real,
)
from derivations.kernel.theorem import Theorem, infer
from derivations.search.prove import prove as decide
from derivations.tactics import (
    ProofError,
    assume,
    discharge,
    have,
)
from derivations.theory.trajectory.one_step import KAPPA, G, L

x, y, u = (real(name) for name in "xyu")

AT_PEAK = (L + G**2) / KAPPA
SMOOTH = assume(lt(0, L))
_SECONDS = 20.0  # for each scalar claim


def sympy_module() -> Any:
    return importlib.import_module("sympy")


def scalar_claim(goal: Term, *facts: Theorem) -> Theorem:
    """A scalar claim, by arithmetic from the facts or else by the prover."""
    try:
        return have(goal, *facts)
    except ProofError:
        answer = decide(goal, [f.conclusion for f in facts], timeout=_SECONDS)
    if answer.theorem is None:
        raise ProofError(f"cannot prove {goal!r}: {answer.reason}", goal)
    return discharge(answer.theorem, *facts)


def given_by(theorem: Theorem, *facts: Theorem) -> Theorem:
    """The theorem without the hypotheses that are facts; the others stay."""
    for fact in facts:
        theorem = infer("detach", infer("discharge", theorem, formula=fact.conclusion), fact)
    return theorem
