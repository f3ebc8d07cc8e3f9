"""The trusted core: everything a theorem finally rests on, in 2185 lines.

Read in this order: `terms` (the language and what it means), `axioms` (the facts taken
as given), `algebra` (exact normal forms), `balls` (enclosures over boxes), `theorem` (the
rules of inference and the only way to a theorem), `certificate` (theorems as data, and
their replay), `text` (how terms are shown).  It uses python-flint and the standard library,
and imports nothing of the rest of the project.
"""
