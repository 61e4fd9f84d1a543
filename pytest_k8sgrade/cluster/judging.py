"""Whose answer an HTTP status is, and what it means that we got it.

The backend behind the service proxy may answer 401, 500 or 503 as well as the API
server in front of it; the latter says so with a Status document. And something in
front of both, a gateway or a login page, may answer for either: its answers lack the
mark of the API server. Codes, types and reasons are looked at, never message texts.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final, Literal, TypeAlias

from pytest_k8sgrade.cluster.exchange import Response
from pytest_k8sgrade.cluster.places import may_be_aggregated, service_of
from pytest_k8sgrade.kube.duration import format_duration
from pytest_k8sgrade.kube.times import format_time
from pytest_k8sgrade.outcome import CannotTell, JsonValue, Reason

Judgement: TypeAlias = Literal[
    "answer", "foreign", "redirected", "unauthorized", "forbidden", "throttled", "server-error"
]

Scope: TypeAlias = Literal["request", "endpoint", "server"]

_REFUSALS: Final[Mapping[int, Judgement]] = {401: "unauthorized", 403: "forbidden"}
_BUSY = frozenset({500, 502, 503, 504})

TOLERATED: Final = timedelta(minutes=5)
"""The difference of clocks that credentials commonly allow."""
MARK: Final = "audit-id"
"""The header that an API server since 1.23 puts on all it answers and on all it passes on."""


def judge(path: str, response: Response, *, marked: bool = True) -> Judgement:
    """Whether the response is an answer to pass on, or else the reason why it is none.

    `marked` is false for a response without the mark of a server that marks its answers, or
    that may do so: nothing behind the server said this, and only a document is believed.
    """
    proxied = marked and service_of(path) is not None
    if response.status == 429:
        return "throttled"
    if proxied and not _from_proxy(response):
        return "answer"
    if response.status in _BUSY:
        return "answer" if marked and _expected(path, response, proxied) else "server-error"
    if 300 <= response.status < 400:
        return "redirected"
    own = marked and not response.header("content-type").startswith("text/html")
    return _REFUSALS.get(response.status, "answer" if own or _is_document(response) else "foreign")


def _is_document(response: Response) -> bool:
    return response.status == 200 and response.is_document


def _from_proxy(response: Response) -> bool:
    """Whether the API server answered instead of the backend, which may speak the same language."""
    status = response.api_status
    if status is None:
        return False
    return response.status != 403 or (status.get("details") or {}).get("kind") == "services"


def _expected(path: str, response: Response, proxied: bool) -> bool:
    """A 503 about what lies behind the API server: a Service, or the backend of an aggregated API."""
    if response.status != 503:
        return False
    return proxied or (may_be_aggregated(path) and response.api_status is None)


def throttling_scope(path: str, response: Response) -> Scope:
    """A server that has refused one of our reads to its deadline refuses the others as well."""
    behind_the_proxy = service_of(path) is not None and not _from_proxy(response)
    return "endpoint" if behind_the_proxy else "server"


def forbidden_params(status: Mapping[str, Any] | None, path: str) -> dict[str, str]:
    """What was refused, from the Status' details: `services/proxy` shows as kind services."""
    details = (status or {}).get("details") or {}
    parts = path.split("/")
    namespace = parts[parts.index("namespaces") + 1] if "namespaces" in parts[:-2] else ""
    resource = "services/proxy" if service_of(path) else str(details.get("kind", ""))
    return {
        "resource": resource,
        "group": str(details.get("group", "")),
        "name": str(details.get("name", "")),
        "namespace": namespace,
    }


def date_of(response: Response) -> datetime | None:
    """The time that the server's clock showed, None when it does not say."""
    try:
        return parsedate_to_datetime(response.header("date")).astimezone(UTC)
    except ValueError:
        return None


def clocks_apart(theirs: datetime | None) -> dict[str, str]:
    """What the two clocks show when they are too far apart for tokens and certificates, else nothing.

    A virtual machine that slept is hours behind: what was issued meanwhile is "not valid yet" to it.
    """
    ours = datetime.now(UTC).replace(microsecond=0)
    if theirs is None:
        return {}
    if abs(ours - theirs) <= TOLERATED:
        return {}
    apart = format_duration(abs(ours - theirs))
    return {"apart": apart, "theirs": format_time(theirs), "ours": format_time(ours)}


class NoAnswer(CannotTell):
    """Why a request has no answer, how far that reaches, and whether to ask again.

    `again` is None when asking again is in vain, else the seconds to wait at least.
    """

    def __init__(
        self,
        reason: str,
        params: Mapping[str, JsonValue],
        *,
        scope: Scope = "request",
        again: float | None = None,
    ) -> None:
        super().__init__(Reason(reason, params))
        self.scope = scope
        self.again = again
