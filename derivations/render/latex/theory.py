"""The symbols of the theory: success rate, expectations, Gradient Gap, policies and runs."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from derivations.kernel.terms import Definition, Term, beta, free_variables, function, num, var
from derivations.render.latex.policies import FUNCTIONS, REWARD
from derivations.render.latex.printer import Printer, Show, operator, template
from derivations.render.latex.structure import defined, is_call, is_choice, is_variable, reduced
from derivations.render.latex.symbols import Level, Printed, Symbol, bracket, enclose, modulus

PHRASES: dict[str, Callable[[Printer, Term], str | None]] = {}
"""Words for defined properties, by name; nothing where the arguments are not the usual ones."""


def _meaning(printer: Printer, term: Term) -> Printed:
    return printer.show(beta(term.head.meaning, term.args))


@dataclass(frozen=True)
class _Measure:
    """Under which responses, and where on the line, an expectation is taken."""

    side: str  # '+', '-', '' for all responses, '?' for other weights
    weights: str
    point: tuple[Term, ...]
    indices: tuple[str, ...]
    places: tuple[str, ...]
    remark: str

    @classmethod
    def of(cls, printer: Printer, count: Term, weights: Term, logs: Term) -> _Measure:
        """The measure of these weights under the policy with these log-probabilities."""
        named, shown = reduced(logs), printer.inline()
        remarks = []
        if named is None or named[0].head not in ("lp", "l"):
            (i,), body, inside = printer.opened(logs)
            remarks.append(rf"\log\pi({inside.text(i)}) = {inside.text(body)}")
            named = REWARD, ()
        head, point = named
        sorts = list(zip(head.sort[0], point, strict=False))
        whose = tuple(a for sort, a in sorts if sort == "N")
        if not _is_count(count, whose):
            remarks.insert(0, f"n = {printer.text(count)}")
        indices = tuple(map(shown.text, whose))
        places = tuple(shown.text(a) for sort, a in sorts if sort != "N")
        # Step k of a run starts at the point 0 of its segment.
        places = () if indices and places == ("0",) else places
        side = _side(weights, whose)
        other = _variable_text(shown, weights, ()) if side == "?" else ""
        return cls(side, other, point, indices, places, r",\ ".join(remarks))

    @property
    def plain(self) -> bool:
        """Whether it is the correct or the incorrect responses of the policy at hand."""
        return self.side in ("+", "-") and not self.remark

    def place(self, name: str, *below: str) -> Printed:
        r"""A quantity of the policy: ``J(t)``, ``J_{k}(t)``, and ``J_{k}`` at a step's start."""
        text = Symbol(name, (*self.indices, *below)).text
        if self.places:
            return Printed(text + bracket(",".join(self.places)))
        return Printed(text, Level.POWER if re.search("['^]", name) else Level.ATOM)

    def decorate(self, operator: str) -> str:
        """An operator with the side and the point on it."""
        point = ",".join((*self.indices, *self.places))
        below = self.weights if self.side == "?" else self.side
        return operator + (f"^{{{point}}}" if point else "") + (f"_{{{below}}}" if below else "")

    def stands(self, x: Term, name: str) -> bool:
        """Whether a random variable is the policy's own score (or second derivative) there."""
        named = reduced(x)
        return named is not None and is_variable(named[0], name) and named[1] == self.point


def _is_count(count: Term, whose: tuple[Term, ...]) -> bool:
    """Whether it is the number of responses, of the prompt with these indices if it has its own."""
    return is_variable(count, "n") or (is_call(count, "n") and count.args == whose)


def _side(weights: Term, whose: tuple[Term, ...] = ()) -> str:
    """The side that weights select; 1 - (1 - r) selects the same as r.

    `whose` are the indices of the prompt, if it has rewards of its own.
    """
    index = var("i", "N")
    body, side = beta(weights, [index]), "+-"
    while body.head == "-" and body.args[0] == num(1):
        body, side = body.args[1], side[::-1]
    own = function("r", *("N",) * len(whose), "N")(*whose, index)
    if body in (REWARD(index), own):
        return side[0]
    return "" if body == num(1) and side == "+-" else "?"


def _variable_text(printer: Printer, x: Term, point: tuple[Term, ...]) -> str:
    """A random variable without its response and, where it is the expectation's, the point."""
    (response,), body, inside = printer.opened(x)
    if _hidable(body, response):
        return replace(inside, response=response, point=point).text(body)
    return printer.function(x)


