r"""Section 5: what dividing the score of a response by its length does to the update.

A response i has the length T(i) and the score S(i, j), j < d.  The update of a group is the mean
over its responses of advantage times S/T.
"""

from __future__ import annotations

from fractions import Fraction

from derivations import binomial, calculus, sums, vectors
from derivations.binomial import mean
from derivations.expectation import ALIGNMENT, MASS, MEAN, NAMES, Line
from derivations.kernel.terms import (
    Definition,
    Term,
    absolute,
    beta,
    both,
    either,
    eq,
    exists,
    exp,
    forall,
    function,
    implies,
    lam,
    le,
    log,
    lt,
    nat,
    num,
    real,
    total,
    unfold,
)
from derivations.kernel.theorem import Theorem, infer
from derivations.library import Proof, state
from derivations.tactics import (
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
    specialise,
    symmetric,
    where,
)
from derivations.theory.algorithm import groups
from derivations.theory.algorithm.table import (
    DR_GRPO,
    GRPO_ROW,
    POPULATION,
    REINFORCE,
    RLOO,
    STEADIED,
    Algorithm,
    baseline,
)
from derivations.theory.gap import GAP
from derivations.theory.lines import softmax_line
from derivations.theory.token import prefixes as tokens
from derivations.theory.token.curvature import TOKEN_CURVATURE, shrunk_rate
from derivations.theory.token.martingale import REGULAR_STEP, STEP, L_p, eta
from derivations.theory.token.prefixes import line
from derivations.theory.token.root import value_facts
from derivations.theory.token.tails import G_p
from derivations.theory.trajectory.one_step import conjuncts, premises_of

n, d, i, j, k, m, N = (nat(name) for name in ("n", "d", "i", "j", "k", "m", "N"))
t, mu = real("t"), real("mu")
r, l, T = (function(name, "N") for name in ("r", "l", "T"))
S = function("S", "N", "N")
ZERO, HALF = num(0), Fraction(1, 2)

_rewards, _logs = lam(i, r(i)), lam(i, l(i))
J = MASS(n, _rewards, _logs)


# The expected update of a group --------------------------------------------------------------

_up, _down = lam(groups.x, groups.a(groups.x)), lam(groups.x, groups.b(groups.x))


def mean_advantage(size: Term, rate: Term, correct: Term, incorrect: Term) -> Term:
    """The mean over groups of that size of the mean advantage of their responses."""
    return mean(
        size, rate,
        lambda k: (k * beta(correct, [k]) + (size - k) * beta(incorrect, [k])) / size,
    )  # fmt: skip


@state(
    "lemma",
    "length.group-draw",
    "The expected update of a group, whatever the mean of the scores",
    provenance="classical",
    given=[
        eq(total(n, i, exp(l(i))), 1),
        eq(total(n, i, exp(l(i)) * groups.s(i)), mu),
        eq(total(n, i, exp(l(i)) * groups.q(i)), groups.p),
        eq(total(n, i, exp(l(i)) * groups.q(i) * groups.s(i)), groups.v),
        groups.DRAWN(n, _logs, lam(i, groups.q(i)), lam(i, groups.s(i)), groups.VALUE),
        groups.ADVANTAGES(groups.G, _up, _down, groups.VALUE),
    ],
    claim=eq(
        groups.V(groups.G, 0, 0, 0),
        (groups.v - groups.p * mu)
        * mean(N, groups.p, lambda k: groups.a(k + 1) - groups.b(k))
        + mu * mean_advantage(groups.G, groups.p, _up, _down),
    ),
    words="The scores divided by the lengths need not have the mean 0 that "
    "`algorithm.group-update` asks for; their mean $\\mu$ comes in with the mean advantage.",
)
def group_draw(proof: Proof) -> Theorem:
    normal, centre, verified, moment, drawn_, rewarded = proof.given
    count, S, T, V, p = groups.count, groups.S, groups.T, groups.V, groups.p
    size, s, q = groups.G, groups.s, groups.q

    def advantage(number: Term) -> Term:
        """The mean advantage in a group with that number of correct responses."""
        return (number * groups.a(number) + (size - number) * groups.b(number)) / size

    def centred(trials: Term, won: Term, plus: Term, minus: Term) -> Term:
        """V for the scores s - mu, without the mean advantage that they lose."""
        others = size - trials - won
        paid = mean(trials, p, lambda k: advantage(won + k))
        return V(trials, won, plus + mu * won, minus + mu * others) - mu * paid

    state_ = (count, S, T)
    value = lam((m, *state_), centred(m, *state_))
    shape = {function("F", "N"): lam(k, advantage(count + k)), real("p"): p}
    before = S + mu * count, T + mu * (size - (m + 1) - count)

    def drawing(won: Term, lost: Term) -> Term:
        """What response i adds to the mean: with probability q(i) it is correct."""
        return exp(l(i)) * (q(i) * won + (1 - q(i)) * lost)

    moved = drawing(
        centred(m, count + 1, S + (s(i) - mu), T), centred(m, count, S, T + (s(i) - mu))
    )
    plain = drawing(
        V(m, count + 1, before[0] + s(i), before[1]), V(m, count, before[0], before[1] + s(i))
    )
    paid = drawing(
        mean(m, p, lambda k: advantage(count + 1 + k)), mean(m, p, lambda k: advantage(count + k))
    )
    each = intro(have(eq(moved, plain - mu * paid)), i, lt(i, n))
    opened = specialise(groups.unfolded(drawn_), m, count, *before)
    once = where(binomial.recursion(), shape, n=m)
    drawn_once = have(
        eq(centred(m + 1, *state_), total(n, i, moved)), opened, once, sums.equal(n, each),
        normal, verified,
    )  # fmt: skip
    ready = fold(
        intro(drawn_once, (m, *state_)),
        groups.DRAWN(n, _logs, lam(i, q(i)), lam(i, s(i) - mu), value),
    )
    end = where(
        groups.contributed(rewarded), {S: S + mu * count, T: T + mu * (size - 0 - count)}
    )
    last = have(
        eq(centred(ZERO, *state_), (groups.a(count) * S + groups.b(count) * T) / size), end,
        where(binomial.start(), shape), have(lt(0, size)),
    )  # fmt: skip
    given = fold(intro(last, state_), groups.ADVANTAGES(size, _up, _down, value))
    known = [
        have(eq(total(n, i, exp(l(i)) * (s(i) - mu)), 0), centre, normal),
        have(eq(total(n, i, exp(l(i)) * q(i) * (s(i) - mu)), groups.v - p * mu), moment, verified),
    ]
    made = proof.use(
        "algorithm.group-update", *known, ready, given,
        mapping={s: lam(i, s(i) - mu), V: value, groups.v: groups.v - p * mu},
    )  # fmt: skip
    proof.note(made, "the scores s - mu have the mean 0")
    return proof.have(proof.statement.conclusion, made, why="what mu adds is the mean advantage")


