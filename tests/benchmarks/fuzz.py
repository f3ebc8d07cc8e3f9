"""Random claims: ``python -m tests.benchmarks.fuzz [--count N] [--seed S] [--timeout T]``.

Texts of three kinds go to the parser and to `prove`: claims that are true by construction,
claims that are false by construction, and noise.  Counted are verdicts; a wrong one, an
exception that is no `ClaimError`, or an answer that comes a second after its time limit ends the
run with exit code 1.  As in the commands, a claim has a process of its own.
"""

from __future__ import annotations

import ast
import json
import random
import sys
import time
from collections import Counter
from dataclasses import dataclass
from fractions import Fraction

import click

from derivations.search.claims import ClaimError
from derivations.search.contained import StoppedError, contained
from derivations.search.prove import prove

NAMES = ("x", "y", "eta", "J")
FUNCTIONS = ("exp", "sin", "cos", "abs", "tanh", "cosh")
PATIENCE = 0.7  # seconds beyond its time limit after which a search is stopped
NOISE = "xyJ0123456789.+-*/()<>= ,expsinlogqrtabmx_^!&|'\"\\\n\u00b5\u221e"


@dataclass(frozen=True)
class Case:
    """A claim with its hypotheses, and whether it is true; None where that is not known."""

    claim: str
    given: tuple[str, ...]
    truth: bool | None


def rational(rng: random.Random, depth: int = 3) -> str:
    """A polynomial, as text."""
    if depth == 0 or rng.random() < 0.25:
        number = Fraction(rng.randint(-9, 9), rng.randint(1, 6))
        return rng.choice([*NAMES, f"({number})"])
    left, right = rational(rng, depth - 1), rational(rng, depth - 1)
    if rng.random() < 0.15:
        return f"({left})**{rng.randint(0, 3)}"
    return f"({left} {rng.choice('+-*')} {right})"


def expression(rng: random.Random) -> str:
    """A term that is defined everywhere."""
    inner = rational(rng, 2)
    return f"{rng.choice(FUNCTIONS)}({inner})" if rng.random() < 0.4 else rational(rng)


def true_claim(rng: random.Random) -> Case:
    """A claim that holds, for a reason that its text may hide."""
    e, f = expression(rng), expression(rng)
    claim, given = rng.choice(
        [
            (f"{e} <= {e} + ({f})**2", ()),
            (f"2*({e})*({f}) <= ({e})**2 + ({f})**2", ()),
            (f"abs({e}) >= {e}", ()),
            (f"max({e}, {f}) >= {f}", ()),
            (f"exp({e}) > 0", ()),
            (f"exp({e}) >= 1 + ({e})", ()),
            (f"{e} < {f} + 1", (f"{e} <= {f}",)),
            (f"({e})*eta <= ({f})*eta", (f"{e} <= {f}", "eta >= 0")),
        ]
    )
    return Case(claim, given, True)


def false_claim(rng: random.Random) -> Case:
    """A claim that fails at a point with small coordinates, where it was evaluated exactly."""
    e = rational(rng)
    point = {name: Fraction(rng.randint(-4, 4), rng.randint(1, 3)) for name in NAMES}
    return Case(f"{e} {rng.choice(['<', '>', '!='])} ({exactly(e, point)})", (), False)


def exactly(text: str, point: dict[str, Fraction]) -> Fraction:
    """The value of one of our own polynomials: their texts are Python, but for the quotients."""

    def value(node: ast.expr) -> Fraction:
        if isinstance(node, ast.Name):
            return point[node.id]
        if isinstance(node, ast.Constant):
            return Fraction(str(node.value))
        if isinstance(node, ast.UnaryOp):
            return -value(node.operand)
        if not isinstance(node, ast.BinOp):
            raise TypeError(type(node).__name__)
        a, b = value(node.left), value(node.right)
        match node.op:
            case ast.Add():
                return a + b
            case ast.Sub():
                return a - b
            case ast.Mult():
                return a * b
            case ast.Div():
                return a / b
            case _:
                return Fraction(a**b)

    return value(ast.parse(text, mode="eval").body)


def noise(rng: random.Random) -> Case:
    """Text that may be no claim at all, or half of one."""
    if rng.random() < 0.5:
        return Case("".join(rng.choice(NOISE) for _ in range(rng.randint(0, 60))), (), None)
    text = list(true_claim(rng).claim)
    for _ in range(rng.randint(1, 4)):
        place = rng.randrange(len(text))
        text[place] = rng.choice(["", "(", ")", *NOISE])
    return Case("".join(text), (), None)


def cases(seed: int, count: int) -> list[Case]:
    """The cases of a seed, of all kinds."""
    rng = random.Random(seed)
    return [rng.choice([true_claim, false_claim, noise])(rng) for _ in range(count)]


def verdict(case: Case, timeout: float) -> tuple[str, str]:
    """What became of a case, and what is wrong with that, if anything."""
    started = time.monotonic()
    try:
        found = contained(
            lambda: prove(case.claim, list(case.given), timeout=timeout).verdict,
            timeout + PATIENCE,
        )
    except ClaimError as error:
        found = "not a claim"
        if "\n" in str(error):
            return found, "an error of more than one line"
        if case.truth is not None and "contradict" not in str(error):
            return found, f"refused: {error}"
    except StoppedError as stopped:
        found = "stopped"
        if str(stopped) != "the time is up":
            return found, str(stopped)
    except Exception as error:  # whatever it is, it should not have come out
        return "crash", repr(error)
    if time.monotonic() - started > timeout + 1:
        return found, "late"
    wrong = {True: "refuted", False: "proved", None: ""}[case.truth]
    return found, f"{found}, which is wrong" if found == wrong else ""


@click.command(help=__doc__)
@click.option("--count", default=10_000, help="How many claims.")
@click.option("--seed", default=1, help="Of the random numbers.")
@click.option("--timeout", default=1.0, help="Seconds for each claim.")
def main(count: int, seed: int, timeout: float) -> None:
    """Run, and print what was counted."""
    counts: Counter[str] = Counter()
    bad = []
    for i, case in enumerate(cases(seed, count)):
        found, trouble = verdict(case, timeout)
        counts[f"{case.truth}: {found}"] += 1
        if trouble:
            bad.append({"claim": case.claim, "given": case.given, "trouble": trouble})
            click.echo(f"{trouble}: {case.claim!r} {case.given}", err=True)
        if sys.stderr.isatty() and i % 10 == 0:
            click.echo(f"\r{i} of {count}", nl=False, err=True)
    json.dump({"counts": dict(sorted(counts.items())), "bad": bad}, sys.stdout, indent=2)
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
