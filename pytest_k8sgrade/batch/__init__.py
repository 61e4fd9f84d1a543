"""Grading a class: a roster in, one isolated worker per hand-in, a folder of results out."""
