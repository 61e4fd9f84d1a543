"""Schedules are read as the controllers read them, and come due when they say."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from pytest_k8sgrade.kube.cron import Schedule

MONDAY = datetime(2026, 3, 2, 10, 0)


@pytest.mark.parametrize(
    ("text", "hours", "due"),
    [
        ("* * * * *", 1, True),
        ("30 9 * * *", 1, True),
        ("30 9 * * *", 0.25, False),
        ("0 10 * * *", 1, False),
        ("0 9 * * *", 1, False),
        ("*/20 9 * * *", 0.5, True),
        ("5/20 9 * * *", 0.2, False),
        ("0 22 * * *", 13, True),
        ("0 22 * * sun", 13, True),
        ("0 22 * * mon-fri", 13, False),
        ("0 8 1 * 1", 3, True),
        ("0 8 2 MAR 0", 3, True),
        ("0 8 3 * *", 3, False),
        ("0 8 * 4 *", 3, False),
        ("0 8 */2 * 0", 3, False),
        ("0 8 ? * 1,3", 3, True),
        ("0 0 29 2 *", 24 * 365 * 3, True),
    ],
)
def test_a_schedule_comes_due(text: str, hours: float, due: bool) -> None:
    """Between two moments, neither included; of two restricted kinds of day either will do."""
    schedule = Schedule.parse(text)
    assert schedule is not None
    assert schedule.comes_due(MONDAY - timedelta(hours=hours), MONDAY) is due


@pytest.mark.parametrize(
    "text",
    [
        *("", "@daily", "* * * *", "* * * * * *", "60 * * * *", "* * 0 * *", "* * * * 7", "5-1 * * * *"),
        *("*/0 * * * *", "*/1_0 * * * *", "a * * * *", "TZ=UTC * * * * *", "1, * * * *", "-1 * * * *"),
    ],
)
def test_what_is_no_schedule_is_none(text: str) -> None:
    """Then nobody can say when it is due."""
    assert Schedule.parse(text) is None
