"""What lesson 02 trains, how long, and on how many labels at each budget."""

from __future__ import annotations

from dataclasses import dataclass

from workshop.kernels.fine_tuning import FineTuneRecipe

HEAD, EVERYTHING, SCRATCH = "head only", "everything", "from scratch"


@dataclass(frozen=True)
class Source:
    """A pre-trained network and the depths that are compared on it.

    Attributes:
        key: its name in code; ``title``: for readers.
        depths: name -> how many blocks are thawed, counted from the head.
        blocks: their names, from the pixels to the head.
        side: of its pictures, in pixels.
    """

    key: str
    title: str
    depths: dict[str, int]
    blocks: tuple[str, ...]
    side: int

    def frozen(self, depth: str) -> tuple[str, ...]:
        """The blocks that a depth leaves frozen."""
        return () if depth == SCRATCH else self.blocks[: len(self.blocks) - self.depths[depth]]


LITE = Source(
    "lite",
    "ImageNet network",
    {HEAD: 1, "from stage 7": 3, "from stage 5": 5, EVERYTHING: 10},
    ("stem", *(f"stage {i}" for i in range(1, 8)), "top", "head"),
    64,
)
SMALL = Source(
    "small",
    "small network, from street-number renders",
    {HEAD: 1, "from block 3": 2, "from block 2": 3, EVERYTHING: 5},
    ("stem", "block 1", "block 2", "block 3", "head"),
    32,
)
SOURCES = {source.key: source for source in (LITE, SMALL)}

FEW, SOME, MANY = 50, 200, 2000  #: labels
#: Label budgets over which the small network is followed, from pre-trained and from random weights.
CURVE = {"smoke": (50,), "ci": (50, 200, 2000), "class": (20, 50, 200, 500, 2000, 6000)}
CURVE["full"] = CURVE["class"]
#: Tiles are many and dear to paint: no budget beyond this.
MOST = {"digits": 6000, "tiles": 2000}
#: At these it is trained at every depth.
ALL_DEPTHS = (FEW, MANY)
#: Pictures that the small network was pre-trained on.
SOURCE_LABELS = {"smoke": 600, "ci": 4800, "class": 9600, "full": 9600}
EXAM = {"smoke": 100, "ci": 1000, "class": 1000, "full": 1000}

#: The trainings on the ImageNet network: task, labels, depths.
SPECTRA = {
    "lite digits 50": ("digits", FEW, tuple(LITE.depths)),
    "lite tiles 50": ("tiles", FEW, tuple(LITE.depths)),
    "lite digits 200": ("digits", SOME, (*LITE.depths, SCRATCH)),
    "lite tiles 200": ("tiles", SOME, (*LITE.depths, SCRATCH)),
    "lite renders 200": ("renders", SOME, (*LITE.depths, SCRATCH)),
}
CURVES = {"small digits": "digits", "small tiles": "tiles"}

#: Of the search for what to thaw.
SEARCH_LABELS, SEARCH_FOLDS = 100, 4


def source_recipe(budget: str) -> FineTuneRecipe:
    """How the small network is pre-trained."""
    return FineTuneRecipe(epochs={"smoke": 1, "ci": 6}.get(budget, 12), batch=64, learning_rate=3e-3)


def recipe(source: str, depth: str, labels: int, budget: str) -> FineTuneRecipe:
    """How a depth is trained.

    A head alone takes longer steps and more of them: they cost next to nothing. The step sizes were chosen on another
    draw of labels than those that the lesson shows.
    """
    if source == "lite":
        if depth == HEAD:
            how = FineTuneRecipe(epochs=40, learning_rate=1e-2)
        elif depth == SCRATCH:
            how = FineTuneRecipe(epochs=max(20, 2000 / labels), learning_rate=3e-3)
        else:
            how = FineTuneRecipe(epochs=max(12, 1200 / labels), learning_rate=1e-3)
    else:
        how = FineTuneRecipe(epochs=min(80, max(10, 20_000 / labels)), learning_rate=3e-3)
    shorter = {"smoke": 1 / how.epochs, "ci": 1.0}.get(budget, 1.0)
    return FineTuneRecipe(how.epochs * shorter, how.batch, how.learning_rate, how.decay, how.weight_decay)


def looks(source: str, depth: str, recipe: FineTuneRecipe, labels: int) -> int:
    """How often a training is examined on its way: often only where its curve is shown."""
    steps = recipe.steps(labels)
    if source == "lite" or depth not in (EVERYTHING, SCRATCH):
        return min(steps, 6)
    return min(steps, 80 if labels <= 500 else 40)
