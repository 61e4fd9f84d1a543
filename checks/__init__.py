"""Checks: what a rubric item may ask of a cluster, one module per system."""
