"""Figures about what labels do to a model."""

from __future__ import annotations

import numpy as np

from workshop.claims import mean_and_half
from workshop.figures.form import (
    GOOD,
    QUIET,
    SOURCE,
    TARGET,
    LessonFigure,
    absent,
    canvas,
    finish,
    note_guess,
)
from workshop.figures.label_quality.style import band
from workshop.studies.label_quality import Experiment
from workshop.studies.label_quality.study import spreads

_CURVES = {
    "labels": ("the labels themselves", "black", "-"),
    "ridge": ("ridge, votes counted", SOURCE, "-"),
    "ridge, weighed": ("ridge, workers weighed", "#E69F00", "-"),
    "25 neighbours": ("25 nearest neighbours", "#56B4E9", "-"),
    "1 neighbour": ("1 nearest neighbour", TARGET, "-"),
    "ridge, model as annotator": ("ridge, itself an annotator", GOOD, "-"),
}
_LOSSES = {"cross-entropy": TARGET, "generalised cross-entropy": GOOD, "absolute error": SOURCE}


def redundancy(found: Experiment | None, guess: str | None = None, learners: bool = True) -> LessonFigure:
    """3,000 labels, one to nine an item: accuracy of the labels and of what is trained on them.

    Args:
        learners: False: the labels and ridge regression only.
    """
    if found is None:
        return absent("The experiment with redundancy")
    x = np.array(found.axes["redundancy"], float)
    figure, axis = canvas(8, 4)
    rows, told = [], []
    for measure, (label, hue, style) in _CURVES.items():
        if not learners and measure not in ("labels", "ridge"):
            continue
        mean, half = band(axis, x, 100 * found.measured[measure], hue, label, ls=style)
        rows += [(label, int(r), float(m), float(h)) for r, m, h in zip(x, mean, half, strict=True)]
        told.append(f"{label} from {mean[0]:.1f} to {mean[-1]:.1f}")
    counts = [f"{r:.0f}\n({3000 // int(r):,})" for r in x]
    axis.set(xlabel="labels an item (items)", ylabel="right (%)", ylim=(48, 98))
    axis.set_xticks(x, counts)
    axis.legend(frameon=False, fontsize=9, loc="lower right", ncols=2)
    alt = f"3,000 labels, one an item to nine an item, accuracy in per cent: {'; '.join(told)}."
    if guess:
        alt += note_guess(axis, guess)
    return finish(figure, alt, ("what", "labels an item", "right (%)", "± 95%"), rows)


def noise(found: Experiment | None, guess: str | None = None) -> LessonFigure:
    """Accuracy of a network against the share of wrong labels, for two shapes of noise and three losses."""
    if found is None:
        return absent("The experiment with noise")
    figure, axes = canvas(8.6, 3.6, columns=2, sharey=True)
    x = 100 * np.array(found.axes["rate"], float)
    titles = {"symmetric": "wrong labels go anywhere", "lookalike": "wrong labels go to the lookalike"}
    rows, told = [], []
    for axis, shape in zip(axes, found.axes["shape"], strict=True):
        for loss in found.axes["loss"]:
            mean, _ = band(axis, x, 100 * found.of("accuracy", shape=shape, loss=loss), _LOSSES[loss], loss)
            rows += [(shape, loss, float(r), float(m)) for r, m in zip(x, mean, strict=True)]
        axis.set(title=titles[shape], xlabel="labels that are wrong (%)")
        at = {row[1]: row[3] for row in rows if row[0] == shape and row[2] == 40}
        told.append(
            f"{titles[shape]}: at 40 per cent wrong labels "
            + ", ".join(f"{k} {v:.1f}" for k, v in at.items())
        )
    axes[0].set_ylabel("accuracy on sealed digits (%)")
    axes[0].legend(frameon=False, fontsize=9, loc="lower left")
    alt = f"Accuracy of a two-layer network in per cent. {'. '.join(told)}."
    if guess:
        alt += note_guess(axes[1], guess)
    return finish(figure, alt, ("noise", "loss", "wrong labels (%)", "accuracy (%)"), rows)


