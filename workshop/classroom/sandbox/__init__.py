"""Running what students wrote, on Linux under bubblewrap: what they cannot see they cannot copy or break.

``limits`` says how much a program may use, ``bubblewrap`` what it sees, ``calls`` what its kernel refuses, ``run``
runs it and watches, ``available`` says whether this machine can, and what to do where it cannot.
"""
