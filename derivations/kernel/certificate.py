"""Theorems as data: every inference written down, and the replay that checks it again.

A certificate is plain JSON: tables of terms, definitions and inference steps.  Replaying
one calls `infer` for every step, so a certificate that was tampered with yields an error
or a theorem that really is proved; never a false one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from derivations.kernel.terms import (
    MALFORMED,
    Definition,
    Hint,
    KernelError,
    Sort,
    Term,
    _bound,
    _check_index,
    app,
    bind,
    num,
    var,
)
from derivations.kernel.theorem import Sequent, Theorem, infer, sequent, step

FORMAT = "gradgap-certificate-1"


def lineage(theorems: Iterable[Theorem]) -> Iterator[Theorem]:
    """The theorems and all they were inferred from, each once, premises first."""
    seen: set[Theorem] = set()
    for goal in theorems:
        stack = [(goal, False)]
        while stack:
            theorem, ready = stack.pop()
            if theorem in seen:
                continue
            if ready:
                seen.add(theorem)
                yield theorem
            else:
                stack.append((theorem, True))
                stack.extend((p, False) for p in reversed(step(theorem).premises))


class _Writer:
    def __init__(self) -> None:
        self.terms: list[Any] = []
        self.definitions: list[Any] = []
        self._term: dict[Term, int] = {}
        self._definition: dict[Definition, int] = {}

    def term(self, term: Term) -> int:
        # Parts first, and without recursion: a certificate is read from top to bottom.
        waiting = [term]
        while waiting:
            missing = [part for part in self._parts(waiting[-1]) if part not in self._term]
            if missing:
                waiting += missing
                continue
            last = waiting.pop()
            if last not in self._term:
                row = self._row(last)
                self._term[last] = len(self.terms)
                self.terms.append(row)
        return self._term[term]

    def _parts(self, term: Term) -> tuple[Term, ...]:
        if isinstance(term.head, Term):
            return (*term.args, term.head)
        return (*term.args, term.head.meaning) if isinstance(term.head, Definition) else term.args

    def _row(self, term: Term) -> list[Any]:
        if term.kind == "num":
            return ["num", str(term.head)]
        if term.kind in ("var", "bound"):
            return [term.kind, term.head, term.sort]
        if term.kind == "lam":
            hints = [str.__str__(h) for h in term.head]
            return ["lam", hints, term.sort[0], self.term(term.args[0])]
        return ["app", self._head(term.head), [self.term(a) for a in term.args]]

    def _head(self, head: Any) -> Any:
        if isinstance(head, str):
            return head
        if isinstance(head, Term):
            return ["term", self.term(head)]
        if head not in self._definition:
            meaning = self.term(head.meaning)
            self._definition[head] = len(self.definitions)
            self.definitions.append([head.name, meaning])
        return ["definition", self._definition[head]]

    def value(self, value: Any) -> Any:
        if isinstance(value, Term):
            return {"term": self.term(value)}
        if isinstance(value, Fraction):
            return {"number": str(value)}
        if isinstance(value, (list, tuple)):
            return [self.value(v) for v in value]
        if isinstance(value, (int, str)):
            return value
        raise KernelError(f"cannot be written down: {value!r}")


def serialise(theorems: Mapping[str, Theorem]) -> dict[str, Any]:
    """The certificate of named theorems: JSON data, without any Python object."""
    writer = _Writer()
    steps: list[Any] = []
    place: dict[Theorem, int] = {}
    for theorem in lineage(theorems.values()):
        rule, premises, arguments = step(theorem)
        place[theorem] = len(steps)
        data = {name: writer.value(value) for name, value in arguments.items()}
        steps.append([rule, [place[p] for p in premises], data])
    named = {
        name: {
            "step": place[theorem],
            "hypotheses": sorted(writer.term(h) for h in theorem.hypotheses),
            "conclusion": writer.term(theorem.conclusion),
        }
        for name, theorem in theorems.items()
    }
    return {
        "format": FORMAT,
        "terms": writer.terms,
        "definitions": writer.definitions,
        "steps": steps,
        "theorems": named,
    }


class _Reader:
    """Terms and definitions of a certificate, rebuilt on demand by the checked constructors."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._named: Sequence[Any] = data["definitions"]
        self._terms: list[Term] = []
        self._definitions: dict[int, Definition] = {}
        for row in data["terms"]:
            self._terms.append(self._build(*row))

    def term(self, index: int) -> Term:
        if not 0 <= index < len(self._terms):
            raise KernelError("a term uses one that comes later")
        return self._terms[index]

    def _build(self, kind: str, *row: Any) -> Term:
        if kind == "num":
            return num(_number(row[0]))
        if kind == "var":
            return var(row[0], _sort(row[1]))
        if kind == "bound":
            _check_index(row[0], _sort(row[1]))
            return _bound(row[0], _sort(row[1]))
        if kind == "lam":
            hints, sorts, body = row
            return bind(tuple(map(Hint, hints)), tuple(map(_sort, sorts)), self.term(body))
        head, arguments = row if kind == "app" else (None, ())
        return app(self._head(head), *(self.term(a) for a in arguments))

    def _head(self, head: Any) -> Any:
        if isinstance(head, str):
            return head
        kind, index = head
        return self.term(index) if _one_of(kind, "term", "definition") else self._definition(index)

    def _definition(self, index: int) -> Definition:
        if index not in self._definitions:
            name, meaning = self._named[index]
            self._definitions[index] = Definition(name, self.term(meaning))
        return self._definitions[index]

    def value(self, value: Any) -> Any:
        if isinstance(value, dict):
            ((kind, content),) = value.items()
            return self.term(content) if _one_of(kind, "term", "number") else _number(content)
        return tuple(self.value(v) for v in value) if isinstance(value, list) else value


