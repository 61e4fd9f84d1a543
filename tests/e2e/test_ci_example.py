"""examples/ci as a course would use it: its own test file, live, with pytest-kubernetes.

The testbed stands in for kind as a provider. Whoever runs it has a kubeconfig of their own, which
neither the library nor kind may touch: the tests plant one and compare it afterwards.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.e2e.doors import ROOT
from tests.testbed.node import Bed

EXAMPLE = ROOT / "examples" / "ci"
CONFTEST = "from tests.e2e.testbed_provider import k8s_manager\n\n__all__ = ['k8s_manager']\n"
OWN = """apiVersion: v1
kind: Config
current-context: production
contexts: [{name: production, context: {cluster: production, user: production}}]
clusters: [{name: production, cluster: {server: "https://127.0.0.1:1"}}]
users: [{name: production, user: {token: planted}}]
"""
STUB = """#!{python}
import json, os, sys
with open({log!r}, "a") as log:
    told = {{"program": {name!r}, "argv": sys.argv[1:], "kubeconfig": os.environ.get("KUBECONFIG")}}
    print(json.dumps(told), file=log)
if "/readyz" in " ".join(sys.argv) and os.path.exists({made!r}):
    print("readyz check passed")
if {name!r} == "kind":
    open({made!r}, "w").close()
sys.exit(1 if {name!r} == "kubectl" and not os.path.exists({made!r}) else 0)
"""


@dataclass(frozen=True)
class Course:
    """A copy of the example, and somebody's own kubeconfig, named by KUBECONFIG and in their home."""

    folder: Path
    home: Path

    @property
    def kubeconfigs(self) -> tuple[Path, Path]:
        """Where the person's own kubeconfig lies."""
        return self.home / "config", self.home / ".kube" / "config"

    def untouched(self) -> bool:
        """Whether both are there and unchanged, and nothing lies beside them."""
        beside = [path for file in self.kubeconfigs for path in file.parent.iterdir() if path.is_file()]
        return sorted(beside) == sorted(self.kubeconfigs) and all(
            path.read_text(encoding="utf-8") == OWN for path in self.kubeconfigs
        )

    def environment(self) -> dict[str, str]:
        """What a person's shell adds."""
        return {"HOME": str(self.home), "KUBECONFIG": str(self.kubeconfigs[0]), "PYTHONPATH": str(ROOT)}

    def command(self, *options: str) -> list[str]:
        """The course's test run."""
        program = str(Path(sys.executable).with_name("pytest"))
        return [program, "-p", "no:cacheprovider", "--junitxml=results/tests.xml", *options]


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """A fresh copy."""
    folder = tmp_path / "course"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("results", "__pycache__"))
    found = Course(folder, tmp_path / "home")
    for path in found.kubeconfigs:
        path.parent.mkdir(parents=True)
        path.write_text(OWN, encoding="utf-8")
    return found


def test_the_course_is_graded_on_a_cluster(course: Course, lab1_bed: Bed) -> None:
    """No points before the lab, all of them after it, and both grades as JSON and JUnit."""
    (course.folder / "conftest.py").write_text(CONFTEST, encoding="utf-8")
    env = {**course.environment(), "K8SGRADE_BED_KUBECONFIG": str(lab1_bed.kubeconfig)}
    try:
        process = lab1_bed.popen(
            course.command(),
            cwd=course.folder,
            env=lab1_bed.environment(env),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        output, _ = process.communicate(timeout=420)
    finally:
        lab1_bed.kubectl("delete", "namespace", "course-lab", "--ignore-not-found", timeout=120)
    assert process.returncode == 0, output
    results = course.folder / "results"
    grades = [json.loads((results / f"{name}.json").read_text("utf-8")) for name in ("before", "after")]
    assert [grade["score"] for grade in grades] == [0, 10]
    for name, failures in (("before", 4), ("after", 0), ("tests", 0)):
        suites = ET.parse(results / f"{name}.xml").getroot().iter("testsuite")
        assert sum(int(suite.get("failures", 0)) for suite in suites) + _skipped(results, name) == failures
    assert course.untouched()


def _skipped(results: Path, name: str) -> int:
    suites = ET.parse(results / f"{name}.xml").getroot().iter("testsuite")
    return sum(int(suite.get("skipped", 0)) for suite in suites)


@pytest.mark.parametrize("options", [("--k8s-provider=kind",), ("--k8s-provider=external", "own")])
def test_nobodys_own_kubeconfig_is_handed_over(course: Course, options: tuple[str, ...]) -> None:
    """kind, kubectl and helm see a private file only, also where the person names a cluster that is there."""
    log, made, programs = course.home / "log", course.home / "made", course.home / "bin"
    programs.mkdir()
    for name in ("kind", "kubectl", "helm"):
        text = STUB.format(python=sys.executable, log=str(log), made=str(made), name=name)
        (programs / name).write_text(text, encoding="utf-8")
        (programs / name).chmod(stat.S_IRWXU)
    own = str(course.kubeconfigs[0])
    if "own" in options:
        made.touch()  # this cluster is there already
    given = [option.replace("own", f"--k8s-kubeconfig={own}") for option in options]
    env = {**os.environ, **course.environment(), "PATH": f"{programs}:{os.environ['PATH']}"}
    subprocess.run(course.command(*given), cwd=course.folder, env=env, capture_output=True, check=False)
    calls = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    assert {call["program"] for call in calls} >= {"kubectl"}
    seen = {call["kubeconfig"] for call in calls} | {
        call["argv"][at + 1]
        for call in calls
        for at, word in enumerate(call["argv"][:-1])
        if word == "--kubeconfig"
    }
    assert not seen & {None, *map(str, course.kubeconfigs)}, calls
    log.unlink()
    made.unlink(missing_ok=True)
    assert course.untouched()


def test_the_workflow_keeps_what_the_tests_write() -> None:
    """The workflow runs the test file on kind and keeps the folder of results whatever came out."""
    workflow = yaml.safe_load((EXAMPLE / ".github" / "workflows" / "lab.yml").read_text("utf-8"))
    steps = workflow["jobs"]["lab"]["steps"]
    assert any("--k8s-provider=kind" in step.get("run", "") for step in steps)
    (kept,) = [step for step in steps if "upload-artifact" in step.get("uses", "")]
    assert (kept["if"], kept["with"]["path"]) == ("always()", "results/")
