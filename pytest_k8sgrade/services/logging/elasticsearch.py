"""Elasticsearch as a check asks it: its health, the newest records, why there are none.

An index pattern also finds data streams. With security on, the service proxy cannot
log in: then only the operator's resource (ECK) tells something.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, NoReturn

from pytest_k8sgrade.kube.times import parse_time
from pytest_k8sgrade.outcome import cannot_tell, unmet
from pytest_k8sgrade.services.web import Page, Web

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster

PORT = 9200
TYPELESS = {"Elasticsearch": 8, "OpenSearch": 2}
"""Since which version records with a type are refused."""
SAMPLE = 20
"""The newest records that are looked at."""
_BACKING = re.compile(r"^\.ds-(.+)-\d{4}\.\d\d\.\d\d-\d{6}$")
"""The index behind a data stream, which is asked for by the stream's name."""
BLOCKS = ("read_only_allow_delete", "read_only", "write")


@dataclass(frozen=True, slots=True)
class Records:
    """How many records an index pattern has, and the newest of them."""

    total: int
    newest: Sequence[Mapping[str, Any]]

    @property
    def at(self) -> datetime | None:
        """The time of the newest record."""
        times = [parse_time(str(one.get("@timestamp"))) for one in self.newest]
        return max((moment for moment in times if moment is not None), default=None)


class Elasticsearch:
    """One Elasticsearch behind the service proxy."""

    def __init__(self, cluster: Cluster, namespace: str, service: str) -> None:
        self.web = Web(cluster, service, namespace, PORT)

    def health(self) -> Mapping[str, Any] | None:
        """The cluster's health; None when a password is wanted for it."""
        page = self.web.get("/_cluster/health")
        if page.status in (401, 403):
            return None
        if page.status != 200 or "status" not in (page.body or {}):
            self._unusable(page)
        return dict(page.body)

    def version(self) -> tuple[str, int]:
        """Which of the two programs it is, and its major version; 0 when it does not say."""
        told = self._get("/")["version"] or {}
        major = str(told.get("number") or "").partition(".")[0]
        store = "OpenSearch" if told.get("distribution") == "opensearch" else "Elasticsearch"
        return store, int(major) if major.isdecimal() else 0

    def records(self, pattern: str) -> Records:
        """The records of the indices and data streams of that pattern; of none there are none."""
        params = {"size": str(SAMPLE), "sort": "@timestamp:desc", "track_total_hits": "true"}
        page = self._get(f"/{pattern}/_search", params)
        if page.status == 400:  # no index has the field: they can only be counted
            page = self._get(f"/{pattern}/_search", {"size": str(SAMPLE), "track_total_hits": "true"})
        if page.status == 404:
            return Records(0, [])
        if page.status != 200 or page["hits"] is None:
            self._unusable(page)
        total = page["hits"].get("total")
        count = total.get("value") if isinstance(total, dict) else total
        return Records(int(count or 0), [one.get("_source") or {} for one in page["hits"].get("hits") or []])

    def blocked(self, pattern: str) -> dict[str, str]:
        """The indices that take no new records, and their block."""
        found = self._get(f"/{pattern}/_settings/index.blocks.*").body or {}
        blocks = {
            name: ((one.get("settings") or {}).get("index") or {}).get("blocks") or {}
            for name, one in found.items()
            if isinstance(one, dict)
        }
        return {
            name: key
            for name, own in sorted(blocks.items())
            for key in BLOCKS
            if str(own.get(key)).lower() == "true"
        }

    def others(self) -> list[str]:
        """The indices with records that are nobody's own, by name."""
        listed = self._get("/_cat/indices", {"format": "json"}).body
        rows = listed if isinstance(listed, list) else []
        filled = [
            str(row.get("index") or "") for row in rows if str(row.get("docs.count")) not in ("0", "None")
        ]
        names = {_BACKING.sub(r"\1", name) for name in filled}
        return sorted(name for name in names if not name.startswith((".", "ilm-")))

    def _get(self, path: str, params: Mapping[str, str] | None = None) -> Page:
        page = self.web.get(path, params)
        if page.status in (401, 403):
            self.wants_password(page.status)
        if page.body is None:
            cannot_tell("elasticsearch-bad-answer", seen=page.status, status=page.status, **self.web.where)
        return page

    def wants_password(self, status: int) -> NoReturn:
        """Say that nothing can be read without a password."""
        cannot_tell("elasticsearch-wants-password", seen=status, status=status, **self.web.where)

    def _unusable(self, page: Page) -> NoReturn:
        unmet("elasticsearch-unavailable", seen=page.status, wanted=200, status=page.status, **self.web.where)
