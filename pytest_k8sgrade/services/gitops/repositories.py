"""Addresses of Git repositories: the same repository has several.

By https or ssh, with a user or without, with `.git` or a slash at the end: hosting services take
all of them, and none of them tells capitals apart.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

_WILD: Final = {"**": ".*", "*": "[^/]*", "?": "[^/]"}


def same_repository(address: str, asked: str) -> bool:
    """Whether an address is the one that is asked for, which may also be a repository's bare name."""
    own, wanted = _place(address), _place(asked)
    if "/" not in wanted:
        return own.rpartition("/")[2] == wanted
    return own == wanted


def _place(address: str) -> str:
    """Host and path."""
    text = address.strip().casefold()
    if "://" in text:
        parts = urlsplit(text)
        text = f"{parts.netloc.rpartition('@')[2].partition(':')[0]}{parts.path}"
    elif "@" in text and ":" in text:
        host, _, path = text.rpartition("@")[2].partition(":")
        text = f"{host}/{path.lstrip('/')}"
    return text.rstrip("/").removesuffix(".git")


def permits(patterns: Sequence[str], address: str) -> bool:
    """Whether a project's patterns let a repository in; one that begins with `!` keeps it out.

    As Argo CD compares them: a lone `*` is any repository, elsewhere it ends at the next slash, and
    what only keeps some out lets all others in.
    """
    own = _normal(address)
    denied = any(_matches(one[1:], own) for one in patterns if one.startswith("!"))
    return not denied and any(one.startswith("!") or _matches(one, own) for one in patterns)


def _matches(pattern: str, address: str) -> bool:
    if pattern == "*":
        return True
    parts = re.split(r"(\*\*|\*|\?)", _normal(pattern))
    text = "".join(_WILD.get(part, re.escape(part)) for part in parts)
    return re.fullmatch(text, address) is not None


def _normal(address: str) -> str:
    text = address.strip().lower()
    if "://" not in text and "@" in text:
        text = text.replace(":", "/", 1)
    return text.removeprefix("ssh://").removesuffix(".git")
