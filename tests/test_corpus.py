"""The labels of the corpus are right, and `prove` never contradicts them.

How much of all of it `prove`, z3, cvc5 and SymPy decide: ``python -m tests.benchmarks.claims``.
"""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from derivations.search.claims import relation_terms
from derivations.search.prove import prove

from .corpus import CLAIMS
from .corpus.claim import KINDS, Claim
from .corpus.numeric import holds, inexact, lowest, relations, slack
from .mutants.evaluation import SAME, Instance, digits, mp, value

TRUE = [c for c in CLAIMS if c.truth]
FALSE = [c for c in CLAIMS if not c.truth]
NEAR = [c for c in CLAIMS if c.near]
PROVED = CLAIMS[::7]
"""What the tests give to `prove`: the whole corpus takes too long for them."""

DECIDED = {
    "polynomial": 13,
    "rational": 4,
    "piecewise": 6,
    "sqrt": 14,
    "transcendental, one variable": 29,
    "transcendental, several variables": 13,
}
"""How many of those are decided at least, of each kind: a few less than when this was written."""


def each(claims: tuple[Claim, ...] | list[Claim]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("claim", claims, ids=[c.name for c in claims])


# Labels ---------------------------------------------------------------------------------------


def is_counterexample(claim: Claim) -> bool:
    """Whether the hypotheses hold at the witness and the claim does not."""
    point = claim.counterexample
    return (
        set(point) == set(claim.region.variables)
        and all(holds(g, point) for g in claim.given)
        and not holds(claim.claim, point)
    )


def worst(claim: Claim) -> tuple[Any, bool]:
    """The least slack that random points and a search find, and whether the claim fails."""
    where = claim.region
    sampled = itertools.islice(where.points(1), 50 if where.variables else 1)
    fails = not all(holds(claim.claim, point) for _, point in sampled)
    least, point = lowest(claim.claim, where, 2, samples=200, rounds=150)
    return least, fails or not holds(claim.claim, point)


def failures(claim: Claim) -> list[float]:
    """By how much a claim fails at those of 200 random points at which it does."""
    points = (point for _, point in itertools.islice(claim.region.points(3), 200))
    return [float(-slack(claim.claim, p)) for p in points if not holds(claim.claim, p)]


@each(FALSE)
def test_the_witness_of_a_false_claim(claim: Claim) -> None:
    assert is_counterexample(claim)
    assert not claim.touching


@each(TRUE)
def test_no_violation_of_a_true_claim(claim: Claim) -> None:
    assert claim.reason
    assert not claim.near
    least, fails = worst(claim)
    assert not fails
    assert least < 0.005 or not claim.touching


@each(NEAR)
def test_a_nearly_true_claim_fails_seldom_or_by_little(claim: Claim) -> None:
    wrong = failures(claim)
    assert len(wrong) <= 50 or max(wrong) < 1e-3


@each(CLAIMS)
def test_both_readers_agree(claim: Claim) -> None:
    """The prover's parser and Python's read the same sides."""
    _, point = next(claim.region.points(5))
    instance = Instance(dict(point))
    for text in (claim.claim, *claim.given):
        for term, relation in zip(relation_terms(text), relations(text), strict=True):
            for read, side in zip(term.args, (relation.left, relation.right), strict=True):
                expected = mp.mpf(inexact(side, point, 200))  # at a turning point half are lost
                assert abs(digits(value(read, instance)) - expected) <= SAME * (1 + abs(expected))


def test_wrong_labels_are_noticed() -> None:
    """The checks above fail for a false claim called true, and for a true one called false."""
    chosen = [c for c in FALSE if not c.near or "1e-6" in c.name][::4]
    noticed = [c for c in chosen if worst(replace(c, witness=None))[1]]
    assert len(noticed) > 0.8 * len(chosen)
    for claim in TRUE[::10]:
        _, point = next(claim.region.points(6))
        wrong = replace(claim, witness={v: str(x) for v, x in point.items()})
        assert not is_counterexample(wrong)
    claim = next(c for c in FALSE if c.name == "Bernoulli a little further")
    assert not is_counterexample(replace(claim, witness={"x": "-3"}))
    assert not is_counterexample(replace(claim, witness={}))


def test_the_corpus_is_large_and_mixed() -> None:
    assert len(CLAIMS) >= 200
    assert 2 * len(FALSE) >= len(CLAIMS)
    assert len(NEAR) >= 40
    assert all(c.source for c in CLAIMS)
    assert max(Counter(c.name for c in CLAIMS).values()) == 1
    assert max(Counter((c.claim, c.given) for c in CLAIMS).values()) == 1
    for truth in (True, False):
        kinds = Counter(c.kind for c in CLAIMS if c.truth == truth)
        assert min(kinds[k] for k in KINDS) >= 5
    assert sum(c.touching for c in CLAIMS) >= 50
    assert sum(c.region.unbounded for c in CLAIMS) >= 50


# prove ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_prove_contradicts_no_label_and_decides_most(kind: str) -> None:
    claims = [c for c in PROVED if c.kind == kind]
    verdicts = [prove(c.claim, c.given).verdict for c in claims]
    decided = [(c, v) for c, v in zip(claims, verdicts, strict=True) if v != "unknown"]
    assert [c.name for c, v in decided if (v == "proved") != c.truth] == []
    assert len(decided) >= DECIDED[kind]
