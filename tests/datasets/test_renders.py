"""Street-number renders: deterministic, balanced, of both polarities, and like the real thing where we have it."""

import numpy as np
import pytest
import torch

from workshop import datasets
from workshop.datasets.digits import as_digits, standardised
from workshop.datasets.glyphs import CELL, FONTS, HEIGHT, glyph_atlas
from workshop.datasets.images import ImageSet
from workshop.datasets.renders import render, renders


@pytest.fixture(scope="module")
def few():
    return render(1500, seed=3)


def test_same_seed_same_bytes_other_seed_other_pictures(few):
    images, labels = render(1500, seed=3)
    assert np.array_equal(images, few[0]) and np.array_equal(labels, few[1])
    assert not np.array_equal(render(200, seed=4)[0], few[0][:200])


def test_the_global_generator_is_left_alone():
    before = torch.get_rng_state()
    render(20)
    assert torch.equal(before, torch.get_rng_state())


def test_form_and_balance(few):
    images, labels = few
    assert images.shape == (1500, 32, 32, 3) and images.dtype == np.uint8
    assert labels.dtype == np.int64 and np.bincount(labels, minlength=10).min() > 100


def test_brightness_and_contrast_are_those_of_street_numbers(few):
    """Real SVHN crops: mean 0.46, deviation 0.22 over all pixels."""
    pixels = few[0] / 255
    assert pixels.mean() == pytest.approx(0.455, abs=0.03)
    assert pixels.std() == pytest.approx(0.22, abs=0.03)


def test_digits_are_darker_or_lighter_than_their_wall(few):
    grey = few[0].mean(3)
    brighter = grey[:, 10:22, 10:22].mean((1, 2)) > grey.mean((1, 2))
    assert 0.35 < brighter.mean() < 0.65


@pytest.mark.fast
def test_every_font_draws_ten_digits_of_one_height():
    atlas = glyph_atlas()
    assert atlas.masks.shape == (len(FONTS), 10, CELL, CELL)
    rows = (atlas.masks > 0.5).any(3).float().sum(2)
    assert ((rows - HEIGHT).abs() <= 3).all()
    assert (
        len({tuple(mask.flatten().tolist()) for mask in atlas.masks.view(-1, CELL, CELL)}) == len(FONTS) * 10
    )


def test_rendering_can_be_stopped_and_then_keeps_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKSHOP_HOME", str(tmp_path))
    with pytest.raises(InterruptedError):
        renders(count=2500, on_step=lambda done, total, metrics: done < 1000)
    assert list((tmp_path / "data" / "cache").iterdir()) == []


def test_the_cache_gives_back_what_was_rendered(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKSHOP_HOME", str(tmp_path))
    first, again = renders(count=300), renders(count=300)
    assert np.array_equal(first.images, again.images) and first.fingerprint == again.fingerprint
    assert [f.name for f in (tmp_path / "data" / "cache").iterdir()] == [f"{first.fingerprint}.npz"]


def test_the_catalogue_knows_them():
    loaded = datasets.load("renders")
    assert loaded.name == "renders" and len(loaded) == 12_000


@pytest.mark.fast
def test_standardised_pictures_have_no_mean_and_unit_contrast():
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (5, 28, 28), dtype=np.uint8)
    for images in (pictures, np.repeat(pictures[..., None], 3, axis=3)):
        out = standardised(images)
        assert out.shape == (5, 1, 32, 32) and out.dtype == torch.float32
        assert out.mean((1, 2, 3)).abs().max() < 1e-5
        assert out.std((1, 2, 3)).min() > 0.7 and out.std((1, 2, 3)).max() < 1
    assert torch.allclose(
        standardised(pictures), standardised(np.repeat(pictures[..., None], 3, axis=3)), atol=1e-4
    )


@pytest.mark.fast
def test_a_picture_of_one_shade_becomes_zero():
    assert standardised(np.full((1, 32, 32), 200, np.uint8)).abs().max() < 1e-4


@pytest.mark.fast
def test_brightness_and_contrast_do_not_matter():
    picture = np.random.default_rng(0).integers(100, 200, (1, 32, 32)).astype(np.uint8)
    paler = (picture.astype(float) * 0.5 + 60).round().astype(np.uint8)
    assert (standardised(picture) - standardised(paler)).abs().mean() < 0.15


@pytest.mark.fast
def test_a_domain_keeps_its_sides_apart_and_a_limit_shows_in_its_fingerprint():
    rows = np.arange(1000)
    images = np.zeros((1000, 10, 10), np.uint8)
    images[:, 0, 0], images[:, 0, 1] = rows // 250, rows % 250
    domain = as_digits(ImageSet("x", images, rows % 10, "x-1"))
    assert len(domain.train) == 800 and len(domain.sealed) == 200
    assert domain.pictures.shape == (200, 10, 10)
    assert as_digits(ImageSet("x", images, rows % 10, "x-1"), limit=50).fingerprint != domain.fingerprint


def test_a_network_that_saw_renders_only_reads_real_street_numbers():
    """What the renders are for. Real crops are never shipped: this runs where they are."""
    if not datasets.is_here("svhn-dev"):
        pytest.skip("real SVHN crops are not here: set WORKSHOP_EXTRA_DATA")
    from workshop.kernels.descent import Recipe
    from workshop.kernels.supervised import probabilities
    from workshop.studies.adaptation.rungs import train

    made, real = as_digits(datasets.load("renders")), as_digits(datasets.load("svhn-dev"))
    trained = train("source_only", made, real, recipe=Recipe(steps=500))
    named = probabilities(trained.network, real.sealed, source=True).argmax(1)
    assert (named == real.sealed_labels).float().mean() > 0.65
