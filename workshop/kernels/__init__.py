"""How it learns: one algorithm a file, any device, no plots, no widgets, no printing.

A kernel is a reference: it reads like the algorithm on the slide, draws all its randomness from one
generator of its own, reports through ``on_step(step, total, metrics) -> bool`` (False stops it) and
returns a small frozen result.

Where cleverness pays many times over, it lives apart in ``engines/``, proven equal to the readable kernel.
"""
