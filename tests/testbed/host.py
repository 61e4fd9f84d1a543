"""Programs that the machine itself provides: which, from which Debian package, where.

These are daemons and tools that run on the host side of a bed (etcd, containerd,
iptables ...). Missing ones can be installed on a Debian-like machine; no daemon is
started by that.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.testbed.errors import CommandFailed, NotPossible

_SEARCH: Final = os.pathsep.join(
    ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
)
_CNI_FOLDERS: Final = (Path("/opt/cni/bin"), Path("/usr/lib/cni"))
_POLICY: Final = Path("/usr/sbin/policy-rc.d")

# Program -> Debian package, in the order in which a reader would miss them.
PROGRAMS: Final[dict[str, str]] = {
    "etcd": "etcd-server",
    "containerd": "containerd",
    "ctr": "containerd",
    "runc": "runc",
    "iptables": "iptables",
    "iptables-save": "iptables",
    "conntrack": "conntrack",
    "ip": "iproute2",
    "mount": "mount",
    "nsenter": "util-linux",
    "unshare": "util-linux",
    "openssl": "openssl",
    "git": "git",
}
# The build alone needs these; a finished cache does without.
BUILD_PROGRAMS: Final[dict[str, str]] = {"apt-get": "apt", "dpkg-deb": "dpkg", "nice": "coreutils"}
CNI_PLUGINS: Final = ("bridge", "host-local", "loopback", "portmap")
CNI_PACKAGE: Final = "containernetworking-plugins"


def find(name: str) -> Path | None:
    """Return where a host program is, or None."""
    found = shutil.which(name, path=_SEARCH)
    return Path(found) if found else None


def program(name: str) -> Path:
    """Return where a host program is; raise NotPossible with the package that has it."""
    if found := find(name):
        return found
    package = PROGRAMS.get(name) or BUILD_PROGRAMS.get(name) or name
    raise NotPossible(f"The program {name} is missing. Install it: {install_line([package])}")


def cni_folder() -> Path:
    """Return the folder that holds the CNI plugins; raise NotPossible if there is none."""
    for folder in _CNI_FOLDERS:
        if all((folder / plugin).exists() for plugin in CNI_PLUGINS):
            return folder
    raise NotPossible(f"The CNI plugins are missing. Install them: {install_line([CNI_PACKAGE])}")


def missing_packages() -> list[str]:
    """Return the Debian packages that would bring the missing programs, each once."""
    wanted = PROGRAMS | BUILD_PROGRAMS
    missing = [package for name, package in wanted.items() if find(name) is None]
    try:
        cni_folder()
    except NotPossible:
        missing.append(CNI_PACKAGE)
    return list(dict.fromkeys(missing))


def install_line(packages: list[str]) -> str:
    """Return the command a person would type to install the packages."""
    return f"apt-get update && apt-get install --no-install-recommends {' '.join(packages)}"


def install(packages: list[str]) -> None:
    """Install Debian packages without starting any service; needs root."""
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    commands = (
        ["apt-get", "-qq", "update"],
        ["apt-get", "-qq", "--yes", "--no-install-recommends", "install", *packages],
    )
    with _no_services():
        for command in commands:
            done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
            if done.returncode:
                raise CommandFailed(" ".join(command), done.returncode, done.stdout + done.stderr)


@contextmanager
def _no_services() -> Iterator[None]:
    """Forbid maintainer scripts to start services, unless the machine has its own policy."""
    try:
        with _POLICY.open("x", encoding="utf-8") as policy:
            policy.write("#!/bin/sh\nexit 101\n")
    except FileExistsError:
        yield
        return
    try:
        _POLICY.chmod(0o755)
        yield
    finally:
        _POLICY.unlink()
