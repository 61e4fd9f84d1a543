"""Which cluster, which user: a kubeconfig read, its context chosen, its policy applied.

Only what the choice and the report need is read here. Credentials, TLS and plugins
are seen to by the way to the server (see `way`). The files are somebody else's text,
so their size and nesting are bounded, and every fault names the file, the context
and what to do next.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias

from pytest_k8sgrade.cluster.addresses import address_fault
from pytest_k8sgrade.cluster.faults import Texts, kubeconfig_fault, part, place_of, together
from pytest_k8sgrade.cluster.plain_yaml import NotPlain, load_plain
from pytest_k8sgrade.cluster.policy import CLUSTER_FILES, OWN, USER_FILES, Policy, refused

MAX_BYTES: Final = 1024 * 1024
_SECTIONS = ("clusters", "contexts", "users")
_HOST = re.compile(r"(?=.{1,253}$)[\w:-]{1,63}(?:\.[\w-]{1,63})*\.?")
"""What TLS can ask a server for; the library would break at anything else."""
_DEAD_EXEC_VERSION = "client.authentication.k8s.io/v1alpha1"


@dataclass(frozen=True, slots=True)
class Inline:
    """A kubeconfig as text. `name` is what messages call it, such as the line of a roster."""

    text: str = field(repr=False)
    name: str


Given: TypeAlias = str | Path | Inline | None
"""A kubeconfig as it may be given: None for where kubectl looks."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The cluster and user of one context. `cluster` and `user` hold credentials: never show them.

    `origin` is where it is from, for messages; `files` is empty for a text. `document` is a kubeconfig
    of this context alone.
    """

    files: tuple[Path, ...]
    origin: str
    document: Mapping[str, Any]
    context: str
    cluster_name: str
    user_name: str
    cluster: Mapping[str, Any]
    user: Mapping[str, Any]
    policy: Policy

    @property
    def server(self) -> str:
        """The API server's address; its scheme may be written in capitals."""
        scheme, _, rest = str(self.cluster["server"]).partition("://")
        return f"{scheme.lower()}://{rest}".rstrip("/")

    @property
    def where(self) -> Texts:
        """File and context, for messages."""
        return place_of(self.origin, self.context)


def choose(kubeconfig: Given = None, context: str | None = None, policy: Policy = OWN) -> Chosen:
    """The context to grade, its cluster and user; KubeconfigFault when it cannot be used."""
    if not isinstance(kubeconfig, Inline):
        return _of_files(_files(kubeconfig, policy), context, policy)
    text = kubeconfig.text.encode("utf-8", "surrogatepass")
    return _of({kubeconfig.name: text}, (), context, policy)


def _of_files(files: tuple[Path, ...], context: str | None, policy: Policy) -> Chosen:
    contents = {file: _content(file, policy) for file in files}
    # As with kubectl, an empty file beside others says nothing.
    said = {file: content for file, content in contents.items() if content.strip()} or contents
    return _of({str(file): content for file, content in said.items()}, tuple(said), context, policy)


def _of(texts: Mapping[str, bytes], files: tuple[Path, ...], context: str | None, policy: Policy) -> Chosen:
    origin = os.pathsep.join(texts)
    document = _merged({place: _parsed(text, place) for place, text in texts.items()})
    name = _context_name(document, context, origin)
    chosen = _select(document, name, files, origin, policy)
    _validate(chosen)
    return chosen


def read_again(chosen: Chosen) -> Chosen:
    """One's own files as they are now; of somebody else's, what was checked is what is used."""
    if chosen.policy != OWN or not chosen.files:
        return chosen
    return _of_files(chosen.files, chosen.context, chosen.policy)


def default_files(environment: Mapping[str, str] = os.environ) -> tuple[Path, ...]:
    """Where kubectl looks: the paths of $KUBECONFIG, else ~/.kube/config."""
    listed = [Path(part).expanduser() for part in environment.get("KUBECONFIG", "").split(os.pathsep) if part]
    return tuple(listed) or (Path("~/.kube/config").expanduser(),)


def _files(kubeconfig: str | Path | None, policy: Policy) -> tuple[Path, ...]:
    if kubeconfig is not None:
        return (Path(kubeconfig).expanduser(),)
    if policy != OWN:
        kubeconfig_fault("not-given", None)
    listed = default_files()
    return tuple(path for path in listed if path.exists()) or listed


