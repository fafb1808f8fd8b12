"""The cache of frozen activations: found again, never trusted blindly, never larger than was said."""

import json

import numpy as np
import pytest
import torch

from workshop.kernels import feature_cache
from workshop.kernels.block_net import freeze
from workshop.kernels.chance import Chance
from workshop.kernels.feature_cache import FeatureCache, activations, digest
from workshop.kernels.small_net import small_net

pytestmark = pytest.mark.fast
CUT = 2
ENTRY = 10 * 32 * 8 * 8 * 4  #: bytes of ten pictures' activations after two blocks


@pytest.fixture
def net():
    return small_net(3, Chance(0))


@pytest.fixture
def images():
    return torch.randint(0, 256, (10, 3, 32, 32), generator=torch.Generator().manual_seed(0)).byte()


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "features"


def counts(cache):
    return cache.made, cache.from_memory, cache.from_disk


def test_it_is_what_the_blocks_compute_in_evaluation_mode(net, images):
    net.train()
    found = FeatureCache()(net, CUT, images)
    assert net.blocks["stem"].training
    net.eval()
    with torch.no_grad():
        assert torch.equal(found, net.blocks["block 1"](net.blocks["stem"](images)))


def test_a_second_time_it_comes_from_memory(net, images):
    cache = FeatureCache()
    assert cache(net, CUT, images) is cache(net, CUT, images.clone())
    assert counts(cache) == (1, 1, 0) and cache.bytes == ENTRY


@pytest.mark.parametrize(
    "change",
    [
        lambda net, images: net.blocks["stem"][1].weight.data.add_(1e-6),
        lambda net, images: net.blocks["block 1"][1].running_mean.add_(1e-6),
        lambda net, images: images[3, 1].add_(1),
        lambda net, images: images.copy_(images.flip(0)),
        lambda net, images: setattr(net.blocks["stem"][2], "eps", 1e-3),
        lambda net, images: net.blocks["stem"][0].middle.fill_(100),  # a buffer that is not in the state
    ],
)
def test_it_notices_other_weights_statistics_pictures_and_settings(net, images, change):
    cache = FeatureCache()
    before = digest(net, CUT, images)
    cache(net, CUT, images)
    with torch.no_grad():
        change(net, images)
    assert digest(net, CUT, images) != before
    assert torch.equal(cache(net, CUT, images), activations(net, CUT, images))
    assert counts(cache) == (2, 0, 0)


def test_it_notices_another_version_of_the_libraries_and_of_its_own_code(net, images, monkeypatch):
    seen = {digest(net, CUT, images)}
    version, source = feature_cache.importlib.metadata.version, feature_cache.inspect.getsource
    for package in ("torch", "timm"):
        with monkeypatch.context() as patch:
            patch.setattr(
                feature_cache.importlib.metadata,
                "version",
                lambda p, q=package: "9" if p == q else version(p),
            )
            feature_cache._made_by.cache_clear()
            seen.add(digest(net, CUT, images))
    for module in (feature_cache.block_net, feature_cache.imagenet_net, feature_cache.small_net):
        with monkeypatch.context() as patch:
            patch.setattr(feature_cache.inspect, "getsource", lambda m, n=module: source(m) + "#" * (m is n))
            feature_cache._made_by.cache_clear()
            seen.add(digest(net, CUT, images))
    feature_cache._made_by.cache_clear()
    assert len(seen) == 6


def test_weights_above_the_cut_and_the_mode_do_not_matter(net, images):
    before = digest(net, CUT, images)
    net.head.weight.data.add_(1)
    freeze(net, ("stem",))
    assert digest(net, CUT, images) == before != digest(net, CUT + 1, images)


