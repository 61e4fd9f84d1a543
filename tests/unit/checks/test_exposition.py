"""What an application exposes: the page, the metric, its type and its labels."""

from __future__ import annotations

from typing import Any

import pytest

from checks import exposition
from pytest_k8sgrade.outcome import Observation
from tests.unit.checks.api import MemoryApi, look, parts, reason, share
from tests.unit.checks.objects import service

PAGE = """\
# HELP http_requests_total Count of all HTTP requests
# TYPE http_requests_total counter
http_requests_total{code="200",method="get"} 4
http_requests_total{code="404",method="get"} 1
# TYPE seconds histogram
seconds_bucket{le="+Inf"} 4
seconds_sum 1.5
seconds_count 4
bare 1
"""


def exposed(page: str = PAGE, *, status: int = 200, **params: Any) -> Observation:
    """One look at the page of the Service web."""
    api = MemoryApi(service()).service("web", {"/metrics": (status, page)})
    asked = {"name": "web", "namespace": "shop", "port": "http", "metric": "http_requests_total", **params}
    return look(exposition.test_exposes, api.cluster(), **asked)


def test_a_counter_with_its_labels_is_met() -> None:
    """Every sample has every label."""
    assert exposed(labels=["code", "method"]).status == "met"
    assert exposed(metric="seconds", kind="histogram", labels=["le"]).status == "met"
    assert exposed(metric="bare", kind="untyped").status == "met"


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("<html><title>Welcome to nginx!</title>\n", "exposition-unreadable"),
        ("Hello from example application.", "exposition-unreadable"),
        ("", "metric-not-exposed"),
        ("# TYPE http_requests_total counter\nversion 1\n", "metric-not-exposed"),
        ("http_requests_total_created 1\n", "metric-not-exposed"),
    ],
)
def test_what_is_no_page_and_what_is_not_on_it(page: str, expected: str) -> None:
    """A program that answers every path, and a counter that has counted nothing yet."""
    seen = exposed(page)
    assert reason(seen) == expected
    assert share(seen) == 0


def test_an_error_is_no_page() -> None:
    """Whatever it says."""
    assert reason(exposed(status=404)) == "service-answers-otherwise"


def test_type_and_labels_are_parts() -> None:
    """One sample without a label is enough to lose it."""
    seen = exposed('# TYPE http_requests_total gauge\nhttp_requests_total{code="200"} 1\n', labels=["code"])
    assert parts(seen) == {"exposed": None, "type": "metric-of-other-type", "label/code": None}
    page = PAGE + 'http_requests_total{code="500"} 1\n'
    assert parts(exposed(page, labels=["code", "method"]))["label/method"] == "metric-without-label"


def test_open_metrics_declares_a_counter_without_its_ending() -> None:
    """Only a counter is told so."""
    page = "# TYPE http_requests {}\nhttp_requests_total 4\n# EOF\n"
    assert exposed(page.format("counter")).status == "met"
    assert reason(exposed(page.format("gauge"))) == "metric-of-other-type"
