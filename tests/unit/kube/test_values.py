"""Quantities, durations and times: one value, however it is written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_k8sgrade.kube.duration import format_duration, parse_duration
from pytest_k8sgrade.kube.quantity import parse_quantity
from pytest_k8sgrade.kube.times import format_time, parse_time


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.5", "0.5"),
        ("500m", "0.5"),
        (".5", "0.5"),
        ("5.", "5"),
        ("32768Ki", "33554432"),
        ("32Mi", "33554432"),
        ("1Gi", "1073741824"),
        ("1G", "1000000000"),
        ("1k", "1000"),
        ("2Ei", "2305843009213693952"),
        ("2E", "2000000000000000000"),
        ("1e3", "1000"),
        ("1E3", "1000"),
        ("12e-3", "0.012"),
        ("100n", "0.0000001"),
        ("3u", "0.000003"),
        ("-1", "-1"),
        ("+1", "1"),
        ("150500m", "150.5"),
        (536870912, "536870912"),
        (0.25, "0.25"),
        (" 1 ", "1"),
    ],
)
def test_quantities_are_exact(text: str | int | float, value: str) -> None:
    """Every suffix and exponent of the API gives its exact value."""
    assert parse_quantity(text) == Decimal(value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "m",
        "1K",
        "1mi",
        "1MiB",
        "1 Mi",
        "e3",
        "1e",
        "0ei",
        "1eM",
        "1.2.3",
        "1e9999",
        "٣",
        "1_000",
        "nan",
        "inf",
        True,
    ],
)
def test_what_is_no_quantity_is_refused(text: str) -> None:
    """Near misses raise instead of giving a number."""
    with pytest.raises(ValueError, match="not a quantity"):
        parse_quantity(text)


@given(st.integers(min_value=-(2**63), max_value=2**63))
def test_millis_and_units_agree(number: int) -> None:
    """A thousand milli-units are one unit, for any number."""
    assert parse_quantity(f"{number * 1000}m") == parse_quantity(str(number)) == number


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2m", 120),
        ("120s", 120),
        ("120", 120),
        (90, 90),
        ("1m30s", 90),
        ("1h0m0s", 3600),
        ("1.5h", 5400),
        ("1d", 86400),
        ("2w", 1209600),
        ("1y", 31536000),
        ("250ms", 0.25),
        ("1us", 1e-6),
        ("1µs", 1e-6),
        ("0", 0),
        ("0s", 0),
    ],
)
def test_durations_are_seconds(text: str | int, seconds: float) -> None:
    """Go's and Prometheus' ways of writing give the same seconds."""
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "m", "5 minutes", "1m 30s", "-1s", "1s1", "1x", "1,5h", False])
def test_what_is_no_duration_is_refused(text: str) -> None:
    """A text that Prometheus or Go would refuse is refused here."""
    with pytest.raises(ValueError, match="not a duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-02T10:00:00Z", datetime(2026, 3, 2, 10, tzinfo=UTC)),
        ("2026-03-02T10:00:00.123456789Z", datetime(2026, 3, 2, 10, 0, 0, 123456, tzinfo=UTC)),
        ("2026-03-02T10:00:00.5+09:00", datetime(2026, 3, 2, 1, 0, 0, 500000, tzinfo=UTC)),
        ("2026-03-02T10:00:00.123456Z", datetime(2026, 3, 2, 10, 0, 0, 123456, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", None),
        ("1970-01-01T00:00:00Z", None),
        ("", None),
        (None, None),
        ("yesterday", None),
        ("2026-13-02T10:00:00Z", None),
    ],
)
def test_times_are_utc(text: str | None, moment: datetime | None) -> None:
    """Nanoseconds are cut, zero times and garbage are no times."""
    assert parse_time(text) == moment


@given(st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2200, 1, 1)))
def test_times_survive_writing(naive: datetime) -> None:
    """What was written is read as the same moment, from any zone."""
    moment = naive.replace(tzinfo=timezone(timedelta(hours=9)))
    assert parse_time(format_time(moment)) == moment


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (timedelta(days=4, hours=2), "4d"),
        (timedelta(hours=2), "2h"),
        (timedelta(minutes=59, seconds=59), "59m"),
        (timedelta(seconds=30), "30s"),
        (timedelta(seconds=-5), "0s"),
    ],
)
def test_a_duration_is_told_in_its_largest_unit(span: timedelta, text: str) -> None:
    """Whole units, rounded down; clocks that differ make no negative age."""
    assert format_duration(span) == text
