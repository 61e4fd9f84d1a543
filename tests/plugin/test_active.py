"""Active checks in a real pytest run: off by default, announced, recorded, replayed, cleaned up."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from tests.plugin.conftest import Lab
from tests.plugin.objects import BASE, Objects, writes
from tests.unit.cluster.fake import Answer

ACTING = '''
from pathlib import Path

from pytest_k8sgrade.cluster.acting_leftovers import note
from pytest_k8sgrade.cluster.acting_rules import Act, scale
from pytest_k8sgrade.outcome import cannot_tell, unmet


def test_reacts(actor, says: str = "", hold: str = "", lasts: str = "1m") -> None:
    """Something happens when it is asked to."""
    manifest = actor.manifest("ConfigMap", "demo", "demo")
    actor.create(note(manifest, scale("demo", "web", 3, 2)))
    if hold:
        Path(hold).touch()
        actor.until(50, lambda cluster: None)
    if says == "unmet":
        unmet("object-absent", kind="Thing", name="t", namespace="demo", seen={"of": 1.5}, wanted=[1])
    if says == "doubt":
        cannot_tell("timeout", path="/x", seconds=1)
    if says == "break":
        raise ZeroDivisionError
    actor.seen = {"made": manifest["metadata"]["name"].rpartition("-")[0]}


def test_too_much(actor) -> None:
    """It does what nobody may."""
    act = Act("DELETE", "/api/v1/namespaces/demo", {})
    actor.do(act, act)
'''


@pytest.fixture
def objects(lab: Lab) -> Objects:
    """A namespace to make something in, and checks that do."""
    (lab.folder / "checks" / "acting.py").write_text(ACTING, encoding="utf-8")
    return Objects(lab.api)


def _seen(lab: Lab, item: str) -> object:
    return next(one for one in lab.grade()["items"] if one["id"] == item)["seen"]


def test_what_is_not_asked_for_is_skipped_and_nothing_is_sent(lab: Lab, objects: Objects) -> None:
    """Its points are in nobody's total, and the run sends nothing but GETs."""
    lab.write("a: demo.ok", "b: acting.reacts | active: load")
    assert lab.run("--k8s-grade-wait=0").ret == 0
    assert lab.verdicts() == {"a": "passed", "b": "skipped"}
    assert lab.grade()["max_score"] == 10
    assert writes(lab.api) == []


def test_what_is_asked_for_is_announced_done_and_undone(lab: Lab, objects: Objects) -> None:
    """After the passive items, with what it saw in the grade; other names stay off."""
    lab.write("b: acting.reacts | active: load", "c: acting.reacts | active: alert", "a: demo.ok")
    result = lab.run("--k8s-grade-wait=0", "--k8s-grade-active=load")
    assert lab.verdicts() == {"b": "passed", "c": "skipped", "a": "passed"}
    assert _seen(lab, "b") == {"made": "k8sgrade-demo"}
    assert (objects.there, objects.history) == ({}, ["made", "deleted"])
    result.stdout.fnmatch_lines(
        ["active checks asked for: load", "*changed for a while*", "*b: Something happens*at most 1m."]
    )
    result.stdout.no_fnmatch_line("*c: Something happens*at most*")


def test_the_same_is_not_done_twice(lab: Lab, objects: Objects) -> None:
    """Two items that ask for the same thing in the same way share what came of it."""
    lab.write("a: acting.reacts | active: load", "b: acting.reacts | active: load")
    lab.run("--k8s-grade-wait=0", "--k8s-grade-active=load")
    assert lab.verdicts() == {"a": "passed", "b": "passed"}
    assert objects.history == ["made", "deleted"]


def test_the_quiet_are_told_too(lab: Lab, objects: Objects) -> None:
    """-q hides the progress, not what is done to the cluster."""
    lab.write("b: acting.reacts | active: load")
    lab.run("-q", "--k8s-grade-active=load").stdout.fnmatch_lines(["*changed for a while*"])


