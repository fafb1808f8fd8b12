"""Sine waves as tasks: where they are drawn from, what they are worth, and that a generator decides it all."""

import math

import numpy as np
import pytest
import torch

from workshop.datasets.sines import SineFamily, SineTasks

pytestmark = pytest.mark.fast

ODD = SineFamily(amplitude=(-2.0, 0.5), phase=(1.0, 4.0), inputs=(2.0, 3.0))


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("family", [SineFamily(), ODD])
def test_each_range_is_filled_evenly_and_never_left(family):
    tasks = family.tasks(4000, seeded())
    x, _ = family.points(tasks, 3, seeded(1))
    pairs = [(tasks.amplitude, family.amplitude), (tasks.phase, family.phase), (x, family.inputs)]
    for drawn, (low, high) in pairs:
        assert drawn.min() >= low and drawn.max() <= high
        quarters = np.histogram(drawn.numpy(), bins=4, range=(low, high))[0] / drawn.numel()
        assert quarters == pytest.approx([0.25] * 4, abs=0.03)


def test_inputs_may_come_from_a_range_of_their_own():
    x, _ = SineFamily().points(SineFamily().tasks(50, seeded()), 20, seeded(1), inputs=(0.0, 5.0))
    assert x.min() >= 0 and x.max() <= 5 and x.max() - x.min() > 4.9


def test_the_paper_s_ranges_are_the_default():
    family = SineFamily()
    assert (family.amplitude, family.phase, family.inputs) == ((0.1, 5.0), (0.0, math.pi), (-5.0, 5.0))
    assert family.frequency == 1


@pytest.mark.parametrize("frequency", [1.0, 0.5, 3.0])
def test_a_wave_is_amplitude_times_sine_of_input_minus_phase(frequency):
    family = SineFamily(frequency=frequency)
    tasks = family.tasks(30, seeded())
    x, y = family.points(tasks, 7, seeded(1))
    amplitude, phase, at = (t.double().numpy() for t in (tasks.amplitude, tasks.phase, x))
    assert np.allclose(y, amplitude * np.sin(frequency * at - phase), atol=1e-5)


def test_tasks_can_be_asked_at_the_same_inputs():
    tasks = SineFamily().tasks(3, seeded())
    x = torch.linspace(-5, 5, 11)[:, None]
    assert len(tasks) == 3
    assert torch.equal(tasks(x), torch.stack([tasks(x.expand(3, 11, 1))[i] for i in range(3)]))


def test_batches_have_the_promised_form_and_each_task_a_wave_of_its_own():
    batches = SineFamily().batches(4, 5, 6, seeded())
    assert len(batches) == 4
    assert all(t.shape == (4, 5, 6, 1) and t.is_contiguous() and t.dtype == torch.float32 for t in batches)
    # Support and query outputs of one task fit one wave: a sin x + b cos x, exactly.
    x, y = (torch.cat(pair, dim=2).double().reshape(20, 12).numpy() for pair in (batches[::2], batches[1::2]))
    waves = []
    for inputs, outputs in zip(x, y, strict=True):
        design = np.stack([np.sin(inputs), np.cos(inputs)], axis=1)
        wave = np.linalg.lstsq(design, outputs, rcond=None)[0]
        assert np.allclose(design @ wave, outputs, atol=1e-5)
        waves.append(wave)
    assert len(np.unique(np.round(waves, 4), axis=0)) == 20


def test_support_and_query_points_differ():
    support_x, support_y, query_x, query_y = SineFamily().batches(4, 5, 6, seeded())
    assert not (support_x == query_x).any() and not (support_y == query_y).any()


def test_the_generator_decides_everything_and_the_global_one_is_left_alone():
    before = torch.get_rng_state()
    first = SineFamily().batches(2, 3, 4, seeded(5))
    assert torch.equal(before, torch.get_rng_state())
    torch.rand(7)  # whatever else goes on
    again, other = SineFamily().batches(2, 3, 4, seeded(5)), SineFamily().batches(2, 3, 4, seeded(6))
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not any(torch.equal(a, b) for a, b in zip(first, other, strict=True))


@pytest.mark.parametrize("family", [SineFamily(), ODD])
def test_the_average_wave_against_numerical_integration(family):
    x = torch.linspace(-6, 6, 25, dtype=torch.double)

    def midpoints(ends, count):
        low, high = ends
        return low + (high - low) * (np.arange(count) + 0.5) / count

    amplitude, phase = midpoints(family.amplitude, 50)[:, None, None], midpoints(family.phase, 2000)[:, None]
    integral = (amplitude * np.sin(x.numpy() - phase)).mean((0, 1))
    assert np.allclose(family.average(x), integral, atol=1e-6)


def test_they_are_drawn_on_the_device_that_is_asked_for():
    """On ``meta`` any stray CPU tensor is an error."""
    batches = SineFamily().batches(2, 3, 4, None, device="meta")
    assert all(t.device.type == "meta" and t.shape == (2, 3, 4, 1) for t in batches)


def test_waves_may_be_made_by_hand():
    wave = SineTasks(torch.full((1, 1, 1), 2.0), torch.full((1, 1, 1), math.pi / 2))
    assert wave(torch.tensor([[0.0], [math.pi / 2], [math.pi]])).flatten().tolist() == pytest.approx(
        [-2, 0, 2], abs=1e-6
    )
