"""A way made of a kubeconfig that says everything itself: a server, its authority, a credential.

Most kubeconfigs are like that, and for them the kubernetes library (a fifth of a second of start)
does nothing that urllib3 does not do below it. Whatever is said in another way, twice, or
not as text is not plain: it is the library's (see `library_way`). Keys are never left in a file.
"""

from __future__ import annotations

import base64
import os
import ssl
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, NoReturn

from urllib3 import PoolManager
from urllib3.util.ssl_ import create_urllib3_context

from pytest_k8sgrade.cluster.faults import kubeconfig_fault
from pytest_k8sgrade.cluster.kubeconfig import MAX_BYTES, Chosen
from pytest_k8sgrade.cluster.way import Way
from pytest_k8sgrade.errors import KubeconfigFault

_TEXTS_OF_CLUSTER: Final = frozenset(
    {"server", "tls-server-name", "certificate-authority", "certificate-authority-data"}
)
_CREDENTIALS: Final = frozenset(
    {
        "token",
        "tokenFile",
        "client-certificate",
        "client-certificate-data",
        "client-key",
        "client-key-data",
    }
)
_ELSEWHERE: Final = frozenset(
    {"insecure-skip-tls-verify", "disable-compression", "extensions", "as", "as-groups"}
)
"""Keys that are no text, or that somebody else sees to."""
_FILES: Final = ("certificate-authority", "client-certificate", "client-key", "tokenFile")


def is_plain(chosen: Chosen) -> bool:
    """Whether this module can serve the kubeconfig as kubectl would."""
    cluster, user = chosen.cluster, chosen.user
    return (
        chosen.server.startswith("https://")
        and _only_texts(cluster, _TEXTS_OF_CLUSTER)
        and _only_texts(user, _CREDENTIALS)
        and cluster.get("insecure-skip-tls-verify") in (None, False, True)
        and not (user.get("token") and user.get("tokenFile"))
        and _has(user, "client-certificate") == _has(user, "client-key")
        and all(_has_place(chosen, body[name]) for body in (cluster, user) for name in _FILES if name in body)
    )


def plain_way(chosen: Chosen, pool_size: int) -> Way:
    """A pool of our own with TLS as the kubeconfig says; KubeconfigFault where that cannot be had."""
    user = chosen.user
    insecure = bool(chosen.cluster.get("insecure-skip-tls-verify"))
    certificate = _content(chosen, user, "client-certificate")
    context = create_urllib3_context(cert_reqs=ssl.CERT_NONE if insecure else ssl.CERT_REQUIRED)
    if not insecure:
        _trust(chosen, context)
    if certificate is not None:
        _identify(chosen, context, certificate)
    options = {"server_hostname": name} if (name := chosen.cluster.get("tls-server-name")) else {}
    token = user.get("token") or user.get("tokenFile")
    return Way(
        pool=PoolManager(maxsize=pool_size, retries=False, ssl_context=context, **options),
        authorization=_authorization(chosen),
        certificate=certificate,
        insecure=insecure,
        anonymous=not token and certificate is None,
    )


def _only_texts(body: Mapping[str, Any], texts: frozenset[str]) -> bool:
    return body.keys() <= texts | _ELSEWHERE and all(
        isinstance(value, str) for key, value in body.items() if key in texts
    )


def _has(user: Mapping[str, Any], part: str) -> bool:
    return bool(user.get(f"{part}-data") or user.get(part))


def _has_place(chosen: Chosen, file: str) -> bool:
    """Whether it is known which folder the file is named from."""
    return len(chosen.files) == 1 or Path(file).is_absolute()


def _trust(chosen: Chosen, context: ssl.SSLContext) -> None:
    authority = _content(chosen, chosen.cluster, "certificate-authority")
    if authority is None:
        context.load_default_certs()
        return
    try:
        context.load_verify_locations(cadata=authority.decode("ascii", errors="ignore"))
    except ssl.SSLError:
        kubeconfig_fault("bad-authority", chosen.where)


def _identify(chosen: Chosen, context: ssl.SSLContext, certificate: bytes) -> None:
    key = _content(chosen, chosen.user, "client-key") or b""
    try:
        with _as_file(certificate.rstrip() + b"\n" + key) as path:
            context.load_cert_chain(path, password=_no_passphrase)
    except (ssl.SSLError, _Encrypted):
        kubeconfig_fault("no-pair", chosen.where)


class _Encrypted(Exception):
    pass


def _no_passphrase() -> NoReturn:
    """Instead of OpenSSL's question at the terminal."""
    raise _Encrypted


@contextmanager
def _as_file(content: bytes) -> Iterator[str]:
    """What OpenSSL only reads from a file: one in memory where there are such, else a short-lived one."""
    if hasattr(os, "memfd_create"):
        handle, path = os.memfd_create("client"), ""
    else:
        handle, path = tempfile.mkstemp()
    with os.fdopen(handle, "wb") as file:
        try:
            file.write(content)
            file.flush()
            yield path or f"/proc/self/fd/{handle}"
        finally:
            if path:
                Path(path).unlink()


def _authorization(chosen: Chosen) -> Callable[[], str | None]:
    """The header of the token; one in a file is read each time, since it is replaced there."""
    if not chosen.user.get("tokenFile"):
        token = chosen.user.get("token")
        return lambda: f"Bearer {token}" if token else None
    known = _token(chosen)

    def of_file() -> str:
        nonlocal known
        with suppress(KubeconfigFault):  # it may just be being replaced, and the last one is still good
            known = _token(chosen)
        return f"Bearer {known}"

    return of_file


def _token(chosen: Chosen) -> str:
    token = _read(chosen, "tokenFile", chosen.user["tokenFile"]).decode("utf-8", errors="replace").strip()
    if not token or not token.isascii() or not token.isprintable():
        kubeconfig_fault("no-token", chosen.where)
    return token


def _content(chosen: Chosen, body: Mapping[str, Any], part: str) -> bytes | None:
    """What is embedded, else what the file says, None without either."""
    if embedded := body.get(f"{part}-data"):
        try:
            return base64.b64decode(embedded)
        except ValueError:
            kubeconfig_fault("no-base64", chosen.where, part=part)
    return _read(chosen, part, body[part]) if body.get(part) else None


def _read(chosen: Chosen, part: str, file: str) -> bytes:
    folder = chosen.files[0].parent if chosen.files else Path()
    try:
        with (folder / file).open("rb") as opened:
            return opened.read(MAX_BYTES)
    except OSError as error:
        kubeconfig_fault("part-unreadable", chosen.where, part=part, file=repr(file), why=error.strerror)
    except ValueError:
        kubeconfig_fault("part-no-name", chosen.where, part=part, file=repr(file))
