"""Which addresses a kubeconfig of somebody else may lead to, whatever its server is called.

Names are resolved by whoever asks; what counts is the address that a connection goes to.
Private networks are allowed, since clusters live there; this machine itself and what
only answers on its link (a cloud's metadata service above all) are not.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, Literal, TypeAlias
from urllib.parse import urlsplit

from pytest_k8sgrade.cluster.policy import Policy

Address: TypeAlias = IPv4Address | IPv6Address
Place: TypeAlias = Literal["loopback", "link-local"]
"""What the roster calls the permission."""
_METADATA: Final = frozenset(
    map(
        ip_address,
        (
            "fd00:ec2::254",
            "fd20:ce::254",
            "100.100.100.200",
            "168.63.129.16",
            "192.0.0.192",
            "169.254.169.254",
        ),
    )
)
_TRANSLATED: Final = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"), IPv6Network("::/96"))
"""Prefixes behind which the last four bytes are an IPv4 address."""
_THIS_NETWORK: Final = ip_network("0.0.0.0/8")


AddressFault: TypeAlias = Literal["spaces", "port", "scheme", "more", "host"]


def address_fault(server: str) -> AddressFault | None:
    """Why no request can be sent to a server's address; None when one can."""
    if not server.isprintable() or " " in server:
        return "spaces"
    try:
        parts = urlsplit(server)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return "port"
    if parts.scheme not in ("https", "http"):
        return "scheme"
    if "@" in parts.netloc or "?" in server or "#" in server:
        return "more"
    labels = [] if ":" in host else host.removesuffix(".").split(".")
    return None if all(0 < len(label) < 64 for label in labels) else "host"


def addresses_of(server: str) -> list[str]:
    """What the host of a server's address resolves to now; nothing when it does not."""
    try:
        host = urlsplit(server).hostname or ""
        return [str(entry[4][0]) for entry in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]
    except (OSError, ValueError):
        return []


def refused_place(address: str, policy: Policy) -> Place | None:
    """Why nobody else's kubeconfig may lead to this address; None when it may."""
    for meant in _meant(address):
        if not policy.loopback and _is_this_machine(meant):
            return "loopback"
        if not policy.link_local and _is_link_local(meant):
            return "link-local"
    if not policy.loopback and _is_own(address):
        return "loopback"
    return None


def _meant(address: str) -> Iterator[Address]:
    """The address and, of an IPv6 address that carries one, the IPv4 address."""
    found = ip_address(address.partition("%")[0])
    yield found
    if isinstance(found, IPv4Address):
        return
    carried = [found.ipv4_mapped, found.sixtofour, *(found.teredo or ())]
    yield from (one for one in carried if one is not None)
    if any(found in network for network in _TRANSLATED):
        yield IPv4Address(int(found) & 0xFFFFFFFF)


def _is_this_machine(address: Address) -> bool:
    return address.is_loopback or address.is_unspecified or address in _THIS_NETWORK


def _is_link_local(address: Address) -> bool:
    beside = address.is_link_local or address.is_multicast or str(address) == "255.255.255.255"
    return beside or address in _METADATA


def _is_own(address: str) -> bool:
    """Whether it is an address of this machine: packets to it would come from it. None is sent."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((address, 9))
            return bool(ip_address(probe.getsockname()[0]) == ip_address(address))
    except (OSError, ValueError):
        return False
