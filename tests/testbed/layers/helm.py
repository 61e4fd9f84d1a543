"""Helm inside the bed: the real program, local charts only.

A chart is copied to a temporary folder before it is used, so that a layer can put stand-in scripts
and the references of the bed's images into it; what users set is passed with --set and ends up in
the release Secret as it does for them.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from .base import TESTBED, scripts

if TYPE_CHECKING:
    from tests.testbed.node import Bed

CHARTS = TESTBED / "charts"
# Validation costs the API server a new OpenAPI document; see `base.apply`.
FLAGS = ("--disable-openapi-validation",)


def run(bed: Bed, *arguments: str, timeout: float = 120) -> str:
    """Run helm in the bed and return its output."""
    with tempfile.TemporaryDirectory(prefix="testbed-helm-") as home:
        folders = [f"HELM_{kind}_HOME={home}/{kind.lower()}" for kind in ("CACHE", "CONFIG", "DATA")]
        program = [str(bed.artifacts.binary("helm")), "--kubeconfig", str(bed.kubeconfig)]
        done = bed.run(["/usr/bin/env", *folders, *program, *arguments], timeout=timeout)
    return str(done.stdout)


@contextmanager
def chart(
    name: str, *, values: Mapping[str, Any] | None = None, stand_ins: tuple[str, ...] = ()
) -> Iterator[Path]:
    """A copy of a local chart with changed defaults and with stand-ins under its files."""
    with tempfile.TemporaryDirectory(prefix="testbed-chart-") as folder:
        copy = Path(folder) / name
        shutil.copytree(CHARTS / name, copy)
        for stand_in in stand_ins:
            place = copy / "files" / stand_in
            place.mkdir(parents=True)
            for script, text in scripts(stand_in).items():
                (place / script).write_text(text, encoding="utf-8")
        if values:
            defaults = yaml.safe_load((copy / "values.yaml").read_text(encoding="utf-8")) or {}
            text = yaml.safe_dump({**defaults, **values}, sort_keys=False)
            (copy / "values.yaml").write_text(text, encoding="utf-8")
        yield copy


def install(bed: Bed, release: str, path: Path, namespace: str, sets: Mapping[str, str], *extra: str) -> str:
    """Install with --set values; without --wait it returns once the objects are applied."""
    flags = [flag for key, value in sets.items() for flag in ("--set", f"{key}={value}")]
    return run(bed, "install", release, str(path), "--namespace", namespace, *FLAGS, *flags, *extra)


def upgrade(bed: Bed, release: str, path: Path, namespace: str, sets: Mapping[str, str], *extra: str) -> str:
    """Upgrade with --set values; without any it reuses those of the release, as helm does."""
    flags = [flag for key, value in sets.items() for flag in ("--set", f"{key}={value}")]
    return run(bed, "upgrade", release, str(path), "--namespace", namespace, *FLAGS, *flags, *extra)
