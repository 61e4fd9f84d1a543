"""What a layer is: an add-on put on a running bed, in two steps.

`install` applies the objects and returns as soon as the API server has them (plus what other
layers need before they can apply theirs, such as established CRDs); `wait` returns when the add-on
works. Layers are installed side by side, each after the layers it needs.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import yaml

from tests.testbed.build.images import image

if TYPE_CHECKING:
    from tests.testbed.node import Bed

TESTBED = Path(__file__).resolve().parent.parent
STAND_INS = TESTBED / "standins"
STAND_IN_LABEL = "pytest-k8sgrade/stand-in"

# One large set of CRDs at a time: two at once take longer than one after the other, and whoever waits for
# the first set can then go on. Held until the set is served.
CRDS = threading.Lock()

Document = dict[str, Any]


class Layer(Protocol):
    """An add-on."""

    @property
    def name(self) -> str:
        """How scenarios and other layers call it."""
        ...

    @property
    def needs(self) -> tuple[str, ...]:
        """Layers whose `install` comes before this one's, and whose `wait` before this one's."""
        ...

    @property
    def components(self) -> frozenset[str]:
        """What has to be built for it beyond the bed itself."""
        ...

    @property
    def images(self) -> frozenset[str]:
        """Keys of the images its pods use."""
        ...

    def install(self, bed: Bed) -> None:
        """Apply the objects."""
        ...

    def wait(self, bed: Bed) -> None:
        """Return when it works; raise TimeoutError with what was last seen."""
        ...


def documents(*path: str) -> list[Document]:
    """The documents of one of our manifests."""
    text = TESTBED.joinpath("manifests", *path).read_text(encoding="utf-8")
    return parse(text)


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """By the C parser where there is one, because upstream manifests are large."""


# A lone `=` is a value of its own in YAML 1.1, which CRDs use as one of an enumeration.
_Loader.add_constructor("tag:yaml.org,2002:value", lambda loader, node: loader.construct_scalar(node))


def parse(text: str) -> list[Document]:
    """YAML documents without the empty ones."""
    return [found for found in yaml.load_all(text, Loader=_Loader) if found]


def lean(part: Any) -> Any:
    """A CRD without its descriptions: the API server then takes a third less time to serve it."""
    if isinstance(part, dict):
        return {
            key: lean(value)
            for key, value in part.items()
            if key != "description" or not isinstance(value, str)
        }
    return [lean(entry) for entry in part] if isinstance(part, list) else part


def apply(bed: Bed, found: Iterable[Document], timeout: float = 180) -> None:
    """Apply objects as the layers do it: server-side and without validation by kubectl.

    Validation makes the API server compute its OpenAPI document anew after every CRD, which costs more
    than all else; the manifests are ours and the API server refuses what is wrong anyway.
    """
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(found)})
    flags = ["--server-side", "--force-conflicts", "--validate=false"]
    bed.kubectl("apply", *flags, "-f", "-", input=text, timeout=timeout)


def scripts(folder: str) -> dict[str, str]:
    """The files of a stand-in, as the data of a ConfigMap."""
    return {
        path.name: path.read_text(encoding="utf-8")
        for path in sorted((STAND_INS / folder).iterdir())
        if path.is_file()
    }


def config_map(name: str, namespace: str, data: dict[str, str]) -> Document:
    """A ConfigMap."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": namespace},
        "data": data,
    }


def namespace(name: str) -> Document:
    """A Namespace."""
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def stand_in(name: str, where: str, folder: str, pod: Document, labels: dict[str, str]) -> list[Document]:
    """A Deployment that runs server.py of a stand-in's folder, and the ConfigMap with it."""
    files = f"{name}-files"
    container = {
        "name": name,
        "image": image("base"),
        "imagePullPolicy": "IfNotPresent",
        "command": ["python3", "-B", "/app/server.py"],
        "volumeMounts": [{"name": "app", "mountPath": "/app"}],
        **pod.pop("container", {}),
    }
    spec = {
        "terminationGracePeriodSeconds": 1,
        "containers": [container],
        "volumes": [{"name": "app", "configMap": {"name": files}}],
        **pod,
    }
    template = {"metadata": {"labels": {**labels, STAND_IN_LABEL: folder}}, "spec": spec}
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": where, "labels": {STAND_IN_LABEL: folder}},
        "spec": {"selector": {"matchLabels": labels}, "template": template},
    }
    return [config_map(files, where, scripts(folder)), deployment]
