"""The language of the kernel: terms, formulas, and what they mean.

A *term* denotes a real number, a natural number, a truth value or a function
of these.  There are three base sorts, ``R`` (reals), ``N`` (naturals, a subset of
``R``) and ``B`` (formulas), and function sorts ``((argument sorts), result)``.
A variable of function sort stands for an arbitrary function, so a theorem about
``lp(t, i)`` is a theorem about every such function.

Every function is total.  ``x/y`` is ``x`` times the value at ``y`` of a fixed
function that inverts every nonzero number; ``log``, ``sqrt`` and ``lambertw`` are fixed
functions that no rule describes outside their usual domain.  So a theorem never
depends on a value nobody defined; `undefined` lists what has to hold for a term
to have its usual meaning.

Terms are tuples, hence immutable, compared by structure, with bound variables as
de Bruijn indices (names of bound variables are kept for display only).  Each is built
once, by the checked constructors below, and only what they built is accepted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cache
from operator import itemgetter
from threading import Lock
from types import MappingProxyType
from typing import Any, Union, cast

Sort = Union[str, tuple[tuple[Any, ...], str]]


class KernelError(Exception):
    """A term, an inference or a certificate that the kernel refuses."""


MALFORMED = (
    ArithmeticError, AttributeError, LookupError, MemoryError, RuntimeError, TypeError, ValueError
)  # fmt: skip
"""What Python raises over arguments that are no data for a rule or a certificate."""


class Hint(str):
    """The name shown for a bound variable; it never takes part in equality."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Hint)

    def __ne__(self, other: object) -> bool:
        return not isinstance(other, Hint)

    def __hash__(self) -> int:
        return 0


class Definition(tuple):  # type: ignore[type-arg]
    """A named abbreviation: ``name(x, ...)`` means ``body(x, ...)``.

    `meaning` is a closed lambda term without free variables, so replacing a defined
    term by its meaning is always possible and never circular.
    """

    __slots__ = ()

    name = property(itemgetter(0))
    meaning = property(itemgetter(1))

    def __new__(cls, name: str, meaning: Term) -> Definition:
        if type(name) is not str or type(meaning) is not Term:
            raise KernelError("a definition is a name and a term")
        genuine(meaning)
        if not name.isidentifier() or name in SIGNATURES:
            raise KernelError(f"not a name for a definition: {name!r}")
        if meaning.kind != "lam" or meaning.loose or free_variables(meaning):
            raise KernelError(f"the definition of {name} must be closed")
        return tuple.__new__(Definition, (name, meaning))

    def __init_subclass__(cls, **_: Any) -> None:
        raise KernelError("Definition cannot be subclassed")

    def __reduce__(self) -> Any:
        return Definition, (self.name, self.meaning)

    def __repr__(self) -> str:
        return f"Definition({self.name!r})"

    def __call__(self, *arguments: Any) -> Term:
        return app(self, *arguments)


class Term(tuple):  # type: ignore[type-arg]
    """A term of the language; build it with the functions of this module.

    >>> x, y = real("x"), real("y")
    >>> (x + 1) * y <= 2
    (x + 1)*y <= 2
    """

    __slots__ = ()

    key = property(itemgetter(0))
    kind = property(itemgetter(1))
    sort = property(itemgetter(2))
    head = property(itemgetter(3))
    args = property(itemgetter(4))
    loose = property(itemgetter(5))
    size = property(itemgetter(6))

    def __new__(cls, *_: Any, **__: Any) -> Term:
        raise KernelError("terms are built by the functions of derivations.kernel.terms")

    def __init_subclass__(cls, **_: Any) -> None:
        raise KernelError("Term cannot be subclassed")

    def __hash__(self) -> int:
        return self[0]  # type: ignore[no-any-return]

    def __reduce__(self) -> Any:
        return _rebuild, (self.kind, self.sort, self.head, self.args)

    def __bool__(self) -> bool:
        raise TypeError("a term has no truth value; ask the prover")

    def __repr__(self) -> str:
        from derivations.kernel.text import show

        return show(self)

    def __call__(self, *arguments: Any) -> Term:
        return app(self, *arguments)

    def __add__(self, other: Any) -> Term:
        return app("+", self, other)

    def __radd__(self, other: Any) -> Term:
        return app("+", other, self)

    def __sub__(self, other: Any) -> Term:
        return app("-", self, other)

    def __rsub__(self, other: Any) -> Term:
        return app("-", other, self)

    def __mul__(self, other: Any) -> Term:
        return app("*", self, other)

    def __rmul__(self, other: Any) -> Term:
        return app("*", other, self)

    def __truediv__(self, other: Any) -> Term:
        return app("/", self, other)

    def __rtruediv__(self, other: Any) -> Term:
        return app("/", other, self)

    def __pow__(self, other: Any) -> Term:
        return app("^", self, other)

    def __neg__(self) -> Term:
        return app("neg", self)

    def __le__(self, other: Any) -> Term:  # type: ignore[override]
        return app("<=", self, other)

    def __lt__(self, other: Any) -> Term:  # type: ignore[override]
        return app("<", self, other)

    def __ge__(self, other: Any) -> Term:  # type: ignore[override]
        return app(">=", self, other)

    def __gt__(self, other: Any) -> Term:  # type: ignore[override]
        return app(">", self, other)


