"""Prepared containerd roots: images imported and unpacked once, cloned for every bed.

A containerd is started for the import alone, on a folder of the cache, and stopped
again. There is one root at a time, named by the digest of its images: it grows by what
is asked for, and is made anew when a program in it has changed.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO, Final

from tests.testbed.errors import BuildError, CommandFailed
from tests.testbed.host import program
from tests.testbed.paths import Cache

from .files import digest, locked, remove, replacing, sweep, write_text
from .golang import Report
from .images import Made, make, select

_NAMESPACE: Final = "k8s.io"
_CONTENTS: Final = "testbed-images.json"
_START_SECONDS: Final = 30.0
_CONFIG: Final = """\
version = 2
disabled_plugins = [
  "io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt", "io.containerd.internal.v1.tracing",
  "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs",
]
"""


def prepared_root(wanted: Iterable[str], cache: Cache, report: Report) -> Path:
    """Return a containerd root that holds the wanted images, importing what is missing."""
    with _the_lock(cache, report):
        return _prepare(wanted, cache, report)


def prepared_clone(wanted: Iterable[str], target: Path, cache: Cache, report: Report) -> None:
    """Make ``target`` a root of its own that holds the wanted images."""
    with _the_lock(cache, report):
        clone_root(_prepare(wanted, cache, report), target)


def _the_lock(cache: Cache, report: Report) -> AbstractContextManager[None]:
    return locked(cache.lock("containerd"), lambda: report("images: waiting for another import"))


def _prepare(wanted: Iterable[str], cache: Cache, report: Report) -> Path:
    made = [make(image, cache) for image in select(wanted)]
    needed = {reference: one.identity for one in made for reference in one.references}
    roots = _roots(cache.containerd)
    for root, held in roots.items():
        if needed.items() <= held.items():
            return root
    base = extensible(roots, needed)
    held = roots[base] if base else {}
    missing = [one for one in made if held.get(one.references[0]) != one.identity]
    contents = held | needed
    target = cache.containerd / digest(json.dumps(contents, sort_keys=True))[:16]
    started = time.monotonic()
    report(f"images: importing {', '.join(one.references[0] for one in missing)}")
    with replacing(target) as part:
        if base:
            clone_root(base, part)
        part.mkdir(exist_ok=True)
        _import(missing, part)
        write_text(part / _CONTENTS, json.dumps(contents, indent=2) + "\n")
    for superseded in roots:
        remove(superseded)
    report(f"images: imported in {time.monotonic() - started:.0f} s")
    return target


def clone_root(source: Path, target: Path) -> None:
    """Make a bed's own root: databases are copied, layers are shared by hard links.

    containerd never changes a stored blob or an unpacked layer in place, so sharing
    them is safe; across file systems everything is copied.
    """

    def place(original: str, copy: str) -> str:
        if original.endswith(".db"):
            return str(shutil.copy2(original, copy))
        try:
            os.link(original, copy, follow_symlinks=False)
        except OSError:
            shutil.copy2(original, copy, follow_symlinks=False)
        return copy

    with replacing(target) as part:
        shutil.copytree(source, part, symlinks=True, copy_function=place)


def _roots(folder: Path) -> dict[Path, dict[str, str]]:
    """Return the roots there are, each with its images' identities by reference."""
    folder.mkdir(parents=True, exist_ok=True)
    sweep(folder)
    found = sorted(folder.glob(f"*/{_CONTENTS}"))
    return {path.parent: json.loads(path.read_text(encoding="utf-8")) for path in found}


def extensible(roots: Mapping[Path, Mapping[str, str]], needed: Mapping[str, str]) -> Path | None:
    """Return the fullest root without an outdated image, so that only the rest is imported."""
    current = [
        (len(held), root)
        for root, held in roots.items()
        if all(held.get(name, identity) == identity for name, identity in needed.items())
    ]
    return max(current)[1] if current else None


def _import(made: list[Made], root: Path) -> None:
    with _containerd(root) as socket:
        command = [str(program("ctr")), "-a", str(socket), "-n", _NAMESPACE, "image", "import", "-"]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            broken = False
            try:
                write_archive(made, process.stdin)
                process.stdin.close()
            except BrokenPipeError:
                broken = True
            output = process.stdout.read().decode(errors="replace")
        if process.returncode or broken:
            raise CommandFailed("Importing images", process.returncode, output)


def write_archive(made: Iterable[Made], stream: IO[bytes]) -> None:
    """Write images as one archive in the layout of ``docker save``, each layer once."""
    listed: list[dict[str, object]] = []
    written: set[str] = set()
    with tarfile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT) as archive:
        for one in made:
            names = [f"{layer.diff_id.removeprefix('sha256:')}.tar" for layer in one.layers]
            for name, layer in zip(names, one.layers, strict=True):
                if name not in written:
                    with Path(layer.path).open("rb") as content:
                        _add(archive, name, content, layer.size)
            config = f"{one.identity}.json"
            if config not in written:
                _add(archive, config, io.BytesIO(one.config), len(one.config))
            written |= {*names, config}
            listed.append({"Config": config, "RepoTags": list(one.references), "Layers": names})
        text = json.dumps(listed).encode()
        _add(archive, "manifest.json", io.BytesIO(text), len(text))


def _add(archive: tarfile.TarFile, name: str, content: IO[bytes], size: int) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o644
    archive.addfile(entry, content)


@contextmanager
def _containerd(root: Path) -> Iterator[Path]:
    """Run a containerd in its own mount namespace; yield its socket."""
    with tempfile.TemporaryDirectory(prefix="testbed-") as name:
        state = Path(name)
        config, socket, log = state / "config.toml", state / "containerd.sock", state / "log"
        config.write_text(_CONFIG, encoding="utf-8")
        command = [
            *(str(program("unshare")), "--mount", str(program("containerd")), "--config", str(config)),
            *("--root", str(root), "--state", str(state / "state"), "--address", str(socket)),
        ]
        with log.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output) as process:
            try:
                _await(socket, process, log)
                yield socket
            finally:
                process.terminate()
                try:
                    process.wait(10)
                except subprocess.TimeoutExpired:
                    process.kill()


def _await(socket: Path, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    probe = [str(program("ctr")), "-a", str(socket), "version"]
    while process.poll() is None:
        if subprocess.run(probe, capture_output=True, check=False, timeout=10).returncode == 0:
            return
        if time.monotonic() > deadline:
            raise BuildError(f"containerd did not answer within {_START_SECONDS:.0f} s:\n{log.read_text()}")
        time.sleep(0.1)
    raise CommandFailed("containerd", process.returncode, log.read_text(errors="replace"))