_W = function("V", "N", "N", "R", "R", "R")
_scores = lam((i, j), S(i, j))
_divided = lam((i, j), S(i, j) / T(i))
_whole = MEAN(n, lam(i, num(1)), _logs, lam(i, S(i, j) / T(i)))
_state = (m, groups.count, groups.S, groups.T)
_values = lam(_state, _W(j, *_state))

DRAWN = forall(j, groups.DRAWN(n, _logs, _rewards, lam(i, S(i, j) / T(i)), _values))
"""Coordinate j of the expected update is V(j, G, 0, 0, 0), for every j."""


def rewarded(algorithm: Algorithm) -> Term:
    """A group contributes the mean of advantage times score over length, to coordinate j."""
    return groups.ADVANTAGES(algorithm.size, *algorithm.advantages(J), _values)


def update(size: Term) -> Term:
    """The expected update of groups of that size."""
    return lam(j, _W(j, size, 0, 0, 0))


def gap(scores: Term, index: Term) -> Term:
    """E_+ - E_- of coordinate `index` of the scores, or of the scores divided by the lengths."""
    return GAP(n, _rewards, _logs, scores, index)


def along(direction: Term) -> Term:
    """The alignment of a direction (a function of the coordinate) with the Gradient Gap."""
    inner = total(d, j, beta(direction, [j]) * S(i, j))
    return ALIGNMENT(n, _rewards, _logs, lam(i, inner))


LENGTHS = forall(i, lt(i, n), le(1, T(i)))
_alpha, _beta = function("alpha", "R"), function("beta", "R")
ANY = Algorithm("any", N + 1, lambda k, _: _alpha(k), lambda k, _: _beta(k))
"""An algorithm of which nothing is known but its advantages."""

CENTRED = (DR_GRPO, RLOO, GRPO_ROW, STEADIED, POPULATION)
"""The rows of the table whose mean advantage vanishes."""


def left_over(algorithm: Algorithm) -> Term:
    """The mean advantage of an algorithm."""
    return mean_advantage(algorithm.size, J, *algorithm.advantages(J))


def updated(algorithm: Algorithm, value: Term) -> Term:
    """The expected update of an algorithm has the coordinate j with that value, for every j."""
    return forall(j, implies(rewarded(algorithm), eq(beta(update(algorithm.size), [j]), value)))


_c = real("c")
_multiple = forall(j, eq(beta(update(m), [j]), _c * gap(_divided, j)))
_products = total(d, j, gap(_divided, j) * gap(_scores, j))


