"""A Git server in the cluster, so that Argo CD has a repository of ours to read.

`git daemon` in a pod of namespace `git-server` serves one repository per folder of manifests/git/
at git://git-server.git-server.svc.cluster.local/<folder>.git; everybody in the cluster may push.
`commit` adds a commit, `revert` takes the last one back.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.testbed.build.images import image

from . import look
from .base import TESTBED, Document, apply, config_map, namespace, scripts

if TYPE_CHECKING:
    from tests.testbed.node import Bed

NAME = NAMESPACE = "git-server"
REPOSITORIES = TESTBED / "manifests" / "git"


def repositories() -> tuple[dict[str, str], list[dict[str, str]]]:
    """The repositories' files as ConfigMap data, and where each key belongs."""
    data: dict[str, str] = {}
    items: list[dict[str, str]] = []
    for number, path in enumerate(sorted(found for found in REPOSITORIES.rglob("*") if found.is_file())):
        key = f"file-{number}"
        data[key] = path.read_text(encoding="utf-8")
        items.append({"key": key, "path": path.relative_to(REPOSITORIES).as_posix()})
    return data, items


def objects() -> list[Document]:
    """Everything of the Git server."""
    data, items = repositories()
    labels = {"app": NAME}
    container = {
        "name": "git",
        "image": image("base"),
        "imagePullPolicy": "IfNotPresent",
        "command": ["/bin/sh", "/app/serve.sh"],
        "ports": [{"name": "git", "containerPort": 9418}],
        "readinessProbe": {"tcpSocket": {"port": "git"}, "periodSeconds": 1},
        "volumeMounts": [
            {"name": "app", "mountPath": "/app"},
            {"name": "content", "mountPath": "/content"},
            {"name": "repositories", "mountPath": "/srv"},
        ],
    }
    volumes = [
        {"name": "app", "configMap": {"name": f"{NAME}-scripts"}},
        {"name": "content", "configMap": {"name": f"{NAME}-content", "items": items}},
        {"name": "repositories", "emptyDir": {}},
    ]
    template = {
        "metadata": {"labels": labels},
        "spec": {"terminationGracePeriodSeconds": 1, "containers": [container], "volumes": volumes},
    }
    return [
        namespace(NAMESPACE),
        config_map(f"{NAME}-scripts", NAMESPACE, scripts("git_server")),
        config_map(f"{NAME}-content", NAMESPACE, data),
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": NAME, "namespace": NAMESPACE, "labels": labels},
            "spec": {"selector": labels, "ports": [{"name": "git", "port": 9418, "targetPort": "git"}]},
        },
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": NAME, "namespace": NAMESPACE, "labels": labels},
            "spec": {
                "replicas": 1,
                "strategy": {"type": "Recreate"},
                "selector": {"matchLabels": labels},
                "template": template,
            },
        },
    ]


@dataclass(frozen=True)
class GitServer:
    """The layer."""

    name: str = "git-server"
    needs: tuple[str, ...] = ()
    components: frozenset[str] = frozenset({"base"})
    images: frozenset[str] = frozenset({"base"})

    def install(self, bed: Bed) -> None:
        """Apply the objects."""
        apply(bed, objects())

    def wait(self, bed: Bed) -> None:
        """Wait for the pod."""
        look.all_ready(bed, NAMESPACE, {NAME: "deployment"})


def commit(bed: Bed, repository: str, message: str, files: Mapping[str, str]) -> str:
    """Write files on top of a repository's main branch and return the new revision."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for path, text in files.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(text.encode())
            tar.addfile(entry, io.BytesIO(text.encode()))
    return _in_pod(bed, "commit.sh", repository, message, sent=archive.getvalue().decode("utf-8"))


def revert(bed: Bed, repository: str) -> str:
    """Undo the last commit of a repository's main branch by another one and return the new revision."""
    return _in_pod(bed, "revert.sh", repository)


def _in_pod(bed: Bed, script: str, *arguments: str, sent: str = "") -> str:
    command = ["/bin/sh", f"/app/{script}", *arguments]
    done = bed.kubectl("exec", "-i", f"deploy/{NAME}", "-n", NAMESPACE, "--", *command, input=sent)
    return str(done).strip()
