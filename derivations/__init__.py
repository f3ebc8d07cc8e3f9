"""gradgap: the optimisation theory of RLVR, stated symbolically and proved by machine.

>>> import derivations as dv
>>> dv.theorem("gap.policy-gradient").verify().ok
True
>>> dv.prove("x**2 + y**2 >= 2*x*y").verdict
'proved'
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any

try:
    __version__ = version("gradgap")
except PackageNotFoundError:  # run from a source tree that was never installed
    __version__ = "0+unknown"

_TERMS = (
    "PI absolute both cos derivative either eq exists exp forall function implies lam le log lt "
    "maximum minimum nat ne num real sin sqrt total Definition KernelError Term"
)
_TACTICS = (
    "ProofError apply assume by_cases conjunction discharge each_below fold have induct instance "
    "intro obtain part rewrite specialise symmetric transitive where"
)
_HOME = {
    **dict.fromkeys(_TERMS.split(), "derivations.kernel.terms"),
    **dict.fromkeys(("Theorem",), "derivations.kernel.theorem"),
    **dict.fromkeys(_TACTICS.split(), "derivations.tactics"),
    **dict.fromkeys(
        ["LibraryError", "Proof", "Statement", "define", "state", "statements", "theorem"],
        "derivations.library",
    ),
    **dict.fromkeys(("ARBITRARY", "ARBITRARY_RUN", "Line", "Run"), "derivations.expectation"),
    **dict.fromkeys(("Answer",), "derivations.search.prove"),
    **dict.fromkeys(("best_step", "DeriveError"), "derivations.search.derive"),
    **dict.fromkeys(("ClaimError",), "derivations.search.claims"),
    "differentiate": "derivations.calculus",
}
# Functions that share their name with the module they live in or with a submodule.
_FUNCTIONS = {
    "prove": ("derivations.search.prove", "prove"),
    "refute": ("derivations.search.prove", "refute"),
    "certify": ("derivations.search.prove", "certify"),
    "derive": ("derivations.search.derive", "derive"),
    "verify_all": ("derivations.verify", "verify"),
    "latex": ("derivations.render.latex", "term_latex"),
    "parse_claim": ("derivations.search.claims", "parse_claim"),
    "parse_expression": ("derivations.search.claims", "parse_expression"),
}

__all__ = sorted({*_HOME, *_FUNCTIONS})


def __getattr__(name: str) -> Any:
    # Loaded on first use, so that `import derivations` costs nothing.
    if name in _FUNCTIONS:
        module, attribute = _FUNCTIONS[name]
        return getattr(import_module(module), attribute)
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'derivations' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
