"""Section 3: the token level.

`prefixes` says what it means to draw a response token by token, `martingale` and `tails` what
follows for moments of the score, `root` and `events` what for its square under an event,
`curvature` bounds the curvature of the log-odds and the critical step, `signs` shows that
neither of its factors can be spared, and `extremal` that fair signs are the extreme case.
"""

from derivations.theory.token import (
    curvature,
    events,
    extremal,
    martingale,
    prefixes,
    root,
    signs,
    tails,
)

__all__ = ["curvature", "events", "extremal", "martingale", "prefixes", "root", "signs", "tails"]
