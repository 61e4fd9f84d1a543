"""The container images: name, program and configuration, all made here without a registry.

References are the upstream names and tags without their host; container runtimes
resolve such short names, and the extracted upstream manifests use the same ones.
An image is either one static program on an empty root or the Debian base layer with,
at most, one small layer on top: the base is stored once however many images use it.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from tests.testbed import versions
from tests.testbed.errors import NotBuilt
from tests.testbed.paths import Cache

from . import debian, layer
from .components import BASE
from .files import digest
from .nginx import FILES as NGINX_FILES
from .nginx import REFERENCES as NGINX_REFERENCES

Fill = Callable[[layer.LayerWriter], None]

_PATH: Final = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_NOBODY: Final = "65534:65534"
_NONROOT: Final = "65532:65532"

_REDIS_START: Final = """\
#!/bin/sh
# Options alone mean the server, as in the upstream image.
case "$1" in -*) set -- redis-server "$@" ;; esac
exec "$@"
"""


@dataclass(frozen=True)
class Image:
    """One image. ``program`` is copied to ``path``; ``files`` are (name, content, mode).

    ``tools`` are further programs, copied to usr/local/bin.
    """

    key: str
    references: tuple[str, ...]
    program: str = ""
    path: str = ""
    on_base: bool = True
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    user: str = ""
    working_dir: str = "/"
    environment: tuple[str, ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    files: tuple[tuple[str, str, int], ...] = ()
    tools: tuple[str, ...] = ()

    @property
    def reference(self) -> str:
        """The name manifests use."""
        return self.references[0]

    @property
    def components(self) -> frozenset[str]:
        """The components that must be built before the image can be made."""
        return frozenset([*self.tools, *[self.program] * bool(self.program), *[BASE] * self.on_base])


def _static(
    key: str, repository: str, tag: str, *, path: str = "", user: str = _NOBODY, **more: Any
) -> Image:
    place = path or f"bin/{key}"
    return Image(
        key,
        (f"{repository}:{tag}",),
        program=key,
        path=place,
        on_base=False,
        entrypoint=(f"/{place}",),
        user=user,
        **more,
    )


def _vpa(part: str) -> Image:
    return _static(f"vpa-{part}", f"autoscaling/vpa-{part}", versions.VPA, path=part)


def _links_to_argocd() -> tuple[tuple[str, str], ...]:
    parts = (
        "server repo-server application-controller applicationset-controller cmp-server git-ask-pass dex "
        "notifications k8s-auth commit-server"
    )
    return tuple((f"usr/local/bin/argocd-{part}", "argocd") for part in parts.split())


IMAGES: Final[tuple[Image, ...]] = (
    _static("pause", "k8sgrade/pause", versions.PAUSE, path="pause", user="65535:65535"),
    # Port 53 needs root here: file capabilities are not set in our layers.
    _static("coredns", "coredns/coredns", versions.COREDNS, path="coredns", user=""),
    _static(
        "metrics-server",
        "metrics-server/metrics-server",
        f"v{versions.METRICS_SERVER}",
        path="metrics-server",
    ),
    _static(
        "prometheus-operator", "prometheus-operator/prometheus-operator", f"v{versions.PROMETHEUS_OPERATOR}"
    ),
    _static(
        "prometheus-config-reloader",
        "prometheus-operator/prometheus-config-reloader",
        f"v{versions.PROMETHEUS_OPERATOR}",
    ),
    _static("prometheus", "prometheus/prometheus", f"v{versions.PROMETHEUS}", working_dir="/prometheus"),
    _static(
        "alertmanager", "prometheus/alertmanager", f"v{versions.ALERTMANAGER}", working_dir="/alertmanager"
    ),
    _static(
        "node-exporter", "prometheus/node-exporter", f"v{versions.NODE_EXPORTER}", path="bin/node_exporter"
    ),
    _static(
        "prometheus-adapter",
        "prometheus-adapter/prometheus-adapter",
        f"v{versions.PROMETHEUS_ADAPTER}",
        path="adapter",
    ),
    # The course's manifest names the host.
    _static("example-app", "quay.io/brancz/prometheus-example-app", f"v{versions.EXAMPLE_APP}"),
    # As in the upstream images, so that runAsNonRoot is met without a user in the manifest.
    _static("keda-operator", "kedacore/keda", versions.KEDA, path="keda", user=_NONROOT),
    _static(
        "keda-adapter", "kedacore/keda-metrics-apiserver", versions.KEDA, path="keda-adapter", user=_NONROOT
    ),
    _static(
        "keda-webhooks",
        "kedacore/keda-admission-webhooks",
        versions.KEDA,
        path="keda-admission-webhooks",
        user=_NONROOT,
    ),
    *(_vpa(part) for part in ("recommender", "updater", "admission-controller")),
    Image(
        "argocd",
        (f"argoproj/argocd:v{versions.ARGOCD}",),
        program="argocd",
        path="usr/local/bin/argocd",
        user="999",
        working_dir="/home/argocd",
        # The base layer has no gpg; without it the repository server would not start.
        environment=("USER=argocd", "HOME=/home/argocd", "ARGOCD_GPG_ENABLED=false"),
        links=_links_to_argocd(),
        # Renders the sources that are charts.
        tools=("helm",),
    ),
    Image(
        "redis",
        (f"docker/library/redis:{versions.REDIS_TAG}",),
        entrypoint=("/usr/local/bin/docker-entrypoint.sh",),
        command=("redis-server",),
        user="999",
        working_dir="/tmp",
        files=(("usr/local/bin/docker-entrypoint.sh", _REDIS_START, 0o755),),
    ),
    Image(
        "nginx",
        NGINX_REFERENCES,
        command=("nginx", "-g", "daemon off;"),
        user="101",
        files=NGINX_FILES,
    ),
    Image("busybox", ("busybox:latest", "busybox:1.36"), command=("sh",)),
    Image("curl", ("curlimages/curl:latest",), entrypoint=("curl",), user="1000", working_dir="/tmp"),
    Image("base", ("k8sgrade/base:1",), command=("sh",), environment=("PYTHONUNBUFFERED=1",)),
)


def by_key() -> dict[str, Image]:
    """Return the images by key."""
    return {image.key: image for image in IMAGES}


def image(key: str) -> str:
    """Return the full reference of an image; raise ValueError listing the keys there are."""
    return select({key})[0].reference


def select(keys: Iterable[str]) -> list[Image]:
    """Return images by key or reference, in a fixed order; raise ValueError for unknown ones."""
    known = {name: candidate for candidate in IMAGES for name in (candidate.key, *candidate.references)}
    wanted = set(keys)
    if unknown := sorted(wanted - known.keys()):
        choices = ", ".join(by_key())
        raise ValueError(f"Not an image of the testbed: {', '.join(unknown)}. Choose from: {choices}.")
    chosen = {known[name].key for name in wanted}
    return [candidate for candidate in IMAGES if candidate.key in chosen]


def components_of(keys: Iterable[str]) -> frozenset[str]:
    """Return the components to build before these images can be made."""
    return frozenset().union(*(chosen.components for chosen in select(keys)))


@dataclass(frozen=True)
class Made:
    """An image ready for import: its names, its configuration and its layers."""

    references: tuple[str, ...]
    config: bytes
    layers: tuple[layer.Layer, ...]

    @property
    def identity(self) -> str:
        """The image id: the digest of its configuration, which names its layers."""
        return sha256(self.config).hexdigest()


def make(wanted: Image, cache: Cache) -> Made:
    """Make one image out of built components; raise NotBuilt if one is missing."""
    layers: list[layer.Layer] = []
    if wanted.on_base:
        base = layer.read(cache.layers / "base.tar")
        if base is None:
            raise NotBuilt({BASE}, "python -m tests.testbed build base")
        layers.append(base)
    if wanted.program or wanted.files or wanted.links or wanted.tools:
        layers.append(_own_layer(wanted, cache))
    return Made(wanted.references, _config(wanted, layers), tuple(layers))


def _own_layer(wanted: Image, cache: Cache) -> layer.Layer:
    """The layer on top: remade when a program, the image's description or this file is another one."""
    program = _built(wanted.program, cache) if wanted.program else None
    tools = [_built(name, cache) for name in wanted.tools]
    identities = [_identity(file) for file in (program, *tools) if file is not None]
    inputs = digest(
        repr(wanted), " ".join(identities), Path(__file__).read_text(encoding="utf-8"), debian.PASSWD
    )
    return layer.make(
        cache.layers / f"{wanted.key}-own.tar", inputs, lambda writer: _fill(writer, wanted, program, tools)
    )


