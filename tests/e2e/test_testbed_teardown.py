"""However a bed ends, nothing of it stays on the machine.

Each test looks at the machine (mounts, links, packet filter, control groups, folders, kernel
switches), starts a bed in a process of its own, ends it the hard way, and looks again.  Other beds
may run meanwhile.  The bed's processes are recognised by the network they live in.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import pytest

from tests.testbed.build import image
from tests.testbed.node import Bed, BedError, Settings, attach, up
from tests.testbed.node.cgroups import ROOT as CGROUPS
from tests.testbed.node.mounts import KERNEL
from tests.testbed.node.proc import Identity
from tests.testbed.node.state import Place, load
from tests.testbed.paths import Cache

pytestmark = pytest.mark.e2e

NAME = f"leak-{os.getpid()}"
CLI = (sys.executable, "-m", "tests.testbed")
PATIENCE = 90.0  # for a machine that builds and runs other beds at the same time
FOLDERS = (
    *("/run", "/run/netns", "/run/containerd", "/var/lib", "/var/lib/cni", "/var/lib/kubelet"),
    *("/var/log", "/var/log/pods", "/var/log/containers", "/opt", "/etc/cni", "/tmp"),
)
OWNER = """
import sys, time
from tests.testbed.node import up
up(sys.argv[1], "node", report=lambda line: print(line, flush=True))
print("OWNED", flush=True)
time.sleep(600)
"""
Look = dict[str, object]
Same = Callable[[str], None]


def _lines(*argv: str) -> list[str]:
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    # counters and the date of the listing change by themselves
    return sorted(re.sub(r"\[\d+:\d+\]", "", line) for line in done.stdout.splitlines() if line[:1] != "#")


def _listing(folder: str) -> list[str] | None:
    path = Path(folder)
    return sorted(entry.name for entry in path.iterdir()) if path.is_dir() else None


def _look() -> Look:
    """Everything on the machine that a bed could leave a trace in."""
    found: Look = {
        "mounts": sorted(Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()),
        "links": _lines("ip", "-o", "link"),
        "cgroups": sorted(
            str(path) for path in CGROUPS.glob("*/*") if path.is_dir() and "k8sgrade-" not in path.name
        ),
        "kernel": {name: Path("/proc/sys", name).read_text(encoding="ascii") for name in KERNEL},
    }
    if shutil.which("iptables-save"):
        found["packet filter"] = _lines("iptables-save")
    # other programs, and graders, may put files of theirs into /tmp: only the testbed's count there
    found |= {folder: _listing(folder) for folder in FOLDERS if folder != "/tmp"}
    found["/tmp"] = [name for name in _listing("/tmp") or () if "testbed" in name]
    return found


def _network(pid: int) -> str:
    """The network namespace a process lives in; empty if it has just ended."""
    try:
        return str(Path(f"/proc/{pid}/ns/net").readlink())
    except OSError:
        return ""


def _inhabitants(network: str) -> list[int]:
    pids = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal())
    return [pid for pid in pids if network and _network(pid) == network]


def _traces() -> list[str]:
    """Folders named after the bed."""
    runs = Cache.default().run
    return [*map(str, runs.glob(f"{NAME}*")), *map(str, CGROUPS.glob(f"*/k8sgrade-{NAME}-*"))]


@pytest.fixture
def look() -> Iterator[Same]:
    """Gives a function that fails unless the machine looks as before; and takes the bed down."""
    before = _look()

    def same(network: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while (left := [*_inhabitants(network), *_traces()]) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert left == []
        after = _look()
        assert {key: after[key] for key in after if after[key] != before[key]} == {}

    yield same
    subprocess.run([*CLI, "down", "--name", NAME], capture_output=True, check=False)


def _place() -> Place:
    return Place(Cache.default().run, NAME)


def _process(which: Literal["init", "supervisor"]) -> Identity:
    """A process of the bed, once it is there: what a start tells is told side by side with its being made."""
    deadline = time.monotonic() + PATIENCE
    while (state := load(_place())) is None or getattr(state, which) is None:
        assert time.monotonic() < deadline, f"the bed has no {which}"
        time.sleep(0.01)
    process = getattr(state, which)
    assert isinstance(process, Identity)
    return process


def _bed_with_pods() -> Bed:
    """A bed with a pod, a Service and a mounted token, so that there is something to leave behind."""
    bed = up(NAME, "node", images={"base"})
    bed.kubectl("create", "deployment", "web", "--image", image("base"), "--", "sleep", "600")
    bed.kubectl("expose", "deployment", "web", "--port=80")
    bed.kubectl("rollout", "status", "deployment/web", "--timeout=60s")
    return bed


Start = Callable[[tuple[str, ...], str], subprocess.Popen[bytes]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Gives a function that starts a process and waits until it says something; none outlives the test."""
    started: list[subprocess.Popen[bytes]] = []

    def run(argv: tuple[str, ...], until: str) -> subprocess.Popen[bytes]:
        said = tmp_path / "said"
        with said.open("wb") as output:
            process = subprocess.Popen(argv, stdout=output, stderr=output)
        started.append(process)
        while until not in said.read_text(encoding="utf-8"):
            assert process.poll() is None, said.read_text(encoding="utf-8")
            time.sleep(0.01)
        return process

    yield run
    for process in started:
        process.kill()
        process.wait()


