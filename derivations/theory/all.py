"""Every section of the theory, in the order of the paper; importing it fills the library."""

from derivations.theory import (  # noqa: F401
    algorithm,
    gap,
    length,
    lines,
    setting,
    stagnation,
    token,
    trajectory,
)
