"""Building Go programs from the module proxy, one family (go.mod) at a time.

A family is copied into the cache before it is built, so the checkout stays untouched
and a module that needs an added file can be replaced there. Programs of one family
share their compiled dependencies; that is why there are so few families.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

from tests.testbed.errors import BuildError, CommandFailed
from tests.testbed.paths import GO_FAMILIES, Cache

from . import stamps
from .children import Children
from .components import PATCHES, GoProgram, Patch
from .files import digest, locked, remove, replacing, size_of, sweep

Report = Callable[[str], None]

FLAGS: Final = ("-mod=readonly", "-trimpath", "-buildvcs=false")
_HEARTBEAT: Final = 30.0


def environment(cache: Cache) -> dict[str, str]:
    """Return the environment of every go command: own caches, static programs, no surprises."""
    return os.environ | {
        "CGO_ENABLED": "0",
        "GOCACHE": str(cache.go_build),
        "GOFLAGS": "",
        "GOMODCACHE": str(cache.go_modules),
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
    }


def go(cache: Cache, arguments: Sequence[str], folder: Path) -> str:
    """Run one quick go command and return its output."""
    done = subprocess.run(
        ["go", *arguments], cwd=folder, env=environment(cache), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise CommandFailed(f"go {arguments[0]}", done.returncode, done.stdout + done.stderr)
    return done.stdout


def module(cache: Cache, path: str, version: str) -> Path:
    """Return the folder of a module in the module cache, downloading it if needed."""
    cache.root.mkdir(parents=True, exist_ok=True)
    described = json.loads(go(cache, ["mod", "download", "-json", f"{path}@v{version}"], cache.root))
    return Path(described["Dir"])


@dataclass
class Family:
    """One go.mod of the checkout and its working copy in the cache."""

    name: str
    cache: Cache
    report: Report
    children: Children = field(default_factory=Children)
    source: Path = field(init=False)
    work: Path = field(init=False)

    def __post_init__(self) -> None:
        self.source = GO_FAMILIES / self.name
        self.work = self.cache.go_work / self.name

    @property
    def patches(self) -> list[Patch]:
        """The modules of this family that need added files."""
        return [patch for patch in PATCHES if patch.family == self.name]

    def inputs(self, program: GoProgram, toolchain: str) -> str:
        """Return the digest of everything that decides what the program becomes."""
        files = [path for path in sorted(self.source.rglob("*")) if path.is_file()]
        contents = [
            text
            for path in files
            for text in (str(path.relative_to(self.source)), path.read_text(encoding="utf-8"))
        ]
        parts = [repr(program), repr(self.patches), repr(FLAGS), toolchain, *contents]
        return digest(*parts)

    def prepare(self) -> None:
        """Copy the family into the cache and put patched modules in place."""
        remove(self.work)
        shutil.copytree(self.source, self.work)
        for patch in self.patches:
            copy = self._patched(patch)
            go(self.cache, ["mod", "edit", f"-replace={patch.module}={copy}"], self.work)

    def _patched(self, patch: Patch) -> Path:
        target = self.work.with_name(f"{self.name}-{patch.module.rsplit('/', 1)[-1]}")
        remove(target)
        # The module cache is read-only and so would be a faithful copy of it.
        shutil.copytree(
            module(self.cache, patch.module, patch.version), target, copy_function=shutil.copyfile
        )
        for folder, _, _ in os.walk(target):
            Path(folder).chmod(0o755)
        for name, text in patch.files:
            added = target / name
            added.parent.mkdir(parents=True, exist_ok=True)
            added.write_text(text, encoding="utf-8")
        for name, old, new in patch.edits:
            source = (target / name).read_text(encoding="utf-8")
            assert source.count(old) == 1, f"{patch.module}: {name} has another text"
            (target / name).write_text(source.replace(old, new), encoding="utf-8")
        shorten(target, patch)
        return target

    def compile(self, program: GoProgram, inputs: str) -> stamps.Stamp:
        """Build one program into the cache and stamp it; return the stamp."""
        started = time.monotonic()
        self.report(f"{program.name} {program.version}: compiling ({self.name} family)")
        target = self.cache.bin / program.name
        with replacing(target) as part:
            command = ["go", "build", *FLAGS, *program.flags, "-v", "-o", str(part)]
            self._watched([*command, program.package], program)
        seconds = time.monotonic() - started
        stamp = stamps.Stamp(inputs, program.version, round(seconds, 1), size_of(target))
        stamps.write(self.cache.stamps, program.name, stamp)
        self.report(f"{program.name}: built in {seconds:.0f} s, {stamp.size / 1e6:.0f} MB")
        return stamp

    def _watched(self, command: Sequence[str], program: GoProgram) -> None:
        log = self.cache.logs / f"{program.name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        quietly = ["nice", "-n", "10", *command]
        with self.children.started(quietly, self.work, environment(self.cache)) as process:
            assert process.stdout is not None
            lines = _follow(process.stdout, lambda text: self.report(f"{program.name}: {text}"))
        log.write_text("".join(lines), encoding="utf-8")
        if process.returncode:
            raise CommandFailed(f"Building {program.name}", process.returncode, "".join(lines), log)


def shorten(folder: Path, patch: Patch) -> None:
    """Take out of a module's copy what is not to be compiled."""
    for file in sorted(folder.rglob("*.go")) if patch.left_out else ():
        if re.fullmatch(patch.left_out, file.relative_to(folder).as_posix()):
            file.unlink()
    for name, pattern in patch.cut:
        file = folder / name
        text, count = re.subn(pattern, "", file.read_text(encoding="utf-8"))
        if not count:
            raise BuildError(f"{patch.module}: nothing to cut in {name}")
        file.write_text(text, encoding="utf-8")


