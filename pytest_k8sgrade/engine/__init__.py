"""Grading as a function: the plugin's own way, in a pytest of its own inside this process.

For `k8sgrade`'s subcommands and for tests that grade many files. Nothing of the
surroundings reaches the grade: no conftest, no ini file, no PYTEST_ variables, no
other plugins; nothing of the grading reaches the surroundings: no output, no warning
filters, no hooks. It may be called from a test of a running pytest.
"""

from pytest_k8sgrade.engine.grading import Ended, GradingFailedError, grade_evidence, grade_with, run_session

__all__ = ["Ended", "GradingFailedError", "grade_evidence", "grade_with", "run_session"]
