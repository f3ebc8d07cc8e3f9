"""Figures of the simulations; needs matplotlib."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

from derivations.writing import write_file
from paper_checks.simulations import Row, label


@dataclass(frozen=True)
class _Curve:
    """What a legend calls a curve ("" for nothing), its points, and how it is drawn."""

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    style: str = "-"
    color: str | None = None

    def coincides(self, other: _Curve) -> bool:
        """Whether the curves have the same points, to a part in a thousand.

        >>> _Curve("f", (1, 2), (5, 7)).coincides(_Curve("g", (1, 2), (5, 7.001)))
        True
        >>> _Curve("f", (1, 2), (5, 7)).coincides(_Curve("g", (1, 2), (5, 7.1)))
        False
        """
        close = partial(math.isclose, rel_tol=1e-3)
        return self.x == other.x and all(map(close, self.y, other.y))


def draw(tables: Mapping[str, Sequence[Row]], directory: Path) -> list[Path]:
    """One PNG a figure, in an existing directory; ImportError without matplotlib."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    made = []
    for name, paint in _FIGURES.items():
        figure = Figure(figsize=(11, 4.4), layout="constrained")
        FigureCanvasAgg(figure)
        paint(figure, tables)
        drawn = BytesIO()
        figure.savefig(drawn, dpi=130)
        made.append(directory / f"{name}.png")
        write_file(made[-1], drawn.getvalue())
    return made


def _grouped(rows: Sequence[Row], *keys: str) -> Iterator[tuple[tuple[Any, ...], list[Row]]]:
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row.get(key) for key in keys), []).append(row)
    yield from groups.items()


def _column(rows: Sequence[Row], name: str) -> list[Any]:
    return [row[name] for row in rows]


def _distinct(curves: Sequence[_Curve]) -> Iterator[_Curve]:
    """The curves; those that coincide to the eye become one, with the names of all."""
    names: dict[int, list[str]] = {}
    for curve in curves:
        same = next((i for i in names if curve.coincides(curves[i])), None)
        names.setdefault(curves.index(curve) if same is None else same, []).append(curve.name)
    for i, together in names.items():
        yield replace(curves[i], name=",\n".join(filter(None, together)))


def _step_size(figure: Any, tables: Mapping[str, Sequence[Row]]) -> None:
    left, right = figure.subplots(1, 2)
    for (policy,), rows in _grouped(tables["gains"], "policy"):
        names = {
            "sharp": r"the policy on which $\kappa$ is attained",
            "collapse": "the collapse policy",
            "two features": "two features (log-linear)",
        }
        left.plot(_column(rows, "multiple"), _column(rows, "kept"), label=names[policy])
        if policy == "sharp":
            left.axvline(rows[0]["paper"], color="0.6", ls=":")
            left.annotate("paper's\nthreshold", (rows[0]["paper"], 1.08), xytext=(4, 0),
                          textcoords="offset points", fontsize=8, color="0.3")  # fmt: skip
    left.axvline(1, color="0.6", ls="--")
    left.annotate(r"$\Delta\mu/\kappa$", (1, 1.1), xytext=(4, 0), textcoords="offset points",
                  fontsize=9, color="0.3")  # fmt: skip
    left.axhline(0.5, color="0.8", lw=0.8)
    left.axhline(0, color="0.4", lw=0.8)
    left.set(
        xlabel=r"step, in multiples of $\Delta\mu/\kappa$",
        ylabel=r"gain in log-odds / $(\eta\,\Delta\mu)$",
        title="How much of its alignment one step keeps",
        ylim=(-0.6, 1.25),
    )
    left.legend(fontsize=8, loc="lower left")
    for (step,), rows in _grouped(tables["runs"], "step"):
        name = r"$2\pi/\omega$" if step == "2 pi/omega" else rf"{step} $\Delta\mu/\kappa$"
        style = {"lw": 2.2, "color": "k"} if step == "2 pi/omega" else {}
        right.plot(_column(rows, "k"), _column(rows, "J"), label=name, **style)
    right.set(xlabel="step", ylabel="success rate J", ylim=(-0.03, 1.42),
              yticks=[0, 0.2, 0.4, 0.6, 0.8, 1],
              title="Collapse policy: every step along the Gradient Gap")  # fmt: skip
    right.legend(fontsize=8, ncols=3, loc="upper center", title="step length", title_fontsize=8)


def _guaranteed(axes: Any, rows: Sequence[Row], x: str, names: Sequence[str]) -> None:
    styles = {
        "paper": ("the paper's threshold", ":"),
        "kappa": (r"$1/\kappa$", "--"),
        "K(J)": (r"$1/K(J)$", "-."),
        "(1-J)/(L_p T)": (r"$(1-J)/(L_pT)$", (0, (1, 1, 4, 1))),
    }
    for name in names:
        text, style = styles[name]
        axes.plot(_column(rows, x), [10 ** r[name] for r in rows], color="0.45", ls=style,
                  label=f"guaranteed: {text}")  # fmt: skip