@state(
    "lemma",
    "length.alignment",
    "The expected update with normalised lengths",
    provenance="reconstructed",
    given=[eq(total(n, i, exp(l(i))), 1), lt(0, J), lt(J, 1), LENGTHS, DRAWN],
    claim=both(
        updated(ANY, ANY.derived(J) * gap(_divided, j) + left_over(ANY) * _whole),
        *(updated(row.algorithm, row.coefficient(J) * gap(_divided, j)) for row in CENTRED),
        updated(
            REINFORCE.algorithm,
            REINFORCE.coefficient(J) * gap(_divided, j) + (J - baseline) * _whole,
        ),
        forall((m, _c), implies(_multiple, eq(along(update(m)), _c * _products))),
    ),
    words="Each score is divided by the length of its response. Then the expected update is the "
    "coefficient of the algorithm times $\\mathbb{E}_+[s/T]-\\mathbb{E}_-[s/T]$ and, beyond that, "
    "the mean advantage times $\\mathbb{E}[s/T]$, which need not vanish. The mean advantage "
    "vanishes for Dr. GRPO, RLOO, GRPO, GRPO with $\\varepsilon$, and population GRPO, row by "
    "row. For REINFORCE with a baseline $b$ it is $J - b$: without one, "
    "$J\\,\\mathbb{E}[s/T]$ is left over.",
)
def alignment(proof: Proof) -> Theorem:
    known, coordinate = proof.given[:3], _coordinate(proof)
    proof.note(
        coordinate, "`length.group-draw`; split the expectations over both sides. Then put in the "
        "coefficient and the mean advantage, row by row"
    )  # fmt: skip
    proof.used["algorithm.coefficient-by-group"] = None  # what closes the rows of the table
    rows = [intro(coordinate, j, rewarded(ANY))]
    for row in (*CENTRED, REINFORCE):
        algorithm, given = row.algorithm, assume(rewarded(row.algorithm))
        each = _row(coordinate, algorithm, given, *proof.given)
        closed = discharge(where(row.closing(row), {groups.x: J}), *known)
        rest = _mean_of(algorithm)
        value = row.coefficient(J) * gap(_divided, j)
        if row is REINFORCE:
            value = value + rest.conclusion.args[1] * _whole
        made = have(eq(beta(update(algorithm.size), [j]), value), each, closed, rest)
        made = proof.note(intro(made, (), given.conclusion), algorithm.name)
        rows.append(intro(made, j))
    return conjunction(*rows, _multiple_of(proof))


def _coordinate(proof: Proof) -> Theorem:
    """Coordinate j of the expected update, for any advantages."""
    won = total(n, i, exp(l(i)) * r(i) * (S(i, j) / T(i)))
    normal, above, below = proof.given[:3]
    whole = total(n, i, exp(l(i)) * (S(i, j) / T(i)))
    alpha, beta_ = ANY.advantages(J)
    known = [
        have(eq(total(n, i, exp(l(i)) * r(i)), J), unfold=("mass",)),
        have(eq(whole, _whole), normal, unfold=("mass", "mean")),
        have(eq(won, won)), apply(proof.given[4], at=[j]),
        assume(rewarded(ANY)),
    ]  # fmt: skip
    made = proof.use(
        "length.group-draw", *known,
        mapping={
            groups.q: _rewards, groups.s: lam(i, S(i, j) / T(i)), groups.p: J, groups.v: won,
            mu: _whole, groups.V: _values, groups.a: alpha, groups.b: beta_,
        },
    )  # fmt: skip
    value = ANY.derived(J) * gap(_divided, j) + left_over(ANY) * _whole
    return have(
        eq(beta(update(ANY.size), [j]), value), made, normal, above, below,
        unfold=("mass", "mean", "gradient_gap", "coefficient"),
    )  # fmt: skip


def _row(
    each: Theorem, algorithm: Algorithm, given: Theorem, *known: Theorem
) -> Theorem:
    """Coordinate j of the expected update of that algorithm, from that for any advantages."""
    up, down = algorithm.advantages(J)
    size = algorithm.companions + 1
    count, plus, minus = groups.count, groups.S, groups.T
    opened = groups.contributed(given)
    paid = (beta(up, [count]) * plus + beta(down, [count]) * minus) / size
    end = have(eq(_W(j, 0, count, plus, minus), paid), opened)
    ready = fold(
        intro(end, (count, plus, minus)), groups.ADVANTAGES(size, up, down, _values)
    )
    values = {_alpha: up, _beta: down, N: algorithm.companions}
    return discharge(where(each, values), ready, *known)


def _mean_of(algorithm: Algorithm) -> Theorem:
    """The mean advantage: 0, or J less the baseline."""
    size, whole = algorithm.size, left_over(algorithm)
    positive = have(lt(0, size))
    if algorithm in (POPULATION.algorithm, REINFORCE.algorithm):
        rest = J - baseline if algorithm is REINFORCE.algorithm else ZERO
        moments = [
            where(rule, {nat("n"): size, real("p"): J})
            for rule in (binomial.first_moment(), binomial.total_probability())
        ]
        return have(eq(whole, rest), *moments, positive, unfold=binomial.FORMS)
    shape = whole.args[2]
    each = have(eq(beta(shape, [k]), 0), positive, have(lt(0, N + 1)))
    none = where(binomial.constant(ZERO), {nat("n"): size, real("p"): J})
    return have(eq(whole, 0), groups.group_form(size, shape, lam(k, ZERO), J, each), none)


