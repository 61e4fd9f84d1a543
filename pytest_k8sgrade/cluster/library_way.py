"""A way by the kubernetes library, for whatever is more than a server and a credential.

Credential plugins, passwords, proxies and what else a kubeconfig may say are the library's;
what is added is what it leaves open: a plugin that fails is an error here and not an
anonymous client, and proxies and certificate bundles of the environment do not divert requests.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kubernetes import config as _config
from kubernetes.client import ApiClient, Configuration

from pytest_k8sgrade.cluster.kubeconfig import Chosen
from pytest_k8sgrade.cluster.policy import OWN
from pytest_k8sgrade.cluster.way import Way
from pytest_k8sgrade.errors import KubeconfigFault

config: Any = _config
"""The library ships no types."""


def library_way(chosen: Chosen, pool_size: int) -> Way:
    """The library's pool and credentials; KubeconfigFault when it cannot have them."""
    configuration: Any = Configuration(
        proxy="", no_proxy="", retries=False, connection_pool_maxsize=pool_size
    )
    with _root_log() as log:
        pool = _load(chosen, configuration)
    anonymous = not (configuration.api_key or configuration.cert_file)
    if anonymous:
        _require_no_plugin(chosen, log)
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
    except (config.ConfigException, ImportError, OSError, ValueError, KeyError, TypeError) as error:
        message = f"the kubernetes library refuses it ({_short(str(error))})"
        raise KubeconfigFault(f"{chosen.where}: {message}. Next: make the kubeconfig anew.") from error


def _require_no_plugin(chosen: Chosen, log: list[str]) -> None:
    user = chosen.user
    if not (user.get("exec") or user.get("auth-provider")):
        return
    plugin = user["exec"].get("command") if isinstance(user.get("exec"), dict) else "auth-provider"
    said = f" ({_short(log[-1])})" if log else ""
    raise KubeconfigFault(
        f"{chosen.where}: the credential plugin {str(plugin)!r} gave no credentials{said}. "
        "Next: log in again or repair it."
    )


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