_built: dict[Any, Term] = {}
_genuine: set[int] = set()  # identities of the terms in _built, which keeps them alive
_building = Lock()


def _make(kind: str, sort: Sort, head: Any, args: tuple[Term, ...], loose: int) -> Term:
    # Terms that differ in the names of bound variables are equal, but two objects: they are
    # shown differently.  Hence the texts of the names, and the identities of the arguments.
    shown = tuple(map(str.__str__, head)) if kind == "lam" else head
    whole = (kind, sort, shown, *map(id, args))
    term = _built.get(whole)
    if term is None:
        parts = (*args, head) if type(head) is Term else args
        size = 1 + sum(genuine(part).size for part in parts)
        if size > _LARGEST_TERM:
            raise KernelError(f"a term of more than {_LARGEST_TERM} parts")
        key = hash((kind, sort, head, args))
        with _building:  # one object for one term, whatever other threads do
            new = tuple.__new__(Term, (key, kind, sort, head, args, loose, size))
            term = _built.setdefault(whole, new)
            _genuine.add(id(term))
    return term


def genuine(term: Term) -> Term:
    """The term itself; raises `KernelError` if the constructors of this module did not build it.

    >>> genuine(tuple.__new__(Term, (0, "app", "N", "neg", (num(1),), 0, 2)))
    Traceback (most recent call last):
    derivations.kernel.terms.KernelError: not a term built by derivations.kernel.terms
    """
    if id(term) not in _genuine:
        raise KernelError("not a term built by derivations.kernel.terms")
    return term


def _rebuild(kind: str, sort: Sort, head: Any, args: tuple[Term, ...]) -> Term:
    """Build again what was pickled, through the checked constructors."""
    if kind == "num":
        return num(head)
    if kind == "var":
        return var(head, sort)
    if kind == "bound":
        _check_index(head, sort)
        return _bound(head, sort)
    if kind == "lam":
        return bind(tuple(head), cast(Any, sort)[0], args[0])
    return app(head, *args)


def bind(hints: tuple[Hint, ...], sorts: tuple[Sort, ...], body: Term) -> Term:
    """A lambda term from its parts, as a certificate holds them.

    Raises `KernelError` unless every index that it binds has the sort it is bound with.
    """
    if not type(hints) is type(sorts) is tuple or len(hints) != len(sorts) or not sorts:
        raise KernelError("a lambda term has one name for every sort")
    if not all(type(h) is Hint and h.replace("#", "_").isidentifier() for h in hints):
        raise KernelError("a bound variable is called by an identifier")
    for sort in sorts:
        _check_sort(sort)
    _check_bound(genuine(body), sorts, 0)
    return _lam(hints, sorts, body)


def _check_index(index: Any, sort: Any) -> None:
    if type(index) is not int or index < 0:
        raise KernelError("the index of a bound variable is a natural number")
    _check_sort(sort)


