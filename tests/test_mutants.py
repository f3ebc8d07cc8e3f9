"""Statements with one thing changed are false, and nothing proves them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import replace
from fractions import Fraction
from functools import cache
from typing import Any

import pytest

from derivations import library, tactics
from derivations.expectation import REGULAR, SMOOTH
from derivations.kernel.certificate import replay, serialise
from derivations.kernel.terms import (
    RELATIONS,
    Definition,
    KernelError,
    Term,
    both,
    derivative,
    either,
    eq,
    exists,
    exp,
    forall,
    free_variables,
    function,
    implies,
    le,
    log,
    lt,
    maximum,
    nat,
    num,
    real,
    total,
    unfold,
)
from derivations.kernel.theorem import Theorem, infer
from derivations.library import Statement
from derivations.search.claims import ClaimError, relation_terms
from derivations.search.prove import prove
from derivations.tactics import ProofError, assume
from derivations.verify import shortfall

from .mutants import (
    algorithms,
    explicit,
    extremal,
    gap,
    length,
    one_step,
    rates,
    runs,
    setting,
    signs,
    stagnation,
    token,
)
from .mutants.evaluation import (
    SAME,
    Instance,
    UnclearError,
    digits,
    hypotheses_hold,
    mp,
    statement_holds,
    value,
)
from .mutants.instances import DELTA, GENERIC, LOGIT, PEAK, SINKING, Softmax
from .mutants.scalars import SCALARS
from .mutants.variants import Mutant, Scalar, edits, opened

MUTANTS = [
    *setting.MUTANTS, *gap.MUTANTS, *one_step.MUTANTS, *runs.MUTANTS, *explicit.MUTANTS,
    *token.MUTANTS, *algorithms.MUTANTS, *rates.MUTANTS, *length.MUTANTS, *stagnation.MUTANTS,
    *signs.MUTANTS, *extremal.MUTANTS,
]  # fmt: skip
SECTIONS = ("setting", "gap", "trajectory", "token", "algorithm", "length", "stagnation")
STATEMENTS = [
    s
    for s in library.statements()
    if s.section in SECTIONS and s.kind not in ("definition", "assumption")
]

SEARCH_SECONDS = 2.0
"""What one step of a mutant's proof gets; the longest search in the library takes 1.4 s."""

PROVE_SECONDS = 0.25
"""What `prove` gets for a mutant, most of which it cannot read; a scalar core gets 20 s."""

each_mutant = pytest.mark.parametrize(
    "mutant", MUTANTS, ids=[f"{m.statement}: {m.name}" for m in MUTANTS]
)
each_scalar = pytest.mark.parametrize(
    "scalar", SCALARS, ids=[f"{s.statement}: {s.name}" for s in SCALARS]
)
each_statement = pytest.mark.parametrize("statement", STATEMENTS, ids=[s.id for s in STATEMENTS])


def mutated(mutant: Mutant) -> tuple[Statement, Statement]:
    """The statement and its variant."""
    statement = library.theorem(mutant.statement)
    return statement, mutant.change(statement)


# The table -------------------------------------------------------------------------------------


def lacking(statements: Iterable[Statement]) -> list[str]:
    """The statements with fewer mutants than they need: two, or one in the setting."""
    found = Counter(m.statement for m in MUTANTS)
    return [s.id for s in statements if found[s.id] < (1 if s.section == "setting" else 2)]


def test_every_statement_has_mutants() -> None:
    assert lacking(STATEMENTS) == []
    new = replace(STATEMENTS[0], id="gap.new")
    assert lacking([*STATEMENTS, new]) == ["gap.new"]


def test_the_tables_are_about_statements() -> None:
    known = {s.id for s in STATEMENTS}
    for table in (MUTANTS, SCALARS):
        names = Counter((entry.statement, entry.name) for entry in table)
        assert {id for id, _ in names} <= known
        assert max(names.values()) == 1


@each_mutant
def test_it_is_another_statement(mutant: Mutant) -> None:
    statement, other = mutated(mutant)
    before, after = ((*s.hypotheses, s.conclusion) for s in (statement, other))
    assert [*map(unfold, before)] != [*map(unfold, after)]
    for formula in after:
        infer("assume", formula=formula)  # refuses what is no formula
    known, used = (frozenset[Term]().union(*map(free_variables, fs)) for fs in (before, after))
    assert used <= known


# They are false --------------------------------------------------------------------------------


@each_mutant
def test_it_is_false(mutant: Mutant) -> None:
    statement, other = mutated(mutant)
    assert statement_holds(statement, mutant.instance)
    assert hypotheses_hold(other, mutant.instance), "the instance is not one of the mutant"
    assert not value(other.conclusion, mutant.instance), "the mutant holds there"
    if statement.hypotheses == other.hypotheses:
        assert hypotheses_hold(statement, mutant.instance)


