"""Quantities and durations: one value however it is written, and nothing else is taken for one."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_k8sgrade.kube.duration import format_duration, parse_duration
from pytest_k8sgrade.kube.quantity import parse_quantity
from pytest_k8sgrade.rubric.fields import show_duration

decimals = st.decimals(min_value=-(10**9), max_value=10**9, places=3)
UNITS = ("n", "u", "m", "", "k", "M", "G", "T", "P", "E")


@given(number=decimals, at=st.integers(0, len(UNITS) - 2))
def test_a_quantity_is_a_thousand_of_the_next_smaller_unit(number: Decimal, at: int) -> None:
    """Exactly, over all decimal units."""
    assert parse_quantity(f"{number * 1000:f}{UNITS[at]}") == parse_quantity(f"{number:f}{UNITS[at + 1]}")


@given(number=st.integers(-(2**40), 2**40), at=st.integers(0, 5))
def test_binary_units_are_powers_of_1024(number: int, at: int) -> None:
    """Exactly, for every binary unit, and never the decimal one beside it."""
    unit = ("Ki", "Mi", "Gi", "Ti", "Pi", "Ei")[at]
    assert parse_quantity(f"{number}{unit}") == number * 1024 ** (at + 1)
    assert (parse_quantity(f"{number}{unit}") == parse_quantity(f"{number}{'kMGTPE'[at]}")) == (number == 0)


@given(number=decimals, exponent=st.integers(-9, 18))
def test_an_exponent_is_as_good_as_a_unit(number: Decimal, exponent: int) -> None:
    """`1e3` is `1k`, in either case."""
    value = number.scaleb(exponent)
    assert parse_quantity(f"{number:f}e{exponent}") == parse_quantity(f"{number:f}E{exponent}") == value


@given(text=st.text("0123456789.+-eEmMkKiGn ", max_size=8))
def test_no_text_is_half_a_quantity(text: str) -> None:
    """A finite number or a ValueError, whatever is written."""
    try:
        assert parse_quantity(text).is_finite()
    except ValueError:
        return


@given(hours=st.integers(0, 99), minutes=st.integers(0, 59), seconds=st.integers(0, 59))
def test_a_duration_is_the_sum_of_its_parts(hours: int, minutes: int, seconds: int) -> None:
    """Written as Go does, as Prometheus does, or as plain seconds."""
    total = hours * 3600 + minutes * 60 + seconds
    assert parse_duration(f"{hours}h{minutes}m{seconds}s") == parse_duration(f"{total}s") == total
    assert parse_duration(total) == parse_duration(str(total)) == total


@given(seconds=st.integers(0, 24 * 3600))
def test_a_duration_survives_being_shown(seconds: int) -> None:
    """What a message says can be written into a rubric."""
    assert parse_duration(show_duration(seconds)) == seconds


@given(seconds=st.integers(0, 10**7))
def test_a_duration_in_words_is_never_longer_than_it_is(seconds: int) -> None:
    """Rounded down to its largest unit."""
    said = parse_duration(format_duration(timedelta(seconds=seconds)))
    assert said <= seconds < said + 86400


@given(text=st.text("0123456789.-hmsd uµ", max_size=8))
def test_no_duration_is_negative(text: str) -> None:
    """A number of seconds or a ValueError, whatever is written."""
    with suppress(ValueError):
        assert parse_duration(text) >= 0


@given(
    parts=st.lists(st.tuples(st.integers(0, 99), st.sampled_from(["h", "m", "s", "ms", "d"])), min_size=1),
    junk=st.sampled_from(["x", "-", "+", ",", " ", "..", "e", "S", "h"]),
    data=st.data(),
)
def test_no_text_is_half_a_duration(parts: list[tuple[int, str]], junk: str, data: st.DataObject) -> None:
    """Whatever stands before or between the parts, the rest is not taken for the whole."""
    written = [f"{number}{unit}" for number, unit in parts]
    written.insert(data.draw(st.integers(0, len(written) - 1)), junk)
    text = "".join(written)
    if text == text.strip():
        with pytest.raises(ValueError, match="not a duration"):
            parse_duration(text)