@pytest.mark.parametrize(
    ("says", "verdict"), [("", "passed"), ("unmet", "failed"), ("doubt", "ungraded"), ("break", "ungraded")]
)
def test_evidence_tells_the_same_without_doing_it_again(
    lab: Lab, objects: Objects, says: str, verdict: str
) -> None:
    """The outcome is recorded: the grade from evidence is the live one, and nothing is sent."""
    lab.write(f"a: demo.ok | active: drift, with: {{says: '{says}'}}".replace("demo.ok", "acting.reacts"))
    evidence = lab.folder / "evidence.zip"
    lab.run("--k8s-grade-wait=0", "--k8s-grade-active=drift", f"--k8s-grade-record={evidence}")
    live = lab.grade()
    assert lab.verdicts() == {"a": verdict}
    assert objects.there == {}
    lab.api.requests.clear()
    _replay(lab, evidence)
    replayed = lab.grade()
    for grade in (live, replayed):
        for one in grade["items"]:
            for key in ("timeline", "waited_s", "held_s"):
                one.pop(key)
        for key in ("started", "finished"):
            grade.pop(key)
    assert replayed == live
    assert lab.api.requests == []


def _replay(lab: Lab, evidence: Path, *options: str) -> pytest.RunResult:
    report = f"--k8s-grade-report=json={lab.folder / 'grade.json'}"
    return lab.pytester.runpytest_subprocess(
        f"--k8s-grade={lab.rubric}", f"--k8s-grade-from={evidence}", "--k8s-grade-lang=en", report, *options
    )


def test_evidence_without_the_outcome_says_so(lab: Lab, objects: Objects) -> None:
    """Other parameters than those that were recorded: nobody can tell, and nobody loses a point."""
    lab.write("a: acting.reacts | active: drift")
    evidence = lab.folder / "evidence.zip"
    lab.run("--k8s-grade-wait=0", "--k8s-grade-active=drift", f"--k8s-grade-record={evidence}")
    lab.write("a: acting.reacts | active: drift, with: {says: unmet}")
    _replay(lab, evidence)
    assert lab.grade()["items"][0]["reason"]["id"] == "act-not-recorded"


def test_an_outcome_that_nobody_recorded_is_refused(lab: Lab, objects: Objects) -> None:
    """The file may come from anybody."""
    lab.write("a: acting.reacts | active: drift")
    evidence, changed = lab.folder / "evidence.zip", lab.folder / "changed.zip"
    lab.run("--k8s-grade-wait=0", "--k8s-grade-active=drift", f"--k8s-grade-record={evidence}")
    with zipfile.ZipFile(evidence) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "evidence.json":
                index = json.loads(content)
                index["run"]["outcomes"] = {key: {"status": "perfect"} for key in index["run"]["outcomes"]}
                content = json.dumps(index).encode()
            new.writestr(name, content)
    result = _replay(lab, changed)
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*run.outcomes*is not as recorded*"])


def test_an_active_item_behind_a_failed_need_does_nothing(lab: Lab, objects: Objects) -> None:
    """It is blocked, and not even announced."""
    lab.write("a: demo.unmet", "b: acting.reacts | active: load, needs: [a]")
    result = lab.run("--k8s-grade-wait=0", "--k8s-grade-active=load")
    assert lab.verdicts() == {"a": "failed", "b": "blocked"}
    assert writes(lab.api) == []
    result.stdout.no_fnmatch_line("*changed for a while*")


def test_passive_verdicts_are_about_the_undisturbed_cluster(lab: Lab, objects: Objects) -> None:
    """All reads of passive items come before the first act, and none of them sees what it made."""
    lab.write("b: acting.reacts | active: load", "a: demo.configmap | with: {name: mine}")
    lab.api.routes[f"{BASE}/mine"] = Answer({"metadata": {"name": "mine", "namespace": "demo"}})
    lab.run("--k8s-grade-active=load")
    kinds = [(method, path) for method, path, _, _ in lab.api.requests]
    first = next(at for at, (method, _) in enumerate(kinds) if method == "POST")
    assert all(at < first for at, (_, path) in enumerate(kinds) if path == f"{BASE}/mine")


