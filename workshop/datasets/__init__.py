"""What a lesson learns from: labelled images in, no training."""

from workshop.datasets.catalogue import CATALOGUE, Entry, check, find, is_here, load
from workshop.datasets.images import ImageSet, read_npz, split

__all__ = ["CATALOGUE", "Entry", "ImageSet", "check", "find", "is_here", "load", "read_npz", "split"]
