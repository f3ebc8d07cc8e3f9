"""Exact policies: every quantity of the theory on concrete policies, in any precision.

A family (`LogLinear`, `softmax_bandit`, `TwoResponses`, `TokenTree`, `IidTokens`) holds exact
data; `at` evaluates it at a parameter in an arithmetic, `Numbers(digits)` or `Balls(bits)`.

>>> from derivations.policies import Balls, at, softmax_bandit
>>> point = at(softmax_bandit((True, False, False)), (0, 0, 0), Balls(64))
>>> point.success.str(10), point.gap[0].str(10)
('[0.3333333333 +/- 3.34e-11]', '1.000000000')
"""

from derivations.policies.algorithms import (
    ALGORITHMS,
    Algorithm,
    Group,
    coefficient,
    expected_update,
    grpo,
    pass_at,
    reinforce,
    sampled_update,
)
from derivations.policies.arithmetic import Balls, Numbers
from derivations.policies.dynamics import expected, fixed, normalised, run, sampled, threshold
from derivations.policies.finite import (
    Leaf,
    LogLinear,
    Response,
    Token,
    TokenTree,
    TwoResponses,
    grow,
    softmax_bandit,
)
from derivations.policies.iid import IidTokens, ScoredToken, at_least, below
from derivations.policies.jets import Jet
from derivations.policies.point import Constants, Point, Policy, at, regularity

__all__ = [
    "ALGORITHMS",
    "Algorithm",
    "Balls",
    "Constants",
    "Group",
    "IidTokens",
    "Jet",
    "Leaf",
    "LogLinear",
    "Numbers",
    "Point",
    "Policy",
    "Response",
    "ScoredToken",
    "Token",
    "TokenTree",
    "TwoResponses",
    "at",
    "at_least",
    "below",
    "coefficient",
    "expected",
    "expected_update",
    "fixed",
    "grow",
    "grpo",
    "normalised",
    "pass_at",
    "regularity",
    "reinforce",
    "run",
    "sampled",
    "sampled_update",
    "softmax_bandit",
    "threshold",
]
