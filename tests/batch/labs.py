"""A small lab whose check does what a hand-in tells it to, be it to break the worker."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from pytest_k8sgrade.batch.entry import Entry
from pytest_k8sgrade.batch.options import WorkOptions
from pytest_k8sgrade.batch.workers.limits import MEBIBYTE, Limits
from pytest_k8sgrade.cluster.evidence import Evidence, pack
from pytest_k8sgrade.cluster.exchange import Exchange, Request, Response
from pytest_k8sgrade.gradebook.attempt import Attempt, Student

RUBRIC: Final = """
k8sgrade: 1
id: deeds
title: {en: Deeds, ko: 행동}
pass_mark: 60%
groups:
  - id: all
    title: {en: All, ko: 전부}
    items:
      - {id: calm, check: deeds.calm, points: 4, level: effect}
      - {id: deed, check: deeds.deed, points: 6, level: effect}
"""

CHECKS: Final = '''
import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

LEDGER = Path(__file__).parents[1] / "ledger.jsonl"


def note(**facts) -> None:
    line = json.dumps({"pid": os.getpid(), **facts}) + "\\n"
    with LEDGER.open("ab", buffering=0) as ledger:
        ledger.write(line.encode())


def told(cluster) -> dict:
    return cluster.get("v1", "ConfigMap", "deed", "demo")["data"]


def test_calm(cluster) -> None:
    """Nothing happens here."""
    told(cluster)


def test_deed(cluster) -> None:
    """What the hand-in says happens."""
    data = told(cluster)
    note(student=data["student"], at="begin")
    globals()["do_" + data["deed"]](cluster)
    note(student=data["student"], at="end")


def do_pass(cluster) -> None:
    pass


def do_slow(cluster) -> None:
    time.sleep(0.3)


def do_wait(cluster) -> None:
    while not LEDGER.with_name("go").exists():
        time.sleep(0.02)


def do_segfault(cluster) -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def do_regicide(cluster) -> None:
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(600)


def do_vanish(cluster) -> None:
    os._exit(0)


def do_killed(cluster) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def do_memory(cluster) -> None:
    held = []
    while True:
        held.append(bytearray(16 * 1024 * 1024))


def do_sleep(cluster) -> None:
    time.sleep(600)


def do_hang(cluster) -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    ctypes.PyDLL(None).sleep(600)


def do_spin(cluster) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        pass


def do_print(cluster) -> None:
    print("said by the check")
    os.write(1, b"\\x1b[31mwritten past python\\n" * 1000)
    os.write(2, b"\\x1b[31mand to the other\\n" * 1000)


def do_big_file(cluster) -> None:
    with open("big", "wb") as file:
        try:
            while True:
                file.write(bytes(4 * 1024 * 1024))
        finally:
            os.unlink("big")


def do_descriptors(cluster) -> None:
    held = []
    while True:
        held.append(open("/dev/null"))


def do_child(cluster) -> None:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    note(child=child.pid)


def do_look(cluster) -> None:
    note(
        cwd=os.getcwd(),
        inside=os.listdir(),
        environment=dict(os.environ),
        path=sys.path,
        session=os.getsid(0),
        modules=sorted(name for name in sys.modules if "student" in name or "conftest" in name),
        expendable=Path("/proc/self/oom_score_adj").read_text(),
        descriptors={name: os.readlink(f"/proc/self/fd/{name}") for name in ("0", "1", "2")},
    )
'''

MOMENT: Final = datetime(2026, 11, 1, 12, tzinfo=UTC)


class Lab:
    """The lab in a folder, with hand-ins for students."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rubric = folder / "deeds.yaml"
        self.ledger = folder / "ledger.jsonl"
        (folder / "checks").mkdir(parents=True)
        self.rubric.write_text(RUBRIC, encoding="utf-8")
        (folder / "checks" / "deeds.py").write_text(CHECKS, encoding="utf-8")

    def options(self, *, memory: int = 512, time_s: float = 60.0, last_words_s: float = 10.0) -> WorkOptions:
        """Options with these limits; `memory` in MiB."""
        limits = Limits(memory_bytes=memory * MEBIBYTE, time_s=time_s, last_words_s=last_words_s)
        return WorkOptions(rubric=str(self.rubric), limits=limits)

    def entry(self, student: str, deed: str, number: int = 1) -> Entry:
        """A hand-in that does the deed."""
        file = self.folder / "hand-ins" / f"{student}-{number}.zip"
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(evidence(student, deed))
        return Entry(student=Student(id=student), number=number, evidence=file)

    def noted(self) -> list[dict[str, object]]:
        """What the checks noted, in the order of time."""
        if not self.ledger.exists():
            return []
        return [json.loads(line) for line in self.ledger.read_text(encoding="utf-8").splitlines()]

    def done(self, at: str = "end") -> list[str]:
        """Whose deeds were begun, or came to their end, once for each time."""
        return [str(note["student"]) for note in self.noted() if note.get("at") == at]

    def worker_of(self, student: str) -> int:
        """The process that is at a student's deed, once it is."""
        self.wait_for(lambda: student in self.done("begin"))
        return next(int(str(note["pid"])) for note in self.noted() if note.get("student") == student)

    @staticmethod
    def wait_for(happened: Callable[[], bool]) -> None:
        """Until something has happened that no event tells of, a minute at most."""
        for _ in range(1200):
            if happened():
                return
            time.sleep(0.05)
        raise AssertionError("it has not happened")


class Noting:
    """A watcher that remembers."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []
        self.attempts: dict[str, Attempt] = {}

    def started(self, entry: Entry) -> None:
        """A worker has it."""
        self.told.append(("started", entry.student.id))

    def awaits(self, entry: Entry, settled: int, total: int, names: object) -> None:
        """It waits."""
        self.told.append(("awaits", entry.student.id))

    def finished(self, entry: Entry, attempt: Attempt) -> None:
        """It is done."""
        self.told.append(("finished", entry.student.id))
        self.attempts[entry.student.id] = attempt


def evidence(student: str, deed: str) -> bytes:
    """Evidence of a cluster that holds nothing but the deed."""
    path = "/api/v1/namespaces/demo/configmaps/deed"
    body = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "deed", "namespace": "demo"},
        "data": {"student": student, "deed": deed},
    }
    answer = Response(200, {"content-type": "application/json"}, json.dumps(body).encode())
    cluster = {"uid": f"uid-{student}", "context": "demo", "server_version": "v1.35.0"}
    exchange = Exchange(Request.to(path).key, answer)
    return pack(Evidence(exchanges=(exchange,), now=MOMENT, cluster=cluster))


def reasons(attempt: Attempt) -> dict[str, str | None]:
    """Why each item has not passed."""
    return {item.id: item.reason.id if item.reason else None for item in attempt.items}


def files(folder: Path) -> Iterable[str]:
    """The names of what is in a folder."""
    return sorted(path.name for path in folder.iterdir())
