"""Learning when labels are scarce: the package behind the lessons.

Rooms, in the order in which they may import one another:

``settings``   one place for the run budget, seed, device, threads and folders
``datasets``   what a lesson learns from: arrays out, no training
``kernels``    how it learns: one algorithm a file, no plots, no widgets, no printing
``results``    a finished result, saved and found again
``studies``    what a lesson runs: data, kernels and budget in, results and claims out
``figures``    what a result looks like: result in; picture, alt text and table out
``lesson``     what a lesson says to its reader and to its runner
``panels``     what a hand can move

Beside them: ``exercises`` (what a student must solve), ``jobs`` (long work that can be watched and
stopped), ``runner`` (every lesson from top to bottom, strictly), ``bench`` (speed against peers).
"""

__version__ = "0.1.0"
