"""Who gets the rights: a service account that is made for it, or one, a user or a group that is there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from pytest_k8sgrade.errors import UsageFault

Kind: TypeAlias = Literal["ServiceAccount", "User", "Group"]

_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
_NAMESPACE: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Holder:
    """The subject of a binding; a service account has a namespace."""

    kind: Kind
    name: str
    namespace: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


DEFAULT: Final = Holder("ServiceAccount", "k8sgrade", "kube-system")


def service_account(text: str) -> Holder:
    """The service account of `NAMESPACE/NAME`; raises `UsageFault`."""
    namespace, slash, name = text.partition("/")
    if not slash or not _NAMESPACE.fullmatch(namespace) or not _NAME.fullmatch(name):
        raise UsageFault(
            f"{text!r} is no service account; write NAMESPACE/NAME, e.g. {DEFAULT.namespace}/{DEFAULT.name}"
        )
    return Holder("ServiceAccount", name, namespace)


def role_name(text: str) -> str:
    """A name for a role and its binding; raises `UsageFault`."""
    if not _NAME.fullmatch(text):
        raise UsageFault(f"{text!r} is no name for a role; use small letters, digits, '-' and '.'")
    return text
