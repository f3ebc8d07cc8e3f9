"""Terms as plain text, for people and error messages.  Nothing is read back from it."""

from __future__ import annotations

from derivations.kernel.terms import Definition, Term

_LEVELS = {
    "imp": 1, "or": 2, "and": 3, "=": 4, "<=": 4, "<": 4, ">=": 4, ">": 4, "!=": 4,
    "+": 5, "-": 5, "*": 6, "/": 6, "neg": 7, "^": 8,
}  # fmt: skip
_SIGNS = {"imp": "->", "*": "*", "/": "/", "^": "**"}


def show(term: Term, names: tuple[str, ...] = ()) -> str:
    """The text of a term; `names` are those of the loose bound variables, innermost first.

    >>> from derivations.kernel.terms import real, exp
    >>> show(exp(real("x") - (1 - real("y"))) / 2)
    'exp(x - (1 - y))/2'
    """
    return _show(term, names)[0]


def _show(term: Term, names: tuple[str, ...]) -> tuple[str, int]:
    if term.kind == "num":
        value = term.head
        return str(value), (9 if value.denominator == 1 and value >= 0 else 6)
    if term.kind == "var":
        return term.head, 9
    if term.kind == "bound":
        return (names[term.head] if term.head < len(names) else f"_{term.head}"), 9
    if term.kind == "lam":
        shown, inner = bind(term, names)
        if _only_applies(term.args[0], len(shown)):
            return _partial(term.args[0], len(shown), inner), 9
        named = shown[0] if len(shown) == 1 else f"({', '.join(shown)})"
        return f"{named} |-> {show(term.args[0], inner)}", 0
    if term.head in ("forall", "exists"):
        shown, inner = bind(term.args[0], names)
        return f"{term.head} {', '.join(shown)}. {show(term.args[0].args[0], inner)}", 0
    if term.head in _LEVELS:
        return _operator(term, names)
    head = term.head
    name = head.name if isinstance(head, Definition) else head
    name = show(head, names) if isinstance(head, Term) else name
    inside = ", ".join(show(a, names) for a in term.args)
    return (f"{name}({inside})" if term.args else name), 9


def _only_applies(body: Term, count: int) -> bool:
    """Whether a function only passes its arguments on: ``i |-> f(k, i)`` is read ``f(k, _)``."""
    if not isinstance(body.head, Term) or len(body.args) < count:
        return False
    kept, passed = body.args[:-count], body.args[-count:]
    heads = [a.head if a.kind == "bound" else None for a in passed]
    return heads == [*reversed(range(count))] and not any(
        _mentions(part, count, 0) for part in (body.head, *kept)
    )


def _mentions(term: Term, count: int, depth: int) -> bool:
    """Whether one of the innermost `count` bound variables occurs."""
    if term.kind == "bound":
        return bool(depth <= term.head < depth + count)
    inner = depth + len(term.head) if term.kind == "lam" else depth
    parts = (*term.args, *((term.head,) if isinstance(term.head, Term) else ()))
    return any(_mentions(part, count, inner) for part in parts if part.loose > depth)


def _partial(body: Term, count: int, names: tuple[str, ...]) -> str:
    kept = [show(a, names) for a in body.args[:-count]]
    name = show(body.head, names)
    return f"{name}({', '.join(kept + ['_'] * count)})" if kept else name


def _operator(term: Term, names: tuple[str, ...]) -> tuple[str, int]:
    level = _LEVELS[term.head]
    parts = [_show(a, names) for a in term.args]
    if term.head == "neg":
        return f"-{_wrap(parts[0], level)}", level
    # Left-associative operators need brackets on the right at equal level, '->' and '**'
    # on the left; relations and both connectives on either side of a different one.
    left = level + 1 if term.head in ("imp", "^", "=", "<=", "<", ">=", ">", "!=") else level
    right = level if term.head in ("imp", "and", "or") else level + 1
    sign = _SIGNS.get(term.head, term.head)
    sign = sign if term.head in ("*", "/", "^") else f" {sign} "
    return f"{_wrap(parts[0], left)}{sign}{_wrap(parts[1], right)}", level


def _wrap(part: tuple[str, int], level: int) -> str:
    return part[0] if part[1] >= level else f"({part[0]})"


def bind(term: Term, names: tuple[str, ...]) -> tuple[list[str], tuple[str, ...]]:
    """Display names for the variables a lambda term binds, and the extended scope.

    A hint already in scope, or free in the body, gets primes, so no two read alike.
    """
    from derivations.kernel.terms import free_variables

    taken = set(names) | {v.head for v in free_variables(term)}
    shown: list[str] = []
    for hint in term.head:
        name = str.__str__(hint)
        while name in taken:
            name += "'"
        taken.add(name)
        shown.append(name)
    return shown, (*reversed(shown), *names)
