"""Rubrics: the model of the file, loading with line numbers, checks and their parameters, packs.

Nothing here asks the cluster or knows of a run; `run` loads a rubric once and then
only reads it.
"""
