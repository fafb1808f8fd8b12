"""Fast ways to do what a readable kernel does; each is proven equal to it.

MAML's outer steps (:mod:`workshop.kernels.meta_training`):

``autograd``  the text-book: any network, any variant, any device
``by_hand``   backward passes and Hessian-vector products written out: an MLP with ReLU and one output
``native``    the same as C++, compiled when first used: on the cpu, where g++ or clang++ is installed

All share one form: made from a network, ``advance(batches)`` takes an Adam step for each meta-batch and returns
the losses, ``weights()`` tells where theta is.

The E step of consensus (:mod:`workshop.kernels.em`; the readable one is :mod:`workshop.kernels.expectation`):

``consensus_sparse``  two products of a sparse matrix
``consensus_native``  one pass over the items in C++, compiled likewise
"""
