"""The exit code of a grading run: 0 passed, 1 not passed, 8 undecided, 4 usage."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.plugin.conftest import Lab

WAIT_NOT = "--k8s-grade-wait=0"


def test_all_met_is_0(lab: Lab) -> None:
    """A lab at or above its pass mark ends with 0, and every item is shown in the sum."""
    lab.write("a: demo.ok", "b: demo.ok")
    result = lab.run(WAIT_NOT)
    assert result.ret == 0
    assert (lab.grade()["score"], lab.grade()["passed"]) == (20, True)
    result.assert_outcomes(passed=2)


def test_below_the_mark_is_1(lab: Lab) -> None:
    """Lost points that decide the matter end with 1."""
    lab.write("a: demo.ok", "b: demo.unmet", "c: demo.unmet")
    result = lab.run(WAIT_NOT)
    assert result.ret == 1
    assert lab.verdicts() == {"a": "passed", "b": "failed", "c": "failed"}
    result.assert_outcomes(passed=1, failed=2)


def test_above_the_mark_with_losses_is_0(lab: Lab) -> None:
    """The pass mark decides, not whether any test failed."""
    lab.write("a: demo.ok | points: 9", "b: demo.unmet | points: 1")
    assert lab.run(WAIT_NOT).ret == 0


def test_undecided_is_8(lab: Lab) -> None:
    """Where the ungraded points could change the decision, there is none."""
    lab.write("a: demo.ok", "b: demo.doubt")
    result = lab.run(WAIT_NOT)
    assert result.ret == 8
    assert lab.grade()["passed"] is None
    assert lab.grade()["ungraded_points"] == 10
    result.assert_outcomes(passed=1, errors=1)


def test_a_bug_in_a_check_costs_nothing(lab: Lab) -> None:
    """An exception of a check is ungraded, with its traceback for the author only."""
    lab.write("a: demo.broken")
    result = lab.run(WAIT_NOT)
    assert result.ret == 8
    item = lab.grade()["items"][0]
    assert (item["verdict"], item["reason"]["id"]) == ("ungraded", "check-broken")
    assert "ZeroDivisionError" in item["traceback"]
    result.stdout.no_fnmatch_line("*Traceback*")


def test_parts_give_part_of_the_points(lab: Lab) -> None:
    """One of two equal parts is half of the points."""
    lab.write("a: demo.parts")
    lab.run(WAIT_NOT)
    assert (lab.verdicts(), lab.grade()["score"]) == ({"a": "partial"}, 5)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--k8s-grade=lab9"], "*lab9*lab1*"),
        (["--k8s-grade-set=colour=red"], "*colour*"),
        (["--k8s-grade-kubeconfig=/nowhere/kubeconfig"], "*/nowhere/kubeconfig*"),
        (["--k8s-grade-context=elsewhere"], "*elsewhere*lab*"),
        (["--k8s-grade-wait=soon"], "*soon*90s*"),
        (["--k8s-grade-report=xml=/tmp/x"], "*xml*json, junit*"),
        (["--k8s-grade-report=json=/nowhere/x.json"], "*/nowhere*"),
        (["--k8s-grade-record=/nowhere/e.zip"], "*/nowhere*"),
        (["--k8s-grade-from=/nowhere.zip"], "*--k8s-grade-kubeconfig*--k8s-grade-from*"),
        (["--k8s-grade-wait=²"], "*--k8s-grade-wait '²'*90s*"),
        (["--k8s-grade-kubeconfig="], "*--k8s-grade-kubeconfig '' names nothing*"),
        (["--k8s-grade-context="], "*--k8s-grade-context '' names nothing*"),
        (["--k8s-grade-from="], "*--k8s-grade-from '' names nothing*"),
        (["--k8s-grade-record="], "*--k8s-grade-record '' names nothing*"),
        (["--k8s-grade-report=junit=same", "--k8s-grade-report=html=./same"], "*junit*html*'same'*"),
        (["--k8s-grade-report=junit=same", "--k8s-grade-record=same"], "*junit*evidence*'same'*"),
    ],
)
def test_a_fault_of_usage_is_4(lab: Lab, options: list[str], says: str) -> None:
    """One clean message that names the value, and no traceback."""
    lab.write("a: demo.ok")
    result = lab.run(WAIT_NOT, *options)
    assert result.ret == 4
    result.stderr.fnmatch_lines([says])
    result.stderr.no_fnmatch_line("*Traceback*")


def test_what_to_grade_without_a_lab_is_4(pytester: pytest.Pytester) -> None:
    """Nothing would be graded, and nobody be told."""
    result = pytester.runpytest_subprocess("--k8s-grade-from=hand-in.zip", timeout=60)
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*--k8s-grade-from*--k8s-grade=LAB*"])


def test_defaults_in_an_ini_file_leave_other_runs_alone(pytester: pytest.Pytester) -> None:
    """A course sets the language of all grades; its own tests run all the same."""
    pytester.makeini("[pytest]\naddopts = --k8s-grade-lang=ko --k8s-grade-hints=advanced\n")
    pytester.makepyfile("def test_own():\n    assert True\n")
    pytester.runpytest_subprocess(timeout=60).assert_outcomes(passed=1)


@pytest.mark.parametrize("choice", [["-k", "nothing"], ["-m", "slow"]])
def test_a_run_of_no_item_is_8(lab: Lab, choice: list[str]) -> None:
    """All items were taken out by hand: nothing is decided, which is not pytest's 5."""
    lab.write("a: demo.ok")
    result = lab.run(WAIT_NOT, *choice)
    assert (result.ret, lab.verdicts()) == (8, {"a": "ungraded"})


