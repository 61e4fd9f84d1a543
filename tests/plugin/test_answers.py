"""Grading answers from pytest's command line: no cluster, the header, exit codes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.theory.sheets import STUDENT, right, write


def test_answers_are_graded_without_a_kubeconfig(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where one is looked for by default, there is none."""
    monkeypatch.setenv("KUBECONFIG", str(pytester.path / "none"))
    sheet = write(Path(pytester.path) / "answers.yaml", {**right(), "pillars": {}})
    run = pytester.runpytest_subprocess(
        "--k8s-grade=theory", f"--k8s-grade-answers={sheet}", "--k8s-grade-lang=en"
    )
    assert run.ret == 0
    run.stdout.fnmatch_lines(
        [
            f"answers: of student {STUDENT} to theory, version 1",
            "*failed*0/5*Which pillar answers it*",
            "*95 of 100 points*",
        ]
    )
    run.stdout.no_fnmatch_line("cluster: *")
    run.stdout.no_fnmatch_line("namespaces: *")


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((), "k8sgrade theory theory --student ID --out FILE"),
        (("--k8s-grade-answers=none.yaml",), "cannot be read"),
        (("--k8s-grade-answers=good.yaml", "--k8s-grade-student=other"), "not of 'other'"),
        (("--k8s-grade-answers=good.yaml", "--k8s-grade-from=x.zip"), "leave one of the two out"),
    ],
)
def test_wrong_use_is_one_message(pytester: pytest.Pytester, options: tuple[str, ...], expected: str) -> None:
    """And exit code 4."""
    write(Path(pytester.path) / "good.yaml", right())
    run = pytester.runpytest_subprocess("--k8s-grade=theory", *options)
    assert run.ret == 4
    assert expected in run.stderr.str()
    assert "Traceback" not in run.stderr.str() + run.stdout.str()
