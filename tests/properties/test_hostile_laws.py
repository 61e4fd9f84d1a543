"""Whatever a cluster says, there is a grade, and every report of it can be written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from pytest_k8sgrade.cluster import Exchange, Response
from pytest_k8sgrade.cluster.evidence import Evidence, pack, unpack
from pytest_k8sgrade.engine import grade_evidence
from pytest_k8sgrade.reports.html import render_html
from pytest_k8sgrade.reports.json import render_json
from pytest_k8sgrade.reports.junit import render_junit
from pytest_k8sgrade.reports.terminal import render
from tests.properties.courses import law

REFERENCE = Path(__file__).parents[2] / "examples" / "lab1" / "reference.zip"
hostile = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([0, -1, 2**63, 10**400, 1e308, -0.0]),
    st.sampled_from(["", "\x00", "\x1b[2J", "<b>", "x" * 10_000, "{0.__class__}", "..", "NaN", "9" * 5000]),
    st.sampled_from([[], {}, [None], {"a": {}}, [[]], {"": ""}]),
    st.text(max_size=8),
)
changes = st.lists(st.tuples(st.integers(0), st.integers(0), hostile), min_size=1, max_size=12)


@cache
def recorded() -> Evidence:
    """The good cluster."""
    return unpack(REFERENCE)


def places(document: Any) -> Iterator[tuple[Any, Any]]:
    """Every place of a document, as its container and the key or index in it."""
    pairs = document.items() if isinstance(document, dict) else enumerate(document)
    for key, part in pairs:
        yield document, key
        if isinstance(part, dict | list):
            yield from places(part)


def changed(exchange: Exchange, place: int, value: Any) -> Exchange:
    """The answer with another value at one of its places; what is no document stays."""
    response = exchange.result
    if not isinstance(response, Response) or not response.is_document:
        return exchange
    document = json.loads(response.content)
    found = list(places(document))
    if not found:
        return exchange
    container, key = found[place % len(found)]
    container[key] = value
    content = json.dumps(document).encode()
    return Exchange(exchange.key, Response(response.status, response.headers, content, response.path))


@law
@given(changes)
def test_there_is_always_a_grade(wanted: list[tuple[int, int, Any]]) -> None:
    """Each item has its word; what cannot be read is a doubt and no crash."""
    good = recorded()
    exchanges = list(good.exchanges)
    for which, place, value in wanted:
        at = which % len(exchanges)
        exchanges[at] = changed(exchanges[at], place, value)
    bad = Evidence(tuple(exchanges), good.now, good.cluster, good.run, good.tool)
    with TemporaryDirectory() as folder:
        file = Path(folder) / "evidence.zip"
        file.write_bytes(pack(bad))
        grade = grade_evidence("lab1", file)
    assert grade.score_range.min <= grade.score <= grade.score_range.max <= grade.max_score
    assert json.loads(render_json(grade))["score"] == float(grade.score)
    ElementTree.fromstring(render_junit(grade))
    assert render_html(grade)
    assert "\x1b" not in render(grade, width=80, colour=False, language="en")