def _built(name: str, cache: Cache) -> Path:
    program = cache.bin / name
    if not program.is_file():
        raise NotBuilt({name}, f"python -m tests.testbed build {name}")
    return program


def _identity(program: Path) -> str:
    state = program.stat()
    return f"{state.st_size} {state.st_mtime_ns}"


def _fill(writer: layer.LayerWriter, wanted: Image, program: Path | None, tools: list[Path]) -> None:
    if not wanted.on_base:
        writer.directory("tmp", 0o1777)
        writer.file("etc/passwd", debian.PASSWD)
        writer.file("etc/group", debian.GROUP)
        if wanted.working_dir != "/":
            writer.directory(wanted.working_dir.strip("/"), 0o777)
    if program is not None:
        writer.file(wanted.path, program, 0o755)
    for tool in tools:
        writer.file(f"usr/local/bin/{tool.name}", tool, 0o755)
    for name, target in wanted.links:
        writer.link(name, target)
    for name, content, mode in wanted.files:
        writer.file(name, content, mode)


def _config(wanted: Image, layers: list[layer.Layer]) -> bytes:
    settings: dict[str, Any] = {"Env": [_PATH, *wanted.environment], "WorkingDir": wanted.working_dir}
    optional = {"Entrypoint": list(wanted.entrypoint), "Cmd": list(wanted.command), "User": wanted.user}
    settings |= {name: value for name, value in optional.items() if value}
    described = {
        "architecture": _architecture(),
        "os": "linux",
        "created": "2025-01-01T00:00:00Z",
        "config": settings,
        "rootfs": {"type": "layers", "diff_ids": [one.diff_id for one in layers]},
        "history": [{"created": "2025-01-01T00:00:00Z", "created_by": "testbed"} for _ in layers],
    }
    return json.dumps(described, sort_keys=True).encode()


def _architecture() -> str:
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