def _multiple_of(proof: Proof) -> Theorem:
    """The alignment of a multiple of E_+[s/T] - E_-[s/T]."""
    given = assume(_multiple)
    linear = proof.use("gap.alignment", mapping={function("w", "N"): update(m)})
    value = apply(given, at=[j])
    sides = [side * gap(_scores, j) for side in value.conclusion.args]
    summed = sums.equal(d, intro(have(eq(*sides), value), j, lt(j, d)))
    aligned = proof.have(
        eq(along(update(m)), _c * _products), linear, summed,
        why="take the inner product with the Gradient Gap",
    )  # fmt: skip
    return intro(intro(aligned, (), given.conclusion), (m, _c))


# Four responses ------------------------------------------------------------------------------

w, x, y, z, a, b = (real(name) for name in ("w", "x", "y", "z", "a", "b"))

CHOICE4 = Definition(
    "choice4",
    lam(
        (i, w, x, y, z),
        (1 - i) * (2 - i) * (3 - i) / 6 * w
        + i * (2 - i) * (3 - i) / 2 * x
        + i * (i - 1) * (3 - i) / 2 * y
        + i * (i - 1) * (i - 2) / 6 * z,
    ),
)
"""``choice4(i, w, x, y, z)``: w, x, y, z for responses 0, 1, 2, 3."""

FOUR_REWARD = lam(i, CHOICE4(i, 1, 1, 0, 0))
_UNFOLD = (*NAMES, "gradient_gap", "choice4")


def four_responses(high: Term, low: Term) -> Line:
    """Softmax with equal levels and slopes `high`, -`low` (correct) and (`low` - `high`)/2, twice.

    At t = 0 every response has the probability 1/4, and the scores are the slopes.
    """
    slopes = lam(i, four_scores(high, low, i))
    return softmax_line(num(4), FOUR_REWARD, lam(i, ZERO), slopes, lam(i, ZERO))


def four_scores(high: Term, low: Term, index: Term) -> Term:
    """The scores of the four responses at t = 0."""
    return CHOICE4(index, high, -low, (low - high) / 2, (low - high) / 2)


def over_length(line: Line, lengths: Term) -> Term:
    """s/T at t = 0."""
    return lam(i, beta(line.score, [0, i]) / beta(lengths, [i]))


def normalised(line: Line, lengths: Term) -> Term:
    """E_+[s/T] - E_-[s/T] at t = 0."""
    return ALIGNMENT(line.count, line.reward, line.logs(0), over_length(line, lengths))


_four = four_responses(a, b)


@state(
    "lemma",
    "length.four-responses",
    "Four equally likely responses with two prescribed scores",
    provenance="extension",
    claim=both(
        _four.policy,
        eq(_four.success(0), num(HALF)),
        eq(_four.alignment(0), a - b),
        forall(
            i,
            lt(i, 4),
            both(
                eq(exp(beta(_four.log_policy, [0, i])), num(Fraction(1, 4))),
                eq(beta(_four.score, [0, i]), four_scores(a, b, i)),
            ),
        ),
    ),
)
def four_at_zero(proof: Proof) -> Theorem:
    mapping = {
        n: num(4), r: FOUR_REWARD, function("A", "N"): lam(i, ZERO),
        function("b", "N"): lam(i, four_scores(a, b, i)), function("c", "N"): lam(i, ZERO),
    }  # fmt: skip
    policy = proof.use("setting.softmax-line", *_four_rewards(), mapping=mapping)
    known = quarters()
    goals = conjuncts(proof.statement.conclusion)
    values = [
        proof.have(goal, *known, unfold=_UNFOLD, why="write out the four responses")
        for goal in goals[1:3]
    ]
    inside, each = premises_of(beta(goals[3].args[0], [i]))
    shown = have(each, *known, unfold=_UNFOLD)
    return conjunction(policy, *values, intro(proof.note(shown, "softmax"), i, *inside))


def _four_rewards() -> list[Theorem]:
    """The reward is binary, and both kinds of response exist."""
    goal = either(eq(beta(FOUR_REWARD, [i]), 0), eq(beta(FOUR_REWARD, [i]), 1))

    def at(number: int, wanted: int) -> Theorem:
        return have(eq(beta(FOUR_REWARD, [num(number)]), wanted), unfold=_UNFOLD)

    def value(number: int) -> Theorem:
        which = at(number, 1 if number < 2 else 0)
        return infer("weaken", which, formula=beta(lam(i, goal), [num(number)]))

    found = [intro(each_below(i, 4, goal, value), i, lt(i, 4))]
    for number, wanted in ((0, 1), (2, 0)):
        claim = exists(i, both(lt(i, 4), eq(beta(FOUR_REWARD, [i]), wanted)))
        shown = conjunction(have(lt(num(number), 4)), at(number, wanted))
        found.append(infer("witness", shown, formula=claim, terms=(num(number),)))
    return found


