"""Section 4: what the coefficient of an algorithm guarantees, for rows that nobody foresaw.

From c(J) alone `fixed_rate` finds a fixed learning rate that is safe at every success rate,
`FixedRate.run` what a run with it does, and `iterations` how long it takes.  SymPy and sampling
make proposals; what is returned are theorems of the kernel.
"""

from __future__ import annotations

from derivations.theory.algorithm.guarantees.durations import (
    iterations,
    iterations_at_most,
    primitive,
)
from derivations.theory.algorithm.guarantees.learning_rates import FixedRate, fixed_rate
from derivations.theory.algorithm.guarantees.limits import Edges, edges_of
from derivations.theory.algorithm.guarantees.rows import row_of
from derivations.theory.algorithm.guarantees.shapes import Ceiling, Floor, Shape, searched, shape_of

__all__ = [
    "Ceiling", "Edges", "FixedRate", "Floor", "Shape", "edges_of", "fixed_rate", "iterations",
    "iterations_at_most", "primitive", "row_of", "searched", "shape_of",
]  # fmt: skip
