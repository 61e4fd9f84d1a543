"""Who the kubeconfig says we are, for the report's header; it proves nothing.

Asking the server (SelfSubjectReview) would be a POST, and this program only reads.
So the name comes from the client certificate's subject or the token's own claims,
else from the kubeconfig. Nothing of a credential but this name leaves the module.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_k8sgrade.cluster.certificate import common_name
from pytest_k8sgrade.cluster.terms import claims


def identity(user_name: str, user: Mapping[str, Any], certificate: bytes | None) -> str:
    """The certificate's common name, the token's subject, or the kubeconfig's user name."""
    named = common_name(certificate) if certificate else None
    if named is None and isinstance(user.get("token"), str):
        subject = claims(user["token"]).get("sub")
        named = subject if isinstance(subject, str) else None
    return named or str(user.get("username") or user_name or "anonymous")
