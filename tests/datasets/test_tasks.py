"""Tasks to fine-tune on: labels from the pool alone, evenly over the classes, nested over budgets."""

import numpy as np
import pytest
import torch

from workshop.datasets.tasks import EXAM, Task, as_pictures, task
from workshop.errors import WorkshopError


@pytest.fixture(scope="module")
def digits():
    return task("digits")


def rows(pictures):
    return {picture.numpy().tobytes() for picture in pictures}


def test_labels_are_even_nested_and_of_another_draw_with_another_seed(digits):
    few, few_labels = digits.labelled(50, 32, seed=1)
    many, many_labels = digits.labelled(200, 32, seed=1)
    assert few.shape == (50, 3, 32, 32) and few.dtype == torch.uint8
    assert (
        torch.bincount(few_labels).tolist() == [5] * 10 and torch.bincount(many_labels).tolist() == [20] * 10
    )
    assert rows(few) < rows(many)
    assert rows(few) != rows(digits.labelled(50, 32, seed=2)[0])


def test_nobody_learns_from_the_exam(digits):
    everything, _ = digits.labelled(len(digits.pool), 28)
    exam, labels = digits.examined(28)
    assert len(exam) == len(labels) == EXAM
    assert not rows(everything) & rows(exam)


@pytest.mark.parametrize("count", [9, 8001])
def test_too_few_or_too_many_labels_are_told(digits, count):
    with pytest.raises(
        WorkshopError, match=rf"{count} labels of digits were asked for; ask for 10 .* to 8,000"
    ):
        digits.labelled(count, 32)


def test_an_unknown_task_is_told():
    with pytest.raises(WorkshopError, match=r"no task 'digit'\. Choose one of: digits, tiles, renders"):
        task("digit")


@pytest.mark.fast
def test_classes_that_run_out_are_passed_over():
    labels = np.array([0] * 3 + [1] * 7)
    few = Task(
        "x",
        "x",
        ("a", "b"),
        np.zeros((10, 8, 8), np.uint8),
        labels,
        np.zeros((1, 8, 8), np.uint8),
        labels[:1],
        "",
    )
    assert torch.bincount(few.labelled(8, 8)[1]).tolist() == [3, 5]


@pytest.mark.fast
@pytest.mark.parametrize("shape", [(5, 28, 28), (5, 64, 64, 3)])
@pytest.mark.parametrize("side", [32, 64])
def test_pictures_keep_their_colours_whatever_their_size(shape, side):
    images = np.full(shape, 77, np.uint8)
    pictures = as_pictures(images, side)
    assert pictures.shape == (5, 3, side, side) and (pictures == 77).all() and pictures.is_contiguous()
