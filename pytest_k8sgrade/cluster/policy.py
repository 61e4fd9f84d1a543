"""What a kubeconfig may make this program do, by whose kubeconfig it is.

One's own may run its credential plugins and name its files. Another person's is
hostile input: it must not start a program, read a file of this machine, or send
requests elsewhere. Redirects are followed for neither.
"""

from __future__ import annotations

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


_USER_FILES = ("client-certificate", "client-key", "tokenFile")
_USER_KEYS = frozenset(
    {
        "client-certificate-data",
        "client-key-data",
        "token",
        "username",
        "password",
        *_USER_FILES,
        "exec",
        "auth-provider",
        "as",
        "as-uid",
        "as-groups",
        "as-user-extra",
        "extensions",
    }
)
_CLUSTER_KEYS = frozenset(
    {
        "server",
        "certificate-authority-data",
        "certificate-authority",
        "tls-server-name",
        "insecure-skip-tls-verify",
        "proxy-url",
        "disable-compression",
        "extensions",
    }
)


def refused(policy: Policy, cluster: Mapping[str, Any], user: Mapping[str, Any]) -> list[str]:
    """The keys of the chosen cluster and user that the policy does not allow, in words."""
    return [*_refused_of_cluster(policy, cluster), *_refused_of_user(policy, user)]


def _refused_of_cluster(policy: Policy, cluster: Mapping[str, Any]) -> Iterator[str]:
    if not policy.files and cluster.get("certificate-authority"):
        yield "cluster.certificate-authority (a file; embed it as certificate-authority-data)"
    if not policy.insecure_tls:
        if cluster.get("insecure-skip-tls-verify"):
            yield "cluster.insecure-skip-tls-verify (the server must prove who it is)"
        if not str(cluster.get("server", "")).lower().startswith("https://"):
            yield "cluster.server (must begin with https://)"
    if not policy.proxy and cluster.get("proxy-url"):
        yield "cluster.proxy-url (requests must go to the server itself)"
    if not policy.unknown_keys:
        yield from (f"cluster.{key} (unknown)" for key in sorted(set(map(str, cluster)) - _CLUSTER_KEYS))


def _refused_of_user(policy: Policy, user: Mapping[str, Any]) -> Iterator[str]:
    if not policy.plugins:
        for key in ("exec", "auth-provider"):
            if user.get(key):
                yield f"user.{key} (it would run or ask something else; use a token or embedded certificate)"
    if not policy.unknown_keys:
        yield from (f"user.{key} (unknown)" for key in sorted(set(map(str, user)) - _USER_KEYS))
    if not policy.files:
        yield from (f"user.{key} (a file; embed its content)" for key in _USER_FILES if user.get(key))
    if not policy.impersonation and any(user.get(key) for key in ("as", "as-uid", "as-groups")):
        yield "user.as (impersonation)"
