"""The statements that the theory consists of, and slips that were made in stating them."""

from __future__ import annotations

import re

import pytest

from derivations.kernel.algebra import Algebra
from derivations.kernel.terms import beta, exp, free_variables, function, lam, nat, num, real
from derivations.library import statements, theorem
from derivations.theory.lines import softmax_line
from derivations.theory.trajectory import tabular

SPECIFIED = """
    gap.definition definition paper
    gap.alignment definition paper
    gap.progress definition paper
    gap.score-identity lemma classical
    gap.policy-gradient lemma paper
    gap.log-odds-gradient lemma reconstructed
    gap.objective lemma classical
    gap.norm lemma extension
    gap.score-derivative lemma classical
    gap.curvature lemma reconstructed
    gap.bartlett lemma classical
    gap.curvature-one-sided lemma extension
    trajectory.curvature lemma extension
    trajectory.descent lemma extension
    trajectory.threshold-paper theorem paper
    trajectory.threshold theorem extension
    trajectory.two-sided theorem extension
    trajectory.stagnation corollary reconstructed
    trajectory.ceiling corollary extension
    trajectory.monotone corollary extension
    trajectory.best-step corollary extension
    trajectory.success-curvature theorem extension
    trajectory.log-success lemma extension
    trajectory.one-step theorem extension
    trajectory.threshold-success theorem extension
    trajectory.gradient-sum proposition extension
    trajectory.sharp theorem extension
    trajectory.tight-step proposition extension
    trajectory.realisable lemma extension
    trajectory.collapse theorem reconstructed
    trajectory.tabular theorem extension
    token.martingale lemma classical
    token.naive corollary reconstructed
    token.threshold-inverse theorem reconstructed
    token.azuma lemma classical
    token.square-mgf lemma classical
    token.gibbs lemma classical
    token.lambert theorem extension
    token.lambert-properties lemma classical
    token.joint theorem extension
    token.extremal theorem extension
    token.gap lemma extension
    token.length lemma reconstructed
    token.curvature theorem extension
    token.curvature-one-sided theorem extension
    token.threshold theorem extension
    token.length-necessary proposition extension
    algorithm.coefficient theorem classical
    algorithm.group-gradient lemma classical
    algorithm.grpo-bernstein theorem extension
    algorithm.grpo-bounds theorem extension
    algorithm.grpo-small-groups proposition extension
    algorithm.grpo-edge proposition extension
    algorithm.dapo-edge proposition extension
    algorithm.critical-rate theorem extension
    algorithm.fixed-rate theorem extension
    algorithm.no-saturation theorem extension
    algorithm.rate theorem extension
    algorithm.noisy-verifier theorem classical
    algorithm.batch theorem extension
    algorithm.preconditioned theorem classical
    algorithm.prompts theorem classical
    length.invariance theorem paper
    length.alignment lemma reconstructed
    length.misaligned proposition extension
    length.safe-ratio proposition extension
    stagnation.valley theorem extension
    stagnation.attractor theorem extension
    stagnation.vanishing corollary reconstructed
    stagnation.inverse-bound proposition extension
"""
ROWS = [row.split() for row in SPECIFIED.split("\n") if row.strip()]


@pytest.mark.parametrize(("id", "kind", "provenance"), ROWS, ids=[r[0] for r in ROWS])
def test_every_statement_is_there(id: str, kind: str, provenance: str) -> None:
    statement = theorem(id)
    assert (statement.kind, statement.provenance) == (kind, provenance)


def test_nothing_else_claims_to_be_of_the_paper() -> None:
    specified = {id for id, _, provenance in ROWS if provenance == "paper"}
    claimed = {s.id for s in statements() if s.provenance == "paper"}
    assert claimed == specified | {"setting.policy", "setting.run", "trajectory.regularity"}


@pytest.mark.parametrize("id", [s.id for s in statements()])
def test_words_are_latex(id: str) -> None:
    """No command has become a line break and a word."""
    assert not re.search(r"\\\\[a-z]", theorem(id).words)


n, i, j = nat("n"), nat("i"), nat("j")


def test_a_policy_does_not_capture_the_index_of_its_weights() -> None:
    A, D = function("A", "N"), function("D", "N", "N")
    line = softmax_line(n, lam(i, 0 * i), lam(i, A(i)), lam(i, D(i, j)), lam(i, D(j, i)))
    for part in (line.score, line.hessian):
        assert j in free_variables(part) and i not in free_variables(part)


def test_the_tabular_score() -> None:
    """d log pi(0) / d(logit 1) is D(0, 1) minus the mean of D(., 1), for two responses."""
    A, D = function("A", "N"), function("D", "N", "N")
    score = beta(tabular._scores, [num(0), num(1)])
    score = beta(lam(n, score), [num(2)])
    weights = [exp(A(0)), exp(A(1))]
    mean = (weights[0] * D(0, 1) + weights[1] * D(1, 1)) / (weights[0] + weights[1])
    assert Algebra(nonzero=[weights[0] + weights[1]]).is_zero(score - (D(0, 1) - mean))
    assert real("n") not in free_variables(score)
