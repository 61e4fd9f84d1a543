"""Addresses of Git repositories: the same repository has several.

By https or ssh, with a user or without, with `.git` or a slash at the end: hosting services take
all of them, and none of them tells capitals apart.
"""

from __future__ import annotations

from urllib.parse import urlsplit


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