@each_statement
def test_the_statement_holds_and_not_for_lack_of_instances(statement: Statement) -> None:
    instances = [m.instance for m in MUTANTS if m.statement == statement.id]
    assert any(
        hypotheses_hold(statement, at) and value(statement.conclusion, at) for at in instances
    )


def parts(term: Term) -> Iterator[Term]:
    """The subterms."""
    yield term
    for argument in term.args:
        yield from parts(argument)


@each_mutant
def test_bounds_hold_on_whole_segments(mutant: Mutant) -> None:
    _, other = mutated(mutant)
    for part in (p for h in other.hypotheses for p in parts(h)):
        if part.head not in (REGULAR, SMOOTH):
            continue
        limits = part.args[3:5] if part.head == REGULAR else part.args[2:3]
        assert mutant.instance.largest is not None
        found = mutant.instance.largest()[-len(limits) :]
        for bound, limit in zip(found, limits, strict=True):
            # A limit may depend on the step or the prompt; the first one stands for all.
            known = value(limit, mutant.instance, (0,) * limit.loose)
            assert digits(bound) <= digits(known) + SAME


@pytest.mark.parametrize("line", [GENERIC, LOGIT, PEAK, SINKING])
def test_the_bounds_of_a_line_are_bounds_and_not_far_off(line: Softmax) -> None:
    places = [row for k in range(501) for row in line.at(Fraction(k, 500))]
    for part, bound in enumerate(line.largest(1), start=1):
        seen = max(abs(row[part]) for row in places)
        assert seen <= bound <= 3 * seen + 1
        # On a short segment hardly anything is lost.
        start = max(abs(row[part]) for row in line.at(0))
        assert abs(line.largest(DELTA)[part - 1] - start) < digits(100 * DELTA)


x, y, k_ = real("x"), real("y"), nat("k")
PLACE = Instance(
    {"x": Fraction(1, 3), "y": mp.log(2), "m": 3, "f": lambda at: at**2}, reals=(-1, 0, 2)
)
TRUE = [
    eq(exp(y), 2), lt(x, y), lt(0, total(nat("m"), k_, x) + 1), eq((x - x) / 0, 0),
    eq(total(4, k_, k_**2), 14), eq(maximum(x, y), y), eq((x + y) ** -2 * (x + y) ** 2, 1),
    forall(x, eq(x**3, x), x <= 1), exists(x, x > 1), either(x > 1, x > 0),
    derivative(x, function("f", "R")(x), y, 2 * y), derivative(x, exp(x), 0, 1),
]  # fmt: skip
FALSE = [
    lt(exp(y), 2), le(y, x), both(x > 0, x > 1), forall(x, x < 2), exists(x, x > 2),
    implies(x > 0, x > 1), derivative(x, function("f", "R")(x), y, y), derivative(x, x**2, 0, 1),
    eq(total(4, k_, k_), 7), eq(log(1 + x), x),
]  # fmt: skip
UNCLEAR = [lt(exp(y), 2 + num(Fraction(1, 10**30))), eq(1 / (x - x), 0), log(x - 1) <= 0]


def test_the_evaluator() -> None:
    assert [f for f in TRUE if not value(f, PLACE)] == []
    assert [f for f in FALSE if value(f, PLACE)] == []
    for formula in UNCLEAR:
        with pytest.raises(UnclearError):
            value(formula, PLACE)


# No proof of the statement proves them -----------------------------------------------------------


@pytest.fixture(scope="module")
def proofs() -> Iterator[None]:
    """All statements proved here, and their steps remembered: most are those of the mutants too.

    Only what no proof of a statement needed is then searched for, within SEARCH_SECONDS.
    """
    search, found = tactics.prove_relation, dict[Any, Theorem | None]()
    limit: float | None = None

    def remembered(
        goal: Term, facts: Iterable[Theorem] = (), names: Iterable[str] = (), *, degree: int = 3
    ) -> Theorem | None:
        facts, names = tuple(facts), tuple(names)
        question = goal, tuple((f.hypotheses, f.conclusion) for f in facts), names, degree
        if question not in found:
            until = None if limit is None else time.monotonic() + limit
            found[question] = search(goal, facts, names, degree=degree, deadline=until)
        return found[question]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tactics, "prove_relation", remembered)
        patch.setattr(library, "_PROOFS", {})
        for statement in STATEMENTS:
            assert statement.theorem.conclusion == statement.conclusion
        limit = SEARCH_SECONDS
        yield


@each_mutant
def test_replaying_the_proof_fails(proofs: None, mutant: Mutant) -> None:
    statement, other = mutated(mutant)
    assert shortfall(statement, statement.theorem) == ""
    assert shortfall(other, statement.theorem)
    with pytest.raises((ProofError, KernelError)):
        library._carry_out(other)


