"""A running bed as tests see it: programs inside it, its API server, its lifecycle.

Made by `start.up` and `attach`; safe to use from several threads.  Programs run inside the bed's
namespaces, as children of the calling process, with an administrator's kubeconfig in $KUBECONFIG.
"""

from __future__ import annotations

import dataclasses
import json
import os
import shlex
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from tests.testbed.build import Artifacts

from . import certs, teardown
from .api import Api
from .control import Control
from .door import Door
from .settings import Layout
from .state import BedError, Hopeless, Place, State, Tier

PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


class CommandFailed(BedError):
    """A program run inside a bed failed or took too long; shows the end of what it said."""

    def __init__(self, argv: Sequence[str], why: str, said: str) -> None:
        tail = "\n".join(said.strip().splitlines()[-20:])
        super().__init__(f"{shlex.join(argv)[:300]}: {why}\n{tail}".rstrip())
        self.said = said


class Bed:
    """One cluster in private namespaces."""

    def __init__(
        self,
        place: Place,
        state: State,
        artifacts: Artifacts,
        children: Sequence[subprocess.Popen[bytes]] = (),
    ) -> None:
        if state.init is None:
            raise BedError(f"bed {state.name!r} has not come up")
        self.artifacts = artifacts
        self.layout = Layout(place.folder, state.cgroup)
        self.state = state
        self._place = place
        self._children = children  # ours to wait for, if this process started the bed
        self._door = Door(state.init.pid)
        self._control = Control(place.folder)
        self.api = Api(self.layout.pki, self.connect)

    def __repr__(self) -> str:
        return f"<Bed {self.name!r}, tier {self.tier}>"

    @property
    def name(self) -> str:
        """The bed's name on this machine."""
        return self.state.name

    @property
    def tier(self) -> Tier:
        """How much of a cluster it is."""
        return self.state.tier

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig, good inside the bed only."""
        return self.layout.kubeconfig

    # -- programs inside -------------------------------------------------------------------------

    def environment(self, more: dict[str, str] | None = None) -> dict[str, str]:
        """Our environment as a program inside the bed needs it."""
        env = {name: value for name, value in os.environ.items() if name.lower() not in PROXIES}
        own = str(self.artifacts.binary("kubectl").parent)
        env["PATH"] = f"{own}:{env.get('PATH', '')}"
        env["KUBECONFIG"] = str(self.kubeconfig)
        # discovery is cached by address, which all beds share
        env["KUBECACHEDIR"] = str(self.layout.folder / "kubectl-cache")
        return {**env, **(more or {})}

    def popen(self, argv: Sequence[str | Path], **options: Any) -> subprocess.Popen[Any]:
        """Start a program inside; takes the options of `subprocess.Popen`."""
        options.setdefault("env", self.environment())
        return self._door.popen([str(part) for part in argv], **options)

    def run(
        self,
        argv: Sequence[str | Path],
        *,
        input: str | None = None,  # noqa: A002 - named as in subprocess
        timeout: float = 60,
        check: bool = True,
        env: dict[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run a program inside to its end; raises `CommandFailed` if it fails and `check` is set."""
        process = self.popen(
            argv,
            env=self.environment(env),
            stdin=subprocess.DEVNULL if input is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,  # so that it can be ended with its children
        )
        words = [str(part) for part in argv]
        try:
            out, err = process.communicate(input, timeout)
        except BaseException as error:
            os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
            if isinstance(error, subprocess.TimeoutExpired):
                raise CommandFailed(words, f"still running after {timeout:g} s", out + err) from None
            raise
        if check and process.returncode:
            raise CommandFailed(words, f"exit code {process.returncode}", out + err)
        return subprocess.CompletedProcess(words, process.returncode, out, err)

    def kubectl(self, *arguments: str, input: str | None = None, timeout: float = 60) -> str:  # noqa: A002
        """Run kubectl as administrator; returns what it printed."""
        program = str(self.artifacts.binary("kubectl"))
        return self.run([program, *arguments], input=input, timeout=timeout).stdout

    def apply(
        self,
        documents: Iterable[dict[str, Any]] | str,
        *,
        server_side: bool = True,
        timeout: float = 60,
    ) -> None:
        """Create or change objects, given as YAML text or parsed."""
        if not isinstance(documents, str):
            documents = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(documents)})
        how = ["--server-side", "--force-conflicts"] if server_side else []
        self.kubectl("apply", *how, "-f", "-", input=documents, timeout=timeout)

    def connect(self, host: str, port: int, timeout: float | None = 10) -> socket.socket:
        """A TCP connection to an address as seen from the node."""
        return self._door.connect(host, port, timeout)

    def exists(self, path: str | Path) -> bool:
        """Whether a path exists as seen from inside."""
        return self._door.inside(Path(path).exists)

    def wait(self, what: str, condition: Callable[[], object], timeout: float) -> None:
        """Ask again until `condition` holds; what it returns or raises meanwhile is told if it never does."""
        deadline = time.monotonic() + timeout
        pause = 0.02
        while True:
            if not self.state.alive:
                raise Hopeless(f"bed {self.name!r} ended while waiting: {what}")
            try:
                seen = condition()
                if seen is True or (seen and not isinstance(seen, str)):
                    return
                last = str(seen) if isinstance(seen, str) else ""
            except Hopeless:
                raise
            except (BedError, AssertionError, LookupError, OSError) as error:
                last = f"{type(error).__name__}: {error}"
            if time.monotonic() > deadline:
                raise BedError(self._not_seen(what, timeout, last))
            time.sleep(pause)
            pause = min(1.2 * pause, 0.25)

    def _not_seen(self, what: str, timeout: float, last: str) -> str:
        message = f"bed {self.name!r}: not within {timeout:g} s: {what}"
        message += f"; last seen: {last}" if last else ""
        for name, code in self._control.ended().items():
            message += f"\n{name} has ended with code {code}:\n{self.log(name)}"
        return message

    # -- the cluster -----------------------------------------------------------------------------

    def token(self, account: str, namespace: str = "default", duration: int = 3600) -> str:
        """A token for a ServiceAccount; `duration` in seconds, at least 600."""
        spec = {"spec": {"expirationSeconds": duration}}
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token"
        return str(self.api.post(path, spec)["status"]["token"])

    def identity(self, file: Path, account: str, namespace: str = "default", duration: int = 3600) -> Path:
        """Write a kubeconfig that is a ServiceAccount; what it may do is up to the caller's RBAC."""
        token = self.token(account, namespace, duration)
        certs.write_kubeconfig(self.layout.pki, file, account, {"token": token})
        return file

    def programs(self) -> dict[str, Any]:
        """The cluster's own programs: pid inside the bed, exit code, paused, since when."""
        return self._control.status()

    def log(self, program: str, lines: int = 12) -> str:
        """The last lines a program of the cluster wrote."""
        return self._control.log(program, lines)

    def stop(self, program: str, *, grace: float = 2) -> None:
        """End a program of the cluster: its port then refuses."""
        self._control.stop(program, grace)

    def start(self, program: str, timeout: float = 60) -> None:
        """Start a stopped program again; waits for the API server to be ready."""
        self._control.start(program)
        if program == "kube-apiserver":
            self.wait("the API server is ready", self.api.ready, timeout)

    def pause(self, program: str) -> None:
        """Freeze a program: its port still accepts, and hangs."""
        self._control.signal(program, signal.SIGSTOP)

    def resume(self, program: str) -> None:
        """Let a frozen program go on."""
        self._control.signal(program, signal.SIGCONT)

    # -- lifecycle -------------------------------------------------------------------------------

    def note(self, **notes: str) -> None:
        """Keep short remarks with the bed, such as its scenario; `status` shows them."""
        self.state = dataclasses.replace(self.state, notes={**self.state.notes, **notes})
        self.state.save(self._place)

    def detach(self) -> None:
        """Let the bed live on when this process ends."""
        self._control.ask("detach")

    def close(self) -> None:
        """Let go of the bed without ending it."""
        self._door.close()

    def down(self) -> None:
        """End the bed; nothing of it is left behind."""
        self.close()
        teardown.end(self._place)
        for child in self._children:
            child.wait(30)
