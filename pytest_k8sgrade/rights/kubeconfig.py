"""A kubeconfig to hand in: the server of one's own, and a token that may do less.

The token is made by `kubectl create token`; nothing is asked of the cluster here.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pytest_k8sgrade.cluster import Inline
from pytest_k8sgrade.cluster.kubeconfig import Chosen, choose
from pytest_k8sgrade.cluster.policy import foreign
from pytest_k8sgrade.errors import UsageFault

MAX_TOKEN: Final = 64 * 1024
_TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/=-]+")
_KEPT: Final = ("server", "certificate-authority-data", "tls-server-name")


def handed_in(own: Chosen, token: str, user: str) -> str:
    """The kubeconfig as text, one that `k8sgrade batch` accepts; raises `UsageFault`."""
    token = token.strip()
    if not token or len(token) > MAX_TOKEN or not _TOKEN.fullmatch(token):
        raise UsageFault(
            "standard input holds no token; pipe that of `kubectl create token` into this command"
        )
    name = "k8sgrade"
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": _cluster(own)}],
        "users": [{"name": user, "user": {"token": token}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": user}}],
        "current-context": name,
    }
    text = json.dumps(document, indent=2) + "\n"  # JSON is YAML, and has one way to write a text
    choose(Inline(text, "to hand in"), policy=foreign(["loopback"]))
    return text


def _cluster(own: Chosen) -> Mapping[str, Any]:
    kept = {key: own.cluster[key] for key in _KEPT if own.cluster.get(key)}
    file = own.cluster.get("certificate-authority")
    if file and "certificate-authority-data" not in kept:
        kept["certificate-authority-data"] = base64.b64encode(_read(own, str(file))).decode()
    return kept


def _read(own: Chosen, file: str) -> bytes:
    folder = own.files[0].parent if own.files else Path()
    try:
        return (folder / file).read_bytes()
    except OSError as error:
        raise UsageFault(
            f"{own.where}: its certificate authority {file!r} cannot be read ({error.strerror}); "
            "make the kubeconfig anew"
        ) from error
