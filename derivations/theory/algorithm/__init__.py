"""Section 4: algorithms.

`groups` derives the expected update of any algorithm that draws groups of responses, `table`
holds the algorithms as data with their coefficients, `bernstein` is about the coefficient of
finite groups.
"""
