r"""Explicit policies along a line, with every derivative in closed form.

`setting.softmax-line` is the family with log-weights ``A(i) + b(i) t + c(i) t**2/2``: it
realises any score b and second derivative c at t = 0 that a policy can have there.
"""

from __future__ import annotations

from collections.abc import Callable

from derivations import calculus, sums
from derivations.calculus import differentiate, restate
from derivations.expectation import NAMES, Line
from derivations.kernel.terms import (
    Definition,
    Term,
    beta,
    both,
    derivative,
    either,
    eq,
    exists,
    exp,
    forall,
    function,
    lam,
    log,
    lt,
    nat,
    num,
    real,
    total,
)
from derivations.kernel.theorem import Theorem, infer
from derivations.library import Proof, state
from derivations.tactics import (
    apply,
    assume,
    conjunction,
    discharge,
    each_below,
    fold,
    fresh,
    have,
    instance,
    intro,
    obtain,
    part,
    rewrite,
    where,
)

EXPLICIT = ("choice2", "choice3")
"""The definitions to unfold for arithmetic with explicit lines."""

n, i, j, k = (nat(name) for name in ("n", "i", "j", "k"))
t, u, x, y, z = (real(name) for name in ("t", "u", "x", "y", "z"))
r, A, b, c = (function(name, "N") for name in ("r", "A", "b", "c"))

CHOICE2 = Definition("choice2", lam((i, x, y), (1 - i) * x + i * y))
"""``choice2(i, x, y)``: x for response 0, y for response 1."""

CHOICE3 = Definition(
    "choice3",
    lam((i, x, y, z), (1 - i) * (2 - i) / 2 * x + i * (2 - i) * y + i * (i - 1) / 2 * z),
)
"""``choice3(i, x, y, z)``: x, y, z for responses 0, 1, 2."""


def value(function_: Term, index: Term) -> Term:
    """The value of a function of the response."""
    return beta(function_, [index])


def log_weight(at: Term, index: Term, line: tuple[Term, Term, Term]) -> Term:
    """A(i) + b(i) t + c(i) t**2/2."""
    level, slope, bend = (beta(f, [index]) for f in line)
    return level + slope * at + bend * at**2 / 2


def drift(at: Term, index: Term, line: tuple[Term, Term, Term]) -> Term:
    """b(i) + c(i) t, the derivative of the log-weight."""
    _, slope, bend = (beta(f, [index]) for f in line)
    return slope + bend * at


def weighted(count: Term, at: Term, line: tuple[Term, Term, Term], body: Summand) -> Term:
    """The sum of exp(log-weight) times a function of the response.

    The index of the sum is fresh: the line's functions may mention any variable.
    """
    index = fresh("j", "N", at, *line)
    return total(count, index, exp(log_weight(at, index, line)) * body(index))


Summand = Callable[[Term], Term]


def total_weight(count: Term, at: Term, line: tuple[Term, Term, Term]) -> Term:
    """Z(t), the sum of the weights."""
    index = fresh("j", "N", at, *line)
    return total(count, index, exp(log_weight(at, index, line)))


def first_moment(count: Term, at: Term, line: tuple[Term, Term, Term]) -> Term:
    """Z'(t)."""
    return weighted(count, at, line, lambda index: drift(at, index, line))


def second_moment(count: Term, at: Term, line: tuple[Term, Term, Term]) -> Term:
    """Z''(t)."""
    return weighted(
        count, at, line, lambda index: drift(at, index, line) ** 2 + value(line[2], index)
    )


def softmax_line(count: Term, reward: Term, level: Term, slope: Term, bend: Term) -> Line:
    """The policy with log-weights A(i) + b(i) t + c(i) t**2/2, as a `Line`."""
    line = (level, slope, bend)
    at, index = fresh("t", "R", *line), fresh("i", "N", *line)
    weight = total_weight(count, at, line)
    first, second = first_moment(count, at, line), second_moment(count, at, line)
    return Line(
        count,
        reward,
        lam((at, index), log_weight(at, index, line) - log(weight)),
        lam((at, index), drift(at, index, line) - first / weight),
        lam((at, index), value(bend, index) - (second / weight - (first / weight) ** 2)),
    )


_functions = (lam(i, A(i)), lam(i, b(i)), lam(i, c(i)))
SOFTMAX = softmax_line(n, lam(i, r(i)), *_functions)
"""The softmax line with arbitrary log-weights."""

BINARY = forall(i, lt(i, n), either(eq(r(i), 0), eq(r(i), 1)))
SOME_CORRECT = exists(i, both(lt(i, n), eq(r(i), 1)))
SOME_INCORRECT = exists(i, both(lt(i, n), eq(r(i), 0)))


