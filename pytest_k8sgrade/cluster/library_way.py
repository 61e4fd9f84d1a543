"""A way by the kubernetes library, for whatever is more than a server and a credential.

Credential plugins, passwords, proxies and what else a kubeconfig may say are the library's;
what is added is what it leaves open: a plugin that fails is an error here and not an
anonymous client, and proxies and certificate bundles of the environment do not divert requests.
"""

from __future__ import annotations

import logging
import os
import shutil
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NoReturn

from kubernetes import config as _config
from kubernetes.client import ApiClient, Configuration

from pytest_k8sgrade.cluster.kubeconfig import Chosen
from pytest_k8sgrade.cluster.masking import MASK
from pytest_k8sgrade.cluster.policy import OWN
from pytest_k8sgrade.cluster.way import Way
from pytest_k8sgrade.errors import KubeconfigFault

config: Any = _config
"""The library ships no types."""
_SECRET_KEYS: Final = ("token", "password", "client-key-data", "client-certificate-data")
_LEAST_SECRET: Final = 4
"""Shorter values would take ordinary words out of a message."""


def library_way(chosen: Chosen, pool_size: int) -> Way:
    """The library's pool and credentials; KubeconfigFault when it cannot have them."""
    configuration: Any = Configuration(
        proxy="", no_proxy="", retries=False, connection_pool_maxsize=pool_size
    )
    _require_program(chosen)
    with _root_log() as log:
        pool = _load(chosen, configuration)
    anonymous = not (configuration.api_key or configuration.cert_file)
    if anonymous:
        _require_no_plugin(chosen, log)
    _require_usable_pair(chosen, configuration)
    return Way(
        pool=pool,
        authorization=lambda: (configuration.auth_settings().get("BearerToken") or {}).get("value"),
        certificate=Path(configuration.cert_file).read_bytes() if configuration.cert_file else None,
        insecure=not configuration.verify_ssl,
        anonymous=anonymous,
    )


def _load(chosen: Chosen, configuration: Any) -> Any:
    """Fill the configuration and make its pool of connections."""
    options = {"context": chosen.context, "client_configuration": configuration, "persist_config": False}
    try:
        if chosen.policy == OWN and chosen.files:
            config.load_kube_config(config_file=os.pathsep.join(map(str, chosen.files)), **options)
        else:
            config.load_kube_config_from_dict(config_dict=chosen.document, **options)
        return ApiClient(configuration).rest_client.pool_manager
    except Exception as error:  # the library and its helpers raise whatever a fault leads to
        if _needs_socks(chosen, error):
            _fault(chosen, "its proxy-url needs a package for SOCKS", "run `pip install pysocks`")
        said = _short(_masked(str(error), chosen))
        _fault(chosen, f"the kubernetes library refuses it ({said})", "make the kubeconfig anew")


def _needs_socks(chosen: Chosen, error: Exception) -> bool:
    return isinstance(error, (ImportError, Warning)) and str(chosen.cluster.get("proxy-url")).startswith(
        "socks"
    )


def _require_program(chosen: Chosen) -> None:
    """A plugin that is not installed is told as such, with what the kubeconfig says about getting it."""
    plugin = chosen.user.get("exec")
    command = plugin.get("command") if isinstance(plugin, dict) else None
    if not isinstance(command, str) or Path(command).name != command or shutil.which(command):
        return
    hint = _short(_masked(str(plugin.get("installHint") or ""), chosen)) if isinstance(plugin, dict) else ""
    where = "install it, or put its folder into PATH" + (f" ({hint})" if hint else "")
    _fault(chosen, f"its credential plugin {command!r} is not installed on this machine", where)


def _require_no_plugin(chosen: Chosen, log: list[str]) -> None:
    user = chosen.user
    if not (user.get("exec") or user.get("auth-provider")):
        return
    plugin = next((_program(user[key], key) for key in ("exec", "auth-provider") if user.get(key)), "")
    said = f" ({_short(_masked(log[-1], chosen))})" if log else ""
    _fault(chosen, f"the credential plugin {plugin!r} gave no credentials{said}", "log in again or repair it")


def _program(plugin: object, key: str) -> str:
    known = plugin if isinstance(plugin, dict) else {}
    return str(known.get("command") or known.get("name") or key)


def _require_usable_pair(chosen: Chosen, configuration: Any) -> None:
    """What a plugin gave as certificate and key must be such; else every handshake would fail."""
    if not configuration.cert_file:
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(
            configuration.cert_file, configuration.key_file, password=lambda: ""
        )
    except (OSError, ValueError, TypeError):
        what = "its client certificate and key are no pair in PEM without a passphrase"
        _fault(chosen, what, "log in again, or make the kubeconfig anew")


def _masked(text: str, chosen: Chosen) -> str:
    """A text of the library or of a plugin without what the kubeconfig keeps secret."""
    for secret in sorted(_secrets(chosen.user), key=len, reverse=True):
        text = text.replace(secret, MASK)
    return text


def _secrets(user: Mapping[str, Any]) -> Iterator[str]:
    """The values of a user that may be secret: all but names of files and of programs."""
    provider, plugin = user.get("auth-provider"), user.get("exec")
    settings = provider.get("config") if isinstance(provider, dict) else None
    environment = plugin.get("env") if isinstance(plugin, dict) else None
    values = [user.get(key) for key in _SECRET_KEYS]
    values += list(settings.values()) if isinstance(settings, dict) else []
    values += [one.get("value") for one in environment or [] if isinstance(one, dict)]
    yield from (str(value) for value in values if len(str(value or "")) >= _LEAST_SECRET)


def _fault(chosen: Chosen, what: str, next_step: str) -> NoReturn:
    raise KubeconfigFault(f"{chosen.where}: {what}. Next: {next_step}.")


@contextmanager
def _root_log() -> Iterator[list[str]]:
    """Catch what the library only logs; without a handler it would also set up logging for everybody."""
    lines: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger().addHandler(handler)
    try:
        yield lines
    finally:
        logging.getLogger().removeHandler(handler)


def _short(text: str, limit: int = 200) -> str:
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
