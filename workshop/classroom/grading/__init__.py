"""Grading a class: one piece of work is one student's submission of one lesson; each is graded once and written down.

``work`` says what goes in and comes out, ``grade`` grades one, ``ledger`` writes down, ``batch`` grades many, on this
machine or on a cluster, ``reports`` tells students and staff.
"""