def _hidable(term: Term, response: Term) -> bool:
    """Whether the response only occurs as the argument of random variables."""
    if response not in free_variables(term):
        return True
    if is_choice(term) and term.args[0] == response:
        return all(_hidable(a, response) for a in term.args[1:])
    if term == response or isinstance(term.head, Definition):
        return False
    if isinstance(term.head, Term):
        others = [a for a in term.args if a != response]
        return len(others) >= len(term.args) - 1 and all(_hidable(a, response) for a in others)
    return all(_hidable(a, response) for a in term.args)


def _moment(operator: str, left: str, right: str) -> Show:
    def show(printer: Printer, term: Term) -> Printed:
        where = _Measure.of(printer, *term.args[:3])
        inside = ", ".join(_variable_text(printer, x, where.point) for x in term.args[3:])
        inside += rf" \mid {where.remark}" if where.remark else ""
        return Printed(where.decorate(operator) + enclose(left, inside, right))

    return show


def _quantity(name: str, mirrored: str, standing: str = "") -> Show:
    """A quantity of the policy, `mirrored` if correct and incorrect responses are exchanged.

    Its meaning is printed if it is not that of the policy's own functions, named in `standing`.
    """

    def show(printer: Printer, term: Term) -> Printed:
        where = _Measure.of(printer, *term.args[:3])
        own = all(map(where.stands, term.args[3:], standing))
        if not (where.plain and own):
            return _meaning(printer, term)
        return where.place(mirrored if where.side == "-" else name)

    return show


def _mass(printer: Printer, term: Term) -> Printed:
    where = _Measure.of(printer, *term.args)
    if where.side == "-" and where.plain:
        return Printed(Symbol(r"\pi", (*where.indices, *where.places)).text + "(O^{-})")
    return where.place("J") if where.plain else _meaning(printer, term)


def _alignment(printer: Printer, term: Term) -> Printed:
    where = _Measure.of(printer, *term.args[:3])
    name = r"\Delta\mu^{-}" if where.side == "-" else r"\Delta\mu"
    if not where.plain or where.stands(term.args[3], "s"):
        return where.place(name) if where.plain else _meaning(printer, term)
    inside = _variable_text(printer, term.args[3], where.point)
    return Printed(where.place(name).text + enclose("[", inside, "]"))


def _gradient_gap(printer: Printer, term: Term) -> Printed:
    *measure, score, j = term.args
    where, named = _Measure.of(printer, *measure), reduced(score)
    if where.side != "+" or where.remark or named is None or not is_variable(named[0], "S"):
        return _meaning(printer, term)
    return where.place(r"\gamma", *([] if j == printer.response else [printer.text(j)]))


def _progress(printer: Printer, term: Term) -> Printed:
    count, steps, gains = term.args
    _, gain, _ = printer.opened(gains)
    named, inside = reduced(steps), printer.text(count)
    standard = is_call(gain, "dmu") or defined(gain) == "alignment"
    if named is None or not is_variable(named[0], "eta") or not standard:
        inside += f"; {printer.function(steps)}, {printer.function(gains)}"
    return Printed(f"M{bracket(inside)}")


def _success_curvature(printer: Printer, term: Term) -> Printed:
    score, hessian, rate = term.args
    name = Symbol("K")
    if not (is_variable(score, "G") and is_variable(hessian, "L")):
        name = name.sub(printer.inline().text(score), printer.inline().text(hessian))
    return Printed(name.text + bracket(printer.text(rate)))


def _choice(printer: Printer, term: Term) -> Printed:
    """``choice2(i, a, b)``, a for the response 0 and b for 1: a vector and its index."""
    index, *values = term.args
    vector = enclose("(", r",\ ".join(map(printer.text, values)), ")")
    if index == printer.response:
        return Printed(vector)
    return Printed(f"{vector}_{{{printer.inline().text(index)}}}")


def _within(printer: Printer, term: Term) -> Printed:
    x, bound = map(printer.text, term.args)
    return Printed(rf"{modulus(x)} \le {bound}", Level.RELATION)


def _limit(printer: Printer, term: Term) -> Printed:
    """``converges(f, c)`` and ``diverges(f)``."""
    (index,), body, inside = printer.opened(term.args[0])
    limit = printer.text(term.args[1]) if term.args[1:] else r"\infty"
    # The body would be read as everything that follows.
    value = inside.show(body).at_least(Level.PRODUCT).text
    return Printed(rf"\lim_{{{inside.text(index)} \to \infty}} {value} = {limit}", Level.RELATION)


def _policy_phrase(printer: Printer, term: Term) -> str | None:
    found = _own_functions(printer, term)
    return found and f"${found[0]}$ is a policy along the line{found[1]}"


