"""What a critical step of order (1 - J)/T predicts of a fixed learning rate, and what is true."""

from __future__ import annotations

from derivations.calculus import exp_monotone
from derivations.kernel.terms import (
    Term,
    both,
    either,
    eq,
    exp,
    forall,
    function,
    implies,
    lam,
    le,
    lt,
    nat,
    num,
    real,
    sqrt,
    substitute,
    unfold,
)
from derivations.kernel.theorem import Theorem
from derivations.library import Proof, state
from derivations.tactics import (
    apply,
    assume,
    by_cases,
    conjunction,
    discharge,
    fold,
    have,
    instance,
    intro,
    part,
    where,
)
from derivations.theory.algorithm.bernstein import BELOW_LINE
from derivations.theory.algorithm.iterations import (
    TOKENS,
    TRAINING,
    TRAJECTORY,
    Jk,
    never_saturates,
    run,
)
from derivations.theory.algorithm.rates import (
    GRPO,
    critical,
    curvature_positive,
    fixed_bound,
    kappa_tok,
    root_facts,
    root_order,
)
from derivations.theory.algorithm.table import GRPO as GROUP_GRPO
from derivations.theory.algorithm.tokens import CEILING, THREE_HALVES
from derivations.theory.token.martingale import L_p
from derivations.theory.token.prefixes import T_max
from derivations.theory.token.root import value_facts

p, alpha, c = real("p"), real("alpha"), function("c", "R")
N = nat("N")

BELOW_ROOT = (1, 1, 1, 1, 1, 0)
"""Where c_G(J) <= sqrt(J (1 - J)) stands in `algorithm.grpo-bernstein`."""

_RATES = lt(0, p), lt(p, 1)
_population = GRPO.of(p)
_group = GROUP_GRPO(N + 1, p)
_scale = alpha * L_p * T_max


def inverse_condition(coefficient: Term) -> Term:
    """A step alpha c(J) gamma meets the condition of `token.threshold-inverse`."""
    return le(alpha * coefficient, (1 - p) / (L_p * T_max))


_edge = 1 / (1 + _scale**2)


def steps_with(coefficient: Term) -> Term:
    """Every step is alpha c(J_k) gamma_k, with that coefficient: a function of J = p."""
    return substitute(TRAINING[4], {c: lam(p, coefficient)})


_STEPS = either(steps_with(_population), both(lt(0, N), steps_with(_group)))


@state(
    "proposition",
    "stagnation.inverse-bound",
    "A critical step of order (1 - J)/T predicts a saturation that does not happen",
    provenance="extension",
    given=[lt(0, L_p), lt(0, T_max), lt(0, alpha)],
    claim=both(
        both(
            lt(_edge, 1),
            forall(
                p, *_RATES,
                both(
                    implies(inverse_condition(_population), le(p, _edge)),
                    implies(le(p, _edge), inverse_condition(_population)),
                ),
            ),
        ),
        implies(
            le(alpha * sqrt(N), 1 / (L_p * T_max)), forall(p, *_RATES, inverse_condition(_group))
        ),
        implies(
            le(alpha * CEILING, 1),
            forall(
                p, *_RATES,
                both(
                    le(alpha * _population * kappa_tok(p), 1), le(alpha * _group * kappa_tok(p), 1)
                ),
            ),
        ),
        implies(
            TRAINING[0], TRAINING[3], _STEPS,
            both(
                implies(*TRAJECTORY, le(alpha, GRPO.rate), never_saturates()),
                implies(TOKENS, le(alpha * CEILING, 1), never_saturates()),
            ),
        ),
    ),
    words="Population GRPO violates that condition as soon as $J$ exceeds a value below 1, for "
    "every fixed learning rate. Groups of $G = N + 1$ meet it at every $J$ once the rate is small "
    "enough. Both meet the condition with $\\kappa_{\\mathrm{tok}}$ at every $J$; and with it, or "
    "below the rate that is safe by $K(J)$, $J$ increases at every step of either, to 1 if $M$ "
    "diverges.",
)
def inverse_bound(proof: Proof) -> Theorem:
    held = _tokens_hold(proof)
    training = [assume(TRAINING[0]), assume(TRAINING[3])]
    going = by_cases(
        assume(_STEPS),
        lambda case: _goes_on(proof, held, _population, case, *training),
        lambda case: _goes_on(proof, held, _group, case, *training),
    )
    return conjunction(
        _population_fails(proof), _groups_hold(proof), held,
        intro(going, (), TRAINING[0], TRAINING[3], _STEPS),
    )  # fmt: skip


def _inside() -> tuple[Theorem, Theorem]:
    return assume(_RATES[0]), assume(_RATES[1])


