"""Marks of a submission's answers: called on hidden inputs in the sandbox, judged outside of it, from plain numbers.

``inside`` is the program that runs in the sandbox. It knows nothing but what it is sent: no exercise, no expected
value, no module of this package. What it sends back may be forged in any way and earns marks only where the
numbers are right.
"""