def test_memory_is_bounded_and_the_least_recently_used_goes(net, images):
    cache = FeatureCache(memory=2 * ENTRY)
    a, b, c = images, images.flip(0), images.flip(3)
    for asked in (a, b, a, c):
        cache(net, CUT, asked)
        assert cache.bytes <= 2 * ENTRY
    assert counts(cache) == (3, 1, 0)
    cache(net, CUT, a)
    assert counts(cache) == (3, 2, 0)
    cache(net, CUT, b)
    assert counts(cache) == (4, 2, 0)
    small = FeatureCache(memory=ENTRY - 1)
    assert torch.equal(small(net, CUT, a), activations(net, CUT, a)) and small.bytes == 0


def test_it_survives_a_restart(net, images, folder):
    first = FeatureCache(folder=folder)(net, CUT, images)
    again = FeatureCache(folder=folder)
    assert torch.equal(again(net, CUT, images), first) and counts(again) == (0, 0, 1)
    again.clear()
    assert torch.equal(again(net, CUT, images), first) and counts(again) == (0, 0, 2)


def test_the_folder_is_bounded_and_large_entries_stay_out(net, images, folder):
    cache = FeatureCache(folder=folder, disk=2 * (ENTRY + 1000))
    for shift in range(4):
        cache(net, CUT, images.roll(shift))
    assert sum(file.stat().st_size for file in folder.iterdir()) <= cache.disk
    assert len(list(folder.iterdir())) == 2
    FeatureCache(folder=folder / "none", largest_file=ENTRY - 1)(net, CUT, images)
    assert not (folder / "none").exists()


def swapped(content):
    header = json.loads(content.partition(b"\n")[0])
    return json.dumps(header | {"key": "0" * 32}).encode() + b"\n" + content.partition(b"\n")[2]


def reshaped(content):
    header = json.loads(content.partition(b"\n")[0])
    return json.dumps(header | {"shape": [10, 64, 8, 8]}).encode() + b"\n" + content.partition(b"\n")[2]


def relabelled(**changes):
    """The same bytes, honestly hashed, under a header that fits them and not the network."""

    def harm(content):
        header = json.loads(content.partition(b"\n")[0])
        return json.dumps(header | changes).encode() + b"\n" + content.partition(b"\n")[2]

    return harm


@pytest.mark.hostile
@pytest.mark.parametrize(
    "harm",
    [
        lambda c: b"",
        lambda c: c[: len(c) // 2],
        lambda c: c[:-1] + bytes([c[-1] ^ 1]),
        lambda c: b"\x80\x04\x95pickle" + c,
        lambda c: b"[]\n" + c,
        lambda c: b'{"version": 1}\n',
        lambda c: c.replace(b'"float32"', b'"object"'),
        lambda c: c.replace(b'"version": 1', b'"version": 2'),
        swapped,
        reshaped,
        relabelled(shape=[10, 8, 8, 32]),
        relabelled(type="float64", shape=[10, 32, 8, 4]),
        lambda c: c + b"more",
    ],
)
def test_a_damaged_or_foreign_file_is_made_anew(net, images, folder, harm):
    wanted = FeatureCache(folder=folder)(net, CUT, images)
    (file,) = folder.iterdir()
    whole = file.read_bytes()
    file.write_bytes(harm(whole))
    cache = FeatureCache(folder=folder)
    assert torch.equal(cache(net, CUT, images), wanted)
    assert counts(cache) == (1, 0, 0)
    assert file.read_bytes() == whole


def test_anothers_file_under_our_name_is_not_taken(net, images, folder):
    cache = FeatureCache(folder=folder)
    cache(net, CUT, images)
    (file,) = folder.iterdir()
    mine = digest(net, CUT, images.flip(0))
    file.rename(folder / f"{mine}.features")
    again = FeatureCache(folder=folder)
    assert torch.equal(again(net, CUT, images.flip(0)), activations(net, CUT, images.flip(0)))
    assert counts(again) == (1, 0, 0)


def test_a_disk_that_refuses_costs_nothing_but_time(net, images, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    cache = FeatureCache(folder=blocked / "features")
    assert np.isfinite(cache(net, CUT, images).numpy()).all() and counts(cache) == (1, 0, 0)
