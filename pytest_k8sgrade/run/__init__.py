"""The grading run inside pytest: options, collection, rounds, settling, exit code.

`plugin` hands over to `run.hooks` when a lab is to be graded. The rounds know the
cluster only through its view, and reports only through the grade.
"""
