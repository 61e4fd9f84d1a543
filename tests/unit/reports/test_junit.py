"""JUnit XML: what each verdict becomes, and that any grade gives a valid document."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import xmlschema
from hypothesis import given
from hypothesis import strategies as st

from pytest_k8sgrade.grade.build import ItemResult
from pytest_k8sgrade.grade.model import Grade
from pytest_k8sgrade.reports.junit import render_junit
from tests.unit.grade.grades import TITLES, blocked, failed, grade, partial, rubric, ungraded

SCHEMA = xmlschema.XMLSchema(Path(__file__).with_name("junit.xsd"))


def parsed(graded: Grade) -> ElementTree.Element:
    """The document of a grade, valid or the test fails."""
    text = render_junit(graded)
    SCHEMA.validate(text)
    return ElementTree.fromstring(text)


def case(root: ElementTree.Element, name: str) -> ElementTree.Element:
    """The test case of an item."""
    found = root.find(f".//testcase[@name='{name}']")
    assert found is not None
    return found


def properties(element: ElementTree.Element) -> dict[str, str]:
    """The properties of a suite or a test case."""
    return {each.attrib["name"]: each.attrib["value"] for each in element.findall("properties/property")}


MIXED = (failed("active"), blocked("scaled", "active"), partial("rules"), ungraded("synced"))


def test_failure_is_the_student_error_is_us_skipped_was_not_looked_at() -> None:
    """The three outcomes and their counts, in the suite and above it."""
    root = parsed(grade(*MIXED))
    kinds = {name: [child.tag for child in case(root, name)][1] for name in TITLES}
    assert kinds == {
        "metrics": "system-out",
        "active": "failure",
        "scaled": "skipped",
        "rules": "failure",
        "synced": "error",
    }
    suite = root.find("testsuite")
    assert suite is not None
    for element in (root, suite):
        assert [element.attrib[name] for name in ("tests", "failures", "errors", "skipped")] == list("5211")


def test_waived_and_skipped_items_are_skipped_with_their_reason() -> None:
    """Why an item does not count is told."""
    of = rubric(rules={"waived": "The chart is broken."})
    outcome = case(parsed(grade(ItemResult(item="rules", verdict="waived"), of=of)), "rules").find("skipped")
    assert outcome is not None
    assert "The chart is broken." in outcome.attrib["message"]


def test_the_message_comes_first_and_the_rest_is_below() -> None:
    """CI systems show the message; seen, wanted and hint are in the text."""
    outcome = case(parsed(grade(failed("active"))), "active").find("failure")
    assert outcome is not None
    assert outcome.attrib["message"].startswith("hpa-not-active(")
    assert outcome.attrib["type"] == "failed:hpa-not-active"
    assert outcome.text is not None
    assert "seen: False\nwanted: True\n" in outcome.text
    assert "kubectl describe hpa" in outcome.text


def test_points_are_properties_and_repeated_for_strict_readers() -> None:
    """Of each case and of the suite, with the sums of the grade."""
    graded = grade(*MIXED)
    root = parsed(graded)
    suite = root.find("testsuite")
    assert suite is not None
    sums = properties(suite)
    assert float(sums["k8sgrade.score"]) == float(graded.score)
    assert sums["k8sgrade.ungraded_points"] == "6"
    assert sums["k8sgrade.passed"] == "false"
    assert "k8sgrade.percent" not in sums
    of_rules = case(root, "rules")
    assert properties(of_rules)["k8sgrade.points"] == "2"
    assert "[[PROPERTY|k8sgrade.points=2]]" in (of_rules.findtext("system-out") or "")
    earned = [float(properties(each)["k8sgrade.points"]) for each in root.iter("testcase")]
    assert sum(earned) == float(graded.score)


def test_names_do_not_depend_on_the_language() -> None:
    """History in a CI system follows an item through both languages."""
    names = [
        [(each.attrib["classname"], each.attrib["name"]) for each in parsed(graded).iter("testcase")]
        for graded in (grade(), grade(language="ko"))
    ]
    assert names[0] == names[1]
    assert names[0][0] == ("lab1.hpa", "metrics")


def test_a_hidden_item_keeps_its_reason() -> None:
    """Points and verdict are told, neither why nor what next."""
    text = render_junit(grade(failed("active"), of=rubric(active={"visibility": "hidden"})))
    assert "hpa-not-active" not in text
    assert "kubectl" not in text
    assert 'value="failed"' in text


@pytest.mark.parametrize("seen", ["\x00\x1b[31mred\x1b[0m\x07", "\ufffe\ud800", "]]> <b>&amp;", "\u202eabc"])
def test_what_xml_cannot_hold_is_left_out(seen: str) -> None:
    """Control characters and escapes of a hostile cluster leave a valid document."""
    root = parsed(grade(failed("active", seen=seen)))
    text = ElementTree.tostring(root, encoding="unicode")
    assert "\x1b" not in text
    assert "[31m" not in text


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(seen=json_values, wanted=json_values)
def test_any_value_gives_a_valid_document(seen: Any, wanted: Any) -> None:
    """Whatever a cluster holds."""
    parsed(grade(failed("active", seen=seen, wanted=wanted)))