def _check_bound(term: Term, sorts: tuple[Sort, ...], depth: int) -> None:
    if type(term) is not Term or term.loose <= depth:
        return
    if term.kind == "bound":
        position = len(sorts) - 1 - (term.head - depth)
        if position >= 0 and term.sort != sorts[position]:
            raise KernelError("a bound variable does not have the sort it was bound with")
        return
    inner = depth + len(term.head) if term.kind == "lam" else depth
    for part in (*term.args, *((term.head,) if type(term.head) is Term else ())):
        _check_bound(part, sorts, inner)


def is_function(sort: Sort) -> bool:
    """Whether a sort is a function sort."""
    return isinstance(sort, tuple)


def _fits(given: Sort, wanted: Sort) -> bool:
    if given == wanted or (given == "N" and wanted == "R"):
        return True
    if isinstance(given, tuple) and isinstance(wanted, tuple):
        return given[0] == wanted[0] and _fits(given[1], wanted[1])
    return False


# Builtin symbols: argument sorts and result.  The argument of a quantifier is really a
# function into formulas, of any base sorts; `_builtin` checks that.
_R2 = ("R", "R")
SIGNATURES: Mapping[str, tuple[tuple[Sort, ...], str]] = MappingProxyType(
    {
        **dict.fromkeys(("+", "-", "*", "/", "^", "max", "min"), (_R2, "R")),
        **dict.fromkeys(("neg", "abs"), (("R",), "R")),
        **dict.fromkeys(("exp", "log", "sqrt", "sin", "cos", "lambertw"), (("R",), "R")),
        "pi": ((), "R"),
        **dict.fromkeys(("Sum", "Prod"), (("N", (("N",), "R")), "R")),
        **dict.fromkeys(("=", "<=", "<", ">=", ">", "!="), (_R2, "B")),
        **dict.fromkeys(("and", "or", "imp"), (("B", "B"), "B")),
        "false": ((), "B"),
        "forall": (("B",), "B"),
        "exists": (("B",), "B"),
        "derivative": (((("R",), "R"), "R", "R"), "B"),
    }
)
_LONGEST_NUMERAL = 10_000  # bits; Python writes no more than 4300 digits
_LARGEST_TERM = 1_000_000  # parts, counted as often as they are written
RELATIONS = frozenset({"=", "<=", "<", ">=", ">", "!="})


_numerals: dict[int | Fraction, Term] = {}


def num(value: int | Fraction) -> Term:
    """The numeral of an exact rational; a non-negative integer is also a natural."""
    if type(value) not in (int, Fraction):
        raise KernelError(f"not an exact number: {value!r}")
    known = _numerals.get(value)
    if known is not None:
        return known
    return _numeral(Fraction(value.numerator, value.denominator))


def _numeral(value: Fraction) -> Term:
    if max(abs(value.numerator), value.denominator).bit_length() > _LONGEST_NUMERAL:
        raise KernelError(f"a number of more than {_LONGEST_NUMERAL} bits")
    natural = value.denominator == 1 and value >= 0
    return _numerals.setdefault(value, _make("num", "N" if natural else "R", value, (), 0))


def var(name: str, sort: Sort = "R") -> Term:
    """A variable of a base or function sort; its name is an identifier."""
    if type(name) is not str or not name.isidentifier():
        raise KernelError(f"not a name: {name!r}")
    _check_sort(sort)
    return _make("var", sort, name, (), 0)


def _check_sort(sort: Any) -> None:
    """Refuse anything but the base sorts and function sorts, of exactly these types."""
    if type(sort) is tuple and len(sort) == 2 and type(sort[0]) is tuple and sort[0]:
        for part in (*sort[0], sort[1]):
            _check_sort(part)
    elif type(sort) is not str or sort not in ("R", "N", "B"):
        raise KernelError(f"not a sort: {sort!r}")


def real(name: str) -> Term:
    """A real variable."""
    return var(name, "R")


def nat(name: str) -> Term:
    """A variable that ranges over the natural numbers 0, 1, 2, ..."""
    return var(name, "N")


