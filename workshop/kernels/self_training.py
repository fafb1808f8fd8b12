"""Self-training: a slow-moving teacher labels target pictures, the student learns from the confident ones.

A combination of published parts: hard pseudo-labels from a weak view for a strong view (FixMatch: Sohn et
al. 2020, NeurIPS), a teacher that averages the student (Tarvainen and Valpola 2017; French et al. 2018 for
adaptation), distribution alignment (ReMixMatch: Berthelot et al. 2020, ICLR), batch statistics per domain
(Chang et al. 2019).
"""

from __future__ import annotations

import copy

import torch
import torch.nn.functional as F

from workshop.kernels.augment import Augmentation
from workshop.kernels.chance import Chance
from workshop.kernels.descent import Look, OnStep, Recipe, Trained, descend
from workshop.kernels.digit_net import DigitNet, initialised


def pseudo_label_loss(
    student_logits: torch.Tensor, teacher_probabilities: torch.Tensor, threshold: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Cross-entropy to the teacher's first choice where the teacher is confident, averaged over *all* pictures.

    Dividing by all keeps a picture's weight the same whether many or few of its neighbours were confident.

    Args:
        student_logits: (N, C), with gradient.
        teacher_probabilities: (N, C), without.
        threshold: how probable the first choice must be.

    Returns:
        the loss, and the share of pictures that counted.
    """
    confidence, labels = teacher_probabilities.max(1)
    counted = (confidence > threshold).float()
    return (F.cross_entropy(student_logits, labels, reduction="none") * counted).mean(), counted.mean()


class DistributionAlignment:
    """Keeps the teacher's average opinion near an even split over classes, so that no class swallows another.

    Args:
        classes: how many.
        memory: share of the running average kept each step.
    """

    def __init__(self, classes: int, device: torch.device, memory: float = 0.99):
        self.average = torch.full((classes,), 1 / classes, device=device)
        self.memory = memory

    def __call__(self, probabilities: torch.Tensor) -> torch.Tensor:
        """(N, C) probabilities, divided by their running mean and normalised again."""
        self.average.lerp_(probabilities.mean(0), 1 - self.memory)
        aligned = probabilities / self.average
        return aligned / aligned.sum(1, keepdim=True)


@torch.no_grad()
def follow(teacher: torch.nn.Module, student: torch.nn.Module, decay: float) -> None:
    """Move the teacher's weights and batch statistics a share ``1 - decay`` towards the student's."""
    mine = [t for t in (*teacher.parameters(), *teacher.buffers()) if t.is_floating_point()]
    theirs = [t for t in (*student.parameters(), *student.buffers()) if t.is_floating_point()]
    torch._foreach_lerp_(mine, theirs, 1 - decay)


def weak_view(images: torch.Tensor, chance: Chance) -> torch.Tensor:
    """A shift of at most one pixel, and dark and light swapped in half of the pictures."""
    shift = chance.host.randint(-1, 1), chance.host.randint(-1, 1)
    return torch.roll(images, shift, dims=(2, 3)) * chance.signs(len(images), 1, 1, 1)


def train_self_training(
    source_images: torch.Tensor,
    source_labels: torch.Tensor,
    target_images: torch.Tensor,
    *,
    recipe: Recipe,
    augment_source: Augmentation,
    augment_target: Augmentation,
    threshold: float = 0.9,
    decay: float = 0.99,
    ramp: tuple[float, float] = (0.1, 0.25),
    seed: int = 0,
    on_step: OnStep | None = None,
    look: Look | None = None,
    looks: int = 8,
) -> Trained:
    """Train a :class:`DigitNet` on labelled source pictures and on the confident part of its own target labels.

    Args:
        source_images, target_images: (N, 1, 32, 32) and (M, 1, 32, 32) float, standardised, on one device.
        source_labels: (N,) int64.
        threshold: the teacher's confidence from which its label counts.
        decay: how slowly the teacher follows the student, once both have warmed up.
        ramp: shares of the training between which the pseudo-label loss fades in.

    Returns:
        the teacher; its history has the share of target pictures that counted.
    """
    chance = Chance(seed, source_images.device)
    student = initialised(DigitNet, chance)
    teacher = copy.deepcopy(student).requires_grad_(False).eval()
    align = DistributionAlignment(student.classifier.out_features, chance.device)
    half = recipe.batch

    def loss_at(step: int):
        s, t = chance.rows(half, of=len(source_images)), chance.rows(half, of=len(target_images))
        unlabelled = target_images[t]
        pictures = torch.cat([augment_source(source_images[s], chance), augment_target(unlabelled, chance)])
        logits = student.classifier(student.features(pictures, source=half, chance=chance))
        loss = F.cross_entropy(logits[:half], source_labels[s])
        fade_in = min(1.0, (step / recipe.steps - ramp[0]) / (ramp[1] - ramp[0]))
        if fade_in <= 0:
            return loss, {"counted": 0.0}
        with torch.no_grad():
            opinion = align(teacher(weak_view(unlabelled, chance), source=0).softmax(1))
        pseudo, counted = pseudo_label_loss(logits[half:], opinion, threshold)
        return loss + fade_in * pseudo, {"counted": counted}

    return descend(
        student.parameters(), loss_at, teacher, recipe,
        seed=seed, device=source_images.device, on_step=on_step, look=look, looks=looks,
        after_step=lambda step: follow(teacher, student, min(decay, 1 - 1 / (step + 1))),
    )  # fmt: skip


def mutual_information(probabilities: torch.Tensor) -> float:
    """How decided and how varied a network's opinions are, in nats: H(mean p) - mean H(p), at most ln C.

    It needs no label, so it may choose among trainings. It cannot see two classes confidently swapped.

    Args:
        probabilities: (N, C), rows summing to 1.
    """
    p = probabilities.cpu().double().clamp_min(1e-12)  # not every accelerator has float64
    mean = p.mean(0)
    return float((p * p.log()).sum(1).mean() - (mean * mean.log()).sum())