def test_an_unknown_name_lists_those_of_the_rubric(lab: Lab, objects: Objects) -> None:
    """Before anything is read."""
    lab.write("a: acting.reacts | active: load", "b: acting.reacts | active: drift")
    result = lab.run("--k8s-grade-active=laod")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*laod*load*drift*"])
    assert lab.api.requests == []


def test_evidence_is_not_acted_upon(lab: Lab, objects: Objects) -> None:
    """The option is for a cluster."""
    lab.write("a: acting.reacts | active: load")
    result = _replay(lab, Path("x.zip"), "--k8s-grade-active=load")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*--k8s-grade-active 'load' is for a cluster*"])


def test_a_check_that_changes_something_must_be_active(lab: Lab, objects: Objects) -> None:
    """Nobody would have asked for it; and it has to say how long it takes."""
    lab.write("a: acting.reacts", "b: acting.reacts | active: load, with: {lasts: soon}")
    result = lab.run()
    assert result.ret == 4
    result.stderr.fnmatch_lines(
        [
            "*acting.reacts changes the cluster: it needs `active: NAME`*",
            "*not a duration: 'soon'*such as 5m*",
        ]
    )


def test_what_is_not_on_the_list_is_not_sent(lab: Lab, objects: Objects) -> None:
    """A check that would delete a namespace breaks before a byte is sent."""
    lab.write("a: acting.too_much | active: load")
    lab.run("--k8s-grade-active=load")
    assert lab.verdicts() == {"a": "ungraded"}
    assert writes(lab.api) == []


def test_who_may_not_write_loses_nothing(lab: Lab) -> None:
    """403 on the first act: ungraded, with the right that lacks."""
    (lab.folder / "checks" / "acting.py").write_text(ACTING, encoding="utf-8")
    lab.write("a: acting.reacts | active: load")
    lab.api.routes[BASE] = Answer(
        {"kind": "Status", "apiVersion": "v1", "reason": "Forbidden", "code": 403, "details": {}}, 403
    )
    lab.run("--k8s-grade-active=load")
    reason = lab.grade()["items"][0]["reason"]
    assert (reason["id"], reason["params"]["code"]) == ("act-refused", 403)


def test_ctrl_c_cleans_up_and_keeps_the_rest(lab: Lab, objects: Objects) -> None:
    """Passive verdicts stand, the active item is ungraded, and nothing is left."""
    process = _held(lab, objects)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 2, output
    assert objects.history == ["made", "deleted"]
    assert lab.verdicts() == {"a": "passed", "b": "ungraded"}


def test_a_killed_run_leaves_nothing(lab: Lab, objects: Objects) -> None:
    """SIGKILL for the whole process group: the guard lives elsewhere and cleans up."""
    process = _held(lab, objects)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)
    _wait(lambda: not objects.there)
    assert objects.history == ["made", "deleted"]


def test_what_cannot_be_undone_is_told_and_tried_again(lab: Lab, objects: Objects) -> None:
    """The run says what is left; the guard goes on after it has ended."""
    objects.deletable = False
    lab.write("b: acting.reacts | active: load")
    result = lab.run("--k8s-grade-active=load")
    result.stdout.fnmatch_lines([f"Not taken back yet: DELETE {BASE}/k8sgrade-demo-*"])
    assert lab.verdicts() == {"b": "passed"}
    objects.deletable = True
    _wait(lambda: not objects.there)


def _held(lab: Lab, objects: Objects) -> subprocess.Popen[str]:
    """A run whose active check holds what it has made."""
    flag = lab.folder / "held"
    lab.write("a: demo.ok", f"b: acting.reacts | active: load, with: {{hold: '{flag}'}}")
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", *lab.command("--k8s-grade-active=load")],
        cwd=lab.pytester.path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    _wait(flag.exists)
    assert objects.there
    return process


def _wait(happened: object) -> None:
    deadline = time.monotonic() + 60
    assert callable(happened)
    while not happened():
        assert time.monotonic() < deadline, "it did not happen within a minute"
        time.sleep(0.05)
