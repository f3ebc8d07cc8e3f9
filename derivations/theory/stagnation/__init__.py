"""Section 6: stagnation.

`landscape` describes the valley and runs in it; `valley` proves that one learning rate stagnates
there where smaller ones do not, `attractor` that its cycle attracts.
"""

from derivations.theory.stagnation import attractor, landscape, valley

__all__ = ["attractor", "landscape", "valley"]
