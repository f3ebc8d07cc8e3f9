"""Section 3: the token level.

`prefixes` says what it means to draw a response token by token, `martingale` and `tails` what
follows for moments of the score, `root` and `events` what for its square under an event,
`curvature` bounds the curvature of the log-odds and the critical step.  `signs` has the law of
independent signs, by which `necessary` shows that neither factor of that step can be spared;
`extremal` says that they are the extreme case.
"""

from derivations.theory.token import (
    curvature,
    events,
    extremal,
    martingale,
    necessary,
    prefixes,
    root,
    signs,
    tails,
)

__all__ = [
    "curvature", "events", "extremal", "martingale", "necessary", "prefixes", "root", "signs",
    "tails",
]  # fmt: skip