def function(name: str, *arguments: Sort) -> Term:
    """A variable for an arbitrary real-valued function of the given argument sorts.

    >>> eta = function("eta", "N")
    >>> eta(nat("k") + 1)
    eta(k + 1)
    """
    return var(name, (arguments, "R"))


def _index_variable(depth: int) -> Term:
    # '#' is no identifier, so no variable of a user's can be mistaken for it.
    return _make("var", "N", f"#{depth}", (), 0)


def _bound(index: int, sort: Sort) -> Term:
    return _make("bound", sort, index, (), index + 1)


def lift(value: Any) -> Term:
    """A term from a term, an int or a Fraction; anything else (floats!) is refused."""
    return genuine(value) if type(value) is Term else num(value)


def app(head: Any, *arguments: Any) -> Term:
    """Apply a builtin symbol, a definition or a function variable; sorts are checked."""
    args = tuple(_eta(lift(a)) for a in arguments)
    if type(head) is str:
        return _builtin(head, args)
    if type(head) is Definition:
        head = Definition(head.name, head.meaning)  # checked, however it was come by
        wanted, result = head.meaning.sort
        _check_sorts(head.name, args, wanted)
        return _make("app", result, head, args, _loosest(args))
    if type(head) is Term and head.kind in ("var", "bound") and is_function(head.sort):
        _check_sorts(str(head.head), args, head.sort[0])
        return _make("app", head.sort[1], head, args, max(head.loose, _loosest(args)))
    if type(head) is Term and head.kind == "lam":
        return beta(head, args)
    raise KernelError(f"{head!r} cannot be applied")


def _builtin(head: str, args: tuple[Term, ...]) -> Term:
    if head not in SIGNATURES:
        raise KernelError(f"unknown symbol {head!r}")
    wanted, result = SIGNATURES[head]
    if head in ("forall", "exists"):
        if len(args) != 1 or args[0].kind != "lam" or args[0].sort[1] != "B":
            raise KernelError(f"{head} needs a formula with bound variables")
        if any(is_function(s) for s in args[0].sort[0]):
            raise KernelError("quantifiers range over reals and naturals only")
    else:
        _check_sorts(head, args, wanted)
    if head == "^" and not (args[1].kind == "num" and args[1].head.denominator == 1):
        raise KernelError("an exponent must be an integer numeral")
    natural = head in ("+", "*") and all(a.sort == "N" for a in args)
    return _make("app", "N" if natural else result, head, args, _loosest(args))


def _check_sorts(name: str, args: Sequence[Term], wanted: Sequence[Sort]) -> None:
    if len(args) != len(wanted):
        raise KernelError(f"{name} takes {len(wanted)} arguments, not {len(args)}")
    for given, sort in zip(args, wanted, strict=True):
        if given.sort != sort and not _fits(given.sort, sort):
            raise KernelError(f"{name}: an argument has sort {given.sort}, not {sort}")


def _loosest(args: Sequence[Term]) -> int:
    return max([a.loose for a in args], default=0)


def _eta(term: Term) -> Term:
    # Functions are always passed as lambda terms, so equal functions are equal terms.
    if term.kind in ("var", "bound") and is_function(term.sort):
        sorts = term.sort[0]
        inner = tuple(_bound(len(sorts) - 1 - j, s) for j, s in enumerate(sorts))
        body = app(_shift(term, len(sorts)), *inner)
        return _lam(tuple(Hint("u") for _ in sorts), sorts, body)
    return term


def _lam(hints: tuple[Hint, ...], sorts: tuple[Sort, ...], body: Term) -> Term:
    loose = max(0, body.loose - len(sorts))
    return _make("lam", (sorts, body.sort), hints, (body,), loose)


def lam(variables: Term | Sequence[Term], body: Any) -> Term:
    """The function that maps the variables to `body`.

    >>> i = nat("i")
    >>> lam(i, i + 1) == lam(nat("j"), nat("j") + 1)
    True
    """
    names = tuple(map(lift, (variables,) if isinstance(variables, Term) else variables))
    if not names or any(v.kind != "var" for v in names) or len(set(names)) != len(names):
        raise KernelError("a lambda term binds one or more distinct variables")
    if lift(body).loose:
        raise KernelError("a lambda term is closed: it cannot capture the index of another one")
    index = {v: len(names) - 1 - j for j, v in enumerate(names)}
    hints = tuple(Hint(v.head) for v in names)
    return _lam(hints, tuple(v.sort for v in names), _abstract(lift(body), index, 0))


