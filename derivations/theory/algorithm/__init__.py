"""Section 4: algorithms.

`rates` says which learning rates are safe, `tokens` which are at token level, `iterations` how
many steps they take, `batch` what sampling changes, `directions` what other directions than that
of the Gradient Gap do.
"""

# In the order of the paper, which is that of the statements.
from derivations.theory.algorithm import rates  # isort: split

from derivations.theory.algorithm import iterations  # isort: split

from derivations.theory.algorithm import batch, directions, tokens

__all__ = ["batch", "directions", "iterations", "rates", "tokens"]
