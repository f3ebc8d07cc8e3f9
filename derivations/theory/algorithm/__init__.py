"""Section 4: algorithms.

`rates` says which learning rates are safe, `iterations` how many steps they take, `batch` what
sampling changes, `directions` what other directions than that of the Gradient Gap do.
"""

from derivations.theory.algorithm import batch, directions, iterations, rates

__all__ = ["batch", "directions", "iterations", "rates"]
