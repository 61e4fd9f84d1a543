"""YAML from anybody: plain data with lines, within limits."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_k8sgrade.rubric.document import MAX_BYTES, MAX_DEPTH, decode, read_document
from pytest_k8sgrade.rubric.faults import Faults


def fault_of(text: str) -> str:
    """The first fault of a text, with its line."""
    faults = Faults("x.yaml")
    document = read_document(text, faults)
    assert document.data is None or faults
    return str(faults.error()).splitlines()[1].strip().removeprefix("x.yaml:")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("1:30", "1:30"),
        ("010", "010"),
        ("2026-03-02", "2026-03-02"),
        ("0x1F", "0x1F"),
        (".nan", ".nan"),
        ("'5'", "5"),
        ("5", 5),
        ("-2.5", -2.5),
        ("1e3", 1000.0),
        ("true", True),
        ("~", None),
        ("1.34", 1.34),
    ],
)
def test_scalars_are_what_they_look_like(text: str, value: Any) -> None:
    """The traps of YAML 1.1 stay texts; numbers and truths are what JSON has."""
    faults = Faults("x")
    document = read_document(f"key: {text}\n", faults)
    assert document.data == {"key": value}
    assert not faults


def test_every_value_has_its_line() -> None:
    """Keys, list entries and flow mappings."""
    document = read_document("a:\n  - x\n  - {b: 1,\n     c: 2}\n", Faults("x"))
    assert document.line(("a",)) == 1
    assert document.line(("a", 0)) == 2
    assert document.line(("a", 1, "c")) == 4
    assert document.line(("a", 1, "missing")) == 3


def test_an_alias_is_written_out() -> None:
    """Reusing a mapping is allowed."""
    document = read_document("a: &x {k: 1}\nb: *x\n", Faults("x"))
    assert document.data == {"a": {"k": 1}, "b": {"k": 1}}


def test_aliases_that_unfold_without_end_are_refused() -> None:
    """A billion laughs in a few lines stop at the limit, at once."""
    lines = ["l0: &l0 [x, x, x, x, x, x, x, x, x]"]
    for level in range(1, 9):
        entries = ", ".join([f"*l{level - 1}"] * 9)
        lines.append(f"l{level}: &l{level} [{entries}]")
    assert "too large once all aliases are written out" in fault_of("\n".join(lines))


def test_an_alias_of_what_holds_it_is_refused() -> None:
    """A value that contains itself has no end."""
    assert "too large" in fault_of("a: &x [*x]\n")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[" * (MAX_DEPTH + 5), f"1: nested deeper than {MAX_DEPTH} levels"),
        ("[" * 50_000, "1: n"),
        ("a: 1\nb: !!python/object/apply:os.system [id]\n", "2: the tag 'tag:yaml.org,2002:python"),
        ("a: !!str 1\n", "1: the tag 'tag:yaml.org,2002:str' is not allowed; write the plain value"),
        ("a: 1\n---\nb: 2\n", "2: a second document"),
        ("a: [1\nb: 2\n", "2: not YAML: "),
        ("a: 1\n\tb: 2\n", "2: not YAML: "),
        ("a: *gone\n", "1: not YAML: "),
        ("a: \x00\n", "1: not YAML: "),
        ("{[a]: 1}", "1: a key is a text"),
        ("", "1: the file is empty"),
        ("# nothing\n", "1: the file is empty"),
        ("~\n", "1: the file is empty"),
    ],
)
def test_what_is_not_plain_data_is_refused(text: str, message: str) -> None:
    """Each with its line, and without harm."""
    assert fault_of(text).startswith(message)


def test_a_file_too_large_or_not_text_is_refused() -> None:
    """Before YAML is looked at."""
    large, binary = Faults("x"), Faults("x")
    assert decode(b"#" * (MAX_BYTES + 1), large) is None
    assert decode(b"a: 1\nb: \xff\n", binary) is None
    assert "2: byte 0xff is not UTF-8" in str(binary.error())
    assert large


def test_a_byte_order_mark_is_no_fault() -> None:
    """Editors on Windows write one."""
    assert decode("\ufeffa: 1".encode(), Faults("x")) == "a: 1"


@given(st.text(max_size=200))
def test_no_text_crashes_the_reader(text: str) -> None:
    """Data or faults, whatever the input."""
    faults = Faults("x")
    document = read_document(text, faults)
    assert faults or document.data is not None
