"""Numerical checks of what is claimed about RLVR, in high precision and on exact policies.

One module a claim of the paper (and of what rests on it).  A claim is tried on many policies,
some random, some made as bad as a search can make them, some extremal by construction, and the
worst ratio left/right that was met is reported: at most 1 means that the claim held wherever it
was tried.  That is evidence and no proof; the proofs are in `derivations`, which knows nothing
of this package.

``python -m paper_checks`` prints the table of verdicts and what the simulations say.
"""
