"""Data sources and dashboards of the Grafana stand-in.

Both come from ConfigMaps found by label (grafana_datasource=1 and grafana_dashboard=1 in any
namespace), as the chart's side-cars do it; the data source file has to be written in the JSON
subset of YAML because only the standard library is at hand. Dashboards imported through the API
live in memory and vanish with the pod, as in a Grafana without storage.
"""

from __future__ import annotations

import json
import os
import ssl
import threading
import time
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
REFRESH = 5.0

Json = dict[str, Any]


def config_maps(label: str) -> list[Json]:
    """ConfigMaps of all namespaces that carry a label."""
    host, port = os.environ["KUBERNETES_SERVICE_HOST"], os.environ["KUBERNETES_SERVICE_PORT"]
    url = f"https://{host}:{port}/api/v1/configmaps?labelSelector={urllib.parse.quote(label)}"
    token = Path(ACCOUNT, "token").read_text(encoding="ascii")
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    tls = ssl.create_default_context(cafile=f"{ACCOUNT}/ca.crt")
    with urllib.request.urlopen(request, timeout=5, context=tls) as answer:
        items: list[Json] = json.load(answer)["items"]
    return items


@dataclass
class Store:
    """What is provisioned, read again every few seconds, and what was imported."""

    datasources: list[Json] = field(default_factory=list)
    provisioned: dict[str, Json] = field(default_factory=dict)
    imported: dict[str, Json] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def follow(self) -> None:
        """Read the ConfigMaps for ever; keep what is known while they cannot be read."""
        while True:
            try:
                self.provision()
            except (OSError, ValueError) as error:
                print(f"provisioning: {error}", flush=True)
            time.sleep(REFRESH)

    def provision(self) -> None:
        """Read data sources and dashboards once."""
        datasources = [
            describe(number, found)
            for number, found in enumerate(
                (
                    entry
                    for item in config_maps("grafana_datasource=1")
                    for text in item.get("data", {}).values()
                    for entry in json.loads(text).get("datasources", [])
                ),
                start=1,
            )
        ]
        dashboards: dict[str, Json] = {}
        for item in config_maps("grafana_dashboard=1"):
            for text in item.get("data", {}).values():
                model = json.loads(text)
                dashboards[model["uid"]] = model
        with self.lock:
            self.datasources, self.provisioned = datasources, dashboards

    def datasource(self, uid: str) -> Json | None:
        """A data source by uid."""
        return next((found for found in self.datasources if found["uid"] == uid), None)

    def dashboard(self, uid: str) -> Json | None:
        """A dashboard by uid."""
        with self.lock:
            return self.provisioned.get(uid) or self.imported.get(uid)

    def add(self, model: Json) -> Json:
        """Import a dashboard."""
        with self.lock:
            identity = len(self.imported) + 1000
            model = {**model, "id": identity, "version": 1, "uid": model.get("uid") or f"imported{identity}"}
            self.imported[model["uid"]] = model
        return model

    def search(self, query: str, tags: list[str]) -> list[Json]:
        """Dashboards whose title contains the text, in the shape of Grafana's search."""
        with self.lock:
            everything = {**self.imported, **self.provisioned}
        hits = [
            {
                "id": number,
                "uid": uid,
                "title": model["title"],
                "uri": f"db/{slug(model['title'])}",
                "url": f"/d/{uid}/{slug(model['title'])}",
                "slug": "",
                "type": "dash-db",
                "tags": model.get("tags", []),
                "isStarred": False,
                "sortMeta": 0,
            }
            for number, (uid, model) in enumerate(everything.items(), start=1)
        ]
        wanted = [
            hit
            for hit in hits
            if query.lower() in str(hit["title"]).lower() and set(tags) <= set(hit["tags"])
        ]
        return sorted(wanted, key=lambda hit: str(hit["title"]))


def describe(number: int, entry: Json) -> Json:
    """A provisioned data source as /api/datasources lists it."""
    return {
        "id": number,
        "uid": entry["uid"],
        "orgId": 1,
        "name": entry["name"],
        "type": entry["type"],
        "typeName": entry["type"].capitalize(),
        "typeLogoUrl": "",
        "access": entry.get("access", "proxy"),
        "url": entry["url"],
        "user": "",
        "database": "",
        "basicAuth": False,
        "isDefault": bool(entry.get("isDefault")),
        "jsonData": entry.get("jsonData", {}),
        "readOnly": True,
    }


def slug(title: str) -> str:
    """A title as Grafana writes it into an address."""
    return "-".join("".join(letter if letter.isalnum() else " " for letter in title.lower()).split())