def quarters() -> list[Theorem]:
    """exp(0) = 1 and exp(-log(4)) = 1/4."""
    return [
        instance("exp.zero"),
        discharge(where(calculus.exp_minus_log(), x=num(4)), have(lt(num(0), 4))),
    ]


_turned = four_responses(num(3), num(1))
_turned_lengths = lam(i, CHOICE4(i, 30, 1, 20, 20))


def _moves(rate: Term, update_: Term) -> Term:
    """J after a step of the learning rate along the update."""
    return _turned.success(rate * update_)


@state(
    "proposition",
    "length.misaligned",
    "Dividing by the length can turn the update around",
    provenance="extension",
    claim=both(
        _turned.policy,
        eq(_turned.success(0), num(HALF)),
        forall(
            i,
            lt(i, 4),
            both(
                eq(exp(beta(_turned.log_policy, [0, i])), num(Fraction(1, 4))),
                eq(beta(_turned.score, [0, i]), CHOICE4(i, 3, -1, -1, -1)),
            ),
        ),
        eq(_turned.alignment(0), 2),
        eq(normalised(_turned, _turned_lengths), num(Fraction(-2, 5))),
        eq(_turned.mean("", over_length(_turned, _turned_lengths), 0), num(Fraction(-1, 4))),
        forall(
            eta,
            lt(0, eta),
            both(
                lt(_moves(eta, normalised(_turned, _turned_lengths)), _turned.success(0)),
                lt(_turned.success(0), _moves(eta, _turned.alignment(0))),
            ),
        ),
    ),
    words="Lengths 30 and 1 of the correct, 20 of the incorrect responses. Every step along the "
    "normalised update lowers $J$; every step along the Gradient Gap, the update of Dr. GRPO, "
    "raises it. The factor $c(J)$ is part of the step. Nor does the mean of $s/T$ vanish: it "
    "is what is left over without a baseline.",
)
def misaligned(proof: Proof) -> Theorem:
    at = proof.use("length.four-responses", a=num(3), b=num(1))
    known = quarters()
    goals = conjuncts(proof.statement.conclusion)
    inside, each = premises_of(beta(goals[2].args[0], [i]))
    shown = have(each, apply(part(at, 1, 1, 1), *map(assume, inside), at=[i]), unfold=("choice4",))
    gaps = [
        proof.have(goal, *known, unfold=_UNFOLD, why="weigh the scores with 1/4 each")
        for goal in goals[3:6]
    ]
    positive = assume(lt(0, eta))
    (premise,), both_moves = premises_of(beta(goals[6].args[0], [eta]))
    moves = [
        proof.note(_step(gap_, goal, part(at, 1, 0), positive), "J lies on that side of 1/2")
        for gap_, goal in zip(reversed(gaps[:2]), conjuncts(both_moves), strict=True)
    ]
    steps = intro(conjunction(*moves), eta, premise)
    return conjunction(
        part(at, 0), part(at, 1, 0), intro(shown, i, *inside), *gaps, steps
    )


def _step(gap_: Theorem, goal: Term, start: Theorem, positive: Theorem) -> Theorem:
    """J after a step along an update of known value, against J = 1/2 before it."""
    value = gap_.conclusion.args[1]
    falls = Fraction(value.head) < 0
    reached = where(_side(falls), t=eta * value)
    (hypothesis,) = reached.hypotheses
    reached = discharge(reached, have(hypothesis, positive))
    sides = (_turned.success(eta * x), num(HALF))
    template = lam(x, lt(*sides) if falls else lt(*reversed(sides)))
    moved = infer("rewrite", symmetric(gap_), reached, template=template)
    return have(goal, moved, start)


def _side(falls: bool) -> Theorem:
    """J(t) < 1/2 for t < 0, or 1/2 < J(t) for 0 < t."""
    high, low = exp(3 * t), exp(-t)
    weight = high + 3 * low
    joined = [instance("exp.sum", x=power, y=-log(weight)) for power in (3 * t, -t)]
    share = discharge(where(calculus.exp_minus_log(), x=weight), have(lt(0, weight)))
    ends = (3 * t, -t) if falls else (-t, 3 * t)
    ordered = have(lt(*ends), assume(lt(t, 0) if falls else lt(0, t)))
    versus = discharge(where(calculus.exp_increasing(), a=ends[0], b=ends[1]), ordered)
    sides = (_turned.success(t), num(HALF))
    goal = lt(*sides) if falls else lt(*reversed(sides))
    return have(goal, *joined, share, versus, unfold=_UNFOLD)


# How far it can turn -------------------------------------------------------------------------

_low, _high = real("T_min"), real("T_max")
GAP_VECTOR = lam(j, gap(_scores, j))


