"""Section 3: the token level.

`prefixes` says what it means to draw a response token by token, `martingale` and `tails` what
follows for moments of the score, `lambert` and `events` what for its square under an event,
`curvature` bounds the curvature of the log-odds and the critical step.
"""

from derivations.theory.token import curvature, events, lambert, martingale, prefixes, tails

__all__ = ["curvature", "events", "lambert", "martingale", "prefixes", "tails"]