def weight_positive(existence: Theorem, at: Term) -> Theorem:
    """0 < Z(t), since there is a response."""
    weight = lam(j, exp(log_weight(at, j, _functions)))
    each = intro(have(num(0) <= beta(weight, [i])), i, lt(i, n))

    def use(chosen: Theorem) -> Theorem:
        rule = where(sums.positive(), f=weight, n=n, k=k)
        return discharge(rule, each, have(lt(0, beta(weight, [k]))), part(chosen, 0))

    return obtain(existence, [k], use)


@state(
    "lemma",
    "setting.softmax-line",
    "Softmax with quadratic log-weights is a policy",
    provenance="classical",
    given=[BINARY, SOME_CORRECT, SOME_INCORRECT],
    claim=SOFTMAX.policy,
)
def softmax_is_policy(proof: Proof) -> Theorem:
    positive = weight_positive(proof.given[1], t)
    normal = proof.note(normalised(positive), "divide by the sum of the weights")
    Z = total_weight(n, u, _functions)
    first, second = first_moment(n, t, _functions), second_moment(n, t, _functions)
    moving = differentiate(u, Z, t, value=first)
    turning = differentiate(u, first_moment(n, u, _functions), t, value=second)
    W, V, p, q = function("W", "R"), function("V", "R"), real("p"), real("q")
    known = [assume(f) for f in (
        derivative(u, W(u), t, p), derivative(u, V(u), t, q), lt(0, W(t)),
    )]  # fmt: skip
    values = {W: lam(u, Z), p: first, V: lam(u, first_moment(n, u, _functions)), q: second}
    score = differentiate(u, log_weight(u, i, _functions) - log(W(u)), t, *known)
    score = discharge(where(score, values), moving, turning, positive)
    score = restate(score, beta(SOFTMAX.score, [t, i]), positive)
    hessian = differentiate(u, drift(u, i, _functions) - V(u) / W(u), t, *known)
    hessian = discharge(where(hessian, values), moving, turning, positive)
    hessian = restate(hessian, beta(SOFTMAX.hessian, [t, i]), positive)
    proof.note(score, "differentiate the log-probability")
    proof.note(hessian, "and once more")
    return fold(
        conjunction(
            normal,
            intro(score, (t, i), lt(i, n)),
            intro(hessian, (t, i), lt(i, n)),
            *proof.given,
        ),
        SOFTMAX.policy,
    )


def normalised(positive: Theorem) -> Theorem:
    """``for all t, Sum exp(lp(t, i)) = 1``."""
    weight = exp(log_weight(t, i, _functions))
    Z = total_weight(n, t, _functions)
    share = discharge(where(calculus.exp_minus_log(), x=Z), positive)
    joined = instance("exp.sum", x=log_weight(t, i, _functions), y=-log(Z))
    log_policy = beta(SOFTMAX.log_policy, [t, i])
    same = have(eq(exp(log_policy), weight / Z), joined, share, positive)
    rule = where(sums.congruent(), f=lam(i, exp(log_policy)), g=lam(i, weight / Z), n=n)
    summed = discharge(rule, intro(same, i, lt(i, n)))
    return intro(have(eq(total(n, i, exp(log_policy)), 1), summed, positive), t)


_JET = [
    eq(total(n, i, exp(A(i))), 1),
    eq(total(n, i, exp(A(i)) * b(i)), 0),
    eq(total(n, i, exp(A(i)) * (c(i) + b(i) ** 2)), 0),
]


@state(
    "lemma",
    "setting.two-jet",
    "Any admissible score and second derivative are realised",
    provenance="classical",
    given=_JET,
    claim=forall(
        i,
        both(
            eq(beta(SOFTMAX.log_policy, [0, i]), A(i)),
            eq(beta(SOFTMAX.score, [0, i]), b(i)),
            eq(beta(SOFTMAX.hessian, [0, i]), c(i)),
        ),
    ),
    words="A score with mean zero and a second derivative that satisfies the Bartlett "
    "identity are those of a policy.",
)
def two_jet(proof: Proof) -> Theorem:
    log_one = have(eq(log(1), 0), rewrite(instance("log.exp", x=num(0)), instance("exp.zero")))
    goal = beta(proof.statement.conclusion.args[0], [i])
    pieces = []
    for g in (goal.args[0], goal.args[1].args[0], goal.args[1].args[1]):
        pieces.append(
            proof.have(g, *proof.given, log_one, why="at t = 0 the sum of the weights is one")
        )
    return intro(conjunction(*pieces), i)


