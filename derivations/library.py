"""Statements and their proofs: the registry, the dependency graph, and verification.

A `Statement` is data (id, kind, title, provenance, hypotheses, conclusion) and a function
that proves it.  The function receives a `Proof`, in which it takes its steps, and returns
the kernel theorem; the statement is proved if that theorem says exactly what it claims.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Literal

from derivations.kernel.certificate import lineage
from derivations.kernel.terms import (
    Definition,
    KernelError,
    Term,
    definitions,
    eq,
    free_variables,
    unfold,
)
from derivations.kernel.theorem import Theorem, infer, step
from derivations.tactics import ProofError, apply, assume, discharge, have, specialise, where

Kind = Literal["definition", "assumption", "lemma", "theorem", "corollary", "proposition"]
Provenance = Literal["paper", "reconstructed", "extension", "classical"]


class LibraryError(Exception):
    """A request the library cannot meet, in one line that names the remedy."""


@dataclass(frozen=True)
class ProofStep:
    """One displayed step: what was shown, why, and from which earlier steps or statements."""

    theorem: Theorem
    why: str
    uses: tuple[str, ...] = ()


class Proof:
    """The proof of one statement while it is being carried out.

    `given` holds the statement's hypotheses as theorems, in their order.
    """

    def __init__(self, statement: Statement) -> None:
        self.statement = statement
        self.given = [assume(h) for h in statement.hypotheses]
        self.steps: list[ProofStep] = []
        self.used: dict[str, None] = {}

    def _repr_markdown_(self) -> str:
        from derivations.render.notebook import proof_markdown

        return proof_markdown(self)

    def note(self, theorem: Theorem, why: str, *uses: str) -> Theorem:
        """Display a theorem as the next step of the proof."""
        self.steps.append(ProofStep(theorem, why, uses))
        return theorem

    def have(
        self, goal: Term, *facts: Theorem, why: str, unfold: Sequence[str] = (), degree: int = 3
    ) -> Theorem:
        """The goal by exact arithmetic from the facts, displayed as a step.

        Raises `ProofError` with the residual goal when no certificate is found.
        """
        return self.note(have(goal, *facts, unfold=unfold, degree=degree), why)

    def use(
        self,
        id: str,
        *facts: Theorem,
        at: Sequence[Any] = (),
        mapping: Mapping[Term, Any] | None = None,
        unfold: Sequence[str] = (),
        **values: Any,
    ) -> Theorem:
        """A statement of the library, instantiated, with its hypotheses discharged.

        Free variables are replaced by name or by `mapping`; outer quantifiers `at` terms;
        hypotheses and premises are proved from the facts and the statement's own hypotheses.
        """
        self.used[id] = None
        theorem = where(prove(id), dict(mapping or {}), **values)
        available = (*facts, *self.given)
        theorem = discharge(theorem, *available, unfold=unfold)
        if at:
            theorem = specialise(theorem, *at)
        return apply(theorem, *available, unfold=unfold)


@dataclass(frozen=True, eq=False)
class Statement:
    """One statement of the library: what it claims, where it comes from, how it is proved.

    `defines` are the symbols a definition or assumption introduces; `words` says the
    statement in a sentence (LaTeX); `module` is where it was written.
    """

    id: str
    kind: Kind
    title: str
    provenance: Provenance
    hypotheses: tuple[Term, ...]
    conclusion: Term
    proof_of: Callable[[Proof], Theorem]
    defines: tuple[Definition, ...] = ()
    words: str = ""
    module: str = ""

    @property
    def section(self) -> str:
        """The part of the id before the dot."""
        return self.id.partition(".")[0]

    @property
    def proof(self) -> Proof:
        """The displayed proof: numbered steps with their reasons."""
        return _proved(self)[1]

    @property
    def theorem(self) -> Theorem:
        """The kernel theorem; proves the statement on first use."""
        return _proved(self)[0]

    def uses(self) -> tuple[str, ...]:
        """The ids of the statements its proof calls on."""
        return tuple(self.proof.used)

    def used_by(self) -> tuple[str, ...]:
        """The ids of the statements whose proofs call on this one."""
        return tuple(s.id for s in statements() if self.id in s.uses())

    def rests_on(self) -> Foundations:
        """Everything it finally depends on."""
        return foundations(self)

    def verify(self) -> Report:
        """Prove it and replay its certificate in this process."""
        from derivations.verify import check

        return check(self)

    def latex(self, proof: bool = False, snippet: bool = True) -> str:
        """The statement, and its proof if asked for, in LaTeX.

        Without `snippet` a document that compiles by itself.
        """
        from derivations.render.latex import statement_latex

        return statement_latex(self, proof=proof, snippet=snippet)

    def _repr_markdown_(self) -> str:
        from derivations.render.notebook import statement_markdown

        return statement_markdown(self)


@dataclass(frozen=True)
class Foundations:
    """What a theorem rests on: its hypotheses, the kernel's axioms and rules, and nothing else.

    `cited` (facts taken from the literature) and `oracles` (answers of solvers taken on
    trust) name any inference that is neither; the kernel has no rule for one.
    """

    assumptions: tuple[str, ...]
    axioms: tuple[str, ...]
    rules: tuple[str, ...]
    statements: tuple[str, ...]
    cited: tuple[str, ...] = ()
    oracles: tuple[str, ...] = ()


@dataclass(frozen=True)
class Report:
    """The outcome of checking one statement."""

    id: str
    verdict: str
    seconds: float
    reason: str = ""

    @property
    def ok(self) -> bool:
        """Whether it was proved (or is a definition or assumption that is well formed)."""
        return self.verdict in ("proved", "definition", "assumption")


_STATEMENTS: dict[str, Statement] = {}
_PROOFS: dict[str, tuple[Theorem, Proof]] = {}
_FAILED: dict[str, Exception] = {}
_PENDING: list[str] = []


def register(statement: Statement) -> Statement:
    """Add a statement to the library.

    Raises `LibraryError` if its id is taken, or if two of its variables read the same.
    """
    known = _STATEMENTS.get(statement.id)
    if known is not None and known.module != statement.module:
        raise LibraryError(f"{statement.id} is already a statement of {known.module}")
    twins = _namesakes((*statement.hypotheses, statement.conclusion))
    if twins:
        raise LibraryError(f"{statement.id}: two different things are called {min(twins)}")
    _STATEMENTS[statement.id] = statement
    _PROOFS.pop(statement.id, None)
    _FAILED.clear()  # what rested on it may hold now
    return statement


def _namesakes(formulas: Iterable[Term]) -> set[str]:
    """Names that stand for two variables or definitions, so that a formula misleads."""
    found: dict[str, set[Term | Definition]] = {}
    for formula in formulas:
        for variable in free_variables(formula):
            found.setdefault(variable.head, set()).add(variable)
        for definition in definitions(formula):
            found.setdefault(definition.name, set()).add(definition)
    return {name for name, things in found.items() if len(things) > 1}


def state(
    kind: Kind,
    id: str,
    title: str,
    *,
    provenance: Provenance,
    claim: Term,
    given: Sequence[Term] = (),
    words: str = "",
) -> Callable[[Callable[[Proof], Theorem]], Statement]:
    """Decorate the function that proves a statement, and register it.

    >>> from derivations.kernel.terms import real
    >>> x = real("x")
    >>> @state("lemma", "doc.square", "A square", provenance="classical", claim=x**2 >= 0)
    ... def square(proof):
    ...     return proof.have(x**2 >= 0, why="a square")
    >>> square.theorem
    |- x**2 >= 0
    >>> _ = _STATEMENTS.pop("doc.square")
    """

    def decorate(function: Callable[[Proof], Theorem]) -> Statement:
        return register(
            Statement(
                id, kind, title, provenance, tuple(given), claim, function,
                words=words, module=function.__module__,
            )
        )  # fmt: skip

    return decorate


def define(
    kind: Kind,
    id: str,
    title: str,
    *definitions: Definition,
    provenance: Provenance,
    claim: Term,
    words: str = "",
    module: str = "",
) -> Statement:
    """Register a definition or an assumption: `claim` is ``name(x, ...) = meaning``.

    A definition adds no axiom: the claim is proved by unfolding the name.
    """

    def unfolds(proof: Proof) -> Theorem:
        left, right = claim.args
        if claim.head == "=":
            same = have(eq(unfold(left), unfold(left)))
            return proof.note(infer("convert", same, formula=claim), "by definition")
        forward = infer("discharge", assume(left), formula=left)
        return proof.note(infer("convert", forward, formula=claim), "by definition")

    return register(
        Statement(
            id, kind, title, provenance, (), claim, unfolds,
            defines=definitions, words=words, module=module or __name__,
        )
    )  # fmt: skip


def statements(section: str | None = None) -> list[Statement]:
    """The statements registered so far, in order; those of one section if it is given."""
    load()
    found = [s for s in _STATEMENTS.values() if section in (None, s.section)]
    if section is not None and not found:
        raise LibraryError(f"no section is called {section!r}; there are {', '.join(_sections())}")
    return found


def _sections() -> list[str]:
    return list(dict.fromkeys(s.section for s in _STATEMENTS.values()))


def theorem(id: str) -> Statement:
    """The statement with that id; raises `LibraryError` naming the nearest ones."""
    load()
    if id not in _STATEMENTS:
        near = get_close_matches(id, _STATEMENTS, n=3, cutoff=0.4)
        hint = f"; nearest: {', '.join(near)}" if near else ""
        raise LibraryError(f"no statement is called {id!r}{hint}")
    return _STATEMENTS[id]


def load() -> None:
    """Import the theory, so that its statements are registered."""
    import derivations.theory.all  # noqa: F401


def prove(id: str) -> Theorem:
    """The kernel theorem of a statement."""
    return theorem(id).theorem


def _proved(statement: Statement) -> tuple[Theorem, Proof]:
    if statement.id not in _PROOFS:
        if statement.id in _PENDING:
            raise ProofError(f"{statement.id} is used in its own proof", statement.conclusion)
        if statement.id in _FAILED:
            raise _FAILED[statement.id]
        _PENDING.append(statement.id)
        try:
            _PROOFS[statement.id] = _carry_out(statement)
        except (ProofError, KernelError) as error:
            _FAILED[statement.id] = error
            raise
        finally:
            _PENDING.remove(statement.id)
    return _PROOFS[statement.id]


def _carry_out(statement: Statement) -> tuple[Theorem, Proof]:
    proof = Proof(statement)
    made = statement.proof_of(proof)
    if made.conclusion != statement.conclusion:
        made = infer("convert", made, formula=statement.conclusion)
    extra = made.hypotheses - frozenset(statement.hypotheses)
    if extra:
        raise ProofError(f"{statement.id}: not a hypothesis: {sorted(map(repr, extra))[0]}")
    return made, proof


def foundations(statement: Statement) -> Foundations:
    """What a proved statement rests on, read off its derivation."""
    axioms: dict[str, None] = {}
    rules: dict[str, None] = {}
    for made in lineage([statement.theorem]):
        rule, _, arguments = step(made)
        rules[rule] = None
        if rule == "axiom":
            axioms[arguments["name"]] = None
    return Foundations(
        tuple(repr(h) for h in statement.hypotheses if h in statement.theorem.hypotheses),
        tuple(sorted(axioms)),
        tuple(sorted(rules)),
        tuple(_closure(statement)),
    )


def _closure(statement: Statement) -> Iterator[str]:
    seen: dict[str, None] = {}
    waiting = list(statement.uses())
    while waiting:
        id = waiting.pop()
        if id not in seen:
            seen[id] = None
            waiting.extend(theorem(id).uses())
    yield from sorted(seen)

