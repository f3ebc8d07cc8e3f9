"""Section 2: the trajectory level.

`one_step` bounds what one step does, `runs` adds steps up, `pairs` and `triples` hold the
explicit instances that show what can go wrong and that nothing can be improved, `tight` the
steps beyond the threshold, `tabular` the case without one, `top` what happens beyond a maximum of
the log-odds.
"""

from derivations.theory.trajectory import one_step, pairs, runs, tabular, tight, top, triples

__all__ = ["one_step", "pairs", "runs", "tabular", "tight", "top", "triples"]
