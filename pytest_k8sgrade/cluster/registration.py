"""Whether the API server serves a kind, asked of its own lists before anything is called missing.

A 404 that is no Status document, or a 503 that is none, may come from the API server, which
says so of a group that it does not have or that nothing serves; it may as well come from
something in front of it. Discovery and the APIService tell which. The facade asks here;
evidence that was recorded before this was asked keeps its meaning.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NoReturn, TypeAlias

from pytest_k8sgrade.cluster.exchange import Response
from pytest_k8sgrade.cluster.resources import base_path, discovered, provider, segment
from pytest_k8sgrade.kube.conditions import condition
from pytest_k8sgrade.outcome import CannotTell, absent, cannot_tell, unmet

Raw: TypeAlias = Callable[[str], Response]

GROUPS: Final = "/apis"
_SERVICES: Final = "/apis/apiregistration.k8s.io/v1/apiservices"


def says_absent(response: Response) -> bool:
    """Whether the API server itself says that an object does not exist."""
    status = response.api_status
    return response.status == 404 and status is not None and status.get("reason") == "NotFound"


def explain_not_found(raw: Raw, api_version: str, kind: str, response: Response) -> NoReturn:
    """Absent kind-not-registered when discovery shows it, else CannotTell: a served kind has no such 404."""
    if _told(lambda: _served(raw, api_version, kind)) is not False:
        cannot_tell("bad-response", path=response.path, code=response.status)
    absent("kind-not-registered", api_version=api_version, kind=kind, provider=provider(api_version))


def explain_unavailable(raw: Raw, api_version: str, response: Response) -> NoReturn:
    """Unmet api-not-served when the APIService shows it, else CannotTell: nothing explains such a 503."""
    if _told(lambda: _backend_works(raw, api_version)) is not False:
        cannot_tell("bad-response", path=response.path, code=response.status)
    unmet("api-not-served", seen=response.status, wanted=200, api_version=api_version)


def _told(ask: Callable[[], bool | None]) -> bool | None:
    """The answer; no, where the question is newer than the evidence."""
    try:
        return ask()
    except CannotTell as doubt:
        if doubt.reason.id != "not-recorded":
            raise
        return False


def _served(raw: Raw, api_version: str, kind: str) -> bool | None:
    """None when discovery does not tell."""
    if "/" in api_version:
        groups = _document(raw(GROUPS)).get("groups")
        if not isinstance(groups, list):
            return None
        versions = [one.get("groupVersion") for group in groups for one in group.get("versions") or []]
        if api_version not in versions:
            return False
    resources = _document(raw(base_path(api_version)))
    if not isinstance(resources.get("resources"), list):
        return None
    return discovered(api_version, kind, resources) is not None


def _backend_works(raw: Raw, api_version: str) -> bool | None:
    """Whether the API server has the group itself, or finds its backend available."""
    group, _, version = api_version.rpartition("/")
    service = _document(raw(f"{_SERVICES}/{segment(version)}.{segment(group)}"))
    if "spec" not in service:
        return None
    available = condition(service, "Available")
    return not service["spec"].get("service") or (available is not None and available.status == "True")


def _document(response: Response) -> Mapping[str, Any]:
    parsed = response.json() if response.status == 200 else None
    return parsed if isinstance(parsed, dict) else {}
