"""Lesson 00: what a classifier makes of few labels and of many."""

from workshop.studies.start.study import StartStudy

__all__ = ["StartStudy"]