def _map(term: Term, change: Callable[[Term, int], Term], depth: int) -> Term:
    """Rebuild a term with `change` applied to its arguments (and to a variable head)."""
    if term.kind == "lam":
        body = change(term.args[0], depth + len(term.sort[0]))
        return term if body is term.args[0] else _lam(term.head, term.sort[0], body)
    args = tuple(change(a, depth) for a in term.args)
    head = change(term.head, depth) if isinstance(term.head, Term) else term.head
    if head is term.head and all(a is b for a, b in zip(args, term.args, strict=True)):
        return term
    return app(head, *args)


def _abstract(term: Term, index: Mapping[Term, int], depth: int) -> Term:
    if term.kind == "var" and term in index:
        return _bound(index[term] + depth, term.sort)
    if term.kind in ("app", "lam") and not free_variables(term).isdisjoint(index):
        return _map(term, lambda a, d: _abstract(a, index, d), depth)
    return term


def _shift(term: Term, by: int, depth: int = 0) -> Term:
    """Raise the loose bound indices of a term by `by`."""
    if by < 0:
        raise KernelError("an index would be captured")
    if term.loose <= depth or not by:
        return term
    if term.kind == "bound":
        return _bound(term.head + by, term.sort)
    return _map(term, lambda a, d: _shift(a, by, d), depth)


def beta(function_: Term, arguments: Sequence[Any]) -> Term:
    """The value of a lambda term at the arguments (beta reduction)."""
    args = tuple(_eta(lift(a)) for a in arguments)
    if lift(function_).kind != "lam":
        return app(function_, *args)
    _check_sorts("a function", args, function_.sort[0])
    return _open(function_.args[0], args, 0)


def _open(term: Term, args: tuple[Term, ...], depth: int) -> Term:
    if term.loose <= depth:
        return term
    if term.kind == "bound":
        position = len(args) - 1 - (term.head - depth)
        if position >= 0:
            return _shift(args[position], depth)
        return _bound(term.head - len(args), term.sort)
    return _map(term, lambda a, d: _open(a, args, d), depth)


@cache
def free_variables(term: Term) -> frozenset[Term]:
    """The free variables of a term, function variables included."""
    if term.kind == "var":
        return frozenset((term,))
    found: set[Term] = set()
    if isinstance(term.head, Term):
        found |= free_variables(term.head)
    for argument in term.args:
        found |= free_variables(argument)
    return frozenset(found)


def substitute(term: Term, mapping: Mapping[Term, Term]) -> Term:
    """Replace free variables by closed terms of fitting sorts, simultaneously.

    Raises `KernelError` when a sort does not fit (a natural needs a natural).
    """
    mapping = {lift(v): lift(t) for v, t in mapping.items()}
    for variable, value in mapping.items():
        if variable.kind != "var" or value.loose or not _fits(value.sort, variable.sort):
            raise KernelError(f"cannot substitute {value!r} for {variable!r}")
    return _substitute(term, {v: _eta(t) for v, t in mapping.items()})


def _substitute(term: Term, mapping: Mapping[Term, Term]) -> Term:
    if term.kind == "var":
        return mapping.get(term, term)
    if free_variables(term).isdisjoint(mapping):
        return term
    return _map(term, lambda a, _: _substitute(a, mapping), 0)


@cache
def unfold(term: Term, names: frozenset[str] | None = None) -> Term:
    """Replace defined symbols (those named, or all) by their meaning, everywhere."""
    if term.kind not in ("app", "lam"):
        return term
    if isinstance(term.head, Definition) and (names is None or term.head.name in names):
        return unfold(beta(term.head.meaning, term.args), names)
    return _map(term, lambda a, _: unfold(a, names), 0)


def definitions(term: Term) -> Iterator[Definition]:
    """The definitions a term mentions, directly."""
    if isinstance(term.head, Definition):
        yield term.head
    for argument in term.args:
        yield from definitions(argument)