def _population_fails(proof: Proof) -> Theorem:
    """alpha sqrt(J (1 - J)) <= (1 - J)/(L T) exactly when J <= 1/(1 + (alpha L T)**2)."""
    low, high = _inside()
    tokens = have(lt(0, L_p * T_max), *proof.given[:2])
    scale = have(lt(0, _scale), tokens, proof.given[2])
    root, square = root_facts(p * (1 - p), have(lt(0, p * (1 - p)), low, high))
    goals = [implies(inverse_condition(_population), le(p, _edge)),
             implies(le(p, _edge), inverse_condition(_population))]  # fmt: skip
    meets, below = assume(goals[0].args[0]), assume(goals[1].args[0])
    s, g = real("s"), real("g")
    plain = [assume(f) for f in (lt(0, s), lt(0, g), eq(s**2, p * (1 - p)), *_RATES)]
    short = assume(le(g * s, 1 - p))
    small = have(le(g**2 * (p * (1 - p)), (1 - p) ** 2), short, *plain)
    first = have(le(p, 1 / (1 + g**2)), have(le(g**2 * p, 1 - p), small, *plain[3:]), plain[1])
    near = assume(le(p, 1 / (1 + g**2)))
    again = have(le((g * s) ** 2, (1 - p) ** 2), have(le(g**2 * p, 1 - p), near, plain[1]), *plain)
    rule = where(root_order(), {real("x"): g * s, real("y"): 1 - p})
    second = discharge(rule, again, have(lt(0, 1 - p), plain[4]))
    values = {s: _population, g: _scale}
    first = discharge(
        where(first, values), _cleared(_population, meets, tokens), root, scale, square, low, high,
    )  # fmt: skip
    second = discharge(where(second, values), below, root, scale, square, low, high)
    second = _divided(_population, second, tokens)
    proof.note(first, "square the condition")
    either_way = conjunction(
        intro(first, (), meets.conclusion), intro(second, (), below.conclusion)
    )
    return conjunction(
        have(lt(_edge, 1), scale), intro(either_way, p, low.conclusion, high.conclusion)
    )


def _product(small: Theorem, tokens: Theorem) -> Theorem:
    """x y <= z from x <= z/y and 0 < y."""
    x, y, z = real("x"), real("y"), real("z")
    plain = have(le(y * x, z), assume(le(x, z / y)), assume(lt(0, y)))
    left, quotient = small.conclusion.args
    values = {x: left, y: tokens.conclusion.args[1], z: quotient.args[0]}
    return discharge(where(plain, values), small, tokens)


def _cleared(coefficient: Term, meets: Theorem, tokens: Theorem) -> Theorem:
    """The condition without its denominator."""
    return have(le(_scale * coefficient, 1 - p), _product(meets, tokens))


def _divided(coefficient: Term, cleared: Theorem, tokens: Theorem) -> Theorem:
    """The condition from what it is without its denominator."""
    x, y, z = real("x"), real("y"), real("z")
    plain = have(le(x, z / y), assume(le(y * x, z)), assume(lt(0, y)))
    values = {x: alpha * coefficient, y: L_p * T_max, z: 1 - p}
    whole = have(le(L_p * T_max * (alpha * coefficient), 1 - p), cleared)
    return discharge(where(plain, values), whole, tokens)


def _bernstein(proof: Proof, place: tuple[int, ...], *inside: Theorem) -> Theorem:
    """A bound of `algorithm.grpo-bernstein` on c_G(J)."""
    known = part(proof.use("algorithm.grpo-bernstein"), *place)
    weak = [have(le(0, p), inside[0]), have(le(p, 1), inside[1])]
    return apply(where(known, N=N), *weak, at=[p])


def _groups_hold(proof: Proof) -> Theorem:
    """c_G(J) <= sqrt(G - 1) (1 - J)."""
    low, high = _inside()
    small = assume(le(alpha * sqrt(N), 1 / (L_p * T_max)))
    line = _bernstein(proof, BELOW_LINE, low, high)
    least = by_cases(
        instance("minimum.cases", x=p, y=1 - p),
        *([lambda case: have(le(line.conclusion.args[1].args[1], 1 - p), case)] * 2),
    )
    root = apply(instance("root.nonnegative", x=N), have(le(0, N)))
    below = proof.have(
        le(_group, sqrt(N) * (1 - p)), line, least, root, why="`algorithm.grpo-bernstein`"
    )
    scaled = have(le(alpha * _group, alpha * sqrt(N) * (1 - p)), below, proof.given[2])
    tokens = have(lt(0, L_p * T_max), *proof.given[:2])
    room = have(le(L_p * T_max * (alpha * sqrt(N)), 1), _product(small, tokens))
    whole = have(le(L_p * T_max * (alpha * _group), L_p * T_max * (alpha * sqrt(N)) * (1 - p)),
                 scaled, tokens)  # fmt: skip
    made = _divided(_group, have(le(_scale * _group, 1 - p), whole, room, high), tokens)
    return intro(intro(made, p, low.conclusion, high.conclusion), (), small.conclusion)


