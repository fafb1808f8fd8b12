"""Which initialisations lesson 05 trains, and for how long at each budget."""

from __future__ import annotations

from dataclasses import dataclass

from workshop.datasets.sines import SineFamily
from workshop.kernels.meta_training import MetaRecipe

#: The tasks of Finn et al. (2017), section 5.1.
FAMILY = SineFamily()


@dataclass(frozen=True)
class Training:
    """One initialisation.

    Attributes:
        key: its name in code and in stored results.
        title: its name in figures.
        variant: of :data:`workshop.kernels.meta_learning.VARIANTS`.
        shots: K.
        inner_steps: taken while training.
        main: one of the four that the lesson's claims are about; the others train for a shorter time.
    """

    key: str
    title: str
    variant: str
    shots: int
    inner_steps: int = 1
    main: bool = True

    @property
    def at_test(self) -> str:
        """The variant whose inner loop adapts it to a new task."""
        return "anil" if self.variant == "anil" else "maml"


TRAININGS = {
    training.key: training
    for training in (
        Training("maml_k10", "MAML", "maml", 10),
        Training("joint_k10", "trained on all at once", "joint", 10),
        Training("maml_k5", "MAML", "maml", 5),
        Training("joint_k5", "trained on all at once", "joint", 5),
        Training("first_order_k10", "first-order MAML", "first_order", 10, main=False),
        Training("anil_k10", "ANIL", "anil", 10, main=False),
        Training("reptile_k10", "Reptile", "reptile", 10, inner_steps=5, main=False),
    )
}

#: Outer iterations by budget, and those of the trainings that no claim is about.
ITERATIONS = {"smoke": 60, "ci": 3000, "class": 70_000, "full": 70_000}
SHORTER = {"smoke": 60, "ci": 3000, "class": 10_000, "full": 10_000}

#: Seeds at ``full``; every other budget takes one.
FULL_SEEDS = 3

#: After which iterations a training is kept, for its replay; the variations are compared at one of them.
MOMENTS = (0, 100, 300, 1000, 3000, 10_000, 30_000)

#: Steps at test time are as long as in training; the baseline's length is tuned, on tasks of its own.
RATES = (0.001, 0.002, 0.005, 0.01, 0.015, 0.02, 0.03, 0.05)


def recipe(training: Training, budget: str) -> MetaRecipe:
    """The recipe of a training at a budget."""
    iterations = (ITERATIONS if training.main else SHORTER)[budget]
    return MetaRecipe(
        iterations, shots=training.shots, inner_steps=training.inner_steps, variant=training.variant
    )
