"""Hands-on 1's autoscaling by requests on the testbed, as far as it is data."""

from __future__ import annotations

import pytest
import yaml

from pytest_k8sgrade.services.metrics.adapter_rules import made, names
from pytest_k8sgrade.services.metrics.adapter_rules import rules as ruled
from tests.testbed.build.images import select
from tests.testbed.layers.base import STAND_IN_LABEL
from tests.testbed.layers.custom_metrics import METRIC, application, generator
from tests.testbed.scenarios.changes.adapter import rules
from tests.testbed.scenarios.changes.metrics_hpa import behavior, manifest


def test_the_application_says_that_it_is_a_stand_in() -> None:
    """Under the image name of the text, which the testbed makes."""
    template = application()[0]["spec"]["template"]
    assert template["metadata"]["labels"][STAND_IN_LABEL] == "example-app"
    assert [one.key for one in select({template["spec"]["containers"][0]["image"]})] == ["example-app"]
    assert generator()[0]["metadata"]["labels"][STAND_IN_LABEL] == "load"


@pytest.mark.parametrize(
    ("old", "new", "makes"),
    [
        ("", "", METRIC),
        ("_per_second", "_per_minute", "http_requests_per_minute"),
        ("http_requests_total{", "http_request_total{", "http_request_per_second"),
    ],
)
def test_the_rules_make_what_they_should(old: str, new: str, makes: str) -> None:
    """The text's own make the metric that the HPA asks for, those of the changes another one."""
    known = ruled([yaml.safe_load(rules(old, new)["data"]["config.yaml"])])
    assert names(known) == [makes, "queue_length"]
    assert made(known, METRIC) is (makes == METRIC)


def test_a_change_of_behaviour_keeps_the_other_direction() -> None:
    """Only the field that is changed differs from the text's."""
    changed = behavior("scaleDown", stabilizationWindowSeconds=60)["spec"]["behavior"]
    own = manifest()["spec"]["behavior"]
    assert changed["scaleUp"] == own["scaleUp"]
    assert {**changed["scaleDown"], "stabilizationWindowSeconds": 300} == own["scaleDown"]