def test_down(look: Same) -> None:
    """A bed with pods that is taken down leaves nothing, and no process of its stays a zombie."""
    bed = _bed_with_pods()
    network = _network(_process("init").pid)
    began = time.monotonic()
    bed.down()
    assert time.monotonic() - began < PATIENCE
    look(network)


@pytest.mark.parametrize("reached", ["images prepared", "kube-apiserver ready", "node Ready", "use it"])
def test_interrupted(look: Same, start: Start, reached: str) -> None:
    """Ctrl-C at any stage of coming up takes down what was there; later it does not reach the bed."""
    process = start((*CLI, "up", "--name", NAME), reached)
    network = _network(_process("init").pid)
    process.send_signal(signal.SIGINT)
    code = process.wait(PATIENCE)
    if reached == "use it":
        subprocess.run([*CLI, "down", "--name", NAME], check=True, capture_output=True)
    else:
        assert code == 130
    look(network)


def test_impatient(look: Same, start: Start) -> None:
    """A second Ctrl-C does not cut the clean-up in half."""
    process = start((*CLI, "up", "--name", NAME), "kube-apiserver ready")
    network = _network(_process("init").pid)
    process.send_signal(signal.SIGINT)
    while process.poll() is None:
        time.sleep(0.05)
        process.send_signal(signal.SIGINT)
    look(network)


@pytest.mark.parametrize("reached", ["images prepared", "kube-apiserver ready"])
def test_killed_while_starting(look: Same, start: Start, reached: str) -> None:
    """A start that is killed half way is cleaned up by those it left behind."""
    process = start((*CLI, "up", "--name", NAME), reached)
    network = _network(_process("init").pid)
    process.kill()
    process.wait(PATIENCE)
    look(network)


def test_killed_at_once(look: Same, start: Start) -> None:
    """A start that is killed as soon as there is anything to sweep is cleaned up as well."""
    process = start((*CLI, "up", "--name", NAME), "")
    deadline = time.monotonic() + PATIENCE
    while not any(CGROUPS.glob(f"*/k8sgrade-{NAME}-*")):
        assert process.poll() is None
        assert time.monotonic() < deadline, "the bed has no control group"
    process.kill()
    process.wait(PATIENCE)
    look("")


@pytest.mark.parametrize("program", ["kube-apiserver", "kubelet"])
def test_failed_start(look: Same, program: str) -> None:
    """A program that cannot start is told at once, in its own words, and nothing stays behind."""
    with pytest.raises(BedError, match=f"(?s){program} has ended with code 1.*unknown flag: --nonsense"):
        up(NAME, "node", settings=Settings(extra={program: ("--nonsense",)}))
    look("")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_foreground_ended(look: Same, start: Start, number: signal.Signals) -> None:
    """A bed in the foreground ends with its command, whatever ends that."""
    process = start((*CLI, "up", "--foreground", "--name", NAME), "runs until Ctrl-C")
    network = _network(_process("init").pid)
    process.send_signal(number)
    process.wait(PATIENCE)
    look(network)


def test_owner_killed(look: Same, start: Start) -> None:
    """A bed ends with the process that started it (a pytest run, say), even if that is killed."""
    process = start((sys.executable, "-c", OWNER, NAME), "OWNED")
    network = _network(_process("init").pid)
    process.kill()
    process.wait()
    look(network)


@pytest.mark.parametrize("which", ["init", "supervisor"])
def test_killed_inside(look: Same, which: Literal["init", "supervisor"]) -> None:
    """Killing the bed's first process or the one above it ends all of it, and the watcher sweeps."""
    subprocess.run([*CLI, "up", "--name", NAME], check=True, capture_output=True)
    network = _network(_process("init").pid)
    _process(which).kill()
    look(network)


def test_watcher_killed_too(look: Same) -> None:
    """With the watcher killed as well, the next command sweeps."""
    subprocess.run([*CLI, "up", "--name", NAME, "--tier", "control-plane"], check=True, capture_output=True)
    first = _process("init")
    network = _network(first.pid)
    _watcher().kill()
    first.kill()
    assert first.wait(PATIENCE)
    assert _traces() != []
    shown = subprocess.run([*CLI, "status"], check=True, capture_output=True, text=True)
    assert NAME in shown.stderr
    look(network)


def _watcher() -> Identity:
    """The process that waits for this bed to end."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            words = (entry / "cmdline").read_bytes().split(b"\0")
            if b"tests.testbed.node.watcher" in words and NAME.encode() in words:
                found = Identity.of(int(entry.name))
                assert found is not None
                return found
    raise AssertionError("the bed has no watcher")


def test_stale_state_is_not_trusted(look: Same) -> None:
    """A state file whose process is gone, or whose id now belongs to another, is swept, not obeyed."""
    bed = up(NAME, "control-plane")
    network = _network(_process("init").pid)
    state = bed.state
    bed.down()
    look(network)
    impostor = Identity.of(os.getpid())
    assert impostor is not None
    stale = Identity(impostor.pid, impostor.started - 1, impostor.boot)
    _place().folder.mkdir(parents=True)
    type(state)(**{**vars(state), "init": stale, "supervisor": stale}).save(_place())
    with pytest.raises(BedError, match="no bed"):
        attach(NAME)
    subprocess.run([*CLI, "status"], check=True, capture_output=True)
    assert _traces() == []