def _number(text: Any) -> Fraction:
    if type(text) is not str or not re.fullmatch(r"-?\d{1,4000}(/\d{1,4000})?", text, re.ASCII):
        raise KernelError("not a rational number")
    return Fraction(text)


def _one_of(kind: Any, first: str, second: str) -> bool:
    if kind not in (first, second):
        raise KernelError(f"neither a {first} nor a {second}: {kind!r}")
    return bool(kind == first)


def _sort(sort: Any) -> Sort:
    return sort if isinstance(sort, str) else (tuple(map(_sort, sort[0])), sort[1])


def replay(
    data: Mapping[str, Any], infer: Callable[..., Theorem] = infer
) -> dict[str, Theorem]:
    """Infer everything in a certificate again; raises `KernelError` at the first bad step.

    The named theorems come back only if they say what the certificate claims they say.
    `infer` may be one that remembers its answers: only theorems of the kernel are accepted.
    """
    try:
        return _replay(data, infer)
    except MALFORMED as error:
        raise KernelError(f"malformed certificate: {error!r}") from error


def _replay(data: Mapping[str, Any], infer: Callable[..., Theorem]) -> dict[str, Theorem]:
    if data["format"] != FORMAT:
        raise KernelError(f"not a certificate of format {FORMAT}")
    reader, made = _Reader(data), list[Theorem]()
    for rule, premises, arguments in data["steps"]:
        if not all(0 <= i < len(made) for i in premises):
            raise KernelError("a step uses one that comes later")
        given = {name: reader.value(value) for name, value in arguments.items()}
        made.append(infer(rule, *(made[i] for i in premises), **given))
    result: dict[str, Theorem] = {}
    for name, claim in data["theorems"].items():
        theorem = made[claim["step"]]
        proved = Sequent(
            frozenset(reader.term(h) for h in claim["hypotheses"]), reader.term(claim["conclusion"])
        )
        if sequent(theorem) != proved:
            raise KernelError(f"{name} is not what its proof proves")
        result[name] = theorem
    return result
