"""Expressions that students write are read as Go reads them, and cannot take for ever."""

from __future__ import annotations

import pytest

from pytest_k8sgrade.kube.go_regex import go_regex, is_expression, matches_all


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("pod|node", "node", True),
        ("pod|node", "nodes", False),
        (r"(?P<a>x)\z", "x", True),
        (r"\pL+", "가나", True),
        (r"\Qa.b\E", "a.b", True),
        ("(a*)*b", "a" * 200_000, False),
        ("(x+x+)+y", "x" * 200_000, False),
    ],
)
def test_an_expression_takes_the_whole_text(pattern: str, text: str, expected: bool) -> None:
    """Anchored at both ends, with Go's classes and escapes; a text made for back-tracking costs nothing."""
    assert matches_all(pattern, text) is expected


@pytest.mark.parametrize(
    "pattern",
    ["(?=a)", r"(a)\1", "a++", "(", r"\Z", "a{1001}", r"\C", "(?>a)", "((a{100}){100}){100}", "a" * 5000],
)
def test_what_go_refuses_is_refused(pattern: str, capfd: pytest.CaptureFixture[str]) -> None:
    """Python would take most of them; RE2 says nothing on the terminal."""
    with pytest.raises(ValueError, match=r"."):
        go_regex(pattern)
    assert capfd.readouterr() == ("", "")


def test_text_that_is_none_is_refused() -> None:
    """A lone surrogate, as JSON may hold it, is no text for anybody else."""
    with pytest.raises(ValueError, match="surrogates"):
        matches_all("a", "\ud800")


def test_an_expression_that_is_too_large_to_match_is_one() -> None:
    """Go takes it; what we cannot match is a doubt, and no fault of who wrote it."""
    large = r"\pL{600}"
    with pytest.raises(ValueError, match="too large"):
        go_regex(large)
    assert is_expression(large)
    assert not is_expression("a{1001}")
