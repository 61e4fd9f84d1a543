"""An authenticated way to the API server, made by the kubernetes library.

Kubeconfig, credential plugins, certificates and TLS are the library's; what is
added is what it leaves open: a plugin that fails is an error here and not an
anonymous client, proxies and certificate bundles of the environment do not divert
requests, and a plugin runs at most once in half a minute. Nothing is sent here
(see `transport`), and importing the library is put off until `connect`.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

from pytest_k8sgrade.cluster.addresses import PLACES, addresses_of, refused_place
from pytest_k8sgrade.cluster.bounded import Workers
from pytest_k8sgrade.cluster.identity import identity
from pytest_k8sgrade.cluster.kubeconfig import Chosen
from pytest_k8sgrade.cluster.policy import OWN
from pytest_k8sgrade.errors import KubeconfigFault

if TYPE_CHECKING:
    import urllib3

PLUGIN_TIME_S: Final = 60.0
"""A credential plugin that waits for a browser login must not wait for ever."""
HEADER_AGE_S: Final = 30.0
"""How long an Authorization header is used before the library is asked again."""
POOL_SIZE: Final = 16
USER_AGENT: Final = "pytest-k8sgrade"


class Connection:
    """The API server of one context. `pool`, `headers` and `insecure` are for the transport."""

    def __init__(self, chosen: Chosen, workers: Workers) -> None:
        self.context = chosen.context
        self.server = chosen.server
        self.where = chosen.where
        self.identity = ""
        self.insecure = False
        self.anonymous = True
        self.pool: urllib3.PoolManager
        self._chosen = chosen
        self._workers = workers
        self.generation = 0
        self._lock = threading.Lock()
        self._renewal = threading.Lock()
        self._configuration: Any = None
        self._client: Any = None
        self._authorization: dict[str, str] = {}
        self._authorized_at = float("-inf")
        self.load()

    def load(self) -> None:
        """Read the credentials anew; KubeconfigFault when they cannot be had."""
        try:
            self._workers.call(self._load, PLUGIN_TIME_S)
        except TimeoutError:
            self._fault(f"its credentials were not there after {PLUGIN_TIME_S:.0f} s", "log in again")

    def renew(self, generation: int) -> None:
        """Read the credentials anew, unless somebody else has done so since that generation."""
        with self._renewal:
            if self.generation == generation:
                self.load()

    def headers(self) -> dict[str, str]:
        """Headers for one request: who we are, and for whom."""
        with self._lock:
            if time.monotonic() - self._authorized_at > HEADER_AGE_S:
                self._authorization = self._authorize()
                self._authorized_at = time.monotonic()
            return {"User-Agent": USER_AGENT, **self._authorization}

    def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            self._client.close()

    def _load(self) -> None:
        from kubernetes.client import ApiClient, Configuration  # noqa: PLC0415 - 0.3 s, only for a live cluster

        configuration = Configuration(proxy="", no_proxy="", retries=False, connection_pool_maxsize=POOL_SIZE)
        with _root_log() as log:
            self._load_into(configuration)
        self.anonymous = not (configuration.api_key or configuration.cert_file)
        self._require_credentials(log)
        self._impersonation()
        client = ApiClient(configuration)
        self.close()
        self._client, self._configuration = client, configuration
        self.pool = client.rest_client.pool_manager
        if self._chosen.policy != OWN:
            self._guard()
        self.insecure = not configuration.verify_ssl
        self.identity = identity(self._chosen.user_name, self._chosen.user, _content(configuration.cert_file))
        self._authorized_at = float("-inf")
        self.generation += 1

    def _guard(self) -> None:
        from pytest_k8sgrade.cluster.guarded import guard  # noqa: PLC0415 - imports urllib3

        guard(self.pool, self._chosen.policy)

    def _load_into(self, configuration: Any) -> None:
        from kubernetes import config as untyped  # noqa: PLC0415 - as above

        config: Any = untyped
        chosen = self._chosen
        options = {
            "context": chosen.context,
            "client_configuration": configuration,
            "persist_config": False,
        }
        try:
            if chosen.policy == OWN and chosen.files:
                config.load_kube_config(config_file=os.pathsep.join(map(str, chosen.files)), **options)
            else:
                config.load_kube_config_from_dict(config_dict=chosen.document, **options)
        except (config.ConfigException, OSError, ValueError, KeyError, TypeError) as error:
            message = f"the kubernetes library refuses it ({_short(str(error))})"
            raise KubeconfigFault(f"{self.where}: {message}. Next: make the kubeconfig anew.") from error

    def _require_credentials(self, log: list[str]) -> None:
        user = self._chosen.user
        if not self.anonymous or not (user.get("exec") or user.get("auth-provider")):
            return
        plugin = user["exec"].get("command") if isinstance(user.get("exec"), dict) else "auth-provider"
        said = f" ({_short(log[-1])})" if log else ""
        self._fault(
            f"the credential plugin {str(plugin)!r} gave no credentials{said}", "log in again or repair it"
        )

    def _authorize(self) -> dict[str, str]:
        settings = self._configuration.auth_settings()
        value = (settings.get("BearerToken") or {}).get("value")
        return ({"Authorization": value} if value else {}) | self._impersonation()

    def _impersonation(self) -> dict[str, str]:
        user = self._chosen.user
        if not user.get("as"):
            return {}
        groups = user.get("as-groups") or []
        if len(groups) > 1:
            self._fault("impersonation with several groups is not supported", "use one group or none")
        headers = {"Impersonate-User": str(user["as"])}
        return headers | ({"Impersonate-Group": str(groups[0])} if groups else {})

    def _fault(self, what: str, next_step: str) -> NoReturn:
        raise KubeconfigFault(f"{self.where}: {what}. Next: {next_step}.")


def connect(chosen: Chosen) -> tuple[Connection, Workers]:
    """The connection of a chosen context, and the threads that it may use."""
    workers = Workers()
    if chosen.policy != OWN:
        _require_ordinary_address(chosen, workers)
    return Connection(chosen, workers), workers


def _require_ordinary_address(chosen: Chosen, workers: Workers) -> None:
    """Refuse early and in words what `guarded` would refuse at each connection."""
    try:
        addresses = workers.call(lambda: addresses_of(chosen.server), seconds=5.0)
    except TimeoutError:
        return
    for address in addresses:
        place = refused_place(address, chosen.policy)
        if place is not None:
            raise KubeconfigFault(
                f"{chosen.where}: its server {chosen.server} is {PLACES[place]} ({address}), where a "
                "kubeconfig of somebody else may not lead. Next: ask for the cluster's own address, "
                f"or allow {place!r}."
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


def _content(path: str | None) -> bytes | None:
    return Path(path).read_bytes() if path else None


def _short(text: str, limit: int = 200) -> str:
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