def two_responses(f: Term, slope: Term, bend: Term) -> Line:
    """One correct and one incorrect response, with log-odds f(t); slope and bend are f', f''."""
    value, first, second = (beta(g, [t]) for g in (f, slope, bend))
    success = 1 / (1 + exp(-value))
    change = success * (1 - success) * first**2
    return Line(
        num(2),
        lam(i, CHOICE2(i, 1, 0)),
        lam((t, i), CHOICE2(i, -log(1 + exp(-value)), -log(1 + exp(value)))),
        lam((t, i), CHOICE2(i, (1 - success) * first, -(success * first))),
        lam((t, i), CHOICE2(i, (1 - success) * second - change, -(success * second) - change)),
    )


# Three responses -----------------------------------------------------------------------------

rho, v, h0 = real("rho"), real("v"), real("h0")


def three_functions(ratio: Term, spread: Term, bend: Term) -> tuple[Term, Term, Term]:
    """Log-weights of one correct and two equally likely incorrect responses.

    At t = 0 the odds are `ratio`, the scores 0, `spread` and -`spread`, and the second
    derivative is `bend` on the correct response; the Bartlett identity fixes the other one.
    """
    other = -(ratio * bend + spread**2)
    return (
        lam(i, CHOICE3(i, log(2 * ratio), 0, 0)),
        lam(i, CHOICE3(i, 0, spread, -spread)),
        lam(i, CHOICE3(i, bend, other, other)),
    )


THREE_REWARD = lam(i, CHOICE3(i, 1, 0, 0))


def three_responses(ratio: Term, spread: Term, bend: Term) -> Line:
    """The softmax line with these log-weights."""
    return softmax_line(num(3), THREE_REWARD, *three_functions(ratio, spread, bend))


_three = three_responses(rho, v, h0)


def explicit_rewards(reward: Term, count: int) -> list[Theorem]:
    """The reward is binary, and both kinds of response exist: response 0 is the correct one."""
    goal = either(eq(beta(reward, [i]), 0), eq(beta(reward, [i]), 1))

    def value(number: int) -> Theorem:
        which = eq(beta(reward, [num(number)]), 1 if number == 0 else 0)
        there = beta(lam(i, goal), [num(number)])
        return infer("weaken", have(which, unfold=EXPLICIT), formula=there)

    binary = intro(each_below(i, count, goal, value), i, lt(i, count))
    found = []
    for number, wanted in ((0, 1), (1, 0)):
        claim = exists(i, both(lt(i, count), eq(beta(reward, [i]), wanted)))
        shown = conjunction(
            have(lt(num(number), count)),
            have(eq(beta(reward, [num(number)]), wanted), unfold=EXPLICIT),
        )
        found.append(infer("witness", shown, formula=claim, terms=(num(number),)))
    return [binary, *found]


def three_weights(ratio: Term, positive: Theorem) -> list[Theorem]:
    """The probabilities at t = 0: exponentials of differences of logarithms, as fractions."""
    whole = 2 * ratio + 2
    inverse = apply(instance("exp.log", x=2 * ratio), have(lt(0, 2 * ratio), positive))
    share = discharge(where(calculus.exp_minus_log(), x=whole), have(lt(0, whole), positive))
    joined = instance("exp.sum", x=log(2 * ratio), y=-log(whole))
    product = have(
        eq(exp(log(2 * ratio) + -log(whole)), 2 * ratio / whole), joined, inverse, share, positive
    )
    return [instance("exp.zero"), inverse, share, product]


@state(
    "lemma",
    "setting.three-responses",
    "Three responses with a prescribed curvature",
    provenance="extension",
    given=[lt(0, rho)],
    claim=both(
        _three.policy,
        eq(_three.success(0), rho / (1 + rho)),
        eq(_three.alignment(0), 0),
        eq(_three.curvature(0), h0 + rho * h0),
        forall(
            i,
            lt(i, 3),
            both(
                eq(beta(_three.score, [0, i]), CHOICE3(i, 0, v, -v)),
                eq(
                    beta(_three.hessian, [0, i]),
                    CHOICE3(i, h0, -(rho * h0 + v**2), -(rho * h0 + v**2)),
                ),
            ),
        ),
    ),
)
def three_at_zero(proof: Proof) -> Theorem:
    level, slope, bend = three_functions(rho, v, h0)
    mapping = {n: num(3), r: THREE_REWARD, A: level, b: slope, c: bend}
    policy = proof.use("setting.softmax-line", *explicit_rewards(THREE_REWARD, 3), mapping=mapping)
    known = [*three_weights(rho, proof.given[0]), proof.given[0]]
    _, rest = proof.statement.conclusion.args
    values = []
    for _ in range(3):
        goal, rest = rest.args
        values.append(
            proof.have(
                goal, *known, unfold=(*NAMES, *EXPLICIT), why="write out the three responses"
            )
        )
    goal = beta(rest.args[0], [i]).args[1]
    each = proof.have(goal, *known, unfold=EXPLICIT, why="the mean of the score is zero")
    return conjunction(policy, *values, intro(each, i, lt(i, 3)))
