"""Image references compared as the container runtime reads them.

`nginx:1.25` and `docker.io/library/nginx:1.25` are one image; a digest beside a tag
changes nothing about the tag that was asked for.
"""

from __future__ import annotations

DEFAULT_HOST = "docker.io"
_OFFICIAL = "library"


def normal(reference: str) -> str:
    """The reference with its host, `library/` and tag written out, its digest left out when it has a tag."""
    name, _, digest = reference.partition("@")
    path, tag = _split_tag(name)
    parts = path.split("/")
    if len(parts) == 1 or not _is_host(parts[0]):
        parts.insert(0, DEFAULT_HOST)
    if parts[0] == f"index.{DEFAULT_HOST}":
        parts[0] = DEFAULT_HOST
    if parts[0] == DEFAULT_HOST and len(parts) == 2:
        parts.insert(1, _OFFICIAL)
    if digest and not tag:
        return "/".join(parts) + "@" + digest
    return "/".join(parts) + ":" + (tag or "latest")


def _split_tag(name: str) -> tuple[str, str]:
    folder, slash, last = name.rpartition("/")
    base, _, tag = last.partition(":")
    return folder + slash + base, tag


def _is_host(part: str) -> bool:
    return "." in part or ":" in part or part == "localhost"


def program(reference: str) -> str:
    """The last part of the image's name: what it is, wherever a registry or mirror keeps it."""
    return _split_tag(reference.partition("@")[0])[0].rpartition("/")[2]


def same(left: str, right: str) -> bool:
    """Whether two references name the same image."""
    return normal(left) == normal(right)
