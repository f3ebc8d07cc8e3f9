"""Numerical checks of what is claimed about RLVR, in high precision and on concrete policies.

One module a group of claims.  A check tries a claim on many policies, some random and some
made as bad as a search can make them, and reports the worst ratio left/right that it met: at
most 1 means that the claim held wherever it was tried.  That is evidence and no proof; the
proofs are in `derivations`, which knows nothing of this package.

``python -m paper_checks`` prints the table of verdicts.
"""