def _tokens_hold(proof: Proof) -> Theorem:
    """The condition with kappa_tok, at every J."""
    low, high = _inside()
    small = assume(le(alpha * CEILING, 1))
    one = num(1)
    rates = proof.use("algorithm.token-rates", have(lt(0, one)), have(le(one, 1)), m=one)
    bounded = part(apply(rates, low, high, at=[p]), 1, 1, 0)
    sizes = have(le(alpha * (_population * kappa_tok(p)), alpha * CEILING), bounded, proof.given[2])
    first = have(le(alpha * _population * kappa_tok(p), 1), sizes, small)
    root = _bernstein(proof, BELOW_ROOT, low, high)
    factor = have(le(0, alpha * kappa_tok(p)), _positive(proof, low, high), proof.given[2])
    second = have(le(alpha * _group * kappa_tok(p), 1), first, root, factor)
    proof.note(second, "c_G(J) is below its limit, `algorithm.token-rates`")
    made = intro(conjunction(first, second), p, low.conclusion, high.conclusion)
    return intro(made, (), small.conclusion)


def _positive(proof: Proof, low: Theorem, high: Theorem) -> Theorem:
    """0 <= kappa_tok(J)."""
    opened = unfold(kappa_tok(p), frozenset({"token_curvature"}))
    rest = (1 - p) * exp(-THREE_HALVES)
    zero = discharge(where(exp_monotone(), a=-THREE_HALVES, b=num(0)),
                     have(le(-THREE_HALVES, 0)))  # fmt: skip
    share = have(le(exp(-THREE_HALVES), 1), zero, instance("exp.zero"))
    above = value_facts(
        proof, rest, have(lt(0, rest), high), have(le(rest, 1), share, low, high)
    )[0]
    made = by_cases(
        instance("minimum.cases", x=opened.args[0], y=opened.args[1]),
        *([lambda case: have(le(0, opened), case, low, high, above, *proof.given[:2])] * 2),
    )
    return fold(made, le(0, kappa_tok(p)))


def _goes_on(
    proof: Proof, held: Theorem, coefficient: Term, steps: Theorem, *training: Theorem
) -> Theorem:
    """`algorithm.no-saturation` for that coefficient, one of the two of `held`."""
    before, high = assume(le(Jk(0), p)), assume(lt(p, 1))
    opened = fold(training[0], unfold(training[0].conclusion, frozenset({"run"})))
    start = proof.use(
        "setting.success-rate", apply(part(opened, 0), at=[0]), at=[0],
        mapping=run.at(num(0)).substitution(),
    )  # fmt: skip
    low = have(lt(0, p), before, start)
    if coefficient is _population:
        positive, limit = _root(low, high), have(le(_population, _population))
        rule = steps
    else:
        positive, limit = _group_between(proof, part(steps, 0), low, high)
        rule = part(steps, 1)
    inside = p, before.conclusion, high.conclusion
    made = proof.use("algorithm.no-saturation", *training, rule, intro(positive, *inside),
                     mapping={c: lam(p, coefficient)})  # fmt: skip
    regular = [assume(f) for f in TRAJECTORY]
    small = assume(le(alpha, GRPO.rate))
    bound = apply(fixed_bound(GRPO, regular[1]), low, high, at=[p])
    curved = curvature_positive(p, have(both(*_RATES), low, high), regular[1])
    largest, size = _population * critical(p), coefficient * critical(p)
    below = have(le(alpha * size, alpha * largest), limit, curved, proof.given[2])
    room = have(le(alpha * largest, GRPO.rate * largest), small, curved, _root(low, high))
    safe = have(le(alpha * coefficient * critical(p), 1), below, room, bound)
    rising = apply(part(apply(part(made, 0), *regular), 0), intro(safe, *inside))
    given = *(f.conclusion for f in regular), small.conclusion
    results = [intro(proof.note(rising, "`algorithm.no-saturation`"), (), *given)]
    drawn, slow = assume(TOKENS), assume(le(alpha * CEILING, 1))
    tokens = apply(apply(held, slow), low, high, at=[p])
    token = part(tokens, 0 if coefficient is _population else 1)
    rising = apply(part(made, 1), drawn, intro(token, *inside))
    given = drawn.conclusion, slow.conclusion
    results.append(intro(proof.note(rising, "and at token level"), (), *given))
    return conjunction(*results)


def _root(low: Theorem, high: Theorem) -> Theorem:
    """0 < sqrt(J (1 - J))."""
    return root_facts(p * (1 - p), have(lt(0, p * (1 - p)), low, high))[0]


def _group_between(
    proof: Proof, some: Theorem, low: Theorem, high: Theorem
) -> tuple[Theorem, Theorem]:
    """0 < c_G(J) <= sqrt(J (1 - J))."""
    weak = [have(le(0, p), low), have(le(p, 1), high)]
    least = part(proof.use("algorithm.grpo-bounds", *weak, x=p), 0)
    share = have(lt(0, 2 * (N / (N + 1)) * (p * (1 - p))), low, high, some)
    return have(lt(0, _group), least, share), _bernstein(proof, BELOW_ROOT, low, high)
