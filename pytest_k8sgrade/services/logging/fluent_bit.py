"""Fluent Bit: what its outputs are configured to, and what its counters say they delivered.

The configuration is read from the ConfigMaps that its pods mount, in the classic form
and in YAML. Counters are those of one pod behind the Service, since its last start.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pytest_k8sgrade.cluster.plain_yaml import NotPlain, load_plain
from pytest_k8sgrade.services.diagnosis import if_readable
from pytest_k8sgrade.services.web import Web

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster

Object = Mapping[str, Any]
PORT = 2020
STORES = ("es", "opensearch")
"""The plugins that write to Elasticsearch and to what came of it; they have the same settings."""
_SECTION = re.compile(r"\[(\w+)\]")
_TRUE = frozenset({"on", "true", "yes"})


@dataclass(frozen=True, slots=True)
class Output:
    """The settings of an output, their names in lower case."""

    settings: Mapping[str, str]

    def on(self, setting: str) -> bool:
        """Whether a switch is on."""
        return self.settings.get(setting, "").lower() in _TRUE

    @property
    def index(self) -> str:
        """The pattern of the indices that it writes to."""
        if self.on("logstash_format"):
            return f"{self.settings.get('logstash_prefix') or 'logstash'}-*"
        return self.settings.get("index") or "fluent-bit"


@dataclass(frozen=True, slots=True)
class Delivery:
    """Counters of one output, and the records that all inputs have read."""

    output: str
    read: int
    sent: int
    errors: int
    retries: int
    failed: int
    idle: bool = False
    """Nothing was to be sent: an input has read nothing, and another output of the kind delivers."""

    @property
    def plugin(self) -> str:
        """The plugin that it is of."""
        return self.output.partition(".")[0]


def outputs(cluster: Cluster, daemon_set: Object) -> list[Output] | None:
    """The outputs to a store of logs in the mounted ConfigMaps; None when none can be read."""
    namespace = daemon_set["metadata"]["namespace"]
    template = (daemon_set.get("spec") or {}).get("template") or {}
    volumes = (template.get("spec") or {}).get("volumes") or []
    names = [one["configMap"]["name"] for one in volumes if (one.get("configMap") or {}).get("name")]
    maps = [if_readable(lambda: cluster.get("v1", "ConfigMap", name, namespace)) for name in names]  # noqa: B023
    texts = [text for one in maps if one is not None for text in (one.get("data") or {}).values()]
    if not texts:
        return None
    found = [settings for text in texts for settings in [*_classic(text), *_yaml(text)]]
    return [Output(one) for one in found if one.get("name", "").lower() in STORES]


def _classic(text: str) -> Iterator[dict[str, str]]:
    current: dict[str, str] = {}
    for line in (written.strip() for written in text.splitlines()):
        section = _SECTION.fullmatch(line)
        if section:
            current = {}
            if section[1].upper() == "OUTPUT":
                yield current
        elif line and not line.startswith(("#", "@")):
            key, _, value = line.partition(" ")
            current[key.lower()] = value.strip()


def _yaml(text: str) -> Iterator[dict[str, str]]:
    try:
        document = load_plain(text)
    except NotPlain:
        return
    pipeline = document.get("pipeline") if isinstance(document, dict) else None
    for one in (pipeline.get("outputs") or []) if isinstance(pipeline, dict) else []:
        yield {str(key).lower(): _switch(value) for key, value in one.items()}


def _switch(value: Any) -> str:
    return ("on" if value else "off") if isinstance(value, bool) else str(value)


def deliveries(web: Web, *plugins: str) -> list[Delivery] | None:
    """The counters of the outputs of some plugins, or of all; None when they cannot be read."""
    page = web.get("/api/v1/metrics")
    inputs, found = page["input"], page["output"]
    if page.status != 200 or not isinstance(inputs, dict) or not isinstance(found, dict):
        return None
    read = sum(int(one.get("records") or 0) for one in inputs.values())
    listed = [_delivery(name, read, one) for name, one in sorted(found.items())]
    silent = any(not int(one.get("records") or 0) for one in inputs.values())
    delivering = {one.plugin for one in listed if one.sent}
    return [
        replace(one, idle=silent and one.plugin in delivering and not _tried(one))
        for one in listed
        if not plugins or one.plugin in plugins
    ]


def _tried(one: Delivery) -> bool:
    return one.sent + one.errors + one.retries + one.failed > 0


def _delivery(name: str, read: int, counters: Object) -> Delivery:
    def count(key: str) -> int:
        return int(counters.get(key) or 0)

    return Delivery(
        output=name,
        read=read,
        sent=count("proc_records"),
        errors=count("errors"),
        retries=count("retries"),
        failed=count("retries_failed"),
    )


def uptime_s(web: Web) -> int | None:
    """Seconds since the start of the pod that answers."""
    found = if_readable(lambda: web.get("/api/v1/uptime")["uptime_sec"])
    return int(found) if isinstance(found, (int, float)) else None
