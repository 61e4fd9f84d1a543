"""What a batch on Dask refuses, and its command."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_k8sgrade.batch.distributed import driver, scheduler
from pytest_k8sgrade.batch.distributed.parcel import packed, unpacked
from pytest_k8sgrade.batch.distributed.station import About
from pytest_k8sgrade.batch.entry import Entry
from pytest_k8sgrade.errors import UsageFault
from pytest_k8sgrade.gradebook.attempt import Student
from tests.batch.dask import DaskCluster
from tests.batch.dask_batches import graded
from tests.batch.labs import Lab

EXAMPLES = Path(__file__).parents[2] / "examples" / "lab1"


def test_nobody_there(tmp_path: Path, far: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """No scheduler, and a scheduler without workers, are said in one message each."""
    monkeypatch.setattr(scheduler, "CONNECT_S", 0.5)
    monkeypatch.setattr(scheduler, "WORKERS_S", 0.5)
    entries, options = [far.entry("s001", "pass")], far.options()
    for number, address in enumerate(("tcp://127.0.0.1:1", "127.0.0.1", "strange://host:1")):
        with pytest.raises(UsageFault, match=r"no Dask scheduler answers at .*--engine and --scheduler"):
            graded(address, entries, options, tmp_path / f"out-{number}")
    place = tmp_path / "dask"
    place.mkdir()
    with DaskCluster(place, 0) as lonely, pytest.raises(UsageFault, match="has no workers; start some"):
        graded(lonely, entries, options, tmp_path / "out")


def test_workers_of_another_version_are_named(
    dask: DaskCluster, far: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything is graded, and one that joins late says so itself."""
    mine = About("9.9", "3.11", "2024.1", None)
    monkeypatch.setattr(driver, "about", lambda lab: mine)
    entries, options = [far.entry("s001", "pass")], far.options()
    with pytest.raises(
        UsageFault,
        match=r"tcp://127.0.0.1:\d+: pytest-k8sgrade .*, here 9\.9; .*distributed .*, here 2024\.1",
    ):
        graded(dask, entries, options, tmp_path / "out")
    monkeypatch.setattr(driver, "require_same", lambda *_: None)
    with pytest.raises(UsageFault, match=r"OtherVersionError.*--resume"):
        graded(dask, entries, options, tmp_path / "late")
    assert far.noted() == []
    assert "s001" not in dask.log


def test_the_command(dask: DaskCluster, tmp_path: Path) -> None:
    """The class's files are those of a batch on this machine, but for the times in them."""
    hand_ins = tmp_path / "hand-ins"
    hand_ins.mkdir()
    for number, name in enumerate(("reference", "half", "empty"), start=1):
        (hand_ins / f"s{number:03}.zip").write_bytes((EXAMPLES / f"{name}.zip").read_bytes())
    command = [sys.executable, "-m", "pytest_k8sgrade", "batch", str(hand_ins), "--rubric", "lab1"]
    marks = {}
    for out, options in {"far": ["--engine", "dask", "--scheduler", dask.address], "here": []}.items():
        ended = subprocess.run([*command, "--out", str(tmp_path / out), *options], cwd=tmp_path, check=False)
        assert ended.returncode == 1
        assert (tmp_path / out / "class.html").exists()
        marks[out] = (tmp_path / out / "canvas.csv").read_bytes()
    assert marks["far"] == marks["here"]


def test_a_kubeconfig_that_may_name_files_keeps_its_path(tmp_path: Path) -> None:
    """What it names lies beside it, where machines share a file system."""
    file = tmp_path / "kubeconfig"
    file.write_text("{}", encoding="utf-8")
    own = Entry(student=Student(id="s001"), kubeconfig=file)
    shared = replace(own, allow=frozenset({"files"}))
    assert repr(packed(shared)) == "Parcel()"
    assert unpacked(packed(shared), tmp_path / "a").kubeconfig == file
    (tmp_path / "b").mkdir()
    assert unpacked(packed(own), tmp_path / "b").kubeconfig == tmp_path / "b" / "kubeconfig" / "kubeconfig"
