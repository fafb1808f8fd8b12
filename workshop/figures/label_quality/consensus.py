"""Figures about finding a consensus, and about the workers that it shows."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from workshop.datasets import crowds
from workshop.figures.form import GOOD, GUESS, QUIET, TARGET, LessonFigure, absent, canvas, finish, note_guess
from workshop.figures.label_quality.style import METHODS, TYPES, band
from workshop.kernels import consensus
from workshop.kernels.consensus import by_lot
from workshop.studies.label_quality import Experiment
from workshop.studies.label_quality.digit_task import CLASSES, DigitTask
from workshop.studies.label_quality.experiments.aggregation import ITEMS

SEED, SHOWN = 10, 6


def first_look(task: DigitTask, people: int = 5) -> LessonFigure:
    """Some digits, what a crowd calls them, and what most of it says."""
    rng = np.random.default_rng(SEED)
    rows = rng.permutation(len(task.truth))[:400]
    truth = task.truth[rows]
    made = crowds.label(crowds.hire(crowds.CROWD, 30, CLASSES, rng), truth, people, rng)
    voted = by_lot(consensus.majority_vote(made).posterior, rng)
    said = made.label.reshape(len(rows), people)
    figure, axes = canvas(8.6, 2.4, columns=SHOWN)
    told = []
    for i, axis in enumerate(axes):
        axis.imshow(task.pictures[rows[i]].reshape(14, 14), cmap="gray_r")
        axis.set_axis_off()
        good = voted[i] == truth[i]
        axis.set_title("  ".join(map(str, said[i])), fontsize=12)
        axis.text(0.5, -0.18, f"vote: {voted[i]}", transform=axis.transAxes, ha="center", fontsize=13,
                  color=GOOD if good else TARGET, weight="normal" if good else "bold")  # fmt: skip
        told.append((int(truth[i]), " ".join(map(str, said[i])), int(voted[i]), "right" if good else "wrong"))
    single, vote = float((made.label == truth[made.item]).mean()), float((voted == truth).mean())
    alt = (
        f"Six handwritten digits with {people} labels each, above, and the majority's, below; wrong majorities are "
        f"bold. Of {len(made):,} single labels {single:.0%} are right, of {len(rows)} majorities {vote:.0%}."
    )
    return finish(figure, alt, ("digit", f"{people} people said", "majority", "which is"), told)


def few_labels(found: Experiment | None, guess: str | None = None) -> LessonFigure:
    """Accuracy of all ways to a consensus, by how many labels each worker gives."""
    if found is None:
        return absent("The comparison of consensus methods")
    figure, axis = canvas(8, 3.8)
    rows, told = _by_labels_a_worker(axis, found, "{method}")
    x = found.axes["labels_a_worker"]
    axis.set_ylabel("items labeled right (%)")
    axis.legend(frameon=False, ncols=2, loc="lower right")
    alt = (
        f"Items whose consensus is right, in per cent, three labels an item, from {x[0]:.0f} labels a worker to "
        f"{x[-1]:.0f}: {'; '.join(told)}."
    )
    if guess:
        alt += note_guess(axis, guess)
    return finish(figure, alt, ("method", "labels a worker", "right (%)", "± 95%"), rows)


def climbing(few: int = 10, many: int = 300, iterations: int = 15) -> LessonFigure:
    """Dawid-Skene, iteration by iteration: the likelihood it climbs, and how many items are right meanwhile."""
    figure, axes = canvas(8.6, 3.2, columns=2, sharey=True)
    rows, told = [], []
    for axis, labels in zip(axes, (few, many), strict=True):
        rng = np.random.default_rng(SEED)
        truth = rng.integers(0, CLASSES, ITEMS)
        made = crowds.label(crowds.hire(crowds.CROWD, 3 * ITEMS // labels, CLASSES, rng), truth, 3, rng)
        right = [
            100 * float((consensus.dawid_skene(made, iterations=n, tolerance=0).label == truth).mean())
            for n in range(1, iterations + 1)
        ]
        votes = 100 * float((consensus.majority_vote(made).label == truth).mean())
        climbed = consensus.dawid_skene(made, iterations=iterations, tolerance=0).log_likelihood / len(made)
        steps = np.arange(1, iterations + 1)
        axis.plot(steps, right, "o-", color=METHODS["Dawid-Skene"], ms=4, label="items right (%)")
        axis.axhline(votes, color=QUIET, ls="--", label="majority vote")
        axis.set(xlabel="iteration", title=f"{labels} labels a worker")
        twin = axis.twinx()
        twin.plot(steps, climbed, color="black", lw=1)
        twin.spines[["top", "right"]].set_visible(False)
        twin.set_yticks([])
        axis.plot([], [], color="black", lw=1, label="log-likelihood (its own scale)")
        rows += [(labels, int(n), r, float(c)) for n, r, c in zip(steps, right, climbed, strict=True)]
        told.append(
            f"With {labels} labels a worker, {right[0]:.1f} per cent are right after the first iteration and "
            f"{right[-1]:.1f} after the last (majority vote: {votes:.1f}), while the log-likelihood a label rises from "
            f"{climbed[0]:.3f} to {climbed[-1]:.3f}"
        )
    axes[0].set_ylabel("items labeled right (%)")
    axes[1].legend(frameon=False, fontsize=9, loc="lower right")
    return finish(
        figure, ". ".join(told) + ".", ("labels a worker", "iteration", "right (%)", "log-likelihood"), rows
    )


def worker_matrices(labels_a_worker: int = 150) -> LessonFigure:
    """A typical worker of each type: what is said to each true class, as Dawid-Skene finds it from labels alone."""
    rng = np.random.default_rng(SEED)
    truth = rng.integers(0, CLASSES, ITEMS)
    workforce = crowds.hire(crowds.CROWD, 3 * ITEMS // labels_a_worker, CLASSES, rng)
    found = consensus.dawid_skene(crowds.label(workforce, truth, 3, rng))
    figure, axes = canvas(8.6, 2.7, columns=len(TYPES), sharey=True)
    rows = []
    for axis, kind in zip(axes, TYPES, strict=True):
        alike = np.flatnonzero(workforce.kinds == kind)
        worker = int(
            alike[np.argsort(workforce.skill[alike], kind="stable")[len(alike) // 2]]
        )  # a typical one
        axis.imshow(found.confusion[worker], cmap="Blues", vmin=0, vmax=1)
        axis.set_title(kind, color=TYPES[kind])
        axis.set(xlabel="said", xticks=[0, 5, 9], yticks=[0, 5, 9])
        rows.append((kind, float(found.skill[worker]), float(workforce.skill[worker])))
    axes[0].set_ylabel("true class")
    told = "; ".join(f"{kind} {skill:.0%}" for kind, skill, _ in rows)
    alt = (
        f"Confusion matrices of four workers, found from labels alone: a dark diagonal means right. How often each is "
        f"right: {told}. The scripted worker's matrix is one dark column."
    )
    return finish(figure, alt, ("worker", "skill found", "skill in truth"), rows)


def worker_types(found: Experiment | None, guess: float | None = None) -> LessonFigure:
    """Share of workers whose type is told right, by how many labels each gives."""
    if found is None:
        return absent("Telling workers' types")
    figure, axis = canvas(8, 3.2)
    rows, told = _by_labels_a_worker(axis, found, "from {method}")
    x = found.axes["labels_a_worker"]
    careful = 100 * crowds.CROWD["careful"]
    axis.axhline(careful, color=QUIET, ls=":", lw=1)
    axis.text(x[-1], careful + 1, 'calling everybody "careful"', ha="right", color=QUIET, fontsize=9)
    axis.set(ylabel="types told right (%)", ylim=(30, 101))
    axis.legend(frameon=False, loc="lower right")
    alt = (
        f"Workers whose type is told right, in per cent, from {x[0]:.0f} labels a worker to {x[-1]:.0f}: "
        f"{'; '.join(told)}."
    )
    if guess is not None:
        axis.plot(75, guess, "D", color=GUESS, ms=8, clip_on=False)
        axis.annotate("your guess", (75, guess), (7, 5), textcoords="offset points", color=GUESS)
        alt += f" Your guess for 75 labels was {guess:.0f}."
    return finish(figure, alt, ("consensus", "labels a worker", "told right (%)", "± 95%"), rows)


def _by_labels_a_worker(axis: Axes, found: Experiment, label: str) -> tuple[list[tuple], list[str]]:
    """Draw the accuracy of each method against the labels that a worker gives; returns rows, and what to tell.

    Args:
        label: of a curve, with ``{method}`` in it.
    """
    x = np.array(found.axes["labels_a_worker"], float)
    rows, told = [], []
    for method in found.axes["method"]:
        values = 100 * found.of("accuracy", method=method)
        mean, half = band(axis, x, values, METHODS[method], label.format(method=method))
        rows += [(method, int(n), float(m), float(h)) for n, m, h in zip(x, mean, half, strict=True)]
        told.append(f"{method} from {mean[0]:.1f} to {mean[-1]:.1f}")
    axis.set(xscale="log", xlabel="labels a worker gives")
    axis.set_xticks(x, [f"{n:.0f}" for n in x])
    axis.minorticks_off()
    return rows, told