def _run_phrase(printer: Printer, term: Term) -> str | None:
    found = _own_functions(printer, term)
    if found is None:
        return None
    step = printer.text(beta(term.args[5], [var("k", "N")]))
    return rf"$({found[0]}_{{k}})$ is a run with the steps ${step}${found[1]}"


def _own_functions(printer: Printer, term: Term) -> tuple[str, str] | None:
    """The policy's symbol, and whether the sides are exchanged, if its functions are the usual."""
    count, reward, *functions = term.args[:5]
    named = [reduced(f) for f in functions]
    heads = tuple(f[0].head for f in named if f)
    prefixes = {f[1] for f in named if f}
    if heads != FUNCTIONS or len(prefixes) != 1:
        return None
    whose = prefixes.pop()
    side = _side(reward, whose)
    if side not in ("+", "-") or not _is_count(count, whose):
        return None
    name = Symbol(r"\pi", tuple(map(printer.inline().text, whose))).text
    return name, ", with correct and incorrect exchanged" if side == "-" else ""


def _on_segment(bounds: int) -> Callable[[Printer, Term], str | None]:
    """``|s| <= G and |h| <= L on [a, b]``, for the first `bounds` functions of the term."""

    def phrase(printer: Printer, term: Term) -> str | None:
        _, *rest, a, b = term.args
        return _bounded(printer.inline(), rest[:bounds], rest[bounds:], a, b)

    return phrase


def _bounded(
    printer: Printer, functions: Sequence[Term], bounds: Sequence[Term], a: Term, b: Term
) -> str:
    pairs = zip(functions, bounds, strict=True)
    parts = [rf"${modulus(printer.function(f))} \le {printer.text(c)}$" for f, c in pairs]
    return f"{' and '.join(parts)} on $[{printer.text(a)},{printer.text(b)}]$"


def _tokens_phrase(printer: Printer, term: Term) -> str | None:
    names = ("lp", "lp_tok", "s_tok", "h_tok", "T", "same")
    functions = [reduced(f) for f in (term.args[1], *term.args[3:])]
    own = all(
        found is not None and is_variable(found[0], name)
        for found, name in zip(functions, names, strict=True)
    )
    # In a run the policy and what belongs to it carry the number of the step.
    moving, fixed = ({f[1] for f in fs if f} for fs in (functions[:4], functions[4:]))
    if not own or len(moving) != 1 or fixed != {()} or not is_variable(term.args[0], "n"):
        return None
    longest, step = printer.inline().text(term.args[2]), tuple(map(printer.text, moving.pop()))
    whose = f" under ${Symbol(chr(92) + 'pi', step).text}$" if step else ""
    return f"responses are drawn token by token{whose} (at most ${longest}$)"


def _token_segment(bounds: int) -> Callable[[Printer, Term], str | None]:
    """``|s_tok| <= G and |h_tok| <= L on [a, b]``."""

    def phrase(printer: Printer, term: Term) -> str | None:
        _, _, *rest, a, b = term.args
        return _bounded(printer.inline(), rest[:bounds], rest[bounds:], a, b)

    return phrase


def _equivalence_phrase(printer: Printer, term: Term) -> str | None:
    return f"${printer.function(term.args[1])}$ indicates an equivalence of the responses"


def _signs_phrase(printer: Printer, term: Term) -> str | None:
    _, longest, _, signs, scale = term.args
    return (
        f"the ${printer.inline().text(longest)}$ tokens are independent signs "
        f"${printer.function(signs)}$ of scale ${printer.text(scale)}$"
    )


def _top_phrase(printer: Printer, term: Term) -> str | None:
    count, rate, level, chance = term.args
    return (
        f"${printer.function(chance)}$ is the top fraction ${printer.text(rate)}$ of "
        f"${printer.inline().text(count)}$ signs, with the quantile ${printer.text(level)}$"
    )


def _measurable(printer: Printer, term: Term) -> Printed:
    classes, variable = map(printer.function, term.args[1:])
    return Printed(rf"{variable} \in \sigma{bracket(classes)}", Level.RELATION)


def _lambert_root(printer: Printer, term: Term) -> Printed:
    return Printed(f"V{bracket(printer.text(term.args[0]))}")


def _token_curvature(printer: Printer, term: Term) -> Printed:
    if not all(map(is_variable, term.args, ("G_p", "L_p"))):
        return _meaning(printer, term)
    length, rate = term.args[2:]
    name = r"\kappa_{\mathrm{tok}}"
    if not is_variable(length, "T_max"):
        name += rf"^{{T = {printer.inline().text(length)}}}"
    return Printed(f"{name}{bracket(printer.text(rate))}")


