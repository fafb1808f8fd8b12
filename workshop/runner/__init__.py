"""Every lesson from top to bottom, strictly.

``lessons``    which lessons there are, and which parameters each of them takes
``execute``    one lesson in a kernel of its own, with time limits
``evidence``   what its outputs prove: only that counts as a pass
``pages``      what a reader gets: one page a lesson that needs no network, and an index
``report``     the progress line, the closing table and ``results.json``
``commands``   ``python -m workshop run`` and ``python -m workshop format``
``normalise``  ``python -m workshop format``: what a saved lesson keeps
``rules``      what a lesson's source must be like
"""
