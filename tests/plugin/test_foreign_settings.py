"""What lies in the folder where a student types the command must not change the grade."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from rich.cells import cell_len

from tests.plugin.conftest import Lab

EMPTY = Path(__file__).parents[2] / "examples" / "lab1" / "empty.zip"
WAIT_NOT = "--k8s-grade-wait=0"
HOSTILE = """
[pytest]
python_files = nothing_*.py
python_functions = nothing_*
norecursedirs = *
testpaths = elsewhere
addopts = --strict-markers
filterwarnings = error
"""


def test_naming_rules_of_an_ini_do_not_matter(lab: Lab) -> None:
    """Items are found although the ini would find nothing."""
    lab.pytester.makeini(HOSTILE)
    lab.pytester.mkdir("elsewhere")
    lab.write("a: demo.ok", "b: demo.unmet")
    lab.run(WAIT_NOT)
    assert lab.verdicts() == {"a": "passed", "b": "failed"}


@pytest.mark.parametrize("form", ["separate", "equals"])
def test_a_folder_named_like_the_lab_does_not_matter(lab: Lab, form: str) -> None:
    """`--k8s-grade lab1` means the lab, also where a folder lab1 with tests of its own lies."""
    folder = lab.pytester.mkdir("lab1")
    (folder / "test_own.py").write_text("def test_own():\n    assert False\n", encoding="utf-8")
    given = ["--k8s-grade", "lab1"] if form == "separate" else ["--k8s-grade=lab1"]
    report = f"--k8s-grade-report=json={lab.folder / 'grade.json'}"
    result = lab.pytester.runpytest_subprocess(*given, f"--k8s-grade-from={EMPTY}", report, timeout=60)
    assert result.ret == 1
    assert lab.grade()["rubric"]["id"] == "lab1"
    assert (lab.grade()["score"], lab.grade()["ungraded_points"]) == (0, 0)


def test_distribution_over_workers_is_switched_off(lab: Lab) -> None:
    """`-n 2` grades all the same, once."""
    lab.write("a: demo.ok", "b: demo.unmet", pass_mark="50%")
    result = lab.run(WAIT_NOT, "-n2")
    assert result.ret == 0
    assert lab.verdicts() == {"a": "passed", "b": "failed"}


@pytest.mark.parametrize(
    "option", ["-q", "-v", "-p no:terminal", "--tb=short", "-p no:cacheprovider", "--strict-markers"]
)
def test_options_of_pytest_keep_working(lab: Lab, option: str) -> None:
    """Exit code and grade are the same whatever pytest shows."""
    lab.write("a: demo.ok", "b: demo.unmet")
    assert lab.run(WAIT_NOT, *option.split()).ret == 1
    assert lab.verdicts() == {"a": "passed", "b": "failed"}


def test_junitxml_of_pytest_has_one_case_per_item(lab: Lab) -> None:
    """Failure is the student's, error is ours, skipped was not looked at; points are properties."""
    lab.write("a: demo.ok", "b: demo.unmet", "c: demo.doubt", "d: demo.ok | needs: [b]")
    lab.run(WAIT_NOT, f"--junitxml={lab.folder / 'pytest.xml'}")
    cases = ElementTree.parse(lab.folder / "pytest.xml").findall(".//testcase")
    found = {case.get("name"): [child.tag for child in case if child.tag != "properties"] for case in cases}
    assert found == {"a": [], "b": ["failure"], "c": ["error"], "d": ["skipped"]}
    points = {case.get("name"): _property(case, "k8sgrade.points") for case in cases}
    assert points == {"a": "10.0", "b": "0.0", "c": "0.0", "d": "0.0"}
    assert {case.get("classname") for case in cases} == {"demo.demo"}


def test_deselected_items_stay_in_the_grade(lab: Lab) -> None:
    """`-k` makes items ungraded, it does not make the total smaller."""
    lab.write("a: demo.ok", "b: demo.ok")
    lab.run(WAIT_NOT, "-k", "a")
    assert lab.verdicts() == {"a": "passed", "b": "ungraded"}
    assert lab.grade()["max_score"] == 20


def test_a_waived_item_leaves_the_total(lab: Lab) -> None:
    """It is not run and counts for nobody."""
    lab.write("a: demo.ok", "b: demo.unmet | waived: {en: broken, ko: 고장}")
    assert lab.run(WAIT_NOT).ret == 0
    assert (lab.verdicts()["b"], lab.grade()["max_score"]) == ("waived", 10)


def test_labs_and_items_are_listed_without_a_cluster(lab: Lab) -> None:
    """`--k8s-grade-list` needs neither kubeconfig nor cluster."""
    result = lab.pytester.runpytest_subprocess("--k8s-grade-list", "--k8s-grade-lang=en")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*lab1*"])
    lab.write("a: demo.ok", "b: demo.unmet")
    result = lab.pytester.runpytest_subprocess(f"--k8s-grade={lab.rubric}", "--k8s-grade-list")
    result.stdout.fnmatch_lines(["* a *", "* b *"])


def test_korean_from_the_locale(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the option the locale's language is spoken."""
    monkeypatch.setenv("LC_ALL", "ko_KR.UTF-8")
    lab.write("a: demo.ok")
    command = [option for option in lab.command(WAIT_NOT) if not option.startswith("--k8s-grade-lang")]
    result = lab.pytester.runpytest_subprocess(*command, timeout=60)
    result.stdout.fnmatch_lines(["*데모 실습*", "*합격*"])


def test_the_title_is_as_wide_as_the_terminal_in_korean(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Korean letters take two cells: pytest alone counts them as one, and the line would break."""
    monkeypatch.setenv("COLUMNS", "80")
    lab.write("a: demo.ok")
    result = lab.run(WAIT_NOT, "--k8s-grade-lang=ko")
    line = next(line for line in result.outlines if line.startswith("==") and "데모 실습" in line)
    assert cell_len(line) == 80


def test_an_output_without_check_marks_keeps_its_words(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Redirected on a Korean Windows, the output is cp949: only the signs are written another way."""
    monkeypatch.setenv("PYTHONIOENCODING", "cp949")
    lab.write("a: demo.ok", "b: demo.unmet")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *lab.command(WAIT_NOT, "--k8s-grade-lang=ko")],
        cwd=lab.folder,
        capture_output=True,
        timeout=60,
        check=False,
    )
    told = done.stdout.decode("cp949")
    assert " v 통과" in told
    assert " x 실패" in told


def test_nothing_but_get_is_sent(lab: Lab) -> None:
    """Grading the whole of lab 1 against a server that has nothing sends GET requests only."""
    lab.pytester.runpytest_subprocess("--k8s-grade=lab1", *lab.command(WAIT_NOT)[1:], timeout=60)
    assert len(lab.api.requests) > 5
    assert {method for method, *_ in lab.api.requests} == {"GET"}


def _property(case: ElementTree.Element, name: str) -> str | None:
    found = [entry.get("value") for entry in case.iter("property") if entry.get("name") == name]
    return found[0] if found else None
