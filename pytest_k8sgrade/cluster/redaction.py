"""Takes secrets out of answers at the moment they are read.

Checks, live or on evidence, see only what comes out of here, and the evidence is
that same text: so both grade alike, and no secret can reach a report. Kept are the
names of keys, whether a value is empty, and what verdicts need: the record of a Helm
release, the structure of an Alertmanager configuration, the addresses in Argo CD's
cluster and repository Secrets. Redacting twice changes nothing.

What is redacted: values of Secrets; literal values of environment variables and
parameters whose name speaks of a credential; string fields of that kind, wherever
they are. The annotation with the last applied object repeats all of it and is
dropped, as are managed fields and the version of a list, which say nothing.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from pytest_k8sgrade.cluster.documents import parse_json
from pytest_k8sgrade.cluster.exchange import Request, Response
from pytest_k8sgrade.cluster.helm_record import redact_record
from pytest_k8sgrade.cluster.masking import MASK, mask_document, mask_text, mask_yaml, without_user
from pytest_k8sgrade.cluster.places import service_of

_SECRETS = re.compile(r"/api/v1/(?:namespaces/[^/]+/)?secrets(?:/[^/]+)?")
_PUBLIC = re.compile(
    r"/apis?/(?:v1|events\.k8s\.io/v1|apiextensions\.k8s\.io/v1)/(?:namespaces/[^/]+/)?"
    r"(?:configmaps|events|customresourcedefinitions)(?:/[^/]+)?"
)
"""Not masked but for Helm's records: it is readable to everybody who may look, and it is bulk."""
_LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"
_HELM_TYPE: Final = "helm.sh/release.v1"
_ARGOCD_LABEL: Final = "argocd.argoproj.io/secret-type"
_ARGOCD_KEPT: Final = frozenset({"name", "server", "url", "type", "project", "namespaces", "enableOCI"})
_ALERTMANAGER_KEY: Final = "alertmanager.yaml"
_MEMORY: Final = 256
"""Redacted values that are remembered: Helm records cost milliseconds and change rarely."""


class Redactor:
    """Redacts the answers of one cluster. Safe to use from several threads."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], str] = {}

    def redact(self, request: Request, response: Response) -> Response:
        """The answer as it may be seen and kept."""
        if service_of(request.path) is not None:
            return _rewritten(response, mask_document) if _is_json(response) else response
        if not _is_json(response):
            return response
        if _PUBLIC.fullmatch(request.path):
            return _rewritten(response, _public)
        if _SECRETS.fullmatch(request.path):
            return _rewritten(response, self._secrets, _hidden)
        return _rewritten(response, _object)

    def _secrets(self, document: Any) -> Any:
        for secret in _items(document):
            self._secret(secret)
        return _slimmed(document)

    def _secret(self, secret: dict[str, Any]) -> None:
        secret.pop("stringData", None)
        data = secret.get("data")
        if isinstance(data, dict):
            secret["data"] = {key: self._value(secret, key, value) for key, value in data.items()}

    def _value(self, secret: Mapping[str, Any], key: str, value: object) -> str:
        if not isinstance(value, str) or not value:
            return ""
        how = _how(secret, key)
        known = (how.__name__, value)
        kept = self._known.get(known)
        if kept is None:
            if len(self._known) >= _MEMORY:
                self._known.clear()
            kept = self._known[known] = _reencoded(value, how)
        return kept


def _how(secret: Mapping[str, Any], key: str) -> Callable[[bytes], bytes]:
    """What remains of a value of that Secret under that key."""
    labels = (secret.get("metadata") or {}).get("labels") or {}
    if secret.get("type") == _HELM_TYPE and key == "release":
        return redact_record
    if key == _ALERTMANAGER_KEY:
        return mask_yaml
    if labels.get(_ARGOCD_LABEL) and key in _ARGOCD_KEPT:
        return without_user
    return _nothing


def _public(document: Any) -> Any:
    """As it is, but for the releases that Helm keeps in ConfigMaps when it is told to."""
    for item in _items(document):
        labels, data = (item.get("metadata") or {}).get("labels") or {}, item.get("data")
        if labels.get("owner") == "helm" and isinstance(data, dict) and isinstance(data.get("release"), str):
            data["release"] = redact_record(data["release"].encode()).decode()
    return _slimmed(document)


def _nothing(_value: bytes) -> bytes:
    return MASK.encode()


def _reencoded(value: str, how: Callable[[bytes], bytes]) -> str:
    try:
        kept = how(base64.b64decode(value, validate=True))
    except (binascii.Error, ValueError):
        kept = MASK.encode()
    return base64.b64encode(kept).decode()


def _object(document: Any) -> Any:
    return mask_document(_slimmed(document))


def _slimmed(document: Any) -> Any:
    """Without what says nothing: who manages fields, and when a list was read."""
    if isinstance(document, dict) and "items" in document and isinstance(document.get("metadata"), dict):
        document["metadata"].pop("resourceVersion", None)
    for item in _items(document):
        metadata = item.get("metadata")
        if isinstance(metadata, dict):
            metadata.pop("managedFields", None)
            annotations = metadata.get("annotations")
            if isinstance(annotations, dict):
                annotations.pop(_LAST_APPLIED, None)
    return document


def _items(document: Any) -> list[dict[str, Any]]:
    if not isinstance(document, dict):
        return []
    items = document.get("items")
    if isinstance(items, list):
        return [item for item in items if isinstance(item, dict)]
    return [document]


def _is_json(response: Response) -> bool:
    return response.header("content-type").partition(";")[0].strip().endswith("json")


def _hidden(_text: str) -> str:
    return MASK


def _rewritten(
    response: Response, change: Callable[[Any], Any], unread: Callable[[str], str] = mask_text
) -> Response:
    """The answer with its document changed; what is none says nothing, and may still hold a secret."""
    try:
        return Response.of_document(change(parse_json(response.content)), response)
    except (ValueError, RecursionError):
        content = unread(response.text).encode()
        return Response(response.status, response.headers, content, response.path)
