"""Everything that the grader asks a cluster of lab 1 for, asked for by other means.

`looks.sh` is the script a course would write and looks at a part. These two look at the same
objects as the grader, taken from what it recorded: a kubectl script with one look per answer,
also through the service proxy, and a chainsaw test with one assert per object or list. What
kubectl or chainsaw cannot ask, a login and what needs it or an answer that is no object, they
leave out.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from pytest_k8sgrade.cluster.evidence import Evidence
from pytest_k8sgrade.cluster.exchange import Response
from tests.bench.chainsaw import write_asserts


def answers(evidence: Evidence) -> dict[str, Response]:
    """What was answered, by what was asked for; without what a login was needed for."""
    found = {}
    for exchange in evidence.exchanges:
        method, _, target = exchange.key.partition(" ")
        if method == "GET" and " as " not in target and isinstance(exchange.result, Response):
            found[target] = exchange.result
    return found


def write_script(found: Mapping[str, Response], file: Path) -> None:
    """One kubectl command per answer; the script ends with 1 if one of them fails."""
    looks = (f"kubectl get --raw {shlex.quote(target)} >/dev/null || failed=1" for target in found)
    file.write_text("\n".join(["#!/bin/sh", "failed=0", *looks, "exit $failed", ""]), encoding="utf-8")
    file.chmod(0o755)


def write_test(found: Mapping[str, Response], folder: Path) -> None:
    """One assert per object and per list that has something in it."""
    write_asserts(folder, list(_asserts(found)))


def _asserts(found: Mapping[str, Response]) -> Iterator[dict[str, Any]]:
    for target, response in found.items():
        if response.status != 200 or "/proxy/" in target:
            continue
        body = json.loads(response.content)
        if "kind" not in body:
            continue  # the server's version
        if "items" not in body:
            yield _named(body)
        elif body["items"]:
            yield _one_of(body, target)


def _named(body: Mapping[str, Any]) -> dict[str, Any]:
    identity = {key: body["metadata"][key] for key in ("name", "namespace") if key in body["metadata"]}
    return {"apiVersion": body["apiVersion"], "kind": body["kind"], "metadata": identity}


def _one_of(body: Mapping[str, Any], target: str) -> dict[str, Any]:
    """An assert that an object of the list fulfils; chainsaw lists what has its namespace and labels."""
    asked = parse_qs(urlsplit(target).query).get("labelSelector", [""])[0]
    metadata: dict[str, Any] = {}
    if asked:
        metadata["labels"] = dict(part.split("=", 1) for part in asked.split(","))
    if namespace := body["items"][0]["metadata"].get("namespace"):
        metadata["namespace"] = namespace
    kind = str(body["kind"]).removesuffix("List")
    return {"apiVersion": body["apiVersion"], "kind": kind, "metadata": metadata}
