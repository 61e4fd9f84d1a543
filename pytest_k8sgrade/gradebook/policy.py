"""A policy from a file of its own, for a course that settles it apart from its rubrics.

    k8sgrade_policy: 1
    attempts: best
    late: {minus: 10%, every: 1d, grace: 15m, at_most: 50%, closes: 7d}

It stands in place of the rubric's key `policy`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pytest_k8sgrade.gradebook.files import parse_file, read_file
from pytest_k8sgrade.rubric.faults import Faults
from pytest_k8sgrade.rubric.policy import Policy

WHAT = "policy"


class _File(Policy):
    k8sgrade_policy: Literal[1]


def load_policy(path: Path) -> Policy:
    """The policy of a file; raises `UsageFault` with every fault and its line."""
    file, _ = parse_file(_File, read_file(path, WHAT), Faults(str(path), WHAT))
    return Policy(attempts=file.attempts, late=file.late, absent=file.absent)
