"""A namespace of the fake API server in which ConfigMaps can be made and deleted."""

from __future__ import annotations

import json
from typing import Any

from tests.unit.cluster.fake import Answer, FakeApi, Handler, status

BASE = "/api/v1/namespaces/demo/configmaps"


class Objects:
    """The ConfigMaps of the namespace `demo`, and how they came and went."""

    def __init__(self, api: FakeApi) -> None:
        self.api = api
        self.there: dict[str, Any] = {}
        self.history: list[str] = []
        self.deletable = True
        api.routes[BASE] = self._all
        api.routes["/apis/batch/v1/namespaces/demo/jobs"] = Answer({"items": []})

    def add(self, item: dict[str, Any]) -> None:
        """One more."""
        name = item["metadata"]["name"]
        self.there[name] = item
        self.api.routes[f"{BASE}/{name}"] = self._one

    def _all(self, handler: Handler) -> Answer:
        if handler.command == "GET":
            return Answer({"items": [*self.there.values()]})
        item = json.loads(self.api.requests[-1][3])
        self.history.append("made")
        self.add(item)
        return Answer(item, 201)

    def _one(self, handler: Handler) -> Answer:
        name = handler.path.rpartition("/")[2]
        if handler.command == "DELETE" and not self.deletable:
            return status(500, "InternalError")
        if handler.command == "DELETE" and self.there.pop(name, None):
            self.history.append("deleted")
            return Answer({"kind": "Status", "apiVersion": "v1", "status": "Success"})
        return Answer(self.there[name]) if name in self.there else status(404, "NotFound", name=name)


def writes(api: FakeApi) -> list[tuple[str, str]]:
    """Everything that was sent and is no GET."""
    return [(method, path) for method, path, _, _ in api.requests if method != "GET"]