def test_all_faults_of_a_rubric_are_told_with_their_lines(lab: Lab) -> None:
    """An author sees every fault at once."""
    lab.write("a: demo.okk", "b: demo.ok | needs: [c]", "b: demo.ok | pionts: 3")
    result = lab.run(WAIT_NOT)
    assert result.ret == 4
    told = result.stderr.str()
    assert all(f"demo.yaml:{line}" in told for line in (9, 10, 11)), told


def test_a_cluster_that_does_not_answer_fails_nobody(lab: Lab) -> None:
    """With the API server gone every item that reads is ungraded, and the exit code says so."""
    lab.write("a: demo.configmap | with: {name: x}", "b: demo.configmap | with: {name: y}")
    command = lab.command(WAIT_NOT)
    lab.api.close()
    result = lab.pytester.runpytest_subprocess(*command, timeout=60)
    assert result.ret == 8
    assert set(lab.verdicts().values()) == {"ungraded"}


def test_a_report_that_cannot_be_written_is_told(lab: Lab) -> None:
    """The file system may refuse after the run: one line, exit code 4, and the grade is still shown."""
    lab.write("a: demo.ok")
    result = lab.run(WAIT_NOT, "--k8s-grade-report=junit=/dev/full")
    assert result.ret == 4
    result.stdout.fnmatch_lines(["*100%*", "*junit*/dev/full*"])
    result.stdout.no_fnmatch_line("*INTERNALERROR*")


def test_one_file_that_cannot_be_written_keeps_no_other_from_being_written(lab: Lab, tmp_path: Path) -> None:
    """The first report is refused; the second and the evidence are there, and both are told."""
    lab.write("a: demo.ok")
    html, evidence = tmp_path / "grade.html", tmp_path / "hand-in.zip"
    result = lab.run(
        WAIT_NOT,
        "--k8s-grade-report=junit=/dev/full",
        f"--k8s-grade-report=html={html}",
        f"--k8s-grade-record={evidence}",
    )
    assert result.ret == 4
    assert html.is_file()
    assert evidence.is_file()
    result.stdout.fnmatch_lines([f"*{html}", f"*{evidence}", "*junit*/dev/full*"])
