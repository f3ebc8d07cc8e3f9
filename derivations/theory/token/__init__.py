"""Section 3: the token level."""

from derivations.theory.token import prefixes

__all__ = ["prefixes"]