_norms = lam(i, vectors.length(lam(j, S(i, j))))
_sizes = MEAN(n, _rewards, _logs, _norms) + MEAN(n, lam(i, 1 - r(i)), _logs, _norms)
_ratio = _high / _low
_edge = (_ratio - 1) / (_ratio + 1)
_slack = four_responses(_high + _low, 2 * _low)
_slack_lengths = lam(i, CHOICE4(i, _high, _low, _high, _high))
_slack_sizes = lam(i, absolute(beta(_slack.score, [0, i])))


@state(
    "proposition",
    "length.safe-ratio",
    "A ratio of lengths that cannot turn the update around",
    provenance="extension",
    given=[
        lt(0, _low),
        le(_low, _high),
        eq(total(n, i, exp(l(i))), 1),
        lt(0, J),
        lt(J, 1),
        forall(i, lt(i, n), either(eq(r(i), 0), eq(r(i), 1))),
    ],
    claim=both(
        implies(
            forall(i, lt(i, n), both(le(_low, T(i)), le(T(i), _high))),
            lt(_edge * _sizes, vectors.length(GAP_VECTOR)),
            lt(0, total(d, j, gap(_divided, j) * gap(_scores, j))),
        ),
        implies(
            lt(_low, _high),
            both(
                _slack.policy,
                eq(
                    _edge
                    * (
                        _slack.mean("+", _slack_sizes, 0) + _slack.mean("-", _slack_sizes, 0)
                    ),
                    _slack.alignment(0),
                ),
                lt(0, _slack.alignment(0)),
                eq(normalised(_slack, _slack_lengths), 0),
            ),
        ),
    ),
    words="Beyond that ratio the alignment of the normalised update can vanish: the second part "
    "attains the bound, in one dimension, for every pair of lengths.",
)
def safe_ratio(proof: Proof) -> Theorem:
    return conjunction(_kept_direction(proof), _attained(proof))



def _kept_direction(proof: Proof) -> Theorem:
    """The first part of `length.safe-ratio`."""
    premises, goal = premises_of(proof.statement.conclusion.args[0])
    lengths, small = map(assume, premises)
    low, ordered, normal, positive, below, binary = proof.given
    inside = assume(lt(i, n))
    limits = apply(lengths, inside, at=[i])
    # 1/T lies in an interval of which m is the middle and h half the width.
    middle, half = (1 / _low + 1 / _high) / 2, (1 / _low - 1 / _high) / 2
    high = have(lt(0, _high), low, ordered)
    inverse = have(
        both(le(middle - half, 1 / T(i)), le(1 / T(i), middle + half)), low, limits, high
    )
    size = vectors.length(GAP_VECTOR)
    inner, sizes = total(d, j, gap(_scores, j) * S(i, j)), beta(_norms, [i]) * size
    within = vectors.at(vectors.inner_within(), GAP_VECTOR, lam(j, S(i, j)))
    within = have(both(le(-sizes, inner), le(inner, sizes)), within, unfold=("inner",))
    turned = _near_middle(inverse, within, inner, sizes)
    proof.note(turned, "1/T differs from m by at most h; Cauchy-Schwarz")
    bounds, masses = [], []
    for weights, number in ((r(i), 0), (1 - r(i), 1)):
        split = apply(binary, inside, at=[i])
        sign = by_cases(split, *([lambda case: have(le(0, weights), case)] * 2))
        mass = have(
            lt(0, MASS(n, lam(i, weights), _logs)), normal, positive, below, unfold=("mass",)
        )
        masses.append(mass)
        each = part(turned, number)
        bounds.append(proof.note(_average(proof, each, sign, mass), "average over one side"))
        size_sign = have(le(-beta(_norms, [i]), 0), _size_sign())
        bounds.append(_average(proof, size_sign, sign, mass))
    squared = have(
        eq(total(d, j, gap(_scores, j) * gap(_scores, j)), size**2),
        vectors.at(vectors.length_facts(), GAP_VECTOR), unfold=("inner",),
    )  # fmt: skip
    linear = [
        proof.use("gap.alignment", mapping={function("w", "N"): GAP_VECTOR, S: scores})
        for scores in (_divided, _scores)
    ]
    D, P = linear[0].conclusion.args[1], linear[1].conclusion.args[1]
    lower = proof.have(
        le(middle * P - half * (size * _sizes), D), *linear, *bounds, *masses,
        unfold=NAMES, why="subtract, and take the inner product with the Gradient Gap",
    )  # fmt: skip
    sizes_sign = have(le(0, _sizes), *bounds, *masses, unfold=NAMES)
    N_, z_, D_ = real("N"), real("z"), real("D")
    plain = [
        assume(f) for f in (
            le(middle * N_**2 - half * (N_ * z_), D_), lt(_edge * z_, N_), le(0, z_),
            lt(0, _low), le(_low, _high),
        )
    ]  # fmt: skip
    share = have(le(0, _edge * z_), *plain)
    scalar = have(lt(0, D_), *plain, have(lt(0, N_), share, *plain),
                  have(lt(half * z_, middle * N_), *plain))  # fmt: skip
    made = discharge(
        where(scalar, {N_: size, z_: _sizes, D_: D}), have(
            le(middle * size**2 - half * (size * _sizes), D), lower, squared
        ), small, sizes_sign, low, ordered,
    )  # fmt: skip
    shown = proof.have(goal, made, why="m is the larger, by the bound on the gap")
    return intro(shown, (), *premises)