def spoken(name: str) -> Show:
    """A definition that has a phrase, within a formula."""

    def show(printer: Printer, term: Term) -> Printed:
        words = PHRASES[name](printer, term)
        return (
            operator(printer, term) if words is None else Printed(rf"\text{{{words}}}", Level.AND)
        )

    return show


PHRASES.update(
    policy=_policy_phrase, run=_run_phrase, regular=_on_segment(2), smooth=_on_segment(1),
    tokens=_tokens_phrase, token_regular=_token_segment(2), token_smooth=_token_segment(1),
    equivalence=_equivalence_phrase, sign_tokens=_signs_phrase,
    top_fraction=_top_phrase,
)  # fmt: skip
_SHOWN: dict[str, Show] = {
    **{name: spoken(name) for name in PHRASES},
    "mass": _mass,
    "mean": _moment(r"\mathbb{E}", "[", "]"),
    "variance": _moment(r"\operatorname{Var}", "(", ")"),
    "covariance": _moment(r"\operatorname{Cov}", "(", ")"),
    **{f"cumulant{order}": _moment(r"\kappa", "(", ")") for order in range(1, 10)},
    "log_odds": _quantity(r"\ell", r"\ell^{-}"),
    "alignment": _alignment,
    "curvature": _quantity(r"\ell''", r"(\ell^{-})''", "sh"),
    "gradient_gap": _gradient_gap,
    "progress": _progress,
    "success_curvature": _success_curvature,
    "within": _within,
    "lambert_root": _lambert_root,
    "measurable": _measurable,
    "token_curvature": _token_curvature,
    "converges": _limit,
    "diverges": _limit,
    **{f"choice{order}": _choice for order in range(2, 10)},
}
for _name, _show in _SHOWN.items():
    template(_name, _show)

NOTATION = r"""The responses to a prompt are numbered $i < n$; $r(i) \in \{0,1\}$ is the verifier,
and $O^{+}$, $O^{-}$ are the responses with $r = 1$ and $r = 0$. The policy moves along a line:
$\pi_{t}(i)$ is the probability of response $i$ at the point $t$, and $s_{t}(i)$, $h_{t}(i)$ are the
first and the second derivative of $\log\pi_{t}(i)$ in $t$. Then $J(t) = \pi_{t}(O^{+})$ is the
success rate, $\ell(t) = \log\frac{J(t)}{1 - J(t)}$ its log-odds,
$\mathbb{E}^{t}_{+}$, $\mathbb{E}^{t}_{-}$, $\mathbb{E}^{t}$ are expectations under $\pi_{t}$ given
$O^{+}$, given $O^{-}$ and over all responses, $\mathbb{E}^{t}_{w}$ is the mean with the weights
$w(i)\,\pi_{t}(i)$, normalised; $\operatorname{Var}$, $\operatorname{Cov}$ and the cumulants
$\kappa$ carry the same marks. Inside them random variables are written without the response, and
without the point if it is the marked one. The alignment is
$\Delta\mu(t) = \mathbb{E}^{t}_{+}[s] - \mathbb{E}^{t}_{-}[s]$, and
$\ell''(t) = (\mathbb{E}^{t}_{+}[h] + \operatorname{Var}^{t}_{+}(s)) - (\mathbb{E}^{t}_{-}[h] +
\operatorname{Var}^{t}_{-}(s))$.
Where a run is considered, the index $k$ counts its steps, and $J_{k}$, $\ell_{k}$,
$\Delta\mu_{k}$ are taken at the start of step $k$. A superscript $-$, as in $\ell^{-}$, says that
correct and incorrect responses are exchanged. At token level $s_{\mathrm{tok},k,t}(i)$ and
$h_{\mathrm{tok},k,t}(i)$ are the derivatives of the log-probability of token $k$ given those before
it, $T$ is the length of the response, and weights $w$ with $0 \le w \le 1$ stand for an event $A$,
of probability $P(A) = \sum_{i} w(i)\,\pi_{t}(i)$. As usual $[x]_{+} = \max\{x, 0\}$,
$\langle x, y\rangle = \sum_{j} x_{j} y_{j}$ and $\lvert x\rvert = \sqrt{\langle x, x\rangle}$ for
vectors, $\kappa_{\mathrm{tok}}^{T = m}$ is $\kappa_{\mathrm{tok}}$ for responses of length $m$,
and $(a,\ b,\ \ldots)_{i}$ is $a$ for $i = 0$, $b$ for $i = 1$, and so on."""
"""What the symbols mean, in a paragraph of LaTeX."""
