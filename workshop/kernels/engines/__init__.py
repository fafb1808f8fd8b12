"""Three ways to take the same outer steps of MAML; each is proven equal to the readable one.

``autograd``  the text-book: any network, any variant, any device
``by_hand``   backward passes and Hessian-vector products written out: an MLP with ReLU and one output
``native``    the same as C++, compiled when first used: on the cpu, where g++ or clang++ is installed

All share one form: made from a network, ``advance(batches)`` takes an Adam step for each meta-batch and returns
the losses, ``weights()`` tells where theta is.
"""
