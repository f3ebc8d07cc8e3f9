"""Section 6: stagnation.

`landscape` describes the valley and runs in it, `valley` proves that one learning rate stagnates
there where smaller ones do not.
"""

from derivations.theory.stagnation import landscape, valley

__all__ = ["landscape", "valley"]
