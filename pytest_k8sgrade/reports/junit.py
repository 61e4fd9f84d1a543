"""The grade as JUnit XML, for CI systems.

A failure is the student's state, an error is that we could not grade, a skip was not
looked at. Test cases are named by item ids, which do not change with the language.
Points are properties; because strict readers drop properties of test cases, the
same is repeated in `system-out`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC
from xml.etree import ElementTree

from pytest_k8sgrade.grade.model import Grade, GradedItem, GradedPart, Verdict
from pytest_k8sgrade.reports.text import ESCAPES, number, value_text, visible

_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|[\x7f-\x84\x86-\x9f]")
_ELEMENTS: dict[Verdict, str] = {
    "failed": "failure",
    "partial": "failure",
    "ungraded": "error",
    "blocked": "skipped",
    "skipped": "skipped",
    "waived": "skipped",
}


def render_junit(grade: Grade) -> str:
    """The XML document."""
    root = ElementTree.Element("testsuites", {"name": "k8sgrade", **_counts(grade)})
    suite = ElementTree.SubElement(root, "testsuite", {"name": grade.rubric.id, **_counts(grade)})
    suite.set("time", _seconds(_duration(grade)))
    if grade.started is not None:
        suite.set("timestamp", grade.started.astimezone(UTC).isoformat(timespec="seconds"))
    _add_properties(suite, _suite_properties(grade))
    for item in grade.items:
        _add_case(suite, grade, item)
    ElementTree.indent(root)
    body = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{body}\n'


def _counts(grade: Grade) -> dict[str, str]:
    elements = [_ELEMENTS.get(item.verdict) for item in grade.items]
    return {
        "tests": str(len(grade.items)),
        "failures": str(elements.count("failure")),
        "errors": str(elements.count("error")),
        "skipped": str(elements.count("skipped")),
    }


def _duration(grade: Grade) -> float:
    if grade.started is None or grade.finished is None:
        return 0.0
    return (grade.finished - grade.started).total_seconds()


def _suite_properties(grade: Grade) -> list[tuple[str, str]]:
    subject = grade.subject
    properties = {
        "rubric": grade.rubric.id,
        "rubric_version": grade.rubric.version,
        "rubric_digest": grade.rubric.digest,
        "student": subject.student,
        "cluster_uid": subject.cluster_uid,
        "context": subject.context,
        "server_version": subject.server_version,
        "score": number(grade.score),
        "max_score": number(grade.max_score),
        "ungraded_points": number(grade.ungraded_points),
        "score_min": number(grade.score_range.min),
        "score_max": number(grade.score_range.max),
        "percent": None if grade.percent is None else number(grade.percent),
        "pass_mark": grade.pass_mark,
        "passed": {True: "true", False: "false", None: "undecided"}[grade.passed],
    }
    return [(f"k8sgrade.{name}", value) for name, value in properties.items() if value is not None]


def _add_case(suite: ElementTree.Element, grade: Grade, item: GradedItem) -> None:
    case = ElementTree.SubElement(
        suite,
        "testcase",
        classname=_text(f"{grade.rubric.id}.{item.group}"),
        name=_text(item.id),
        time=_seconds(item.waited_s),
    )
    properties = _item_properties(item)
    _add_properties(case, properties)
    element = _ELEMENTS.get(item.verdict)
    if element is not None:
        _add_outcome(case, element, item)
    repeated = [f"[[PROPERTY|{name}={value}]]" for name, value in properties]
    ElementTree.SubElement(case, "system-out").text = _text("\n".join([visible(item.title), *repeated]))


def _item_properties(item: GradedItem) -> list[tuple[str, str]]:
    return [
        ("k8sgrade.check_id", item.id),
        ("k8sgrade.check", item.check),
        ("k8sgrade.verdict", item.verdict),
        ("k8sgrade.points", number(item.points)),
        ("k8sgrade.max_points", number(item.max_points)),
    ]


def _add_outcome(case: ElementTree.Element, element: str, item: GradedItem) -> None:
    hidden = item.visibility == "hidden"
    told = item.reason is not None and not hidden
    message = item.reason.text if item.reason and told else item.title
    outcome = ElementTree.SubElement(case, element, message=_text(message), type=_type(item, hidden))
    if not hidden:
        outcome.text = _text("\n".join(_details(item))) or None


def _type(item: GradedItem, hidden: bool) -> str:
    """`failed:hpa-not-active`: the verdict and the reason, for filters."""
    return item.verdict if item.reason is None or hidden else _text(f"{item.verdict}:{item.reason.id}")


def _details(item: GradedItem) -> Iterable[str]:
    if item.reason is not None:
        yield item.reason.text
    if item.seen is not None:
        yield f"seen: {value_text(item.seen)}"
    if item.wanted is not None:
        yield f"wanted: {value_text(item.wanted)}"
    yield from (_part(part) for part in item.parts)
    if item.hint:
        yield item.hint


def _part(part: GradedPart) -> str:
    mark = "[x]" if part.met else "[ ]"
    return f"{mark} {part.id}" + (f": {part.reason.text}" if part.reason else "")


def _add_properties(parent: ElementTree.Element, properties: list[tuple[str, str]]) -> None:
    element = ElementTree.SubElement(parent, "properties")
    for name, value in properties:
        ElementTree.SubElement(element, "property", name=name, value=_text(value))


def _text(text: str) -> str:
    """What XML can hold: no control characters, no terminal escapes."""
    return _ILLEGAL.sub("", ESCAPES.sub("", text))


def _seconds(value: float) -> str:
    return f"{value:.3f}"
