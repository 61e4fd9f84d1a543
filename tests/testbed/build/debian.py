"""The base layer: Debian programs in one tar, without installing anything anywhere.

apt works out and fetches the closure of a few packages against an empty system; the
packages' files are copied straight into a layer. Maintainer scripts never run, so the
few files they would have made (users, links) are written here. The layer serves every
image that is not a single Go program.
"""

from __future__ import annotations

import os
import subprocess
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from tests.testbed.errors import CommandFailed
from tests.testbed.paths import Cache

from . import layer, stamps
from .children import Children
from .components import BASE
from .files import PART, digest, locked, remove, sweep
from .golang import Report

PACKAGES: Final = (
    "bash",
    "busybox",
    "ca-certificates",
    "coreutils",
    "curl",
    "dash",
    "findutils",
    "git",
    "grep",
    "gzip",
    "jq",
    "nginx",
    "python3",
    "redis-server",
    "sed",
    "tar",
    "wget",
)

# Needed by maintainer scripts or by parts of git that nothing here uses.
_UNWANTED: Final = (
    "adduser_",
    "debconf_",
    "dpkg_",
    "init-system-helpers_",
    "iproute2_",
    "liberror-perl_",
    "libperl",
    "passwd_",
    "perl",
    "sysvinit-utils_",
    "ucf_",
)
_DROPPED: Final = (
    "etc/cron",
    "etc/init.d",
    "etc/nginx/",
    "usr/lib/systemd",
    "usr/share/bash-completion",
    "usr/share/doc",
    "usr/share/i18n",
    "usr/share/info",
    "usr/share/javascript",
    "usr/share/lintian",
    "usr/share/locale",
    "usr/share/man",
    "usr/share/perl",
    "usr/share/zoneinfo",
    "var/lib/dpkg",
)
_MERGED: Final = ("bin", "lib", "lib32", "lib64", "libx32", "sbin")

# What busybox adds to the programs above; those found there win over an applet.
_APPLETS: Final = (  # noqa: SIM905 - 50 one-word strings read worse
    "awk clear cpio dc diff dos2unix free fuser hexdump hostname httpd ifconfig ip ipcalc kill killall less "
    "more nc netstat nslookup patch pgrep pidof ping ping6 pkill ps route strings telnet telnetd tftp time "
    "top traceroute tree unix2dos unzip uptime vi watch which xxd"
).split()

PASSWD: Final = """\
root:x:0:0:root:/root:/bin/sh
nginx:x:101:101:nginx:/nonexistent:/bin/false
argocd:x:999:999:argocd:/home/argocd:/bin/sh
app:x:1000:1000:app:/tmp:/bin/sh
nobody:x:65534:65534:nobody:/nonexistent:/bin/false
"""
GROUP: Final = """\
root:x:0:
nginx:x:101:
argocd:x:999:
app:x:1000:
nogroup:x:65534:
"""


def inputs() -> str:
    """Return the digest of what decides the layer: this recipe and the distribution."""
    recipe = Path(__file__).read_text(encoding="utf-8")
    release = Path("/etc/os-release")
    return digest(recipe, release.read_text(encoding="utf-8") if release.exists() else "")


def build(cache: Cache, report: Report, children: Children) -> stamps.Stamp:
    """Fetch and write the base layer unless it is up to date; return its stamp."""
    with locked(cache.lock(BASE), lambda: report("base: waiting for another build")):
        return _build(cache, report, children)


def _build(cache: Cache, report: Report, children: Children) -> stamps.Stamp:
    wanted, target = inputs(), cache.layers / "base.tar"
    known = stamps.fresh(cache.stamps, BASE, wanted, target)
    if known is not None:
        return known
    started = time.monotonic()
    with _packages(cache, report, children) as packages:
        report(f"base: writing the layer from {len(packages)} packages")
        made = layer.make(target, wanted, lambda writer: _fill(writer, packages))
    stamp = stamps.Stamp(wanted, f"{len(packages)} debs", round(time.monotonic() - started, 1), made.size)
    stamps.write(cache.stamps, BASE, stamp)
    report(f"base: written in {stamp.seconds:.0f} s, {made.size / 1e6:.0f} MB")
    return stamp


@contextmanager
def _packages(cache: Cache, report: Report, children: Children) -> Iterator[list[Path]]:
    """Fetch the closure of PACKAGES; apt's folder is removed again after use."""
    cache.debian.mkdir(parents=True, exist_ok=True)
    sweep(cache.debian)
    # A folder for each process: apt may outlive a build that was killed, and hold its locks.
    folder = cache.debian / f"{PART}{os.getpid()}-apt"
    archives, lists, status = folder / "archives", folder / "lists", folder / "status"
    for needed in (archives / "partial", lists / "partial"):
        needed.mkdir(parents=True, exist_ok=True)
    status.write_text("", encoding="utf-8")
    options = [
        f"Dir::State={folder}",
        f"Dir::State::lists={lists}",
        f"Dir::State::status={status}",
        f"Dir::Cache={folder}",
        f"Dir::Cache::archives={archives}",
        "APT::Install-Recommends=false",
        "APT::Sandbox::User=",
        "Acquire::Languages=none",
    ]
    apt = ["apt-get", "-qq", *[part for option in options for part in ("-o", option)]]
    report("base: fetching Debian packages")
    try:
        children.run([*apt, "update"], "apt-get update")
        children.run([*apt, "--yes", "--download-only", "install", *PACKAGES], "apt-get install")
        found = sorted(archives.glob("*.deb"))
        yield [path for path in found if not path.name.startswith(_UNWANTED)]
    finally:
        remove(folder)


def _fill(writer: layer.LayerWriter, packages: list[Path]) -> None:
    _system_files(writer)
    for package in packages:
        _copy_package(writer, package)
    for applet in _APPLETS:
        if not writer.has(f"usr/sbin/{applet}"):
            writer.link(f"usr/bin/{applet}", "busybox")


def _system_files(writer: layer.LayerWriter) -> None:
    for name in _MERGED:
        writer.directory(f"usr/{name}")
        writer.link(name, f"usr/{name}")
    for name in ("tmp", "var/tmp", "run"):
        writer.directory(name, 0o1777)
    writer.directory("root", 0o700)
    writer.directory("home/argocd", 0o775, owner=999)
    writer.link("usr/bin/sh", "dash")
    writer.file("etc/passwd", PASSWD)
    writer.file("etc/group", GROUP)
    writer.file("etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n")
    # The server inside a pod serves repositories that another user may own.
    writer.file("etc/gitconfig", "[safe]\n\tdirectory = *\n[init]\n\tdefaultBranch = main\n")


def _copy_package(writer: layer.LayerWriter, package: Path) -> None:
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(package)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        copy_files(writer, process.stdout)
    if process.returncode:
        raise CommandFailed(f"Unpacking {package.name}", process.returncode, "")


def copy_files(writer: layer.LayerWriter, stream: IO[bytes]) -> None:
    """Copy the wanted entries of a package's tar into the layer."""
    with tarfile.open(fileobj=stream, mode="r|") as archive:
        for entry in archive:
            name = merged(entry.name)
            if not name or name in _MERGED or name.startswith(_DROPPED):
                continue
            entry.name = name
            if entry.islnk():
                entry.linkname = merged(entry.linkname)
            writer.add(entry, archive.extractfile(entry) if entry.isreg() else None)


def merged(name: str) -> str:
    """Return a package's path relative to the root, moved below ``usr`` where Debian merged it."""
    relative = name.removeprefix(".").strip("/")
    top, slash, rest = relative.partition("/")
    return f"usr/{relative}" if slash and rest and top in _MERGED else relative
