"""Section 6: stagnation.

`landscape` describes the valley and runs in it; `valley` proves that one learning rate stagnates
there where smaller ones do not, `attractor` that its cycle attracts.  `vanishing` is the other way
to stagnate, and `prediction` what a critical step of order (1 - J)/T says about it.
"""

# In the order of the paper, which is that of the statements.
from derivations.theory.stagnation import landscape, valley  # isort: split

from derivations.theory.stagnation import attractor  # isort: split

from derivations.theory.stagnation import vanishing  # isort: split

from derivations.theory.stagnation import prediction

__all__ = ["attractor", "landscape", "prediction", "valley", "vanishing"]
