"""Helm releases as Helm stores them: one Secret per revision, or one ConfigMap with HELM_DRIVER=configmap.

The payload is base64 (by the API, of Secrets only) of base64 (by Helm) of gzip of JSON;
very old records lack the gzip. Only the highest revision says what is installed: Helm
relabels older ones, and a failed one becomes superseded by the next that works.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from pytest_k8sgrade.outcome import cannot_tell
from pytest_k8sgrade.services.diagnosis import if_readable

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster

SECRET_TYPE = "helm.sh/release.v1"  # noqa: S105 - the type of a Secret, not a secret
PENDING = ("pending-install", "pending-upgrade", "pending-rollback", "uninstalling")
RELEASE_ANNOTATION = "meta.helm.sh/release-name"
NAMESPACE_ANNOTATION = "meta.helm.sh/release-namespace"

_GZIP_MAGIC = b"\x1f\x8b\x08"
_MAX_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Revision:
    """One revision of a release, from the labels of its Secret or ConfigMap."""

    release: str
    namespace: str
    number: int
    status: str
    created: str
    stored: bytes | None

    def as_recorded(self) -> Revision:
        """The revision with the status that its record has: Helm reads that one, labels only select."""
        if not self.stored:
            return self
        status = (self.record().get("info") or {}).get("status")
        return replace(self, status=str(status)) if status else self

    def record(self) -> Mapping[str, Any]:
        """The stored release: info, chart, config, manifest. `helm-release-unreadable` when it is none."""
        try:
            return decode(self.stored or b"")
        except (ValueError, zlib.error) as error:
            cannot_tell(
                "helm-release-unreadable",
                release=self.release,
                namespace=self.namespace,
                revision=self.number,
                seen=type(error).__name__,
            )


def decode(stored: bytes) -> Mapping[str, Any]:
    """The release behind what Helm wrote; ValueError or zlib.error when it is damaged."""
    try:
        packed = base64.b64decode(stored, validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
    text = _gunzip(packed) if packed.startswith(_GZIP_MAGIC) else packed
    record = json.loads(text)
    if not isinstance(record, dict):
        raise ValueError("not an object")
    return record


def _gunzip(packed: bytes) -> bytes:
    unpacker = zlib.decompressobj(wbits=31)
    text = unpacker.decompress(packed, _MAX_BYTES)
    if unpacker.unconsumed_tail:
        raise ValueError("too large")
    return text


def revisions(cluster: Cluster, release: str, namespace: str | None) -> list[Revision]:
    """All stored revisions of a release, oldest first; of every namespace when it is None."""
    labels = {"owner": "helm", "name": release}
    stored: Sequence[Mapping[str, Any]] = cluster.list("v1", "Secret", namespace, labels=labels)
    if not stored:
        stored = if_readable(lambda: cluster.list("v1", "ConfigMap", namespace, labels=labels)) or []
    found = [revision for one in stored if (revision := _revision(one, release, namespace)) is not None]
    return sorted(found, key=lambda revision: revision.number)


def release_names(cluster: Cluster, namespace: str) -> list[str]:
    """The names of all releases of a namespace that are not uninstalled."""
    secrets = cluster.list("v1", "Secret", namespace, labels={"owner": "helm"})
    labels = [one["metadata"].get("labels") or {} for one in secrets if one.get("type") == SECRET_TYPE]
    return sorted({one["name"] for one in labels if "name" in one and one.get("status") != "uninstalled"})


def _revision(item: Mapping[str, Any], release: str, namespace: str | None) -> Revision | None:
    metadata = item["metadata"]
    labels = metadata.get("labels") or {}
    number = str(labels.get("version", ""))
    if item.get("type", SECRET_TYPE) != SECRET_TYPE or not number.isdecimal():
        return None
    return Revision(
        release=release,
        namespace=metadata.get("namespace") or namespace or "",
        number=int(number),
        status=str(labels.get("status", "unknown")),
        created=str(metadata.get("creationTimestamp", "")),
        stored=_stored(item),
    )


def _stored(item: Mapping[str, Any]) -> bytes | None:
    """What Helm wrote, None where there is nothing or it is no base64."""
    value = str((item.get("data") or {}).get("release", ""))
    if item["kind"] == "ConfigMap":
        return value.encode()
    try:
        return base64.b64decode(value, validate=True)
    except ValueError:
        return None


def installed(cluster: Cluster, release: str, namespace: str) -> list[Mapping[str, Any]]:
    """The objects that the newest revision of a release has made, from its manifest."""
    import yaml  # noqa: PLC0415 - only to explain a fault

    found = revisions(cluster, release, namespace)
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        documents = list(yaml.load_all(found[-1].record().get("manifest") or "", loader)) if found else []
    except yaml.YAMLError:
        return []
    return [item for one in documents for item in objects_of(one)]


def objects_of(document: object) -> Iterator[dict[str, Any]]:
    """The objects of one document of a manifest: itself, or those of a List, which Helm takes apart."""
    if not isinstance(document, dict):
        return
    if (document.get("apiVersion"), document.get("kind")) == ("v1", "List"):
        for item in document.get("items") or []:
            yield from objects_of(item)
    elif isinstance(document.get("metadata"), dict):
        yield document


def version_matches(version: str, wanted: str) -> bool:
    """Whether a chart version satisfies `wanted`: comma separated `>=1.2`, `<2`, or an exact version."""
    return all(_compare(version, part.strip()) for part in wanted.split(",") if part.strip())


def _compare(version: str, wanted: str) -> bool:
    match = re.fullmatch(r"(>=|<=|>|<|==?|)\s*v?([0-9][0-9A-Za-z.+-]*)", wanted)
    if match is None:
        raise ValueError(f"not a version constraint: {wanted!r}")
    have, want = _numbers(version), _numbers(match[2])
    match match[1]:
        case ">=":
            return have >= want
        case "<=":
            return have <= want
        case ">":
            return have > want
        case "<":
            return have < want
        case _:
            return version.removeprefix("v") == match[2]


def _numbers(version: str) -> tuple[int, int, int]:
    numbers = [
        int(part) for part in re.findall(r"\d+", version.split("-", maxsplit=1)[0].split("+", maxsplit=1)[0])
    ]
    major, minor, patch, *_ = [*numbers, 0, 0, 0]
    return major, minor, patch


def value_of(record: Mapping[str, Any], path: str) -> object:
    """The value that the templates saw at a path: what was set, else the chart's own; None for none.

    Paths are written as for `helm --set`: `hosts[0].name`, a dot within a key behind a backslash. A null
    that was set takes the chart's own value away, and a list that was set its whole list.
    """
    own: object = record.get("config") or {}
    default: object = (record.get("chart") or {}).get("values") or {}
    for key in _keys(path):
        if _holds(own, key):
            own = _entry(own, key)
            default = _entry(default, key) if isinstance(own, Mapping) else None
        else:
            own, default = None, _entry(default, key)
    return default if own is None else own


def plain(value: object) -> str:
    """A value as YAML writes a scalar."""
    return str(value).lower() if isinstance(value, bool) or value is None else str(value)


def _keys(path: str) -> list[str | int]:
    parts = re.findall(r"\[(\d+)\]|((?:\\.|[^.\[\\])+)", path)
    return [int(number) if number else re.sub(r"\\(.)", r"\1", name) for number, name in parts]


def _holds(values: object, key: str | int) -> bool:
    if isinstance(key, int):
        return isinstance(values, list) and key < len(values)
    return isinstance(values, Mapping) and key in values


def _entry(values: object, key: str | int) -> object:
    return cast("Mapping[str | int, object]", values)[key] if _holds(values, key) else None


def of_release(workload: Mapping[str, Any], release: str, namespace: str = "") -> bool:
    """Whether an object belongs to a release of that namespace, by Helm's annotations, else the usual label.

    Without a namespace it is the one that the object is in. Helm writes both annotations
    on all that it makes, so that a label beside them says nothing more.
    """
    metadata = workload["metadata"]
    annotations = metadata.get("annotations") or {}
    if RELEASE_ANNOTATION in annotations:
        home = namespace or metadata.get("namespace", "")
        owner = (annotations[RELEASE_ANNOTATION], annotations.get(NAMESPACE_ANNOTATION, home))
        return owner == (release, home)
    return (metadata.get("labels") or {}).get("app.kubernetes.io/instance") == release
