"""Every section of the theory, in the order of the paper; importing it fills the library."""

from derivations.theory import gap, lines, setting, trajectory  # noqa: F401
from derivations.theory.algorithm import bernstein, edges, groups, noise, table  # noqa: F401
