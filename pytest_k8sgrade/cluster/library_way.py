"""A way by the kubernetes library, for whatever is more than a server and a credential.

Credential plugins, passwords, proxies and what else a kubeconfig may say are the library's;
what is added is what it leaves open: a plugin that fails is an error here and not an
anonymous client, and proxies and certificate bundles of the environment do not divert requests.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import ssl
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from kubernetes import config as _config
from kubernetes.client import ApiClient, Configuration

from pytest_k8sgrade.cluster.faults import kubeconfig_fault
from pytest_k8sgrade.cluster.kubeconfig import Chosen
from pytest_k8sgrade.cluster.masking import MASK
from pytest_k8sgrade.cluster.policy import OWN
from pytest_k8sgrade.cluster.way import Way

config: Any = _config
"""The library ships no types."""
_SECRET_KEYS: Final = ("token", "password", "client-key-data", "client-certificate-data")
_LEAST_SECRET: Final = 4
"""Shorter values would take ordinary words out of a message."""
_ENDED: Final = re.compile(r"exec: process returned (-?\d+)")
"""The beginning of what the library logs of a plugin, before the plugin's own words."""


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

    def authorization() -> str | None:
        with _root_log():  # it may run the plugin again
            value = (configuration.auth_settings().get("BearerToken") or {}).get("value")
        return str(value) if value else None

    return Way(
        pool=pool,
        authorization=authorization,
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
            kubeconfig_fault("no-socks", chosen.where)
        # A helper that asks for credentials may quote what it got.
        asks = chosen.user.get("exec") or chosen.user.get("auth-provider")
        said = type(error).__name__ if asks else _short(_masked(str(error), chosen))
        kubeconfig_fault("refused-by-library", chosen.where, said=said)


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
    label = "plugin-absent-hint" if hint else "plugin-absent"
    kubeconfig_fault(label, chosen.where, plugin=repr(command), hint=hint)


def _require_no_plugin(chosen: Chosen, log: Log) -> None:
    """What a plugin says may hold secrets, so it is told how it ended and not what it printed."""
    plugin, provider = chosen.user.get("exec"), chosen.user.get("auth-provider")
    if plugin:
        known = plugin if isinstance(plugin, dict) else {}
        command = {"plugin": repr(str(known.get("command") or "exec"))}
        if any(isinstance(error, OSError) for error in log.errors):
            kubeconfig_fault("plugin-not-started", chosen.where, **command)
        codes = [match[1] for line in log.lines if (match := _ENDED.match(line))]
        if codes:
            kubeconfig_fault("plugin-failed", chosen.where, code=codes[-1], **command)
        kubeconfig_fault("plugin-no-credential", chosen.where, version=known.get("apiVersion"), **command)
    if provider:
        name = provider.get("name") if isinstance(provider, dict) else None
        kubeconfig_fault("provider-failed", chosen.where, plugin=repr(str(name or "auth-provider")))


def _require_usable_pair(chosen: Chosen, configuration: Any) -> None:
    """What a plugin gave as certificate and key must be such; else every handshake would fail."""
    if not configuration.cert_file:
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(
            configuration.cert_file, configuration.key_file, password=lambda: ""
        )
    except (OSError, ValueError, TypeError):
        kubeconfig_fault("plugin-no-pair", chosen.where)


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


@dataclass(frozen=True, slots=True)
class Log:
    """What the library only logged: its lines, and the errors that it was about."""

    lines: list[str] = field(default_factory=list)
    errors: list[BaseException | None] = field(default_factory=list)


@contextmanager
def _root_log() -> Iterator[Log]:
    """Keep to ourselves what the library only logs: a plugin's own words would be in everybody's log."""
    log, root, own, thread = Log(), logging.getLogger(), logging.NullHandler(), threading.get_ident()

    def taken(record: logging.LogRecord) -> bool:
        if record.thread != thread:
            return True
        log.lines.append(record.getMessage())
        log.errors.append(sys.exc_info()[1])
        return False

    root.addFilter(taken)
    root.addHandler(own)  # without any, the library would set up logging for everybody
    try:
        yield log
    finally:
        root.removeHandler(own)
        root.removeFilter(taken)


def _short(text: str, limit: int = 200) -> str:
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
