"""Which networks the fast engines take, and what they then do to them."""

from __future__ import annotations

from torch import nn

from workshop.errors import WorkshopError

#: The variants whose backward pass is written out.
FAST_VARIANTS = ("maml", "first_order", "joint")


def linear_layers(network: nn.Module) -> list[nn.Linear]:
    """The layers of an MLP: Linear, ReLU, Linear, ... Linear, with biases, at least one hidden layer, one output.

    Raises:
        WorkshopError: it is something else.
    """
    modules = (
        list(network) if type(network) is nn.Sequential else []
    )  # a subclass may have a forward of its own
    linear, between = modules[::2], modules[1::2]
    fits = (
        len(linear) == len(between) + 1 >= 2
        and all(isinstance(layer, nn.Linear) and layer.bias is not None for layer in linear)
        and all(isinstance(layer, nn.ReLU) for layer in between)
        and linear[-1].out_features == 1
        and len(set(linear)) == len(linear)  # no layer used twice
    )
    if not fits:
        raise WorkshopError(
            "The fast engines take an nn.Sequential of Linear, ReLU, ..., Linear with biases and one output. "
            "For any other network choose engine='autograd'."
        )
    return linear


def check_variant(variant: str) -> None:
    """Raise a :class:`WorkshopError` for a variant that the fast engines do not know."""
    if variant not in FAST_VARIANTS:
        raise WorkshopError(
            f"The fast engines know {', '.join(FAST_VARIANTS)}, not {variant!r}. Choose engine='autograd'."
        )
