"""A kubeconfig with just the rights of `k8sgrade rbac`, on a real cluster, made as its comments say."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.testbed.node import Bed

PROGRAM = str(Path(sys.executable).with_name("k8sgrade"))
LAB = "lab1"
Documents = list[dict[str, Any]]


def k8sgrade(*arguments: object, given: str | None = None) -> str:
    """What the command prints; it must end with 0."""
    command = [PROGRAM, *map(str, arguments)]
    ended = subprocess.run(command, input=given, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def check(bed: Bed, kubeconfig: Path, *options: str, lab: str = LAB) -> tuple[int, str]:
    """How `k8sgrade rbac --check` ends inside a bed, and what it says."""
    command = [PROGRAM, "rbac", lab, *options, "--check", "--lang", "en", "--kubeconfig", str(kubeconfig)]
    process = bed.popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    told, _ = process.communicate(timeout=60)
    return process.returncode, told


@contextmanager
def limited(
    bed: Bed,
    folder: Path,
    *options: str,
    lab: str = LAB,
    change: Callable[[Documents], object] = lambda _: None,
) -> Iterator[Path]:
    """A kubeconfig to hand in, with the role of a lab, perhaps changed; taken back at the end."""
    documents: Documents = [*yaml.safe_load_all(k8sgrade("rbac", lab, *options))]
    change(documents)
    text = yaml.safe_dump_all(documents)
    bed.kubectl("apply", "-f", "-", input=text)
    try:
        token = bed.kubectl("create", "token", "k8sgrade", "-n", "kube-system", "--duration=1h")
        place = folder / "hand-in.kubeconfig"
        own = ["--kubeconfig", bed.kubeconfig]
        k8sgrade("rbac", lab, "--kubeconfig-out", place, *own, given=token)
        yield place
    finally:
        bed.kubectl("delete", "-f", "-", input=text)