def test_replaying_succeeds_for_a_weaker_statement(proofs: None) -> None:
    factor = library.theorem("trajectory.threshold")
    for bound, proved_ in ((17, True), (15, False)):
        other = edits((1, 1, 1), lambda _: num(bound))(factor)
        with nullcontext() if proved_ else pytest.raises(ProofError):
            assert library._carry_out(other)[0].conclusion == other.conclusion


def certificate(proved: Statement, claimed: Statement) -> dict[str, Any]:
    """The certificate of one statement with the claim of another.

    The claim rests on as few hypotheses as it can: those that the proof used and it has.
    """
    theorem = proved.theorem
    used = [h for h in claimed.hypotheses if h in theorem.hypotheses]
    claim = {"conclusion": claimed.conclusion, **{str(k): h for k, h in enumerate(used)}}
    written = serialise({"proof": theorem, **{k: assume(f) for k, f in claim.items()}})
    conclusion, *hypotheses = (written["theorems"][name]["conclusion"] for name in claim)
    step = written["theorems"]["proof"]["step"]
    named = {"step": step, "conclusion": conclusion, "hypotheses": hypotheses}
    return {**written, "theorems": {proved.id: named}}


@each_statement
def test_its_certificate_is_not_one_of_a_mutant(proofs: None, statement: Statement) -> None:
    mutant = next(m for m in MUTANTS if m.statement == statement.id)
    with pytest.raises(KernelError, match="is not what its proof proves"):
        replay(certificate(statement, mutant.change(statement)))


def test_the_certificate_of_the_statement_itself_is_accepted() -> None:
    statement = library.theorem("gap.norm")
    made = replay(certificate(statement, statement))
    assert shortfall(statement, made[statement.id]) == ""


# And neither does `prove` ------------------------------------------------------------------------


def leaves(goal: Term, given: tuple[Term, ...]) -> Iterator[tuple[Term, tuple[Term, ...]]]:
    """What is left of a goal without quantifiers and premises, with what is then given."""
    if goal.head == "forall":
        yield from leaves(opened(goal.args[0])[1], given)
    elif goal.head == "imp":
        yield from leaves(goal.args[1], (*given, goal.args[0]))
    elif goal.head == "and":
        for part in goal.args:
            yield from leaves(part, given)
    elif isinstance(goal.head, Definition):
        yield from leaves(unfold(goal, frozenset({goal.head.name})), given)
    else:
        yield goal, given


def proves(goal: Term, given: Iterable[Term], seconds: float) -> bool:
    """Whether `prove` proves a goal from those of the formulas that are relations."""
    known = [g for f in given for g, premises in leaves(f, ()) if not premises]
    try:
        answer = prove(goal, [g for g in known if g.head in RELATIONS], timeout=seconds)
    except (ClaimError, KernelError):
        return False  # it is no claim for `prove`
    return answer.verdict == "proved"


@each_mutant
def test_prove_does_not_prove_it(mutant: Mutant) -> None:
    """Not even when all that was not changed is granted."""
    statement, other = mutated(mutant)
    granted = set(leaves(statement.conclusion, statement.hypotheses))
    left = [leaf for leaf in leaves(other.conclusion, other.hypotheses) if leaf not in granted]
    assert left and not all(proves(*leaf, PROVE_SECONDS) for leaf in left)


def test_prove_proves_what_is_left_of_a_statement() -> None:
    statement = library.theorem("trajectory.step-sizes")
    assert all(proves(*leaf, 20.0) for leaf in leaves(statement.conclusion, statement.hypotheses))


# The scalar cores --------------------------------------------------------------------------------


def holds(claim: str, point: Mapping[str, Fraction]) -> bool:
    """Whether a claim holds at a point, exactly."""
    return all(value(relation, Instance(point)) for relation in relation_terms(claim))


@cache
def proved(claim: str, given: tuple[str, ...]) -> bool:
    """Whether `prove` proves a claim; several variants share one core."""
    return prove(claim, given).verdict == "proved"


@each_scalar
def test_the_scalar_core_is_proved_and_its_variant_refuted(scalar: Scalar) -> None:
    assert proved(scalar.true, scalar.given)
    given = scalar.false_given or scalar.given
    answer = prove(scalar.false, given)
    assert answer.verdict == "refuted" and answer.theorem is None
    assert answer.counterexample is not None
    point = {name: Fraction(text) for name, text in answer.counterexample.items()}
    assert all(holds(claim, point) for claim in given)
    assert not holds(scalar.false, point)
    # The core itself is true there, or the point is none of its own.
    assert holds(scalar.true, point) or not all(holds(claim, point) for claim in scalar.given)
