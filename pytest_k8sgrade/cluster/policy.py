"""What a kubeconfig may make this program do, by whose kubeconfig it is.

One's own may run its credential plugins and name its files. Another person's is
hostile input: it must not start a program, read a file of this machine, or send
requests elsewhere. Redirects are followed for neither.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from pytest_k8sgrade.errors import UsageFault


@dataclass(frozen=True, slots=True)
class Policy:
    """What is allowed. `loopback` is this machine itself, by whatever address."""

    plugins: bool
    files: bool
    insecure_tls: bool
    proxy: bool
    impersonation: bool
    loopback: bool
    link_local: bool
    unknown_keys: bool


OWN: Final = Policy(
    plugins=True,
    files=True,
    insecure_tls=True,
    proxy=True,
    impersonation=True,
    loopback=True,
    link_local=True,
    unknown_keys=True,
)
FOREIGN: Final = Policy(
    plugins=False,
    files=False,
    insecure_tls=False,
    proxy=False,
    impersonation=False,
    loopback=False,
    link_local=False,
    unknown_keys=False,
)
PERMISSIONS: Final[Mapping[str, str]] = {
    name.replace("_", "-"): name
    for name in ("plugins", "files", "insecure_tls", "proxy", "impersonation", "loopback", "link_local")
}
"""What may be allowed to a foreign kubeconfig, as people write it, with the policy's field."""


def foreign(allow: Iterable[str] = ()) -> Policy:
    """The policy for somebody else's kubeconfig with what is allowed to it; raises `UsageFault`."""
    names = frozenset(allow)
    if unknown := sorted(names - PERMISSIONS.keys()):
        raise UsageFault(
            f"allow {', '.join(map(repr, unknown))}: a kubeconfig can be allowed {', '.join(PERMISSIONS)}. "
            "Next: correct the name, or leave it out."
        )
    return replace(FOREIGN, **{PERMISSIONS[name]: True for name in names})


USER_FILES: Final = ("client-certificate", "client-key", "tokenFile")
CLUSTER_FILES: Final = ("certificate-authority",)
_PROGRAMS = ("exec", "auth-provider")
_IMPERSONATION = ("as", "as-uid", "as-groups", "as-user-extra")
_USER_KEYS = frozenset(
    {
        "client-certificate-data",
        "client-key-data",
        "token",
        "username",
        "password",
        *USER_FILES,
        *_PROGRAMS,
        *_IMPERSONATION,
        "extensions",
    }
)
_CLUSTER_KEYS = frozenset(
    {
        "server",
        "certificate-authority-data",
        *CLUSTER_FILES,
        "tls-server-name",
        "insecure-skip-tls-verify",
        "proxy-url",
        "disable-compression",
        "extensions",
    }
)
_HEADERS = frozenset({"token", "username", "password"})
_TEXTS = frozenset({"tls-server-name", "proxy-url", *_HEADERS, *USER_FILES, *CLUSTER_FILES})
_SERVER = re.compile(
    r"(?i)https?://(?:[a-z0-9._-]+|\[[0-9a-f:.]+(?:%[a-z0-9]+)?\])(?::[0-9]{1,5})?(?:/[\w.~/-]*)?"
)
"""A host, a port, a path: no user, query or fragment, which mean different things to different readers."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A key that is not allowed, and why, as the texts call it."""

    key: str
    why: str


def refused(policy: Policy, cluster: Mapping[str, Any], user: Mapping[str, Any]) -> list[Refusal]:
    """The keys of the chosen cluster and user that the policy does not allow."""
    return [*_refused_of_cluster(policy, cluster), *_refused_of_user(policy, user)]


def _refused_of_cluster(policy: Policy, cluster: Mapping[str, Any]) -> Iterator[Refusal]:
    if not policy.files:
        for key in _given(cluster, CLUSTER_FILES):
            yield Refusal(f"cluster.{key}", "file")
    if not policy.insecure_tls:
        if cluster.get("insecure-skip-tls-verify"):
            yield Refusal("cluster.insecure-skip-tls-verify", "insecure")
        if not str(cluster.get("server", "")).lower().startswith("https://"):
            yield Refusal("cluster.server", "scheme")
    if not policy.proxy and _given(cluster, ("proxy-url",)):
        yield Refusal("cluster.proxy-url", "proxy")
    if not policy.unknown_keys:
        if not str(cluster.get("proxy-url") or "http://").lower().startswith(("http://", "https://")):
            yield Refusal("cluster.proxy-url", "proxy-scheme")
        if not _SERVER.fullmatch(str(cluster.get("server", ""))):
            yield Refusal("cluster.server", "server")
        yield from _unknown("cluster", cluster, _CLUSTER_KEYS)


def _refused_of_user(policy: Policy, user: Mapping[str, Any]) -> Iterator[Refusal]:
    if not policy.plugins:
        for key in _given(user, _PROGRAMS):
            yield Refusal(f"user.{key}", "program")
    if not policy.files:
        for key in _given(user, USER_FILES):
            yield Refusal(f"user.{key}", "token-file" if key == "tokenFile" else "file")
    if not policy.impersonation and _given(user, _IMPERSONATION):
        yield Refusal("user.as", "impersonation")
    if not policy.unknown_keys:
        yield from _unknown("user", user, _USER_KEYS)
        yield from _refused_keys(user)


def _refused_keys(user: Mapping[str, Any]) -> Iterator[Refusal]:
    """A certificate without its key lets OpenSSL look for one, and ask at the terminal for a passphrase."""
    certificate, key = (
        user.get(f"{part}-data") or user.get(part) for part in ("client-certificate", "client-key")
    )
    if bool(certificate) != bool(key):
        yield Refusal("user.client-certificate", "half-pair")


def _unknown(part: str, mapping: Mapping[str, Any], known: frozenset[str]) -> Iterator[Refusal]:
    for key in sorted(set(map(str, mapping)) - known):
        yield Refusal(f"{part}.{ascii(key)[1:-1][:80]}", "unknown")
    for key in sorted(known & mapping.keys()):
        value = mapping[key]
        if key in _TEXTS and value and not (isinstance(value, str) and value.isprintable()):
            yield Refusal(f"{part}.{key}", "no-line")
        elif key in _HEADERS and value and not value.isascii():
            yield Refusal(f"{part}.{key}", "no-ascii")


def _given(mapping: Mapping[str, Any], keys: Iterable[str]) -> list[str]:
    return [key for key in keys if mapping.get(key)]
