"""What the controls of the frozen-layers panel say, in code and in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

from workshop.kernels.block_net import Share, frozen_prefix
from workshop.kernels.fine_tuning import FineTuneRecipe
from workshop.studies.fine_tuning.recipes import HEAD, SCRATCH, Source, recipe
from workshop.studies.fine_tuning.variants import kept_name

#: Milliseconds a picture takes in one pass of training with everything thawed, on one core; measured on ours.
PACE = {"lite": 6.5, "small": 0.25}
_THAWED = "background:#08306b;color:#fff"
_FROZEN = "background:repeating-linear-gradient(45deg,#e8eef4 0 5px,#d3dee8 5px 10px);color:#1b2a38"


@dataclass(frozen=True)
class Choice:
    """A network, pictures, labels, and what is thawed.

    Attributes:
        thawed: blocks, from the pixels to the head.
        decay: of the step size, from a block to the one below it.
        keep: the batch statistics of thawed blocks, too.
    """

    source: Source
    task: str
    labels: int
    thawed: tuple[str, ...]
    pretrained: bool
    decay: float
    keep: bool = False

    @property
    def frozen(self) -> tuple[str, ...]:
        return tuple(name for name in self.source.blocks if name not in self.thawed)

    @property
    def depth(self) -> str:
        """Its name among the stored results, or its thawed blocks."""
        words = in_words(self.thawed, self.source)
        if not self.pretrained:
            words = f"{SCRATCH}: {words}" if self.frozen else SCRATCH
        if self.keep and self.thawed != self.source.blocks[-1:]:  # a head has no statistics
            words = kept_name(words)
        return words if self.decay == 1 else f"{words}, steps x {self.decay:g} a block"

    @property
    def recipe(self) -> FineTuneRecipe:
        """As the lesson trained this depth; any other choice of blocks like the depths between the ends."""
        head_alone = self.thawed == self.source.blocks[-1:]
        known = SCRATCH if not self.pretrained else HEAD if head_alone else "some"
        how = recipe(self.source.key, known, self.labels, "class")
        return FineTuneRecipe(how.epochs, how.batch, how.learning_rate, self.decay, how.weight_decay)

    @property
    def seconds(self) -> float:
        """A rough guess of what training takes."""
        thawed_part = 1 - frozen_prefix(self.source.blocks, self.frozen) / len(self.source.blocks)
        if self.thawed == self.source.blocks[-1:]:
            thawed_part = 0.0  # a head alone costs nothing to speak of
        return self.recipe.epochs * self.labels * PACE[self.source.key] * thawed_part / 1000


def in_words(thawed: tuple[str, ...], source: Source) -> str:
    """A choice of blocks by its name on the spectrum, or by its blocks."""
    for depth, count in source.depths.items():
        if thawed == source.blocks[-count:]:
            return depth
    return " + ".join(thawed)


def blocks_as_html(choice: Choice, weights: Mapping[str, int]) -> str:
    """The blocks as a row of boxes: frozen ones hatched, thawed ones dark, each with its number of weights."""
    boxes = []
    for name in choice.source.blocks:
        state, look = ("thawed", _THAWED) if name in choice.thawed else ("frozen", _FROZEN)
        boxes.append(
            f"<div style='{look};border:1px solid #1b2a38;border-radius:3px;padding:.2em .5em;min-width:4.7em'>"
            f"<b>{escape(name)}</b><br><small>{weights[name]:,}<br>{state}</small></div>"
        )
    told = ", ".join(
        f"{name} {'thawed' if name in choice.thawed else 'frozen'}" for name in choice.source.blocks
    )
    return (
        f"<div role='img' aria-label='{escape(told, quote=True)}' "
        f"style='display:flex;flex-wrap:wrap;gap:3px;line-height:1.25'>{''.join(boxes)}</div>"
    )


def megabytes(count: int) -> str:
    """A size for readers."""
    return f"{count / 1e6:.1f} MB" if count >= 1e5 else f"{count / 1e3:.0f} kB"


def in_percent(share: Share) -> str:
    """What is trained, of all weights, for readers."""
    return f"{share.percent:.0f} %" if share.percent >= 10 else f"{share.percent:.2g} %"
