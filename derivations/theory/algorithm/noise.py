"""Section 4: a verifier that makes mistakes.

A correct response is rejected with probability b and an incorrect one accepted with probability
a, independently of everything else about it.
"""

from __future__ import annotations

from derivations import binomial
from derivations.kernel.terms import (
    Term,
    beta,
    both,
    eq,
    exp,
    function,
    implies,
    lam,
    le,
    lt,
    num,
    real,
    total,
)
from derivations.kernel.theorem import Theorem
from derivations.library import Proof, state
from derivations.tactics import (
    apply,
    assume,
    by_cases,
    conjunction,
    discharge,
    have,
    intro,
    order,
    part,
    where,
)
from derivations.theory.algorithm.bernstein import conjuncts
from derivations.theory.algorithm.groups import (
    ADVANTAGES,
    DRAWN,
    VALUE,
    J,
    N,
    S,
    T,
    V,
    contributed,
    count,
    gap,
    i,
    law_of,
    line,
    n,
    p,
    policy_values,
    q,
    t,
    v,
    x,
)
from derivations.theory.algorithm.table import GRPO, GRPO_ROW, REINFORCE, Algorithm

a, b = real("a"), real("b")
KEEPS = 1 - a - b
"""How much more often a correct response is accepted than an incorrect one."""

ACCEPTED = lam(i, (1 - b) * beta(line.reward, [i]) + a * (1 - beta(line.reward, [i])))
"""The probability that a response is accepted."""

Jn = real("J_n")
"""How often a response is accepted; its value is a hypothesis."""

_accepted = eq(Jn, a + KEEPS * J(t))
_size = N + 2
_drawn = DRAWN(line.count, line.logs(t), ACCEPTED, line.at(line.score, t), VALUE)
_slope = KEEPS * (J(t) * (1 - J(t)))
_factor = GRPO(_size, Jn) / (Jn * (1 - Jn)) * _slope


def _signs(coefficient: Term) -> Term:
    """Positive for a + b < 1, zero for a + b = 1, negative beyond."""
    return both(
        implies(lt(a + b, 1), lt(0, coefficient)),
        implies(eq(a + b, 1), eq(coefficient, 0)),
        implies(lt(1, a + b), lt(coefficient, 0)),
    )


def _rewarded(algorithm: Algorithm) -> Term:
    return ADVANTAGES(algorithm.size, *algorithm.advantages(Jn), VALUE)


@state(
    "theorem",
    "algorithm.noisy-verifier",
    "A verifier that makes mistakes",
    provenance="classical",
    given=[line.policy, le(0, a), le(a, 1), le(0, b), le(b, 1), _accepted, _drawn],
    claim=both(
        eq(total(n, i, exp(line.log_policy(t, i)) * beta(ACCEPTED, [i])), Jn),
        implies(_rewarded(REINFORCE.algorithm), eq(V(N + 1, 0, 0, 0), _slope * gap(t))),
        implies(_rewarded(GRPO_ROW.algorithm), eq(V(_size, 0, 0, 0), _factor * gap(t))),
        _signs(_slope),
        _signs(_factor),
    ),
    words="False-positive rate $a$, false-negative rate $b$. The expected updates of REINFORCE and "
    "GRPO are aligned with the Gradient Gap if $a + b < 1$ and reversed if $a + b > 1$. "
    "On noisy verifiers see also arXiv:2510.00915.",
)
def noisy_verifier(proof: Proof) -> Theorem:
    law = noisy_law(proof)
    accepted = proof.note(law[2], "correct responses are accepted with probability 1 - b, others "
                          "with probability a")
    proof.note(law[3], "the mean score is zero, so only the difference of the two matters")
    rate = proof.use("setting.success-rate", at=[t])
    between = proof.note(acceptance(proof, rate), "J_n lies strictly between 0 and 1 unless "
                         "a + b = 1")
    plain = reward_update(proof, REINFORCE.algorithm, law)
    one = where(binomial.total_probability(), {real("p"): Jn, n: N})
    first = have(eq(V(N + 1, 0, 0, 0), _slope * gap(t)), plain, one)
    first = proof.note(intro(first, (), _rewarded(REINFORCE.algorithm)), "REINFORCE")
    grouped = reward_update(proof, GRPO_ROW.algorithm, law)
    closed = where(GRPO_ROW.closing(GRPO_ROW), {x: Jn})
    second = group_update(grouped, closed, between)
    second = proof.note(intro(second, (), _rewarded(GRPO_ROW.algorithm)), "GRPO")
    return conjunction(
        accepted,
        first,
        second,
        proof.note(signs(rate), "J(1 - J) is positive"),
        proof.note(group_signs(proof, rate, between), "and so is the coefficient of GRPO"),
    )


def noisy_law(proof: Proof) -> list[Theorem]:
    """The hypotheses of `algorithm.group-update` for this verifier."""
    normal, score, success, moment = law_of(proof)
    named = proof.given[5]
    weight = exp(line.log_policy(t, i))
    accepted = beta(ACCEPTED, [i])
    return [
        normal, score,
        have(eq(total(n, i, weight * accepted), Jn), normal, success, named),
        have(eq(total(n, i, weight * accepted * line.score(t, i)), _slope * gap(t)), score, moment),
    ]  # fmt: skip


