"""Section 4: algorithms.

`groups` derives the expected update of any algorithm that draws groups of responses, `table`
holds the algorithms as data with their coefficients, `bernstein` is about the coefficient of
finite groups, `degree` about the polynomial that they ascend, `edges` about all coefficients where
J is near 0 or 1, `noise` about verifiers that err.

`rates` says which learning rates are safe, `tokens` which are at token level, `iterations` how
many steps they take, `batch` what sampling changes, `directions` what other directions than that
of the Gradient Gap do.  `guarantees` derives the safe learning rate and the iterations from
a row, in the table or not: `shape` says what that needs to know of a coefficient, `fixed` proves
it for groups of every size.
"""

# In the order of the paper, which is that of the statements.
from derivations.theory.algorithm import bernstein, groups, table  # isort: split

from derivations.theory.algorithm import degree  # isort: split

from derivations.theory.algorithm import edges, rates  # isort: split

from derivations.theory.algorithm import shape  # isort: split

from derivations.theory.algorithm import iterations  # isort: split

from derivations.theory.algorithm import fixed  # isort: split

from derivations.theory.algorithm import batch, directions, guarantees, noise, tokens

__all__ = [
    "batch", "bernstein", "degree", "directions", "edges", "fixed", "groups", "guarantees",
    "iterations", "noise", "rates", "shape", "table", "tokens",
]  # fmt: skip
