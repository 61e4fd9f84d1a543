"""No reader of somebody else's text tries the same characters in many ways.

Each gets texts that are made for that, of a length whose square takes longer than that, in a
process that may use half a minute of processor time for all of them.
"""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress

import pytest

from pytest_k8sgrade.cluster.documents import parse_json
from pytest_k8sgrade.cluster.helm_record import redact_manifest
from pytest_k8sgrade.cluster.masking import mask, mask_text, speaks_of_credential
from pytest_k8sgrade.cluster.places import service_of
from pytest_k8sgrade.cluster.plain_yaml import load_plain
from pytest_k8sgrade.kube.duration import parse_duration
from pytest_k8sgrade.kube.go_regex import matches_all
from pytest_k8sgrade.kube.node_groups import from_text
from pytest_k8sgrade.kube.quantity import parse_quantity
from pytest_k8sgrade.kube.times import parse_go_time, parse_time
from pytest_k8sgrade.reports.text import value_text, visible
from pytest_k8sgrade.services.alerting.routing import matchers
from pytest_k8sgrade.services.metrics.adapter_rules import Rule
from pytest_k8sgrade.services.metrics.exposition import parse, types
from pytest_k8sgrade.services.monitoring.promql import selectors

LENGTH = 60_000
_SECONDS = 30
_UNITS = (
    *"a0-_./:@ \t\n'\"\\{}[]()=,;#$%&*|<>~^+`\x1b",
    *("- ", "a ", "a=", '"a', 'a="b",', "f(", "name: a\n", "password", "name: password\n", "token: x\n"),
    *("---\n", "kind: Secret", "https://", "/proxy/", "${a", "[[a", "\\a", "1h", "1.", "(a*)*", "# TYPE "),
)
_STARTS = ("", "name: ", "password: ", 'a{b="')


def _status(text: str) -> None:
    from_text(f"Cluster-autoscaler status at 2026-01-01:\nCluster-wide:\n  Health: Healthy ({text})\n{text}")


READERS: Mapping[str, Callable[[str], object]] = {
    "mask_text": mask_text,
    "mask": mask,
    "speaks_of_credential": speaks_of_credential,
    "redact_manifest": redact_manifest,
    "service_of": service_of,
    "load_plain": load_plain,
    "parse_json": lambda text: parse_json(text.encode()),
    "parse_duration": parse_duration,
    "parse_quantity": parse_quantity,
    "parse_time": parse_time,
    "parse_go_time": parse_go_time,
    "autoscaler-status": _status,
    "regex": lambda text: matches_all(text, "a" * 1000),
    "matchers": lambda text: matchers({"matchers": [text]}),
    "adapter-rule": lambda text: Rule(text, text, text).name_of(text[:1000]),
    "adapter-template": lambda text: Rule("", "", text).makes(text[:1000]),
    "exposition": parse,
    "exposition-types": types,
    "promql": selectors,
    "visible": visible,
    "value_text": value_text,
}


def _texts() -> Iterator[str]:
    for start in _STARTS:
        for unit in _UNITS:
            yield start + unit * (LENGTH // len(unit)) + "\x00!"


@pytest.mark.parametrize("name", READERS)
def test_a_reader_is_linear(name: str) -> None:
    """Each text is read or refused, and all of them within the time."""
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
        code = 1
        try:
            for text in _texts():
                with suppress(ValueError, RecursionError):
                    READERS[name](text)
            code = 0
        finally:
            sys.stderr.flush()
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