def labels_or_architecture(found: Experiment | None, guess: str | None = None) -> LessonFigure:
    """Each architecture at each number and quality of labels: which of the three moves the accuracy most."""
    if found is None:
        return absent("Labels against architecture")
    items, quality = found.axes["items"], found.axes["quality"]
    architectures = found.axes["architecture"]
    mean = 100 * found.measured["accuracy"].mean(-1)
    figure, axes = canvas(8.6, 3.4, columns=3, sharey=True)
    marginals = (
        ("number of labels", [f"{n:,}" for n in items], mean.mean((1, 2)), mean.reshape(len(items), -1)),
        ("labels right", [f"{100 * q:.0f} %" for q in quality], mean.mean((0, 2)),
         np.moveaxis(mean, 1, 0).reshape(len(quality), -1)),
        ("architecture", [name.replace(" ", "\n", 1) for name in architectures], mean.mean((0, 1)),
         np.moveaxis(mean, 2, 0).reshape(len(architectures), -1)),
    )  # fmt: skip
    rows = []
    for axis, (title, names, means, each), hue in zip(axes, marginals, (SOURCE, GOOD, TARGET), strict=True):
        places = np.arange(len(names))
        axis.plot(np.repeat(places, each.shape[1]), each.ravel(), ".", color=QUIET, ms=4)
        axis.plot(places, means, "o-", color=hue, lw=2.5, ms=7)
        axis.set_title(f"{title}: {means.max() - means.min():.0f} points", color=hue, fontsize=12)
        axis.set_xticks(
            places, names, fontsize=9 if len(names) < 5 else 7, rotation=0 if len(names) < 5 else 60
        )
        rows += [(title, name.replace("\n", " "), float(m)) for name, m in zip(names, means, strict=True)]
    axes[0].set_ylabel("accuracy (%)")
    by_labels, by_architecture = (100 * float(spread.mean()) for spread in spreads(found))
    figure.supxlabel(
        f"standard deviations: over labels (number and quality) {by_labels:.1f} points, over architectures "
        f"{by_architecture:.1f}",
        fontsize=11,
    )
    alt = (
        f"Accuracy over {len(items)} numbers of labels, {len(quality)} qualities, {len(architectures)} architectures. "
        f"The standard deviation is {by_labels:.1f} points over labels and {by_architecture:.1f} over architectures. "
        + "; ".join(
            f"{title} moves it by {means.max() - means.min():.0f} points" for title, _, means, _ in marginals
        )
        + "."
    )
    if guess:
        alt += note_guess(axes[0], guess)
    return finish(figure, alt, ("moved", "setting", "mean accuracy (%)"), rows)


def cleaned(found: Experiment | None) -> LessonFigure:
    """What cleanlab finds among 3,000 labels of which a fifth is wrong, and what its finding is worth to a model."""
    if found is None:
        return absent("cleanlab's search for wrong labels")
    figure, axes = canvas(8.6, 3, columns=2)
    shapes = {"symmetric": "go anywhere", "lookalike": "go to the lookalike"}
    pairs = (
        (("found", "of the wrong labels,\nfound"), ("rightly", "of the found ones,\nwrong indeed")),
        (("model on all", "all labels"), ("model without the flagged", "without those\ncleanlab found"),
         ("model without the wrong", "without all\nwrong ones")),
    )  # fmt: skip
    rows = []
    for axis, bars in zip(axes, pairs, strict=True):
        for place, (measure, label) in enumerate(bars):
            for side, (shape, hue) in enumerate(zip(shapes, (SOURCE, TARGET), strict=True)):
                mean, half = (100 * float(x) for x in mean_and_half(found.of(measure, shape=shape)))
                half = float(np.nan_to_num(half))
                at = place + 0.3 * side - 0.15
                name = None if place else f"wrong labels {shapes[shape]}"
                axis.errorbar(at, mean, half, fmt="o", color=hue, ms=8, lw=2, label=name)
                axis.annotate(
                    f"{mean:.1f}",
                    (at, mean + half),
                    (0, 4),
                    textcoords="offset points",
                    ha="center",
                    fontsize=10,
                )
                rows.append((shapes[shape], label.replace("\n", " "), mean, half))
        axis.set_xticks(range(len(bars)), [label for _, label in bars], fontsize=10)
        axis.margins(x=0.15, y=0.2)
    axes[0].set_ylabel("%")
    axes[1].set_ylabel("accuracy of the model (%)")
    axes[0].legend(frameon=False, fontsize=9, loc="lower left")
    told = ", ".join(f"{what} {mean:.1f} ({shape})" for shape, what, mean, _ in rows)
    alt = f"cleanlab on 3,000 labels, a fifth of them wrong; per cent: {told}."
    return finish(figure, alt, ("wrong labels", "what", "%", "± 95%"), rows)