def _near_middle(inverse: Theorem, within: Theorem, inner: Term, sizes: Term) -> Theorem:
    """|<gamma, S>/T - m <gamma, S>| <= h |S| |gamma|, as two differences that are at most 0."""
    e, p, q, m_, h = (real(name) for name in ("e", "p", "q", "m", "h"))
    known = assume(both(le(m_ - h, e), le(e, m_ + h))), assume(both(le(-q, p), le(p, q)))
    goal = both(
        le(m_ * p - h * q - p * e, 0), le(p * e - m_ * p - h * q, 0)
    )
    middle, half = inverse.conclusion.args[1].args[1].args
    values = {e: 1 / T(i), p: inner, q: sizes, m_: middle, h: half}
    return discharge(where(have(goal, *known), values), inverse, within)



def _average(proof: Proof, each: Theorem, sign: Theorem, mass: Theorem) -> Theorem:
    """The mean over one side of what is at most 0 for every response i < n."""
    weights, inside = mass.conclusion.args[1].args[1], lt(i, n)
    return proof.use(
        "setting.mean-bounds", intro(sign, i, inside), mass, intro(each, i, inside),
        w=weights, l=_logs, X=lam(i, each.conclusion.args[0]), c=ZERO,
    )  # fmt: skip


def _size_sign() -> Theorem:
    """0 <= |S(i)|."""
    return part(vectors.at(vectors.length_facts(), lam(j, S(i, j))), 0)


def _attained(proof: Proof) -> Theorem:
    """The second part of `length.safe-ratio`."""
    low = proof.given[0]
    (premise,), goal = premises_of(proof.statement.conclusion.args[1])
    longer = assume(premise)
    goals = conjuncts(goal)
    high_score, low_score = _high + _low, 2 * _low
    at = proof.use("length.four-responses", a=high_score, b=low_score)
    gap_ = part(at, 1, 1, 0)
    sizes = [
        _magnitude(value, size, low, longer)
        for value, size in (
            (high_score, high_score), (-low_score, low_score),
            ((low_score - high_score) / 2, (high_score - low_score) / 2),
        )
    ]  # fmt: skip
    known = [*quarters(), low, longer, have(lt(0, _high), low, longer)]
    means = have(
        eq(goals[1].args[0].args[1], high_score), *sizes, *known, unfold=_UNFOLD
    )
    proof.note(means, "the mean sizes of the scores")
    edge = proof.have(goals[1], means, gap_, low, longer, why="the bound is attained")
    rises = proof.have(goals[2], gap_, low, longer, why="the gap is the difference of the lengths")
    flat = proof.have(goals[3], *known, unfold=_UNFOLD, why="the two lengths make both sides equal")
    return intro(conjunction(part(at, 0), edge, rises, flat), (), premise)


def _magnitude(value: Term, size: Term, *facts: Theorem) -> Theorem:
    """|value| = size, which is one of value and -value, by the sign that the facts give."""
    goal = eq(absolute(value), size)
    return by_cases(
        instance("absolute.cases", x=value),
        lambda case: have(goal, case, *facts),
        lambda case: have(goal, case, *facts),
    )


# Equal lengths -------------------------------------------------------------------------------

_rate, c_J = real("rate"), real("c_J")
_equal = forall(i, lt(i, n), eq(tokens.T(i), tokens.T_max))
_score = line.at(line.score, ZERO)
_normalised_gap = ALIGNMENT(
    n, line.weights("+"), line.logs(ZERO), lam(i, beta(_score, [i]) / tokens.T(i))
)


def critical(count: Term) -> Term:
    """kappa_tok(J) for responses of that length."""
    return TOKEN_CURVATURE(G_p, L_p, count, line.success(ZERO))


def _keeps(update_: Term, limit: Term) -> Term:
    """Every learning rate up to the limit keeps half of the alignment of its step."""
    ell, Dmu = line.log_odds, line.alignment(ZERO)
    return implies(
        lt(0, _rate), le(_rate, limit), eq(eta, _rate * update_),
        le(eta * Dmu / 2, ell(eta) - ell(ZERO)),
    )  # fmt: skip


_divided_rate = 1 / (c_J * critical(tokens.T_max) / tokens.T_max)
_plain_rate = 1 / (c_J * critical(tokens.T_max))


