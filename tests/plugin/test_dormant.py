"""An installed plugin that nobody asked for changes nothing and costs next to nothing."""

from __future__ import annotations

import pytest

HEAVY = ("kubernetes", "requests", "pydantic", "yaml", "rich", "prometheus_api_client")


def test_a_plain_run_imports_nothing_heavy(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With only our plugin loaded, a plain pytest run never imports what grading needs."""
    pytester.makepyfile(
        f"""
        import sys

        def test_modules():
            assert "pytest_k8sgrade.plugin" in sys.modules
            assert [name for name in {HEAVY!r} if name in sys.modules] == []
        """
    )
    # The other plugins of this environment may import what they like: only ours is loaded.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    result = pytester.runpytest_subprocess("-p", "pytest_k8sgrade.plugin")
    result.assert_outcomes(passed=1)


def test_a_plain_run_shows_nothing_of_ours(pytester: pytest.Pytester) -> None:
    """No header, no section, no changed exit code."""
    pytester.makepyfile("def test_fails():\n    assert False\n")
    result = pytester.runpytest_subprocess()
    assert result.ret == 1
    result.stdout.no_fnmatch_line("k8sgrade:*")


def test_the_options_are_in_the_help(pytester: pytest.Pytester) -> None:
    """`pytest --help` is where people look first."""
    result = pytester.runpytest_subprocess("--help")
    options = (
        "",
        "-kubeconfig",
        "-context",
        "-from",
        "-record",
        "-set",
        "-wait",
        "-report",
        "-lang",
        "-hints",
        "-list",
    )
    told = result.stdout.str()
    assert [option for option in options if f"--k8s-grade{option.rstrip('-')}" not in told] == []
