"""Policies whose responses are listed: softmax bandits, two responses, token trees.

A family says what its responses are at theta (`FinitePolicy.responses`); class laws, extremes
and sampling are the same for all.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from random import Random
from typing import TypeAlias

from derivations.policies.arithmetic import (
    Arithmetic,
    Exact,
    Real,
    Vector,
    centred,
    dot,
    power,
    share,
    softmax,
)
from derivations.policies.jets import Jet, JetFunction, variables
from derivations.policies.point import Constants, Draw, Point

Entries: TypeAlias = Mapping[tuple[int, int], Real]
"""A symmetric matrix (d x d) by its entries that are not zero, both triangles."""


@dataclass(frozen=True, eq=False)
class Response:
    """One response: log-weight u, b = grad u (d), c = Hess u (d x d), length, verdict.

    The three are known up to terms that all responses share; these drop out.
    """

    log_weight: Real
    score: Vector
    hessian: Entries
    length: int
    correct: bool


def _along(entries: Entries, w: Vector) -> Real:
    """The quadratic form of a matrix at w (d)."""
    return sum((x * w[i] * w[j] for (i, j), x in entries.items()), start=0)


@dataclass(frozen=True, eq=False)
class ListedClass:
    """The law of a class of n listed responses: probabilities (n) that sum to one.

    `score` is E[b] (d), `centred` holds b - E[b] (n x d), `hessians` c, and `lengths` T (n).
    """

    log_mass: Real
    probabilities: tuple[Real, ...]
    score: Vector
    centred: tuple[Vector, ...]
    hessians: tuple[Entries, ...]
    lengths: tuple[Real, ...]

    def bends(self, w: Vector) -> tuple[Real, ...]:
        """c along w, of each response."""
        return tuple(_along(entries, w) for entries in self.hessians)

    def hessian(self, w: Vector) -> Real:
        """E[c] along w."""
        return dot(self.probabilities, self.bends(w))

    def deviations(self, w: Vector) -> tuple[tuple[Real, Real], ...]:
        """b - E[b] and c - E[c] along w, of each response."""
        _, bends = centred(self.probabilities, self.bends(w))
        return tuple((dot(w, b), c) for b, c in zip(self.centred, bends, strict=True))

    def moment(self, w: Vector, score: int = 0, hessian: int = 0, length: int = 0) -> Real:
        """E[(b - E[b])^score (c - E[c])^hessian T^length] along w."""
        return sum(
            (
                p * power(b, score) * power(c, hessian) * power(t, length)
                for p, t, (b, c) in zip(
                    self.probabilities, self.lengths, self.deviations(w), strict=True
                )
            ),
            start=0,
        )


def _listed(responses: tuple[Response, ...], arithmetic: Arithmetic) -> ListedClass:
    log_mass, probabilities = softmax([r.log_weight for r in responses], arithmetic)
    columns = [centred(probabilities, x) for x in zip(*(r.score for r in responses), strict=True)]
    return ListedClass(
        log_mass,
        probabilities,
        tuple(mean for mean, _ in columns),
        tuple(zip(*(apart for _, apart in columns), strict=True)),
        tuple(r.hessian for r in responses),
        tuple(arithmetic.number(r.length) for r in responses),
    )


class FinitePolicy(ABC):
    """A policy with a list of responses, at least one correct and one incorrect."""

    @property
    @abstractmethod
    def dimension(self) -> int:
        """d, the number of parameters."""

    @abstractmethod
    def responses(self, theta: Vector, arithmetic: Arithmetic) -> tuple[Response, ...]:
        """All responses at theta (d), in an order that does not depend on theta."""

    def classes(self, theta: Vector, arithmetic: Arithmetic) -> tuple[ListedClass, ListedClass]:
        """The laws of O+ and of O- at theta; ValueError if one of them is empty."""
        responses = self.responses(theta, arithmetic)
        sides = [tuple(r for r in responses if r.correct is side) for side in (True, False)]
        if not all(sides):
            raise ValueError("the verifier must accept a response and reject one")
        plus, minus = (_listed(side, arithmetic) for side in sides)
        return plus, minus

    def extremes(self, theta: Vector, w: Vector, arithmetic: Arithmetic) -> Constants:
        """The largest |s| and |h| of a response at theta (d) along w (d)."""
        w, responses = self._evaluated(theta, w, arithmetic)
        with arithmetic.working():
            _, probabilities = softmax([r.log_weight for r in responses], arithmetic)
            _, scores = centred(probabilities, [dot(w, r.score) for r in responses])
            bends = [_along(r.hessian, w) for r in responses]
            shared = dot(
                probabilities, tuple(c + s * s for c, s in zip(bends, scores, strict=True))
            )
            return Constants(
                arithmetic.largest(*map(abs, scores)),
                arithmetic.largest(*(abs(c - shared) for c in bends)),
            )

    def _evaluated(
        self, theta: Vector, w: Vector, arithmetic: Arithmetic
    ) -> tuple[Vector, tuple[Response, ...]]:
        """The direction as numbers, and the responses."""
        number = arithmetic.number
        with arithmetic.working():
            return tuple(map(number, w)), self.responses(tuple(map(number, theta)), arithmetic)

    def draws(self, theta: Vector, random: Random, arithmetic: Arithmetic) -> Iterator[Draw]:
        """Responses sampled at theta (d), for ever, from as many random bits as the precision."""
        bits = arithmetic.bits
        outcomes: list[Draw] = []
        shares: list[int] = []
        with arithmetic.working():
            theta = tuple(map(arithmetic.number, theta))
            laws = self.classes(theta, arithmetic)
            point = Point.of(theta, laws, arithmetic)
            masses = (point.success, point.failure)
            for correct, mass, law in zip((True, False), masses, laws, strict=True):
                g = point.mean_score(correct)
                for p, b, length in zip(law.probabilities, law.centred, law.lengths, strict=True):
                    score = tuple(x + y for x, y in zip(b, g, strict=True))
                    outcomes.append(Draw(correct, score, length))
                    shares.append(share(mass * p, bits))
        steps = list(accumulate(shares))
        while True:
            # What rounding lost of the last share falls to the last response.
            yield outcomes[min(bisect_right(steps, random.getrandbits(bits)), len(steps) - 1)]


@dataclass(frozen=True)
class LogLinear(FinitePolicy):
    r"""Softmax over features: pi(o) is proportional to exp(offset(o) + <theta, phi(o)>).

    `features` holds phi(o) in R^d for each of n responses, `correct` (n) the verdicts, and
    `offsets` (n, zeros if not given) the logits at theta = 0.

    >>> from derivations.policies import Numbers, at
    >>> bandit = LogLinear(features=((1, 0), (0, 1), (0, 0)), correct=(True, False, False))
    >>> print(at(bandit, (0, 0), Numbers(15)).gap)
    (mpf('1.0'), mpf('-0.5'))
    """

    features: tuple[tuple[Exact, ...], ...]
    correct: tuple[bool, ...]
    offsets: tuple[Exact, ...] = ()

    def __post_init__(self) -> None:
        offsets = self.offsets or (0,) * len(self.correct)
        if not len(self.features) == len(self.correct) == len(offsets):
            raise ValueError("give as many features, verdicts and offsets as there are responses")
        if len({len(phi) for phi in self.features}) != 1:
            raise ValueError("give at least one feature vector, all of one dimension")
        object.__setattr__(self, "offsets", offsets)

    @property
    def dimension(self) -> int:
        """d, the dimension of the features."""
        return len(self.features[0])

    def responses(self, theta: Vector, arithmetic: Arithmetic) -> tuple[Response, ...]:
        """b = phi and c = 0."""
        number = arithmetic.number
        found = []
        for phi, correct, offset in zip(self.features, self.correct, self.offsets, strict=True):
            score = tuple(map(number, phi))
            found.append(Response(number(offset) + dot(theta, score), score, {}, 1, correct))
        return tuple(found)


def softmax_bandit(correct: Sequence[bool]) -> LogLinear:
    """Tabular softmax: one free logit for each of n responses (`trajectory.tabular`).

    >>> softmax_bandit((True, False)).features
    ((1, 0), (0, 1))
    """
    n = len(correct)
    return LogLinear(tuple(tuple(int(i == j) for j in range(n)) for i in range(n)), tuple(correct))


@dataclass(frozen=True)
class TwoResponses(FinitePolicy):
    """One correct and one incorrect response, with any log-odds f (`trajectory.realisable`).

    `log_odds` maps d jets to f, written with ``+ - * / **`` and the methods of `Jet`;
    `parameters` is d.

    >>> from derivations.policies import Numbers, at
    >>> policy = TwoResponses(lambda x, y: 3 * x + y.sin(), parameters=2)
    >>> print(at(policy, (1, 0), Numbers(15)).gap)
    (mpf('3.0'), mpf('1.0'))
    """

    log_odds: JetFunction
    parameters: int

    @property
    def dimension(self) -> int:
        """d, the number of jets that `log_odds` takes."""
        return self.parameters

    def responses(self, theta: Vector, arithmetic: Arithmetic) -> tuple[Response, ...]:
        """Log-weights f and 0."""
        jet = self.log_odds(*variables(theta, arithmetic))
        if not isinstance(jet, Jet):
            raise TypeError(f"log_odds returned {jet!r}, not a function of its arguments")
        hessian = {(i, j): x for i, row in enumerate(jet.hessian) for j, x in enumerate(row)}
        zero = arithmetic.number(0)
        return (
            Response(jet.value, jet.gradient, hessian, 1, True),
            Response(zero, tuple(zero for _ in theta), {}, 1, False),
        )


@dataclass(frozen=True)
class Leaf:
    """The end of a response."""

    correct: bool


@dataclass(frozen=True)
class Token:
    """A token that may come next: its features (d), its offset, and what follows it.

    What follows is a `Leaf` or the position of a branch in the tree.
    """

    features: tuple[Exact, ...]
    then: int | Leaf
    offset: Exact = 0


@dataclass(frozen=True)
class TokenTree(FinitePolicy):
    """Responses of random length, drawn token by token from softmaxes over features.

    `branches` (at least one, the root first) each hold the tokens that may come next.  After a
    prefix the next token is v with probability proportional to exp(offset + <theta, features>).
    Score and Hessian of a response are the sums of those of its tokens (`token.martingale`).
    `grow` makes a tree from functions of the prefix.

    >>> from derivations.policies import Numbers, at
    >>> tree = grow((0, 1), 0, 3, lambda prefix, token: (token,), lambda response: all(response))
    >>> print(at(tree, (0,), Numbers(15)).success)
    0.125
    """

    branches: tuple[tuple[Token, ...], ...]

    def __post_init__(self) -> None:
        if not self.branches or not all(self.branches):
            raise ValueError("a token tree has a branch, and every branch a token")
        for position, branch in enumerate(self.branches):
            for token in branch:
                if len(token.features) != self.dimension:
                    raise ValueError(f"branch {position}: features of another dimension")
                if isinstance(token.then, Leaf):
                    continue
                if not position < token.then < len(self.branches):
                    raise ValueError(f"branch {position}: {token.then} is no later branch")

    @property
    def dimension(self) -> int:
        """d, the dimension of the features."""
        return len(self.branches[0][0].features)

    def extremes(self, theta: Vector, w: Vector, arithmetic: Arithmetic) -> Constants:
        """The largest |s| = |b| and |h| = |c| of a response at theta (d) along w (d)."""
        w, responses = self._evaluated(theta, w, arithmetic)
        with arithmetic.working():
            return Constants(
                arithmetic.largest(*(abs(dot(w, r.score)) for r in responses)),
                arithmetic.largest(*(abs(_along(r.hessian, w)) for r in responses)),
            )

    def responses(self, theta: Vector, arithmetic: Arithmetic) -> tuple[Response, ...]:
        """b and c are the score and the Hessian themselves: probabilities sum to one."""
        zero = arithmetic.number(0)
        found = []
        prefixes = [(0, Response(zero, tuple(zero for _ in theta), {}, 0, False))]
        while prefixes:
            position, prefix = prefixes.pop()
            for token, response in _continued(self.branches[position], prefix, theta, arithmetic):
                if isinstance(token.then, Leaf):
                    found.append(replace(response, correct=token.then.correct))
                else:
                    prefixes.append((token.then, response))
        return tuple(found)


def _continued(
    branch: tuple[Token, ...], prefix: Response, theta: Vector, arithmetic: Arithmetic
) -> Iterator[tuple[Token, Response]]:
    """A prefix with each of the next tokens."""
    features = [tuple(map(arithmetic.number, token.features)) for token in branch]
    logits = [
        arithmetic.number(token.offset) + dot(theta, phi)
        for token, phi in zip(branch, features, strict=True)
    ]
    log_total, probabilities = softmax(logits, arithmetic)
    columns = [centred(probabilities, column)[1] for column in zip(*features, strict=True)]
    # Only coordinates that some token of the branch uses have a variance.
    used = [
        i for i, column in enumerate(zip(*features, strict=True)) if any(x != 0 for x in column)
    ]
    hessian = dict(prefix.hessian)
    for i in used:
        for j in used:
            covariance = sum(
                (p * x * y for p, x, y in zip(probabilities, columns[i], columns[j], strict=True)),
                start=0,
            )
            hessian[i, j] = hessian.get((i, j), 0) - covariance
    for token, logit, steps in zip(branch, logits, zip(*columns, strict=True), strict=True):
        yield (
            token,
            Response(
                prefix.log_weight + (logit - log_total),
                tuple(x + y for x, y in zip(prefix.score, steps, strict=True)),
                hessian,
                prefix.length + 1,
                prefix.correct,
            ),
        )


def grow(
    vocabulary: Sequence[int],
    end: int,
    longest: int,
    features: Callable[[tuple[int, ...], int], tuple[Exact, ...]],
    correct: Callable[[tuple[int, ...]], bool],
) -> TokenTree:
    """The tree of all responses over a vocabulary that stop at the token `end` or at `longest`.

    `features` maps a prefix and a next token to R^d, `correct` a whole response to its verdict.
    """
    if longest < 1:
        raise ValueError("responses have at least one token: give longest >= 1")
    prefixes: list[tuple[int, ...]] = [()]
    branches = []
    for prefix in prefixes:  # grows as it is read: breadth first
        tokens = []
        for v in vocabulary:
            response = (*prefix, v)
            then: int | Leaf = len(prefixes)
            if v == end or len(response) == longest:
                then = Leaf(correct(response))
            else:
                prefixes.append(response)
            tokens.append(Token(features(prefix, v), then))
        branches.append(tuple(tokens))
    return TokenTree(tuple(branches))