# Formulas ------------------------------------------------------------------------------


def eq(a: Any, b: Any) -> Term:
    """The formula ``a = b`` (``==`` on terms compares structure)."""
    return app("=", a, b)


def ne(a: Any, b: Any) -> Term:
    """The formula ``a != b``."""
    return app("!=", a, b)


def le(a: Any, b: Any) -> Term:
    """The formula ``a <= b``, in this orientation also where `a` is a plain number."""
    return app("<=", a, b)


def lt(a: Any, b: Any) -> Term:
    """The formula ``a < b``, in this orientation also where `a` is a plain number."""
    return app("<", a, b)


FALSE = app("false")


def both(first: Term, *rest: Term) -> Term:
    """The conjunction, nested to the right."""
    return app("and", first, both(*rest)) if rest else first


def either(first: Term, *rest: Term) -> Term:
    """The disjunction, nested to the right."""
    return app("or", first, either(*rest)) if rest else first


def implies(*formulas: Term) -> Term:
    """``implies(a, b, c)`` is ``a -> (b -> c)``."""
    return app("imp", formulas[0], implies(*formulas[1:])) if formulas[1:] else formulas[0]


def forall(variables: Term | Sequence[Term], *formulas: Term) -> Term:
    """``forall(x, a, b)`` is ``for all x, a -> b``."""
    return app("forall", lam(variables, implies(*formulas)))


def exists(variables: Term | Sequence[Term], formula: Term) -> Term:
    """The existential quantifier."""
    return app("exists", lam(variables, formula))


def derivative(variable: Term, body: Any, at: Any, value: Any) -> Term:
    """The formula "variable -> body is differentiable at `at`, with derivative `value`"."""
    return app("derivative", lam(variable, body), at, value)


def total(count: Any, index: Term, body: Any) -> Term:
    """The finite sum of `body` over ``0 <= index < count``."""
    return app("Sum", count, lam(index, body))


def product(count: Any, index: Term, body: Any) -> Term:
    """The finite product of `body` over ``0 <= index < count``; 1 where there is no factor."""
    return app("Prod", count, lam(index, body))


def maximum(a: Any, b: Any) -> Term:
    """The larger of two reals."""
    return app("max", a, b)


def minimum(a: Any, b: Any) -> Term:
    """The smaller of two reals."""
    return app("min", a, b)


def exp(x: Any) -> Term:
    """The exponential."""
    return app("exp", x)


def log(x: Any) -> Term:
    """The natural logarithm; described by the rules for positive arguments only."""
    return app("log", x)


def sqrt(x: Any) -> Term:
    """The square root; described by the rules for non-negative arguments only."""
    return app("sqrt", x)


def sin(x: Any) -> Term:
    """The sine."""
    return app("sin", x)


def cos(x: Any) -> Term:
    """The cosine."""
    return app("cos", x)


def absolute(x: Any) -> Term:
    """The absolute value."""
    return app("abs", x)


def lambertw(x: Any) -> Term:
    """The branch W_{-1} of Lambert's W; described by the rules for -1/e <= x < 0 only."""
    return app("lambertw", x)


PI = app("pi")


def undefined(term: Term) -> Iterator[Term]:
    """The conditions under which a term has its usual meaning, whatever its indices are.

    >>> list(undefined(log(real("x") / real("y"))))
    [y != 0, x/y > 0]
    """
    for argument in term.args:
        for condition in undefined(argument):
            inside = argument.kind == "lam" and condition.loose
            bound = (argument.head, argument.sort[0]) if inside else None
            yield app("forall", _lam(*bound, condition)) if bound else condition
    if term.kind != "app":
        return
    if term.head == "/":
        yield ne(term.args[1], 0)
    elif term.head == "^" and term.args[1].head < 0:
        yield ne(term.args[0], 0)
    elif term.head == "log":
        yield term.args[0] > 0
    elif term.head == "sqrt":
        yield term.args[0] >= 0
    elif term.head == "lambertw":
        yield from (-exp(-1) <= term.args[0], term.args[0] < 0)
