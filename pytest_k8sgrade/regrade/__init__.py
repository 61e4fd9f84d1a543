"""Grading recorded evidence again with another rubric, and what that changes."""
