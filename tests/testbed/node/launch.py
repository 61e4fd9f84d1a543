"""One start of a bed, step by step: its folder, its namespaces, its watcher, single programs.

`start` puts these steps in order.  Everything that runs on is recorded in the state file before
the next step, so that a start that is cut off at any point can be cleaned up by anybody.
"""

from __future__ import annotations

import dataclasses
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.testbed.build import Artifacts, image

from . import certs, cgroups, config, network, programs, teardown
from .bed import Bed
from .control import Control
from .init import SOCKET
from .proc import Identity, only_child
from .settings import Layout, Settings
from .state import BedError, Place, State, Tier

Report = Callable[[str], None]
PACKAGE = __name__.rpartition(".")[0]
PYTHON = (sys.executable, "-S", "-m")  # the standard library is all they need
ROOT = Path(__file__).resolve().parents[len(PACKAGE.split("."))]


class Launch:
    """One start of a bed."""

    def __init__(
        self, place: Place, lock: int, tier: Tier, settings: Settings, artifacts: Artifacts, report: Report
    ) -> None:
        self.place = place
        self._lock: int | None = lock
        self.tier = tier
        self.settings = settings
        self.artifacts = artifacts
        self.begun = time.monotonic()
        self.tell = report
        cgroup = f"k8sgrade-{place.name}-{secrets.token_hex(4)}"
        self.state = State(place.name, tier, cgroup, time.time())
        self.layout = Layout(place.folder, cgroup)
        self.control = Control(place.folder)
        self.supervisor: subprocess.Popen[bytes] | None = None
        self.watcher: subprocess.Popen[bytes] | None = None
        self._bed: Bed | None = None

    def report(self, what: str) -> None:
        """Tell what has been reached, and when."""
        self.tell(f"{time.monotonic() - self.begun:6.1f} s  {what}")

    def save(self, **changes: Any) -> None:
        """Record a change of state."""
        self.state = dataclasses.replace(self.state, **changes)
        self.state.save(self.place)

    def files(self) -> None:
        """Make the bed's folder and its control groups, watched from the beginning."""
        self.place.folder.mkdir(mode=0o700, parents=True)
        for name in ("log", "tmp"):
            (self.place.folder / name).mkdir()
        self.save()
        self._watch()
        cgroups.create(self.state.cgroup)

    def namespaces(self) -> None:
        """Start the bed's first process in namespaces of its own; it holds the lock from here on."""
        assert self._lock is not None
        owner = os.pidfd_open(os.getpid())
        argv = ["unshare", "-m", "-n", "-p", "--fork", "--mount-proc", "--kill-child"]
        argv += [*PYTHON, f"{PACKAGE}.init", str(self.place.folder), "--owner", str(owner)]
        try:
            self.supervisor = self._own(argv, "init", owner, self._lock)
        finally:
            os.close(owner)
        self.save(supervisor=Identity.of(self.supervisor.pid))
        self._until((self.place.folder / SOCKET).exists, "init", 60)
        child = only_child(self.supervisor.pid)
        self.save(init=Identity.of(child) if child else None)
        self.release()

    def release(self) -> None:
        """Hold the bed's lock no longer."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _watch(self) -> None:
        """Leave somebody outside who sweeps when the bed has ended, or this start."""
        argv = [*PYTHON, f"{PACKAGE}.watcher", str(self.place.runs), self.place.name, self.state.cgroup]
        self.watcher = self._own(argv, "watcher")

    def _own(self, argv: list[str], name: str, *handles: int) -> subprocess.Popen[bytes]:
        """Start a process of ours that no Ctrl-C reaches."""
        with (self.layout.log / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                argv,
                env={"PYTHONPATH": str(ROOT), "PATH": programs.SYSTEM_PATH},
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=handles,
                start_new_session=True,
            )

    def _until(self, condition: Callable[[], bool], name: str, timeout: float) -> None:
        """Wait for something that the program `name` brings about."""
        deadline = time.monotonic() + timeout
        while not condition():
            ended = name == "init" and self.supervisor is not None and self.supervisor.poll() is not None
            if ended or time.monotonic() > deadline:
                raise BedError(f"{name} did not come up:\n{self.control.log(name)}")
            time.sleep(0.01)

    def program(self, name: str) -> None:
        """Start one of the cluster's programs."""
        argv = programs.command(name, self.layout, self.settings, self.artifacts)
        self.control.start(name, argv, programs.environment(self.layout, self.artifacts))

    def certificates(self) -> None:
        """Make keys, certificates, kubeconfigs and configuration files."""
        names = {"node": network.NODE, "address": network.NODE_IP, "service": network.API_SERVICE_IP}
        certs.make(self.layout.pki, **names)
        certs.kubeconfig(self.layout.pki, "admin", self.layout.kubeconfig)
        config.write(self.layout, self.settings)
        if self.tier == "node":
            runc, plugins = self.artifacts.binary("runc"), self.artifacts.cni_folder
            config.write_containerd(self.layout, pause=image("pause"), runc=runc, plugins=plugins)

    def bed(self) -> Bed:
        """The bed, reachable from here on."""
        self._bed = Bed(self.place, self.state, self.artifacts, self._children())
        return self._bed

    def end(self) -> None:
        """Take down what is there."""
        if self._bed is not None:
            self._bed.close()
        teardown.end(self.place)
        for child in self._children():
            child.wait(30)

    def _children(self) -> list[subprocess.Popen[bytes]]:
        return [child for child in (self.supervisor, self.watcher) if child is not None]
