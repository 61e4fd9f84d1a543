"""Waiting inside a real pytest run: convergence, needs, Ctrl-C."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.plugin.conftest import Lab
from tests.unit.cluster.fake import Answer, status


def test_a_state_that_comes_later_is_waited_for(lab: Lab) -> None:
    """The item passes on a later round, and its timeline tells what was seen before."""
    flag = lab.folder / "flag"
    lab.write(f"late: demo.file | with: {{path: {flag}}}", "now: demo.ok")
    process = _start(lab)
    _wait_for_a_look(flag)
    flag.touch()
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    statuses = [change["status"] for change in lab.grade()["items"][0]["timeline"]]
    assert statuses == ["unmet", "met"]


def test_an_item_behind_a_failed_need_is_blocked(lab: Lab) -> None:
    """It names the root cause and is a skip for pytest, not a failure."""
    lab.write("a: demo.unmet", "b: demo.ok | needs: [a]", "c: demo.ok | needs: [b]")
    result = lab.run("--k8s-grade-wait=0")
    assert lab.verdicts() == {"a": "failed", "b": "blocked", "c": "blocked"}
    assert [item["blocked_by"] for item in lab.grade()["items"]] == [None, "a", "a"]
    result.assert_outcomes(failed=1, skipped=2)


def test_ctrl_c_writes_the_grade_of_what_is_known(lab: Lab) -> None:
    """Settled items keep their verdict, the others are ungraded, and pytest says it was interrupted."""
    never = lab.folder / "never"
    lab.write("a: demo.ok", f"b: demo.file | with: {{path: {never}}}")
    process = _start(lab)
    _wait_for_a_look(never)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 2, output
    assert lab.verdicts() == {"a": "passed", "b": "ungraded"}
    assert lab.grade()["items"][1]["reason"]["id"] == "interrupted"


def test_an_outage_of_the_server_is_waited_out(lab: Lab) -> None:
    """Errors of the API server for a while cost nothing but time."""
    until = time.monotonic() + 4
    fine = Answer({"kind": "ConfigMap", "metadata": {"name": "x"}})
    lab.api.routes["/api/v1/namespaces/demo/configmaps/x"] = lambda _: (
        fine if time.monotonic() > until else status(500, "InternalError")
    )
    lab.write("a: demo.configmap | with: {name: x}")
    assert lab.run().ret == 0
    assert lab.verdicts() == {"a": "passed"}


def test_a_missing_object_names_what_is_missing(lab: Lab) -> None:
    """Reason and hint name kind, name and namespace of what was looked for."""
    lab.api.routes["/api/v1/namespaces/demo"] = Answer({"kind": "Namespace", "metadata": {"name": "demo"}})
    lab.api.routes["/api/v1/namespaces/demo/configmaps/x"] = status(
        404, "NotFound", name="x", kind="configmaps"
    )
    lab.write("a: demo.configmap | with: {name: x}")
    assert lab.run("--k8s-grade-wait=0").ret == 1
    reason = lab.grade()["items"][0]["reason"]
    assert reason["id"] == "object-absent"
    assert (reason["params"]["name"], reason["params"]["namespace"]) == ("x", "demo")


def _wait_for_a_look(path: Path) -> None:
    """The check of a file leaves a mark when it looks."""
    deadline = time.monotonic() + 60
    while not path.with_name(path.name + ".looked").exists():
        assert time.monotonic() < deadline, "the run never looked"
        time.sleep(0.05)


def _start(lab: Lab) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "pytest", *lab.command()],
        cwd=lab.pytester.path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
