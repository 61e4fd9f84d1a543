"""A student's id as the name of a folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_k8sgrade.batch.places import folder_name

ANYTHING = st.text(min_size=1, max_size=300)


@pytest.mark.parametrize("plain", ["s001", "2026-0001", "kim.minji", "A_b-c"])
def test_a_plain_id_is_the_name_itself(plain: str) -> None:
    """So that people find it."""
    assert folder_name(plain) == plain


@pytest.mark.parametrize(
    ("student", "name"),
    [
        ("../../etc", "%2e.%2f..%2fetc"),
        ("..", "%2e%2e"),
        (".hidden", "%2ehidden"),
        ("ends.", "ends%2e"),
        ("a/b", "a%2fb"),
        ("a\0b", "a%00b"),
        ("con", "%63on"),
        ("NUL.txt", "%4eUL.txt"),
        ("민지", "%eb%af%bc%ec%a7%80"),
        ("\ud800", "%ed%a0%80"),
    ],
)
def test_other_characters_are_spelled_out(student: str, name: str) -> None:
    """No path, no hidden file, no device, nothing that a terminal reads as something else."""
    assert folder_name(student) == name


@given(ANYTHING)
def test_it_is_one_ordinary_name(student: str) -> None:
    """Of printable ASCII, not too long, and inside the folder it is put into."""
    name = folder_name(student)
    assert name.isascii()
    assert name.isprintable()
    assert 0 < len(name) <= 80
    assert Path("/results", name).resolve().parent == Path("/results")


@given(ANYTHING, ANYTHING)
def test_two_ids_never_share_it(one: str, other: str) -> None:
    """Also where they are cut."""
    assert (folder_name(one) == folder_name(other)) == (one == other)
    if one != other:
        assert folder_name("x" * 100 + one) != folder_name("x" * 100 + other)