@state(
    "theorem",
    "length.invariance",
    "Division by the length makes the guaranteed learning rate independent of it",
    provenance="paper",
    given=[*tokens.GIVEN, _equal, REGULAR_STEP, *STEP, lt(0, c_J)],
    claim=both(
        eq(_normalised_gap, line.alignment(ZERO) / tokens.T_max),
        eq(critical(tokens.T_max), tokens.T_max * critical(num(1))),
        eq(_divided_rate, 1 / (c_J * critical(num(1)))),
        eq(_plain_rate, 1 / (c_J * critical(num(1))) / tokens.T_max),
        _keeps(c_J * _normalised_gap, _divided_rate),
        _keeps(c_J * line.alignment(ZERO), _plain_rate),
    ),
    words="All responses have the length $T_{\\max}$. The update divided by it is safe up to a "
    "learning rate in which the length does not occur; without the division that rate shrinks "
    "as $1/T_{\\max}$. The paper says so qualitatively; the exact form is ours.",
)
def invariance(proof: Proof) -> Theorem:
    drawn_ = tokens.Drawn.of(proof.given[1])
    some, smooth, factor = drawn_.some, proof.given[4], proof.given[6]
    rate = proof.use("setting.success-rate", at=[0])
    scaled = proof.note(_scaled(rate, some), "both branches of the minimum are linear in T")
    positive = _critical_positive(proof, rate, smooth)
    size = have(lt(0, c_J * critical(num(1))), positive, factor)
    goals = conjuncts(proof.statement.conclusion)
    divided = _equal_lengths(proof, goals[0], some, rate)
    rates = [
        proof.have(goal, scaled, size, positive, factor, some, why="put that in")
        for goal in goals[2:4]
    ]
    results = []
    for goal, same in zip(goals[4:], rates, strict=True):
        premises, _ = premises_of(goal)
        above, limit, step = map(assume, premises)
        forward = have(le(0, line.alignment(ZERO)), step, divided, above, factor, some,
                       proof.given[5])  # fmt: skip
        short = _short(step, limit, same, divided, scaled, forward, positive, factor, some)
        gain = apply(part(proof.use("token.threshold"), 1), short)
        proof.note(gain, "by `token.threshold`, this step keeps half of its alignment")
        results.append(intro(gain, (), *premises))
    return conjunction(divided, scaled, *rates, *results)


def _critical_positive(proof: Proof, rate: Theorem, smooth: Theorem) -> Theorem:
    """0 < kappa_tok for length 1."""
    opened = unfold(critical(num(1)), frozenset({"token_curvature"}))
    rest = (1 - line.success(ZERO)) * exp(-num(Fraction(3, 2)))
    above = value_facts(proof, rest, *shrunk_rate(rate))[0]
    plain = by_cases(
        instance("minimum.cases", x=opened.args[0], y=opened.args[1]),
        *([lambda case: have(lt(0, opened), case, rate, smooth, above)] * 2),
    )
    return fold(plain, lt(0, critical(num(1))))


def _equal_lengths(proof: Proof, goal: Term, some: Theorem, rate: Theorem) -> Theorem:
    """With equal lengths the scores divided by them have the gap divided by the length."""
    inside = assume(lt(i, n))
    same = apply(proof.given[2], inside, at=[i])
    score, sums_ = beta(_score, [i]), []
    for side in "+-":
        weight = beta(line.weights(side), [i]) * exp(beta(line.logs(ZERO), [i]))
        terms = [weight * (score / tokens.T(i)), weight * (score / tokens.T_max)]
        rule = where(sums.congruent(), f=lam(i, terms[0]), g=lam(i, terms[1]), n=n)
        each = have(eq(*terms), same)
        sums_.append(discharge(rule, intro(each, i, inside.conclusion)))
    return proof.have(goal, *sums_, some, rate, unfold=NAMES, why="the length is the same factor")


def _short(
    step: Theorem, limit: Theorem, same: Theorem, divided: Theorem, scaled: Theorem,
    forward: Theorem, positive: Theorem, factor: Theorem, some: Theorem,
) -> Theorem:  # fmt: skip
    """eta <= Delta mu/kappa_tok."""
    goal = le(eta, line.alignment(ZERO) / critical(tokens.T_max))
    return have(goal, step, limit, same, divided, scaled, forward, positive, factor, some)


def _scaled(rate: Theorem, some: Theorem) -> Theorem:
    """kappa_tok for length T is T times kappa_tok for length 1."""
    goal = eq(critical(tokens.T_max), tokens.T_max * critical(num(1)))
    opened = [unfold(critical(count), frozenset({"token_curvature"})) for count in
              (tokens.T_max, num(1))]  # fmt: skip
    cases = [instance("minimum.cases", x=value.args[0], y=value.args[1]) for value in opened]
    plain = eq(opened[0], tokens.T_max * opened[1])
    made = by_cases(
        cases[1],
        *([lambda one: by_cases(
            cases[0], *([lambda many: have(plain, one, many, rate, some)] * 2)
        )] * 2),
    )  # fmt: skip
    return fold(made, goal)
