"""How statements and proofs are shown: LaTeX, and typeset mathematics in notebooks."""
