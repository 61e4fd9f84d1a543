"""Streams whose encoding lacks a sign."""

from __future__ import annotations

import io

import pytest

from pytest_k8sgrade.reports.streams import be_tolerant


@pytest.mark.parametrize(
    ("encoding", "text", "shown"),
    [
        ("utf-8", "✓ 통과 “HPA”…", "✓ 통과 “HPA”…"),
        ("cp949", "✓ 통과 “HPA”…", "v 통과 “HPA”…"),
        ("cp1252", "✗ failed “HPA”…", "x failed “HPA”…"),
        ("ascii", "✗ “a” → b…", 'x "a" -> b...'),
        ("ascii", "통", "\\ud1b5"),
    ],
)
def test_a_sign_that_is_missing_is_replaced_and_nothing_else(encoding: str, text: str, shown: str) -> None:
    """A redirected report on a Korean Windows keeps its words."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding, errors="strict")
    be_tolerant(stream)
    stream.write(text)
    stream.flush()
    assert raw.getvalue().decode(encoding) == shown


def test_what_is_no_text_stream_is_left_alone() -> None:
    """Without a console, as below pythonw, there is none at all."""
    be_tolerant(None)
    be_tolerant(io.StringIO())