def _follow(stream: IO[str], report: Report) -> list[str]:
    """Collect the lines of ``go build -v``, telling now and then how far it is."""
    lines: list[str] = []
    finished = threading.Event()
    started = time.monotonic()

    def beat() -> None:
        while not finished.wait(_HEARTBEAT):
            report(f"{len(lines)} packages compiled or modules fetched, {time.monotonic() - started:.0f} s")

    ticker = threading.Thread(target=beat, daemon=True)
    ticker.start()
    try:
        for line in stream:
            lines.append(line)
    finally:
        finished.set()
        ticker.join()
    return lines


def toolchain(cache: Cache) -> str:
    """Return the Go version and platform that programs are built with and for."""
    return go(cache, ["env", "GOVERSION", "GOOS", "GOARCH"], GO_FAMILIES)


def build_family(
    name: str,
    wanted: Sequence[GoProgram],
    cache: Cache,
    report: Report,
    *,
    chain: str,
    children: Children,
) -> dict[str, stamps.Stamp]:
    """Build those of the family's wanted programs that are not up to date; return all stamps.

    ``chain`` is what :func:`toolchain` says; ``children`` can end the compiler early.
    """
    with locked(cache.lock(name), lambda: report(f"{name} family: waiting for another build")):
        return _build_stale(Family(name, cache, report, children), wanted, chain)


def _build_stale(family: Family, wanted: Sequence[GoProgram], chain: str) -> dict[str, stamps.Stamp]:
    cache = family.cache
    done: dict[str, stamps.Stamp] = {}
    stale: list[tuple[GoProgram, str]] = []
    for program in wanted:
        inputs = family.inputs(program, chain)
        stamp = stamps.fresh(cache.stamps, program.name, inputs, cache.bin / program.name)
        if stamp is None:
            stale.append((program, inputs))
        else:
            done[program.name] = stamp
    if stale:
        sweep(cache.bin)
        family.prepare()
    for program, inputs in stale:
        done[program.name] = family.compile(program, inputs)
    return done
