"""What is wrong with a rubric before a student meets it: faults, traps, texts that are missing.

`lint_rubric` gives the findings of a file as data, `report` tells them. `command` offers it
as `k8sgrade lint`.
"""

from pytest_k8sgrade.lint.findings import RULES, Finding, Severity
from pytest_k8sgrade.lint.run import Linted, lint_rubric

__all__ = ["RULES", "Finding", "Linted", "Severity", "lint_rubric"]
