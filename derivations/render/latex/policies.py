"""Policies and runs that a statement gives by formulas, under the names of the theory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from derivations.kernel.terms import (
    Definition,
    Term,
    app,
    beta,
    derivative,
    eq,
    free_variables,
    function,
    lam,
    num,
    var,
)
from derivations.render.latex.structure import (
    defined,
    is_choice,
    opened,
    parts,
    reduced,
    replaced,
    size,
    tidied,
    unrolled,
    within,
)
from derivations.render.latex.symbols import PRIME

REWARD = function("r", "N")
FUNCTIONS = ("lp", "s", "h")
_COUNT = var("n", "N")
_LONG = 14  # symbols of an expression that is worth a letter
_LONGEST = 80  # symbols of a formula that still defines a function
_LONGEST_LETTER = 60  # symbols of what a letter stands for


@dataclass(frozen=True)
class ExplicitPolicy:
    """A policy or a run given by formulas: the arguments of the assumption about it.

    `functions` are the log-probability and its two derivatives, of the step (in a run), the
    point and the response; `taken` are the names that stand for something else already.
    """

    count: Term
    reward: Term
    functions: tuple[Term, ...]
    steps: Term | None
    taken: frozenset[str]

    @classmethod
    def among(cls, formulas: Sequence[Term]) -> ExplicitPolicy | None:
        """The one explicit policy or run that formulas speak of, if there is exactly one.

        There is none where its usual names are those of other things.
        """
        found = {p for f in formulas for p in _assumptions(f)}
        if len(found) != 1:
            return None
        count, reward, *functions = found.pop().args
        named = (reduced(f) for f in (reward, *functions[3:]))
        own = {count, *(name[0] for name in named if name)}
        free = {v for f in formulas for v in free_variables(f)}
        taken = frozenset(v.head for v in free - own)
        if taken & {"n", "r", *FUNCTIONS}:
            return None
        steps = functions[3] if functions[3:] else None
        return cls(count, reward, tuple(functions[:3]), steps, taken)

    @property
    def names(self) -> dict[Term, Term]:
        """The usual name of each function, with what it stands for."""
        sorts = self.functions[0].sort[0]
        heads = [function(name, *sorts) for name in FUNCTIONS]
        return dict(zip([REWARD, *heads], [self.reward, *self.functions], strict=True))

    @property
    def sizes(self) -> Term:
        """The name of the step sizes; eta may be that of the learning rate."""
        return function("delta" if "eta" in self.taken else "eta", "N")

    def named(self, term: Term) -> Term:
        """The term with the usual names for the functions of this policy and their values."""
        if defined(term) in ("policy", "run") and term.args[2:5] == self.functions:
            return app(
                term.head, _COUNT, *self.names, *([self.sizes] if self.steps is not None else [])
            )
        if term.kind == "lam" and term == self.steps:
            return lam(_index("k"), self.sizes(_index("k")))
        if term.kind in ("lam", "app") and not term.loose:
            steps = {} if self.steps is None else {self.sizes: self.steps}
            for name, meaning in {**self.names, **steps}.items():
                arguments = _first_arguments(meaning, term)
                if arguments is not None:
                    missing = opened(term)[0] if term.kind == "lam" else ()
                    value = name(*map(self.named, arguments), *missing)
                    return lam(missing, value) if missing else value
        inner = within(term, self.named)
        takes = isinstance(term.head, Definition) and any(a.kind == "lam" for a in term.args)
        if takes and inner.args[0] == self.count:
            return app(inner.head, _COUNT, *inner.args[1:])
        return inner

    def definitions(self) -> list[Term]:
        """Equations that define the policy.

        Of a score and a second derivative that are too long it is only said that they are the
        derivatives: that the policy is one implies it.
        """
        for implied in ((), ("h",), ("s", "h")):
            plain = list(self._equations(implied))
            equations = _abbreviated(plain, self.taken)
            letters = equations[len(plain) :]
            if (
                max(map(size, equations)) <= _LONGEST
                and all(size(e) <= _LONGEST_LETTER for e in letters)
                and len(letters) < 3
            ):
                break
        return equations

    def _equations(self, implied: Collection[str]) -> Iterator[Term]:
        if self.count != _COUNT:
            yield eq(_COUNT, self.count)
        for name, meaning in self.names.items():
            places = (_index("k"), var("t"), _index("i"))[-len(name.sort[0]) :]
            if name.head in implied:
                before = self._name("lp" if name.head == "s" else "s")
                moving = before(*places[:-2], var("u"), places[-1])
                yield derivative(var("u"), moving, places[-2], name(*places))
            else:
                yield from _defining(name, meaning, places)
        if self.steps is not None:
            yield eq(self.sizes(_index("k")), beta(self.steps, [_index("k")]))

    def _name(self, letter: str) -> Term:
        return next(name for name in self.names if name.head == letter)


def _index(name: str) -> Term:
    return var(name, "N")


def _assumptions(term: Term) -> Iterator[Term]:
    """The assumptions ``policy(...)`` and ``run(...)`` in a formula that give formulas."""
    if defined(term) in ("policy", "run") and not term.loose:
        if any(reduced(f) is None for f in term.args[2:5]):
            yield term
    for argument in term.args:
        yield from _assumptions(argument)


def _defining(name: Term, meaning: Term, places: tuple[Term, ...]) -> Iterator[Term]:
    """``name(places) = value``; a value chosen by the response gives one for each."""
    value = beta(meaning, places)
    chosen = [p for p in parts(value) if is_choice(p) and p.args[0] == places[-1]]
    for k in range(max((len(c.args) - 1 for c in chosen), default=0)):
        known = (*places[:-1], num(k))
        yield eq(name(*known), tidied(unrolled(beta(meaning, known))))
    if not chosen and value != name(*places):
        yield eq(name(*places), tidied(value))


def _abbreviated(equations: list[Term], taken: Collection[str]) -> list[Term]:
    """The equations with a letter for each long expression that keeps coming back."""
    free = {*taken, *(v.head for e in equations for v in free_variables(e))}
    for letter in (x for x in "xyz" if x not in free):
        values = [e.args[1] for e in equations if e.head == "="]
        counts = Counter(p for value in values for p in parts(value))
        saved = {p: (n - 1) * size(p) for p, n in counts.items() if n > 2 and size(p) > _LONG}
        if not saved:
            break
        worst, name = max(saved, key=lambda p: saved[p]), var(letter)
        shorter = [
            eq(e.args[0], replaced(e.args[1], worst, name)) if e.head == "=" else e
            for e in equations
        ]
        equations = [*shorter, eq(name, worst)]
    return equations


def _first_arguments(pattern: Term, term: Term) -> tuple[Term, ...] | None:
    """The arguments at which the pattern, a function, is the term.

    A term that is a function itself gives the arguments before its own.
    """
    sorts = pattern.sort[0]
    known = term.sort[0] if term.kind == "lam" else ()
    missing = len(sorts) - len(known)
    if missing < 0 or sorts[missing:] != known:
        return None
    # Names nobody can write, so that they meet no other variable.
    names = [var(f"x{PRIME}{k}", sort) for k, sort in enumerate(sorts)]
    found: dict[Term, Term] = {}
    instance = beta(term, names[missing:]) if known else term
    body = beta(pattern, names)
    if body.kind != "app" or not _matches(body, instance, frozenset(names[:missing]), found):
        return None
    fits = all(found[v].sort in ("N", v.sort) for v in found)
    return tuple(found[v] for v in names[:missing]) if fits and len(found) == missing else None


def _matches(pattern: Term, term: Term, holes: Collection[Term], found: dict[Term, Term]) -> bool:
    """Whether the term is the pattern with terms for the holes, which are collected."""
    if pattern in holes:
        return not term.loose and found.setdefault(pattern, term) == term
    if pattern.kind != term.kind or pattern.head != term.head:
        return False
    if len(pattern.args) != len(term.args):
        return False
    pairs = zip(pattern.args, term.args, strict=True)
    return all(_matches(p, t, holes, found) for p, t in pairs)
