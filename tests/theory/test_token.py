"""The token level: the assumption holds for an explicit tree, and misuse is refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cache
from itertools import pairwise

import pytest

from derivations import calculus, elementary, sums
from derivations.calculus import differentiate
from derivations.expectation import WITHIN, Line
from derivations.kernel.algebra import Algebra
from derivations.kernel.terms import (
    Definition,
    KernelError,
    Term,
    beta,
    either,
    eq,
    exp,
    forall,
    function,
    lam,
    le,
    log,
    lt,
    nat,
    num,
    real,
    total,
    unfold,
    var,
)
from derivations.kernel.theorem import Theorem, difference, infer
from derivations.library import _carry_out, theorem
from derivations.tactics import (
    ProofError,
    absurd,
    apply,
    assume,
    by_cases,
    conjunction,
    discharge,
    each_below,
    fold,
    have,
    instance,
    intro,
    part,
    symmetric,
    where,
)
from derivations.theory.algorithm.bernstein import written_out
from derivations.theory.lines import explicit_rewards
from derivations.theory.token import extremal, necessary, prefixes

i, j, k, m = (nat(name) for name in ("i", "j", "k", "m"))
t, u = real("t"), real("u")
COUNT, LONGEST = 3, 3


def table(index: Term, values: Sequence[Term | int]) -> Term:
    """The polynomial in the index that takes the values at 0, 1, 2, ..."""
    result: Term = num(0)
    for here, value in enumerate(values):
        basis: Term = num(1)
        for other in range(len(values)):
            if other != here:
                basis = basis * (index - other) * num(Fraction(1, here - other))
        result = result + (value if isinstance(value, Term) else num(value)) * basis
    return result


# At every token the response stops or goes on; the third token of response 2 is certain.
GOES = Definition("goes", lam((k, i), table(k, [table(i, [0, 1, 1]), table(i, [0, 0, 1]), 0])))
STOPS = Definition("stops", lam((k, i), table(k, [table(i, [1, 0, 0]), table(i, [0, 1, 0]), 0])))
_first = table(i, [table(j, [1, 0, 0]), table(j, [0, 1, 1]), table(j, [0, 1, 1])])
_second = table(i, [table(j, [1, 0, 0]), table(j, [0, 1, 0]), table(j, [0, 0, 1])])
AGREE = Definition("agree", lam((k, i, j), table(k, [1, _first, _second, _second])))
SAME = lam((k, i, j), AGREE(k, i, j))
NAMES = ("goes", "stops", "agree", "sign", "pair")
GO, STOP = -log(1 + exp(-t)), -log(1 + exp(t))


def moved(go: Term, stop: Term) -> Term:
    return lam((k, t, i), GOES(k, i) * go + STOPS(k, i) * stop)


_up, _down = exp(t), exp(-t)
TOKENS = (
    moved(GO, STOP), moved(_down / (1 + _down), -(_up / (1 + _up))),
    moved(-(_down / (1 + _down) ** 2), -(_up / (1 + _up) ** 2)),
)  # fmt: skip
LENGTH = lam(i, i + 1)
ALGEBRA = Algebra()


def added(tokens: Term) -> Term:
    return lam((t, i), total(LONGEST, k, beta(tokens, [k, t, i])))


TREE = Line(num(COUNT), lam(i, table(i, [1, 0, 0])), *map(added, TOKENS))
DRAWN = prefixes.TOKENS(COUNT, TREE.log_policy, LONGEST, *TOKENS, LENGTH, SAME)
POSITIVE = [have(lt(0, 1 + exp(t))), have(lt(0, 1 + exp(-t)))]


Prove = Callable[[Term], Theorem]


@cache
def numbers(count: int) -> Theorem:
    """i = 0 or i = 1 or ..., under i < count."""
    split = either(*(eq(i, value) for value in range(count)))

    def use(value: int) -> Theorem:
        made, right = have(eq(num(value), value)), beta(lam(i, split), [num(value)])
        inside = [right]
        for _ in range(value):
            inside.append(inside[-1].args[1])
        if value < count - 1:
            made = infer("weaken", made, formula=inside[-1])
        for formula in reversed(inside[:-1]):
            made = infer("weaken", made, formula=formula)
        return made

    return each_below(i, count, split, use)


def at_numbers(formula: Term, indices: Sequence[tuple[Term, int]], prove: Prove) -> Theorem:
    """The formula, under ``index < count`` for several indices, from a proof for numerals."""
    if not indices:
        return prove(formula)
    (index, count), *rest = indices
    template = lam(index, formula)

    def use(case: Theorem) -> Theorem:
        there = at_numbers(beta(template, [case.conclusion.args[1]]), rest, prove)
        return infer("rewrite", symmetric(case), there, template=template)

    return by_cases(where(numbers(count), i=index), *([use] * count))


def everywhere(goal: Term, prove: Prove) -> Theorem:
    """``for all i, i < 3 -> ...``, one number after the other."""
    (body,) = goal.args
    names = [var(str.__str__(h), s) for h, s in zip(body.head, body.sort[0], strict=True)]
    formula = beta(body, names)
    premises, indices, rest = [], [], formula
    while rest.head == "imp":
        premises.append(rest.args[0])
        rest = rest.args[1]
    for premise in premises:
        index, limit = premise.args
        if index in names and limit.kind == "num" and premise.head in ("<", "<="):
            indices.append((index, int(limit.head) + (premise.head == "<=")))
    made = at_numbers(formula, indices, prove)
    known = [assume(p) for p in premises]
    for fact in known:
        made = infer("detach", made, fact)
    for index, count in indices:
        inside = lt(index, count)
        made = infer("detach", infer("discharge", made, formula=inside), have(inside, *known))
    return intro(made, names, *premises)


def number(term: Term) -> Fraction:
    """The value of a term in numerals."""
    top, bottom = (ALGEBRA.dictionary(x) for x in ALGEBRA.normal(unfold(term)))
    return Fraction(sum(top.values()), sum(bottom.values()))


def fails(formula: Term) -> Fraction:
    """By how much an equation or ``<=`` between numbers fails; 0 where it holds."""
    gap = number(difference(formula))
    return gap if formula.head == "=" or gap < 0 else Fraction(0)


def refuted(premise: Theorem, gap: Fraction) -> Theorem:
    """0 < 0 from a premise about numbers that fails by the gap."""
    if premise.conclusion.head == "=":
        one, rest = ((Fraction(1), (), ()),), ((0, num(-1 / gap)),)
    else:
        one, rest = ((-gap, (), ()), (Fraction(1), ((0, 1),), ())), ()
    return infer("arithmetic", premise, goal=lt(0, 0), products=one, multipliers=rest, names=NAMES)


def by_numbers(*facts: Theorem) -> Prove:
    """A formula about numerals: a premise is false, or the conclusion holds."""

    def prove(formula: Term) -> Theorem:
        if formula.head == "or":
            side = 1 if fails(formula.args[0]) else 0
            return infer("weaken", prove(formula.args[side]), formula=formula)
        if formula.head == "imp":
            premise = assume(formula.args[0])
            gap = fails(premise.conclusion)
            made = (
                absurd(refuted(premise, gap), formula.args[1]) if gap else prove(formula.args[1])
            )
            return intro(made, (), premise.conclusion)
        if formula.head == "=" and not facts:
            return infer("arithmetic", goal=formula, names=NAMES)
        return have(formula, *facts, unfold=NAMES)

    return prove


def conjuncts(formula: Term, count: int) -> list[Term]:
    if count == 1:
        return [formula]
    return [formula.args[0], *conjuncts(formula.args[1], count - 1)]


def equivalence(goal: Term) -> Theorem:
    """``equivalence(3, e)``, e being given by numbers."""
    opened = unfold(goal, frozenset({"equivalence"}))
    made = [everywhere(g, by_numbers()) for g in conjuncts(opened, 4)]
    return fold(conjunction(*made), goal)


def under_premises(prove: Prove) -> Prove:
    def use(formula: Term) -> Theorem:
        if formula.head == "imp":
            return intro(use(formula.args[1]), (), formula.args[0])
        return prove(formula)

    return use


def probabilities() -> list[Theorem]:
    """The exponentials that occur: products of 1/(1 + exp(-t)) and 1/(1 + exp(t))."""
    go, stop = (discharge(where(calculus.exp_minus_log(), x=x), f) for x, f in (
        (1 + exp(-t), POSITIVE[1]), (1 + exp(t), POSITIVE[0]),
    ))  # fmt: skip
    joined = [instance("exp.sum", x=GO, y=y) for y in (GO, STOP)]
    return [go, stop, *joined, where(calculus.exp_minus(), x=t), instance("exp.zero"), *POSITIVE]


@cache
def drawn() -> Theorem:
    """The tree is drawn token by token."""
    goals = conjuncts(unfold(DRAWN, frozenset({"tokens"})), 9)
    inside = [assume(lt(i, COUNT)), assume(lt(k, LONGEST))]
    smooth = []
    for f, g in pairwise(TOKENS):
        value = beta(g, [k, t, i])
        made = differentiate(
            u, beta(f, [k, u, i]), t, *POSITIVE, value=value, unfold_in=NAMES
        )
        smooth.append(intro(made, (k, t, i), *(x.conclusion for x in inside)))
    lengths = apply(instance("natural.discrete", m=i, n=num(COUNT)), inside[0])
    whole = have(eq(beta(TREE.log_policy, [t, i]), total(3, k, beta(TOKENS[0], [k, t, i]))))
    pieces = [
        have(goals[0]),
        intro(whole, (t, i), inside[0].conclusion),
        *smooth,
        intro(lengths, i, inside[0].conclusion),
        everywhere(goals[5], by_numbers()),
        everywhere(goals[6], under_premises(equivalence)),
        everywhere(goals[7], by_numbers()),
        everywhere(goals[8], by_numbers(*probabilities())),
    ]
    return fold(conjunction(*pieces), DRAWN)


@cache
def policy() -> Theorem:
    """The tree is a policy."""
    goals = conjuncts(unfold(TREE.policy, frozenset({"policy"})), 6)
    inside = assume(lt(i, COUNT))
    normal = have(beta(goals[0].args[0], [t]), *probabilities(), unfold=NAMES)
    smooth = []
    for f, g in ((TREE.log_policy, TREE.score), (TREE.score, TREE.hessian)):
        value = beta(g, [t, i])
        made = differentiate(u, beta(f, [u, i]), t, *POSITIVE, value=value, unfold_in=NAMES)
        smooth.append(intro(made, (t, i), inside.conclusion))
    rewards = explicit_rewards(TREE.reward, COUNT)
    return fold(conjunction(intro(normal, t), *smooth, *rewards), TREE.policy)


def test_the_assumption_holds_for_a_tree() -> None:
    for made, goal in ((drawn(), DRAWN), (policy(), TREE.policy)):
        assert made.hypotheses == frozenset() and made.conclusion == goal


# What the assumption gives there --------------------------------------------------------------

ONE = {
    prefixes.n: num(COUNT), prefixes.T_max: num(LONGEST), prefixes.T: LENGTH,
    prefixes.same: SAME, prefixes.lp_tok: TOKENS[0], prefixes.s_tok: TOKENS[1],
    prefixes.h_tok: TOKENS[2], real("G_p"): num(1), real("L_p"): num(1),
}  # fmt: skip


@cache
def bounded() -> list[Theorem]:
    """|s_tok| <= 1 and |h_tok| <= 1 in the tree, at every t."""
    made = []
    for tokens in TOKENS[1:]:
        goal = forall((k, i), lt(i, COUNT), lt(k, LONGEST), WITHIN(beta(tokens, [k, t, i]), 1))
        up, down = (have(lt(0, x)) for x in (exp(t), exp(-t)))
        facts = []
        for x, positive in ((exp(t), up), (exp(-t), down)):
            facts += [have(le(x / (1 + x), 1), positive), have(le(0, x / (1 + x)), positive)]
            facts += [have(le(x / (1 + x) ** 2, 1), positive)]
            facts += [have(le(0, x / (1 + x) ** 2), positive)]
        made.append(everywhere(goal, under_premises(
            lambda formula, facts=facts: have(formula, *facts, unfold=NAMES))))  # fmt: skip
    return made


def at_the_tree(id: str, *facts: Theorem, **values: Term) -> Theorem:
    """A statement about the tree, without hypotheses."""
    found = where(theorem(id).theorem, {**TREE.substitution(), **ONE})
    return discharge(where(found, **values), policy(), drawn(), *bounded(), *facts)


def test_the_lemmas_apply_to_the_tree() -> None:
    some = at_the_tree("token.martingale")
    assert some.hypotheses == frozenset()
    azuma = at_the_tree("token.azuma")
    assert azuma.hypotheses == frozenset() and azuma.conclusion.head == "<="
    curved = at_the_tree("token.curvature")
    assert curved.hypotheses == frozenset()


def test_a_tree_that_forgets_is_refused() -> None:
    """Same tokens, but prefixes that do not tell the first token apart."""
    blind = lam((k, i, j), table(k, [1, 1, AGREE(2, i, j), AGREE(2, i, j)]))
    wrong = prefixes.TOKENS(COUNT, TREE.log_policy, LONGEST, *TOKENS, LENGTH, blind)
    goals = conjuncts(unfold(wrong, frozenset({"tokens"})), 9)
    everywhere(goals[7], by_numbers())
    with pytest.raises(ProofError):
        everywhere(goals[8], by_numbers(*probabilities()))


# Misuse ------------------------------------------------------------------------------------------

n, T_max, s_tok = prefixes.n, prefixes.T_max, prefixes.s_tok
Y, Z = function("Y", "N"), function("Z", "N")


@pytest.mark.parametrize(
    ("id", "dropped"),
    [
        ("token.tower", 0), ("token.tower", 1), ("token.tower", 2), ("token.orthogonal", 1),
        ("token.orthogonal", 2), ("token.orthogonal", 3), ("token.drift", 4), ("token.azuma", 2),
        ("token.square-mgf", 4), ("token.gibbs", 0), ("token.jensen", 0), ("token.lambert", 3),
        ("token.convex-order", 2), ("token.convex-order", 3), ("token.sign-binomial", 3),
        ("token.extremal", 2), ("token.extremal", 3),
    ],
)
def test_a_hypothesis_is_needed(id: str, dropped: int) -> None:
    statement = theorem(id)
    nothing = le(0, num(1))
    kept = tuple(nothing if q == dropped else h for q, h in enumerate(statement.hypotheses))
    with pytest.raises((ProofError, KernelError)):
        _carry_out(replace(statement, hypotheses=kept))


def test_the_tower_rule_refuses_what_is_not_known_before() -> None:
    """The score of the next token is not known from the prefix before it."""
    given = [assume(f) for f in (prefixes.DRAWN, prefixes.line.policy, lt(k, T_max))]
    rule = where(theorem("token.orthogonal").theorem, Y=lam(i, s_tok(k, t, i)))
    with pytest.raises(ProofError):
        discharge(rule, *given)


def test_truncated_sums() -> None:
    c = real("c")
    rule = where(sums.truncated(), f=lam(k, c), n=num(3), m=num(2), c=c)
    with pytest.raises(ProofError):  # the third term need not be negative
        discharge(rule, *(intro(have(le(c, c)), k, lt(k, 3), lt(k, 2)),))
    half = where(sums.truncated(), f=lam(k, 1 - k), n=num(3), m=num(1), c=num(1))
    low = intro(have(le(1 - k, 1)), k, lt(k, 3), lt(k, 1))
    late = assume(le(1, k))
    high = intro(have(le(1 - k, 0), late), k, lt(k, 3), late.conclusion)
    assert discharge(half, low, high).hypotheses == frozenset()


def test_roots_and_hyperbolic_cosine() -> None:
    assert elementary.cosh_gaussian().hypotheses == frozenset()
    product = where(elementary.root_of_product(), x=num(-1), y=num(-1))
    with pytest.raises(ProofError):
        discharge(product)


# Independent signs ------------------------------------------------------------------------------


def test_the_lower_bound_needs_every_assumption() -> None:
    """Neither a positive scale, nor the signs, nor the symmetric event can be left out."""
    statement = theorem("token.length-necessary")
    for position in range(2, len(statement.hypotheses)):
        hypotheses = list(statement.hypotheses)
        hypotheses[position] = eq(0, 0)
        with pytest.raises((ProofError, KernelError)):
            _carry_out(replace(statement, hypotheses=tuple(hypotheses)))


# Responses 0 to 3 are the pairs of signs (+, -), (-, +), (+, +) and (-, -).
_first_sign, _second_sign = (table(i, signs) for signs in ([1, -1, 1, -1], [-1, 1, 1, -1]))
SIGN = Definition("sign", lam((k, i), table(k, [_first_sign, _second_sign])))
_alike = table(i, [table(j, row) for row in ([1, 0, 1, 0], [0, 1, 0, 1]) * 2])
_equal = table(i, [table(j, [int(a == b) for b in range(4)]) for a in range(4)])
PAIR = Definition("pair", lam((k, i, j), table(k, [1, _alike, _equal])))
G = real("G")
WAVE = exp(G * t) + exp(-(G * t))
_slope = (exp(G * t) - exp(-(G * t))) / WAVE
SIGN_TOKENS = tuple(
    lam((k, t, i), value)
    for value in (
        G * SIGN(k, i) * t - log(WAVE), G * SIGN(k, i) - G * _slope, -(G**2) * (1 - _slope**2)
    )
)
SIGNS = Line(num(4), lam(i, table(i, [1, 1, 0, 0])), *(
    lam((t, i), total(2, k, beta(tokens, [k, t, i]))) for tokens in SIGN_TOKENS))  # fmt: skip


def powers() -> list[Theorem]:
    """The exponentials that occur, by exp(G t) and the sum of it and its inverse."""
    positive = have(lt(0, WAVE))
    parts = [[(a, G * t)] * (a != 0) + [(-b, log(WAVE))] * (b != 0)
             for b in range(3) for a in range(-b, b + 1)]  # fmt: skip
    found = [elementary.exp_of_sum(p) for p in parts if p]
    inverse = where(calculus.exp_minus(), x=G * t)
    return [*found, apply(instance("exp.log", x=WAVE), positive), inverse, positive,
            instance("exp.zero")]  # fmt: skip


TWO = {
    prefixes.n: num(4), prefixes.T_max: num(2), prefixes.T: lam(i, num(2)),
    prefixes.same: lam((k, i, j), PAIR(k, i, j)), prefixes.lp_tok: SIGN_TOKENS[0],
    prefixes.s_tok: SIGN_TOKENS[1], prefixes.h_tok: SIGN_TOKENS[2],
    necessary.o: lam((k, i), SIGN(k, i)), necessary.tau: num(1),
}  # fmt: skip


def signs_policy() -> Theorem:
    """Two signs are a policy; correct are those of sum 0."""
    goals = conjuncts(unfold(SIGNS.policy, frozenset({"policy"})), 6)
    inside = assume(lt(i, 4))
    normal = have(beta(goals[0].args[0], [t]), *powers(), unfold=NAMES)
    smooth = []
    for f, g in ((SIGNS.log_policy, SIGNS.score), (SIGNS.score, SIGNS.hessian)):
        made = differentiate(u, beta(f, [u, i]), t, have(lt(0, WAVE)), value=beta(g, [t, i]),
                             unfold_in=NAMES)  # fmt: skip
        smooth.append(intro(made, (t, i), inside.conclusion))
    found = []
    for goal, index in zip(goals[4:], (0, 2), strict=True):
        there = beta(goal.args[0], [num(index)])
        shown = conjunction(*(have(part_) for part_ in there.args))
        found.append(infer("witness", shown, formula=goal, terms=(num(index),)))
    binary = everywhere(goals[3], by_numbers())
    return fold(conjunction(intro(normal, t), *smooth, binary, *found), SIGNS.policy)


def signs_drawn() -> Theorem:
    """Two signs are drawn token by token."""
    goal = prefixes.TOKENS(
        4, SIGNS.log_policy, 2, *SIGN_TOKENS, lam(i, num(2)), TWO[prefixes.same]
    )
    goals = conjuncts(unfold(goal, frozenset({"tokens"})), 9)
    inside = [assume(lt(i, 4)), assume(lt(k, 2))]
    smooth = []
    for f, g in pairwise(SIGN_TOKENS):
        made = differentiate(u, beta(f, [k, u, i]), t, have(lt(0, WAVE)),
                             value=beta(g, [k, t, i]), unfold_in=NAMES)  # fmt: skip
        smooth.append(intro(made, (k, t, i), *(x.conclusion for x in inside)))
    whole = have(eq(beta(SIGNS.log_policy, [t, i]), total(2, k, beta(SIGN_TOKENS[0], [k, t, i]))))
    return fold(conjunction(
        have(goals[0]), intro(whole, (t, i), inside[0].conclusion), *smooth,
        intro(have(le(num(2), 2)), i, inside[0].conclusion),
        everywhere(goals[5], by_numbers()), everywhere(goals[6], under_premises(equivalence)),
        everywhere(goals[7], by_numbers()), everywhere(goals[8], by_numbers(*powers())),
    ), goal)  # fmt: skip


def independent(goal: Term) -> Theorem:
    """Every token is a sign."""
    opened = unfold(goal, frozenset({"sign_tokens"}))

    def each(formula: Term) -> Theorem:  # i < 4 and k < 2 go first
        rest = formula.args[1].args[1]
        sign = by_numbers()(rest.args[0])
        made = conjunction(sign, have(rest.args[1], *powers(), unfold=NAMES))
        return intro(made, (), formula.args[0], formula.args[1].args[0])

    return fold(everywhere(opened, each), goal)


def rare(goal: Term) -> Theorem:
    """The incorrect responses are those whose signs add up to 1 at least, in absolute value."""

    def each(formula: Term) -> Theorem:  # i < 4 goes first
        sides = []
        for side in formula.args[1].args:
            premise, conclusion = assume(side.args[0]), side.args[1]
            (size,) = (a for a in premise.conclusion.args if a.head == "abs")
            cases = instance("absolute.cases", x=size.args[0])
            made = by_cases(cases, *([lambda case, c=conclusion, p=premise: (
                have(c) if number(difference(c)) == 0
                else absurd(have(lt(0, 0), case, p, unfold=NAMES), c))] * 2))  # fmt: skip
            sides.append(intro(made, (), premise.conclusion))
        return intro(conjunction(*sides), (), formula.args[0])

    return everywhere(goal, each)


@pytest.mark.slow
def test_the_lower_bound_holds_for_two_signs() -> None:
    """Its hypotheses are those of a policy: nothing but 0 < G is left of them."""
    found = where(theorem("token.length-necessary").theorem, {**SIGNS.substitution(), **TWO})
    signs, few = (
        where(assume(theorem("token.length-necessary").hypotheses[q]),
              {**SIGNS.substitution(), **TWO}).conclusion
        for q in (3, 4)
    )  # fmt: skip
    made = discharge(found, signs_policy(), signs_drawn(), independent(signs), rare(few),
                     assume(lt(0, G)))  # fmt: skip
    assert made.hypotheses == {lt(0, G)}


# The extreme case --------------------------------------------------------------------------------

AGREEING = lam(real("x"), (real("x") - 1) / 8)
"""Of three signs: 1 where S^2 = 9, 0 where S^2 = 1."""


def top_fraction(chance: Term, rate: Fraction, quantile: int) -> Theorem:
    """The chance selects a top fraction of three signs."""
    goal = extremal.TOP_FRACTION(3, num(rate), quantile, chance)
    each, mass = conjuncts(unfold(goal, frozenset({"top_fraction"})), 2)

    def by_parts(formula: Term) -> Theorem:
        if formula.head == "and":
            return conjunction(*map(by_parts, formula.args))
        if formula.head == "imp":
            premise, conclusion = formula.args
            try:
                made = have(conclusion)
            except ProofError:  # then the premise has to be false
                made = absurd(have(lt(0, 0), assume(premise)), conclusion)
            return intro(made, (), premise)
        return have(formula)

    def within(formula: Term) -> Theorem:  # K <= 3 goes first
        return intro(by_parts(formula.args[1]), (), formula.args[0])

    made = everywhere(each, within)
    return fold(conjunction(made, have(mass, three_signs(chance))), goal)


def three_signs(function_: Term) -> Theorem:
    """The mean of a function of S^2, S a sum of three signs."""
    shape = lam(k, beta(function_, [(2 * k - 3) ** 2]))
    value = [number(beta(shape, [num(q)])) for q in range(4)]
    known = [have(eq(beta(shape, [num(q)]), num(value[q]))) for q in range(4)]
    return where(written_out(shape, known), x=num(Fraction(1, 2)))


def test_a_quarter_of_three_signs_is_a_top_fraction() -> None:
    quarter = top_fraction(AGREEING, Fraction(1, 4), 9)
    assert quarter.hypotheses == frozenset()
    value = where(theorem("token.top-mean").theorem, N=num(3), p=num(Fraction(1, 4)), c=num(9),
                  v=AGREEING)  # fmt: skip
    made = apply(part(discharge(value), 1), quarter)
    mean, x = part(made, 0).conclusion.args[0], real("x")
    squares = three_signs(lam(x, beta(AGREEING, [x]) * x))
    assert have(eq(mean, 9), squares).hypotheses == frozenset()
    found = at_the_tree("token.extremal", quarter, p=num(Fraction(1, 4)), c=num(9), v=AGREEING)
    assert found.hypotheses == frozenset()


def test_what_is_no_top_fraction_is_refused() -> None:
    """Another probability, the lower fraction, and a quantile that is too low."""
    lower = lam(real("x"), (9 - real("x")) / 8)
    for chance, rate, quantile in (
        (AGREEING, Fraction(1, 3), 9), (lower, Fraction(3, 4), 1), (AGREEING, Fraction(1, 4), 0),
    ):  # fmt: skip
        with pytest.raises((ProofError, KernelError)):
            top_fraction(chance, rate, quantile)


def test_a_concave_function_is_not_convex() -> None:
    """The extreme case is one of convex functions only."""
    given = [assume(f) for f in (prefixes.line.policy, prefixes.DRAWN, prefixes.SCORES)]
    bent = extremal.convex_excess(real("c"))
    rule = theorem("token.convex-order").theorem
    made = discharge(where(rule, f=extremal.excess(real("c"))), bent, *given)
    assert made.hypotheses == {g.conclusion for g in given}
    with pytest.raises(ProofError):
        discharge(where(rule, f=lam(real("x"), -(real("x") ** 2))), bent, *given)


def test_the_hyperbolic_cosine_from_below() -> None:
    x = real("x")
    assert elementary.cosh_above().hypotheses == frozenset({le(0, x)})
    assert elementary.exp_power(8).conclusion == eq(exp(8 * x), exp(x) ** 8)
