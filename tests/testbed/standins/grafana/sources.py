"""Data sources of the Grafana stand-in as the API shows them: listed, checked, queried and proxied.

Health and queries are really asked of the data source's own address, so a wrong address or a
stopped Prometheus shows here as it would in Grafana. Query results come back as data frames (field
names, labels and columns of values).
"""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

from .store import Json, Store

MISSING = 404, {"message": "Data source not found", "traceID": ""}


def fetch(url: str) -> tuple[int, bytes]:
    """Status and body of a GET; status 0 with the reason when nothing answered."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except OSError as error:
        return 0, str(error).encode()


def read(store: Store, rest: str, query: str) -> tuple[int, Any]:
    """Addresses below /api/datasources."""
    parts = [part for part in rest.split("/") if part]
    if not parts:
        return 200, store.datasources
    if parts[0] == "proxy":
        return proxy(store, parts[1:], query)
    key = {"uid": "uid", "name": "name"}.get(parts[0])
    if key is None or len(parts) < 2:
        return 404, {"message": "Not found", "traceID": ""}
    found = next((entry for entry in store.datasources if entry[key] == parts[1]), None)
    return about(found, parts[2:], query) if found else MISSING


def about(source: Json, parts: list[str], query: str) -> tuple[int, Any]:
    """A data source itself, its health, or one of its resources."""
    if parts == ["health"]:
        return health(source)
    if parts[:1] == ["resources"]:
        return forward(source, "/".join(parts[1:]), query)
    return 200, source


def health(source: Json) -> tuple[int, Json]:
    """What a save-and-test of the data source answers."""
    path = "/api/v1/query?query=1%2B1" if source["type"] == "prometheus" else "/api/v2/status"
    status, body = fetch(source["url"].rstrip("/") + path)
    if status == 200:
        name = "Prometheus" if source["type"] == "prometheus" else "Alertmanager"
        return 200, {"message": f"Successfully queried the {name} API.", "status": "OK"}
    reason = body.decode(errors="replace")[:200] if status == 0 else f"HTTP status {status}"
    return 400, {"message": f"Error querying the data source: {reason}", "status": "ERROR", "details": {}}


def proxy(store: Store, parts: list[str], query: str) -> tuple[int, Any]:
    """/api/datasources/proxy/uid/<uid>/<path> and the older form with a number."""
    if parts[:1] == ["uid"] and len(parts) > 1:
        found, path = store.datasource(parts[1]), parts[2:]
    else:
        number = parts[0] if parts else ""
        found, path = (
            next((entry for entry in store.datasources if str(entry["id"]) == number), None),
            parts[1:],
        )
    return forward(found, "/".join(path), query) if found else MISSING


def forward(source: Json, path: str, query: str) -> tuple[int, Any]:
    """Pass a GET on and its JSON back."""
    status, body = fetch(f"{source['url'].rstrip('/')}/{path}" + (f"?{query}" if query else ""))
    if status == 0:
        return 502, {"message": "Bad Gateway", "traceID": ""}
    try:
        return status, json.loads(body)
    except ValueError:
        return status, {"message": body.decode(errors="replace")}


def query(store: Store, body: Json) -> tuple[int, Json]:
    """POST /api/ds/query: every query of the body against its data source."""
    results: dict[str, Json] = {}
    for wanted in body.get("queries") or []:
        source = store.datasource(str((wanted.get("datasource") or {}).get("uid", "")))
        if source is None:
            return MISSING
        results[str(wanted.get("refId", "A"))] = ask(source, wanted, body)
    if not results:
        return 400, {"message": "no queries found", "traceID": ""}
    worst = max(result["status"] for result in results.values())
    return (200 if worst == 200 else 400), {"results": results}


def ask(source: Json, wanted: Json, body: Json) -> Json:
    """One query as data frames."""
    end = time.time()
    if wanted.get("instant"):
        address = "query?" + urllib.parse.urlencode({"query": wanted.get("expr", ""), "time": end})
    else:
        start = end - float(wanted.get("maxDataPoints", 240)) * 15
        if str(body.get("from", "")).isdigit():
            start = int(body["from"]) / 1000
        span = {"query": wanted.get("expr", ""), "start": start, "end": end, "step": 15}
        address = "query_range?" + urllib.parse.urlencode(span)
    status, raw = fetch(f"{source['url'].rstrip('/')}/api/v1/{address}")
    if status != 200:
        return {
            "error": raw.decode(errors="replace")[:300],
            "errorSource": "downstream",
            "status": status or 502,
        }
    data = json.loads(raw)["data"]
    return {
        "status": 200,
        "frames": [frame(wanted, series) for series in data["result"] if isinstance(series, dict)],
    }


def frame(wanted: Json, series: Json) -> Json:
    """One series as a data frame of times and values."""
    points = series.get("values") or [series["value"]]
    fields = [
        {"name": "Time", "type": "time", "typeInfo": {"frame": "time.Time"}},
        {
            "name": "Value",
            "type": "number",
            "typeInfo": {"frame": "float64"},
            "labels": series.get("metric", {}),
        },
    ]
    times = [int(float(point[0]) * 1000) for point in points]
    return {
        "schema": {"refId": wanted.get("refId", "A"), "fields": fields},
        "data": {"values": [times, [float(point[1]) for point in points]]},
    }
