"""The cost-quality plane: what plans cost and what they give, those that no other beats, and the one at hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from workshop.figures.form import (
    GOOD,
    QUIET,
    SOURCE,
    TARGET,
    LessonFigure,
    absent,
    canvas,
    finish,
    palette_png,
)
from workshop.studies.label_quality import Experiment, PlanOutcome
from workshop.studies.label_quality.front import pareto_front

BUDGET = 500.0
#: Of each pane: what lies on its axes, their labels and limits.
_PANES = (
    {
        "x": "dollars_a_usable", "y": "label_accuracy", "xlabel": "dollars for a right label",
        "ylabel": "labels that are right (%)", "xlim": (0.08, 3.0), "ylim": (40, 101),
        "ticks": (0.1, 0.2, 0.5, 1, 2),
    },
    {
        "x": "dollars", "y": "model_accuracy", "xlabel": "dollars spent", "ylabel": "accuracy of the model (%)",
        "xlim": (40, 6_000), "ylim": (60, 96), "ticks": (50, 100, 200, 500, 1000, 2000, 5000),
    },
)  # fmt: skip


def fronts(found: Experiment) -> list[list[tuple[str, float, float, float]]]:
    """For each pane the plans that no other beats: words, budget, x, y (in per cent)."""
    panes, plans = [], found.axes["plan"]
    for pane, budgets in zip(_PANES, ([BUDGET], found.axes["budget"]), strict=True):
        x, y = (
            np.stack([found.of(pane[side], budget=b).mean(-1) for b in budgets], 1).ravel()
            for side in ("x", "y")
        )
        # Two plans of one budget spend the same, but for what is left over.
        cost = np.tile(budgets, len(plans)) if pane["x"] == "dollars" else x
        best = pareto_front(cost, y)
        panes.append([(plans[i // len(budgets)], budgets[i % len(budgets)], x[i], 100 * y[i]) for i in best])
    return panes


def plane(found: Experiment | None) -> LessonFigure:
    """All plans of the grid, and the fronts."""
    if found is None:
        return absent("The grid of plans")
    figure, axes = canvas(8.6, 4, columns=2)
    rows, told = [], []
    for axis, pane, front, name in zip(axes, _PANES, fronts(found), ("labels", "model"), strict=True):
        _dress(axis, pane, found, front)
        rows += [(name, plan, budget, float(x), float(y)) for plan, budget, x, y in front]
        ends = front[0], front[-1]
        told.append(
            f"{pane['ylabel']}: the front runs from {ends[0][3]:.1f} ({ends[0][0]}) to {ends[1][3]:.1f} ({ends[1][0]})"
        )
    axes[0].legend(frameon=False, fontsize=9, loc="lower right")
    alt = f"{len(found.axes['plan'])} plans as dots, and the fronts of those that no other beats. {'; '.join(told)}."
    return finish(figure, alt, ("front", "plan", "budget ($)", "dollars", "right (%)"), rows)


class PlanPicture:
    """Draws the plan at hand on the plane, fast: the dots and fronts are drawn once, and copied.

    Args:
        found: the stored grid of plans; None: an empty plane.
    """

    def __init__(self, found: Experiment | None):
        self._figure = Figure(figsize=(9, 3.6), dpi=90)
        self._canvas = FigureCanvasAgg(self._figure)
        axes = self._figure.subplots(1, 2)
        self._figure.subplots_adjust(0.07, 0.15, 0.99, 0.97, wspace=0.2)
        best = fronts(found) if found else ([], [])
        self._moving = []
        for axis, pane, front in zip(axes, _PANES, best, strict=True):
            axis.spines[["top", "right"]].set_visible(False)
            _dress(axis, pane, found, front)
            hidden = {"animated": True, "clip_on": False}
            bar = {"color": TARGET, "lw": 2.5, "alpha": 0.6, **hidden}
            parts = {
                "across": axis.plot([], [], **bar)[0],
                "up": axis.plot([], [], **bar)[0],
                "spot": axis.plot([], [], "o", color=SOURCE, ms=5, **hidden)[0],
                "letter": axis.annotate("", (1, 0), (0, 0), textcoords="offset points", ha="center", va="center",
                                        weight="bold", color=SOURCE, **hidden, annotation_clip=False),
                "now": axis.plot([], [], "D", color=TARGET, ms=11, mec="white", **hidden)[0],
            }  # fmt: skip
            self._moving.append((axis, pane, parts))
        legend = [
            *axes[0].get_legend_handles_labels()[0],
            Line2D([], [], marker="o", ls="", color=SOURCE, ms=5, label="A, B, … plans you keep"),
            Line2D([], [], marker="D", ls="", color=TARGET, ms=8, mec="white", label="your plan"),
        ]
        axes[0].legend(handles=legend, frameon=False, fontsize=9, loc="lower right")
        self._canvas.draw()
        self._still = self._canvas.copy_from_bbox(self._figure.bbox)

    def draw(self, draws: Sequence[PlanOutcome], kept: Mapping[str, PlanOutcome] | None = None) -> bytes:
        """The plane as a PNG.

        Args:
            draws: of the plan at hand, none where there is no plan. The diamond lies at their mean, and bars reach from
                the lowest to the highest.
            kept: letter -> a plan that was kept.
        """
        self._canvas.restore_region(self._still)
        for axis, pane, parts in self._moving:
            for number, (letter, outcome) in enumerate((kept or {}).items()):
                if (place := _place(pane, [outcome])) is not None:
                    spot, name = parts["spot"], parts["letter"]
                    spot.set_data(place)
                    name.set_text(letter)
                    # By turns to the right and to the left: plans of one budget lie above each other.
                    name.xy, name.xyann = place.mean(1), (-9 if number % 2 else 9, 0)
                    axis.draw_artist(spot)
                    axis.draw_artist(name)
            place = _place(pane, draws)
            if place is None:
                continue
            x, y = place.mean(1)
            if len(draws) > 1:
                parts["across"].set_data([place[0].min(), place[0].max()], [y, y])
                parts["up"].set_data([x, x], [place[1].min(), place[1].max()])
                axis.draw_artist(parts["across"])
                axis.draw_artist(parts["up"])
            parts["now"].set_data([x], [y])
            axis.draw_artist(parts["now"])
        return palette_png(np.asarray(self._canvas.buffer_rgba()))


def _place(pane: Mapping, outcomes: Sequence[PlanOutcome]) -> np.ndarray | None:
    """(2, n) where outcomes lie in a pane, moved to its edge where they lie outside; None without them or a model."""
    if not outcomes or any(getattr(outcome, pane["y"]) is None for outcome in outcomes):
        return None
    place = np.array([[getattr(o, pane["x"]), 100 * getattr(o, pane["y"])] for o in outcomes]).T
    return np.stack([place[0].clip(*pane["xlim"]), place[1].clip(*pane["ylim"])])


def _dress(axis: Axes, pane: Mapping, found: Experiment | None, front: list) -> None:
    """What does not move: axes, the dots of the grid, the front."""
    if found:
        x, y = (found.measured[pane[side]] for side in ("x", "y"))
        if pane["x"] == "dollars_a_usable":
            x, y = (found.of(pane[side], budget=BUDGET) for side in ("x", "y"))
        tried = f"{len(found.axes['plan'])} plans tried beforehand"
        axis.plot(
            x.mean(-1).ravel(), 100 * y.mean(-1).ravel(), ".", color=QUIET, ms=5, alpha=0.7, label=tried
        )
    if front:
        _, _, x, y = zip(*front, strict=True)
        axis.step(x, y, "o-", where="post", color=GOOD, lw=1.5, ms=5, label="of those, none beats these")
    axis.set(xscale="log", xlim=pane["xlim"], ylim=pane["ylim"], xlabel=pane["xlabel"], ylabel=pane["ylabel"])
    axis.set_xticks(pane["ticks"], [f"{tick:g}" for tick in pane["ticks"]])
    axis.minorticks_off()
