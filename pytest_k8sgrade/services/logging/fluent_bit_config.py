"""The configuration of Fluent Bit: where it reads, and which indices it writes to.

Read from the ConfigMaps that its pods mount, in the classic form and in YAML. Variables are
those of the configuration itself and of the containers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pytest_k8sgrade.cluster.plain_yaml import NotPlain, load_plain
from pytest_k8sgrade.services.diagnosis import if_readable
from pytest_k8sgrade.services.running.workloads import pod_template

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster

Object = Mapping[str, Any]

STORES: Final = ("es", "opensearch")
"""The plugins that write to Elasticsearch and to what came of it; they have the same settings."""
_SECTION: Final = re.compile(r"\[(\w+)\]")
_VARIABLE: Final = re.compile(r"\$\{([^}]+)\}")
_OPEN: Final = re.compile(r"\$\{[^}]*\}|\$[\w.]+(?:\[[^\]]*\])*|%[A-Za-z]|\*+")
"""Parts of an index's name that are known only when a record is written."""
_TRUE: Final = frozenset({"on", "true", "yes"})


@dataclass(frozen=True, slots=True)
class Section:
    """One input or output: its settings, with names in lower case."""

    kind: str
    settings: Mapping[str, str]

    @property
    def plugin(self) -> str:
        """The plugin that it is of."""
        return self.settings.get("name", "").lower()

    def on(self, setting: str) -> bool:
        """Whether a switch is on."""
        return self.settings.get(setting, "").lower() in _TRUE

    @property
    def index(self) -> str:
        """The pattern of the indices that an output writes to; a prefix out of the records may be any."""
        if not self.on("logstash_format"):
            return _pattern(self.settings.get("index") or "fluent-bit")
        if self.settings.get("logstash_prefix_key"):
            return "*"
        separator = self.settings.get("logstash_prefix_separator", "-")
        return _pattern(f"{self.settings.get('logstash_prefix') or 'logstash'}{separator}*")

    @property
    def chooses(self) -> bool:
        """Whether an input of files reads only some of a folder's logs."""
        paths = [one.strip() for one in self.settings.get("path", "").split(",")]
        return self.plugin == "tail" and not any(one.endswith(("/*", "/*.log")) for one in paths)


def _pattern(name: str) -> str:
    return re.sub(r"\*+", "*", _OPEN.sub("*", name))


def sections(cluster: Cluster, daemon_set: Object) -> list[Section] | None:
    """The inputs and outputs in the mounted ConfigMaps; None when none can be read."""
    namespace, spec = daemon_set["metadata"]["namespace"], pod_template(daemon_set)
    volumes = spec.get("volumes") or []
    names = [one["configMap"]["name"] for one in volumes if (one.get("configMap") or {}).get("name")]
    maps = [if_readable(lambda: cluster.get("v1", "ConfigMap", name, namespace)) for name in names]  # noqa: B023
    texts = [text for one in maps if one is not None for text in (one.get("data") or {}).values()]
    if not texts:
        return None
    found = [one for text in texts for one in [*_classic(text), *_yaml(text)]]
    known = _environment(spec) | {
        key: value for one in found if one.kind == "set" for key, value in one.settings.items()
    }
    return [Section(one.kind, _filled(one.settings, known)) for one in found if one.kind != "set"]


def _environment(spec: Object) -> dict[str, str]:
    entries = [entry for one in spec.get("containers") or [] for entry in one.get("env") or []]
    return {str(entry["name"]): str(entry["value"]) for entry in entries if "value" in entry}


def _filled(settings: Mapping[str, str], known: Mapping[str, str]) -> dict[str, str]:
    def value(match: re.Match[str]) -> str:
        return known.get(match[1], match[0])

    return {key: _VARIABLE.sub(value, text) for key, text in settings.items()}


def _classic(text: str) -> Iterator[Section]:
    current: dict[str, str] = {}
    for line in (written.strip() for written in text.splitlines()):
        section = _SECTION.fullmatch(line)
        if section:
            current = {}
            if section[1].lower() in ("input", "output"):
                yield Section(section[1].lower(), current)
        elif line.lower().startswith("@set "):
            key, _, value = line[len("@set ") :].partition("=")
            yield Section("set", {key.strip(): value.strip()})
        elif line and not line.startswith(("#", "@")):
            key, *rest = line.split(None, 1)
            current[key.lower()] = rest[0] if rest else ""


def _yaml(text: str) -> Iterator[Section]:
    try:
        document = load_plain(text)
    except NotPlain:
        return
    if not isinstance(document, dict):
        return
    own = document.get("env")
    yield Section(
        "set", {str(key): str(value) for key, value in (own if isinstance(own, dict) else {}).items()}
    )
    pipeline = document.get("pipeline")
    for kind in ("input", "output"):
        for one in (pipeline.get(f"{kind}s") or []) if isinstance(pipeline, dict) else []:
            yield Section(kind, {str(key).lower(): _switch(value) for key, value in one.items()})


def _switch(value: Any) -> str:
    return ("on" if value else "off") if isinstance(value, bool) else str(value)
