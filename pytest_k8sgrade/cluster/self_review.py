"""What a credential may do, asked of the API server itself.

The server answers such a question to a POST that stores nothing: SelfSubjectRulesReview lists
the rules that hold for who asks, SelfSubjectAccessReview answers for one request. These two
are all that leaves here, at two fixed paths and with bodies made here. A grade never asks:
`k8sgrade rbac --check` does, and `k8sgrade batch`, which warns of a credential that may write.
"""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pytest_k8sgrade.cluster.connection import connect
from pytest_k8sgrade.cluster.exchange import Response
from pytest_k8sgrade.cluster.judging import NoAnswer
from pytest_k8sgrade.cluster.kubeconfig import Given, choose
from pytest_k8sgrade.cluster.policy import OWN, Policy
from pytest_k8sgrade.cluster.transport import Sending, Transport, WriteRefused
from pytest_k8sgrade.errors import KubeconfigFault
from pytest_k8sgrade.outcome import Finding, cannot_tell

_API: Final = "authorization.k8s.io/v1"
_PATHS: Final[Mapping[str, str]] = {
    "SelfSubjectRulesReview": f"/apis/{_API}/selfsubjectrulesreviews",
    "SelfSubjectAccessReview": f"/apis/{_API}/selfsubjectaccessreviews",
}
_READING: Final = frozenset({"get", "list", "watch"})
_HARMLESS: Final = frozenset({"authorization.k8s.io", "authentication.k8s.io"})
"""Groups of which everybody may create reviews, which store nothing."""
_RUNNING: Final = frozenset({"pods/exec", "pods/attach", "pods/portforward", "nodes/proxy", "pods/proxy"})
"""What runs something in the cluster although a GET may ask for it."""
_LOGIN: Final = ("create", "services/proxy")
"""What the login form of Grafana takes: a credential that was made for a rubric has it, too."""
NAMESPACES: Final = ("default", "kube-system")
_S: Final = 5.0
_BROKEN: Final = frozenset({"unreachable", "tls-error"})


@dataclass(frozen=True, slots=True, order=True)
class Access:
    """One request to the API server: a verb on a resource, or on a path that is none."""

    verb: str
    group: str = ""
    resource: str = ""
    name: str = ""
    namespace: str = ""
    path: str = ""

    def __str__(self) -> str:
        """As `kubectl auth can-i` would be asked."""
        what = self.path or (f"{self.resource}.{self.group}" if self.group else self.resource)
        place = f" -n {self.namespace}" if self.namespace else ""
        return f"{self.verb} {what}" + (f" {self.name}" if self.name else "") + place

    def spec(self) -> dict[str, Any]:
        """The specification of a SelfSubjectAccessReview."""
        if self.path:
            return {"nonResourceAttributes": {"verb": self.verb, "path": self.path}}
        resource, _, subresource = self.resource.partition("/")
        attributes = {
            "verb": self.verb,
            "group": self.group,
            "resource": resource,
            "subresource": subresource,
            "name": self.name,
            "namespace": self.namespace,
        }
        return {"resourceAttributes": {key: value for key, value in attributes.items() if value}}


class Reviewer(Transport):
    """Asks the API server about whoever asks. It can send nothing else but reads."""

    def allows(self, access: Access) -> bool:
        """Whether a request would be allowed; CannotTell when the server does not say."""
        status = self._review("SelfSubjectAccessReview", access.spec())
        return status.get("allowed") is True

    def writes(self, namespaces: Collection[str] = NAMESPACES) -> tuple[Access, ...]:
        """What may be changed in these namespaces or everywhere; CannotTell likewise."""
        found: set[Access] = set()
        for namespace in namespaces:
            status = self._review("SelfSubjectRulesReview", {"namespace": namespace})
            found |= {*writing(status.get("resourceRules") or ())}
        return tuple(sorted(found))

    def _review(self, kind: str, spec: Mapping[str, Any]) -> Mapping[str, Any]:
        response = self._send_review(_PATHS[kind], {"apiVersion": _API, "kind": kind, "spec": spec})
        document = response.json() if response.status in (200, 201) else None
        status = document.get("status") if isinstance(document, dict) else None
        if not isinstance(status, dict):
            cannot_tell("bad-response", path=response.path, code=response.status)
        return status

    def _send_review(self, path: str, body: Mapping[str, Any]) -> Response:
        """Send a question, and once more when the connection broke: it changes nothing."""
        if path not in _PATHS.values() or _PATHS.get(body["kind"]) != path:
            raise WriteRefused(f"POST {path}")
        try:
            return self._send_once(path, body)
        except NoAnswer as doubt:
            if doubt.reason.id not in _BROKEN:
                raise
            return self._send_once(path, body)

    def _send_once(self, path: str, body: Mapping[str, Any]) -> Response:
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        ends = time.monotonic() + _S
        return self._attempts(Sending("POST", path, headers, json.dumps(body).encode(), _S, ends))[0]


def writing(rules: Iterable[Any]) -> Iterable[Access]:
    """What rules allow but reading, each resource once with a verb that shows it."""
    for rule in rules:
        verbs, resources = _texts(rule, "verbs"), _texts(rule, "resources")
        for group in _texts(rule, "apiGroups"):
            for resource in resources:
                changing = [verb for verb in verbs if _changes(verb, resource)]
                if changing and group not in _HARMLESS:
                    yield Access(changing[0], group, resource)


def _changes(verb: str, resource: str) -> bool:
    return resource in _RUNNING or (verb not in _READING and (verb, resource) != _LOGIN)


def _texts(rule: Any, key: str) -> Sequence[str]:
    found = rule.get(key) if isinstance(rule, Mapping) else None
    return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []


def may_write(given: Given = None, context: str | None = None, policy: Policy = OWN) -> tuple[str, ...]:
    """What a credential may change although grading only reads, as `kubectl auth can-i` writes it.

    Empty where there is nothing, and where the cluster does not tell: this is for a warning, and
    raises nothing for what a kubeconfig or a cluster does.
    """
    try:
        connection, workers = connect(choose(given, context, policy))
    except KubeconfigFault:
        return ()
    try:
        return tuple(str(one) for one in Reviewer(connection, workers).writes())
    except Finding:
        return ()
    finally:
        workers.close()
        connection.close()
