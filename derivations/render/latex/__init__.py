r"""Terms, statements and proofs in LaTeX, in the notation of the paper.

Terms are printed from their own structure, so the author's orientation stays: ``a - (b - c)``
is not rearranged, ``2 > x`` is not turned round.  Everything printed is understood by LaTeX
with amsmath and by MathJax and KaTeX.

The only liberties, none of which changes a value: sums and products print without the brackets
that only group them, a minus comes to the front of a product or fraction, premises of a range
are folded into the quantifier, and a conjunction of two comparisons that meet in the middle
prints as a chain; in statements and proofs zeros and ones that do nothing are left out.  A
symbol of the theory is printed by the template of its definition; `template` adds one, and a
definition without one prints as an operator.
"""

from derivations.render.latex import algorithms, stagnation  # noqa: F401  (register templates)
from derivations.render.latex.printer import template, term_latex
from derivations.render.latex.prose import capital, escape, reason_latex, sentence
from derivations.render.latex.rows import Row, display, fits_inline, width
from derivations.render.latex.statements import (
    Layout,
    clause,
    distinct,
    fingerprint,
    layout,
    standalone,
    statement_latex,
    statement_layout,
    step_layout,
)
from derivations.render.latex.symbols import symbol
from derivations.render.latex.theory import NOTATION
from derivations.render.latex.vectors import vector

__all__ = [
    "NOTATION", "Layout", "Row", "capital", "clause", "display", "distinct", "escape",
    "fingerprint", "fits_inline", "layout", "reason_latex", "sentence", "standalone",
    "statement_latex", "statement_layout", "step_layout", "symbol", "template", "term_latex",
    "vector", "width",
]  # fmt: skip