def _merged(documents: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The documents as one; as with kubectl the first that names something wins."""
    merged: dict[str, Any] = {section: [] for section in _SECTIONS}
    current = None
    for origin, document in documents.items():
        current = current or document.get("current-context")
        for section in _SECTIONS:
            known = {entry["name"] for entry in merged[section]}
            merged[section] += [
                entry for entry in _entries(document, section, origin) if entry["name"] not in known
            ]
    return {**merged, "current-context": current}


def _entries(document: Mapping[str, Any], section: str, origin: str) -> Iterable[dict[str, Any]]:
    entries = document.get(section) or []
    if not isinstance(entries, list) or any(
        not isinstance(entry, dict) or not isinstance(entry.get("name"), str) for entry in entries
    ):
        kubeconfig_fault("bad-section", origin, section=repr(section))
    return entries


def _content(path: Path, policy: Policy) -> bytes:
    try:
        with open(path, "rb", opener=None if policy == OWN else _open_plain) as file:
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        kubeconfig_fault("no-file", path)
    except ValueError:
        kubeconfig_fault("no-name", ascii(str(path)))
    except _NotOrdinary:
        kubeconfig_fault("not-ordinary", path)
    except OSError as error:
        kubeconfig_fault("unreadable", path, why=error.strerror)


class _NotOrdinary(OSError):
    pass


def _open_plain(path: str, flags: int) -> int:
    """A file that was handed in may be a link to one of ours, or a pipe that nobody writes to."""
    opened = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(opened).st_mode):
        os.close(opened)
        raise _NotOrdinary
    return opened


def _parsed(content: bytes, origin: str) -> dict[str, Any]:
    if len(content) > MAX_BYTES:
        kubeconfig_fault("too-large", origin, limit=MAX_BYTES)
    try:
        document = load_plain(content)
    except NotPlain as error:
        kubeconfig_fault("not-plain" if error.is_yaml else "not-yaml", origin, line=error.line)
    except ValueError:
        kubeconfig_fault("not-text", origin)
    if not isinstance(document, dict):
        kubeconfig_fault("no-mapping", origin)
    return document


def _context_name(document: Mapping[str, Any], context: str | None, origin: str) -> str:
    names = [entry["name"] for entry in document["contexts"]]
    wanted = document["current-context"] if context is None else context
    known = ", ".join(map(repr, names)) or "-"
    if context is None and not wanted:
        kubeconfig_fault("no-current-context", origin, known=known)
    if wanted not in names:
        kubeconfig_fault("no-context", origin, context=repr(wanted), known=known)
    return str(wanted)


def _select(
    document: Mapping[str, Any], name: str, files: tuple[Path, ...], origin: str, policy: Policy
) -> Chosen:
    context = _named(document, "contexts", name, "context")
    cluster_name, user_name = str(context.get("cluster", "")), str(context.get("user", ""))
    known = {entry["name"] for entry in document["users"]}
    if user_name and user_name not in known:
        kubeconfig_fault("no-user", place_of(origin, name), user=repr(user_name))
    if cluster_name and cluster_name not in {entry["name"] for entry in document["clusters"]}:
        kubeconfig_fault("no-cluster", place_of(origin, name), cluster=repr(cluster_name))
    cluster = _said(_named(document, "clusters", cluster_name, "cluster"))
    if not isinstance(cluster.get("server"), str) or "://" not in cluster["server"]:
        kubeconfig_fault("no-server", place_of(origin, name), cluster=repr(cluster_name))
    user = _said(_named(document, "users", user_name, "user"))
    if policy != OWN:
        folder = files[0].parent.absolute() if files else None
        cluster, user = (_given(cluster, CLUSTER_FILES, folder), _given(user, USER_FILES, folder))
    return Chosen(
        files=files,
        origin=origin,
        document={
            "current-context": name,
            "contexts": [{"name": name, "context": {"cluster": cluster_name, "user": user_name}}],
            "clusters": [{"name": cluster_name, "cluster": cluster}],
            "users": [{"name": user_name, "user": user}],
        },
        context=name,
        cluster_name=cluster_name,
        user_name=user_name,
        cluster=cluster,
        user=user,
        policy=policy,
    )


def _said(body: Mapping[str, Any]) -> dict[str, Any]:
    """A body without its nulls: a key without a value says nothing."""
    return {key: value for key, value in body.items() if value is not None}


def _given(body: Mapping[str, Any], files: Iterable[str], folder: Path | None) -> dict[str, Any]:
    """What is really said, its files by the folder of the kubeconfig; a text has no folder."""
    given = {key: value for key, value in body.items() if value}
    for key in files:
        if isinstance(given.get(key), str):
            given[key] = str(folder / given[key]) if folder else given[key]
    return given


def _named(document: Mapping[str, Any], section: str, name: str, part: str) -> dict[str, Any]:
    body = next((entry.get(part) for entry in document[section] if entry["name"] == name), None)
    return body if isinstance(body, dict) else {}


def _validate(chosen: Chosen) -> None:
    complaints = refused(chosen.policy, chosen.cluster, chosen.user)
    if complaints:
        told = together(part(f"refused-{one.why}", key=one.key) for one in complaints)
        kubeconfig_fault("not-allowed", chosen.where, refused=told)
    name = chosen.cluster.get("tls-server-name")
    if name and not (isinstance(name, str) and _HOST.fullmatch(name)):
        kubeconfig_fault("bad-tls-name", chosen.where, name=ascii(name)[:80])
    # Somebody else's is held to a narrower form by its policy.
    fault = address_fault(chosen.server) if chosen.policy == OWN else None
    if fault is not None:
        told, cluster = part(f"address-{fault}"), repr(chosen.cluster_name)
        kubeconfig_fault("bad-address", chosen.where, cluster=cluster, fault=told)
    _require_pair(chosen)
    plugin = chosen.user.get("exec")
    if isinstance(plugin, dict) and plugin.get("apiVersion") == _DEAD_EXEC_VERSION:
        kubeconfig_fault("dead-plugin", chosen.where, version=_DEAD_EXEC_VERSION)


def _require_pair(chosen: Chosen) -> None:
    certificate, key = (
        bool(chosen.user.get(f"{half}-data") or chosen.user.get(half))
        for half in ("client-certificate", "client-key")
    )
    if certificate != key:
        lacking = "client-key" if certificate else "client-certificate"
        kubeconfig_fault("half-pair", chosen.where, lacking=lacking)
