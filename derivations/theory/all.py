"""Every section of the theory, in the order of the paper; importing it fills the library."""

from derivations.theory import algorithm, gap, lines, setting, token, trajectory  # noqa: F401