def _scaling(figure: Any, tables: Mapping[str, Sequence[Row]]) -> None:
    left, right = figure.subplots(1, 2)
    everything = ("paper", "kappa", "K(J)", "(1-J)/(L_p T)")
    for (level,), rows in _grouped(tables["length"], "level"):
        left.plot(_column(rows, "T"), _column(rows, "measured"), "o-", ms=3,
                  label=rf"measured, $1-J\leq$ {level}")  # fmt: skip
    half = [r for r in tables["length"] if r["level"] == "1/2"]
    _guaranteed(left, half, "T", everything)
    left.set(xscale="log", yscale="log", xlabel="response length T",
             ylabel=r"critical step / $\Delta\mu$",
             title=r"Against the length (guarantees at $1-J\leq 1/2$)")  # fmt: skip
    left.legend(fontsize=7)
    for (length,), rows in _grouped(tables["success"], "T"):
        away = [-r["log10(1-J)"] for r in rows]
        right.plot(away, _column(rows, "measured"), "o-", ms=3, label=f"measured, T = {length}")
    # Beyond the range of doubles a guarantee of the order of 1-J cannot be drawn.
    longest = [r | {"x": -r["log10(1-J)"]} for r in map(dict, rows)]
    _guaranteed(right, longest, "x", ("paper", "kappa", "K(J)"))
    _guaranteed(right, [r for r in longest if r["(1-J)/(L_p T)"] > -9], "x", ("(1-J)/(L_p T)",))
    right.set(xscale="log", yscale="log", xlabel=r"$\log_{10}\ 1/(1-J)$",
              ylabel=r"critical step / $\Delta\mu$",
              title="Against the success rate (guarantees at T = 1000)")  # fmt: skip
    right.legend(fontsize=7)


def _algorithms(figure: Any, tables: Mapping[str, Sequence[Row]]) -> None:
    left, right = figure.subplots(1, 2)
    curves = []
    for (kind, _, _, seed), rows in _grouped(
        tables["algorithms"], "kind", "algorithm", "group", "seed"
    ):
        drawn = [r for r in rows if r["k"] > 0]
        curves.append(_Curve(
            "" if seed else label(rows[0]),
            tuple(_column(drawn, "k")),
            tuple(-r["log10(1-J)"] for r in drawn),
            {"normalised": "--", "sampled": ":"}.get(kind, "-"),
            "0.3" if kind == "sampled" else None,
        ))  # fmt: skip
    _plot(left, curves)
    left.set(xscale="log", xlabel="step", ylim=(0, 8), ylabel=r"$\log_{10}\ 1/(1-J)$",
             title="Tabular bandit, learning rate 1 (normalised: steps of 1/20)")  # fmt: skip
    left.legend(fontsize=7)
    _plot(right, [
        _Curve(label(rows[0]), tuple(_column(rows, "multiple")), tuple(_column(rows, "lowest J")))
        for _, rows in _grouped(tables["rates"], "algorithm", "group")
    ])  # fmt: skip
    right.axvline(1, color="0.6", ls="--")
    right.set(xscale="log", xlabel=r"learning rate, in multiples of $1/(c(J_0)\,\kappa)$",
              ylabel="lowest J of steps 281 to 300",
              title="A bandit that can be overshot: fixed learning rates")  # fmt: skip
    right.legend(fontsize=7)


def _plot(axes: Any, curves: Sequence[_Curve]) -> None:
    for curve in _distinct(curves):
        axes.plot(curve.x, curve.y, ls=curve.style, color=curve.color, lw=1.4,
                  label=curve.name or None)  # fmt: skip


def _stagnation(figure: Any, tables: Mapping[str, Sequence[Row]]) -> None:
    left, right = figure.subplots(1, 2)
    shares, final = [], []
    for (share,), rows in _grouped(tables["valley"], "share"):
        top, bottom = map(int, share.split("/"))
        shares.append(top / bottom)
        final.append(rows[-1]["J"])
        if top in (2, 4, 8, 5):
            name = {2: r"$\eta/4$", 4: r"$\eta/2$", 8: r"$\eta$", 5: r"$5\eta/8$"}[top]
            left.plot(_column(rows, "k"), _column(rows, "J"), label=f"rate {name}", lw=1.2)
    left.set(xscale="symlog", xlabel="step", ylabel="success rate J", ylim=(0, 1.03),
             title="The valley: population GRPO from one start")  # fmt: skip
    left.legend(fontsize=8)
    right.plot(shares, final, "o-")
    right.axhline(1, color="0.6", lw=0.8)
    right.set(xlabel=r"fixed learning rate / $\eta$", ylabel="J after 400 steps", ylim=(0, 1.03),
              title="Where each fixed learning rate ends")  # fmt: skip


_FIGURES = {
    "step-size": _step_size,
    "scaling": _scaling,
    "algorithms": _algorithms,
    "stagnation": _stagnation,
}
