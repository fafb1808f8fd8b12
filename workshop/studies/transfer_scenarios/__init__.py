"""Lesson 01: when what was learned there helps here."""