def reward_update(proof: Proof, algorithm: Algorithm, law: list[Theorem]) -> Theorem:
    """V(G, 0, 0, 0) in terms of the advantages, under what a group contributes."""
    up, down = algorithm.advantages(Jn)
    end = contributed(assume(_rewarded(algorithm)))
    update = beta(up, [count]) * S + beta(down, [count]) * T
    split = have(eq(V(0, count, S, T), update / (algorithm.companions + 1)), end)
    values = {**policy_values(), q: ACCEPTED, p: Jn, v: _slope * gap(t), N: algorithm.companions,
              function("a", "R"): up, function("b", "R"): down}  # fmt: skip
    return proof.use("algorithm.group-update", *law, intro(split, (count, S, T)), mapping=values)


def acceptance(proof: Proof, rate: Theorem) -> Theorem:
    """``0 < Jn < 1`` for a + b < 1 and for a + b > 1, as two implications."""
    goal = both(lt(0, Jn), lt(Jn, 1))
    z = J(t)
    known = [rate, *proof.given[1:5]]
    found = []
    for premise in (lt(a + b, 1), lt(1, a + b)):
        case = assume(premise)
        # Jn = a (1 - J) + (1 - b) J and 1 - Jn = (1 - a) (1 - J) + b J.
        named = proof.given[5]
        forms = [have(eq(Jn, a * (1 - z) + (1 - b) * z), named),
                 have(eq(1 - Jn, (1 - a) * (1 - z) + b * z), named)]  # fmt: skip
        accepted = have(lt(0, a * (1 - z) + (1 - b) * z), case, *known)
        rejected = have(lt(0, (1 - a) * (1 - z) + b * z), case, *known)
        w, p_, q_ = real("w"), real("y"), real("z")
        scalar = have(both(lt(0, w), lt(w, 1)), assume(eq(w, p_)), assume(eq(1 - w, q_)),
                      assume(lt(0, p_)), assume(lt(0, q_)))  # fmt: skip
        values = {w: Jn, p_: accepted.conclusion.args[1], q_: rejected.conclusion.args[1]}
        made = have(goal, discharge(where(scalar, values), *forms, accepted, rejected))
        found.append(intro(made, (), premise))
    return conjunction(*found)


def group_update(update: Theorem, closed: Theorem, between: Theorem) -> Theorem:
    """``V = c_G(Jn)/(Jn (1-Jn)) slope gamma``; where a + b = 1 both sides are 0."""
    goal = eq(V(_size, 0, 0, 0), _factor * gap(t))

    def inside(premise: Theorem, side: int) -> Theorem:
        rate = apply(part(between, side), premise)
        return have(goal, update, closed, rate, unfold=("coefficient",))

    def nothing(low: Theorem) -> Theorem:
        def equal(high: Theorem) -> Theorem:
            zero = have(eq(KEEPS, 0), low, high)
            return have(goal, have(eq(_slope, 0), zero), update)

        return by_cases(order(a + b, num(1)), equal, lambda case: inside(case, 1))

    return by_cases(order(num(1), a + b), nothing, lambda case: inside(case, 0))


def signs(rate: Theorem) -> Theorem:
    """The sign of (1 - a - b) J(1-J)."""
    made = []
    for goal in conjuncts(_signs(_slope)):
        case = assume(goal.args[0])
        value = have(lt(0, J(t) * (1 - J(t))), rate)
        made.append(intro(have(goal.args[1], value, case), (), case.conclusion))
    return conjunction(*made)


def group_signs(proof: Proof, rate: Theorem, between: Theorem) -> Theorem:
    """The sign of c_G(Jn)/(Jn (1-Jn)) (1 - a - b) J(1-J)."""
    w, d = real("w"), real("d")
    made = []
    for goal in conjuncts(_signs(_factor)):
        case = assume(goal.args[0])
        slope = apply_signs(rate, case)
        if goal.args[1].head == "=":
            made.append(intro(have(goal.args[1], slope), (), case.conclusion))
            continue
        side = 0 if goal.args[1].args[0] == num(0) else 1
        inside = apply(part(between, side), case)
        weak = [have(le(0, Jn), inside), have(le(Jn, 1), inside)]
        least = proof.use("algorithm.grpo-bounds", *weak, N=N + 1, x=Jn)
        positive = have(lt(0, 2 * ((N + 1) / (N + 1 + 1)) * (Jn * (1 - Jn))), inside)
        factor = have(lt(0, GRPO(_size, Jn)), least, positive)
        ratio = have(lt(0, GRPO(_size, Jn) / (Jn * (1 - Jn))), factor, inside)
        product = have(lt(0, w * d) if side == 0 else lt(w * d, 0), assume(lt(0, w)),
                       assume(lt(0, d) if side == 0 else lt(d, 0)))  # fmt: skip
        values = {w: GRPO(_size, Jn) / (Jn * (1 - Jn)), d: _slope}
        made.append(intro(discharge(where(product, values), ratio, slope), (), case.conclusion))
    return conjunction(*made)


def apply_signs(rate: Theorem, case: Theorem) -> Theorem:
    """The sign of the slope in this case."""
    every = signs(rate)
    for side in ((0,), (1, 0), (1, 1)):
        found = part(every, *side)
        if found.conclusion.args[0] == case.conclusion:
            return apply(found, case)
    raise ValueError("not one of the three cases")
