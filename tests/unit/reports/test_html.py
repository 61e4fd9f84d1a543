"""The grade as a web page: what it says of each kind of grade, and that nothing in it is taken for markup."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_k8sgrade.grade.build import Change, ItemResult
from pytest_k8sgrade.grade.model import Grade, Subject
from pytest_k8sgrade.locale.messages import LANGUAGES, Language
from pytest_k8sgrade.outcome import Observation, Reason
from pytest_k8sgrade.reports.html import render_html
from pytest_k8sgrade.reports.labels import labels
from pytest_k8sgrade.reports.page import page as terminal_page
from pytest_k8sgrade.reports.summary import summary
from tests.unit.grade.grades import TITLES, blocked, failed, grade, partial, rubric, ungraded
from tests.unit.reports.web_pages import (
    Element,
    WebDocument,
    assert_readable_by_everybody,
    assert_self_contained,
)

MIXED = (failed("active"), blocked("scaled", "active"), partial("rules", 1, 2), ungraded("synced"))
GRADES: dict[str, tuple[ItemResult, ...]] = {
    "perfect": (),
    "mixed": MIXED,
    "nothing": tuple(ungraded(name) for name in TITLES),
    "many parts": (partial("rules", 1, 30),),
}
HOSTILE = (
    "<script>alert(1)</script>",
    "\" onmouseover='alert(1)' x=\"",
    "</style><img src=x onerror=alert(1)>",
    "{{ 7 * 7 }}{% include 'x' %}",
    "\x1b[31mred\x1b[0m \u202eevil\u202c \u2066x\u2069 \0 \ud800",
    "javascript:alert(1)",
    "]]><!--",
    "x" * 10_000,
)


MARKUP = "<>&\"'/!-=ab1;#{}%"


def page_of(graded: Grade) -> WebDocument:
    """The page, parsed."""
    return WebDocument(render_html(graded))


def card(page: WebDocument, item: str) -> Element:
    """The part of the page about an item."""
    return page.by_id(f"item-{item}")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", GRADES)
def test_a_page_needs_nothing_and_everybody_can_read_it(name: str, language: Language) -> None:
    """Of every kind of grade, in both languages; it has no script at all."""
    page = page_of(grade(*GRADES[name], language=language))
    assert_self_contained(page)
    assert_readable_by_everybody(page)
    assert not page.all("script")
    assert page.all("html")[0].attributes["lang"] == language


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_item_has_its_word_its_title_and_its_points(language: Language) -> None:
    """In the rubric's order, below the group with its sum."""
    graded = grade(*MIXED, language=language)
    page = page_of(graded)
    assert [each.attributes["id"] for each in page.all("li") if "id" in each.attributes] == [
        f"item-{item.id}" for item in graded.items
    ]
    for item, points in zip(graded.items, ("5/5", "0/10", "0/5", "1.33/4", "?/6"), strict=True):
        text = card(page, item.id).text
        assert labels(language)(item.verdict) in text
        assert item.title in text
        assert points in text
    assert "5/20" in page.by_id("group-hpa").text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", GRADES)
def test_the_sums_are_those_of_the_terminal(name: str, language: Language) -> None:
    """Score, range, pass mark, result and where to begin, word for word."""
    graded = grade(*GRADES[name], language=language)
    label = labels(language)
    lines = terminal_page(summary(graded, label), width=500, colour=False).splitlines()
    told = dict(re.split(r"  +", line, maxsplit=1) for line in lines if not line.startswith(" "))
    shown = page_of(graded).text
    for start in ("score", "mark", "result"):
        assert told[label(start)] in shown
    assert told.get(label("first"), "") in shown


def test_a_lost_item_stands_open_with_what_to_do_next() -> None:
    """Why, what was seen and wanted, and the command, set apart as one; what is right is closed."""
    page = page_of(grade(*MIXED))
    text = card(page, "active").text
    assert "hpa-not-active(name=web-app-hpa, reason=FailedGetResourceMetric)" in text
    assert "Seen False" in text
    assert "Wanted True" in text
    assert "kubectl describe hpa web-app-hpa -n default" in [code.text for code in page.all("code")]
    opened = {
        each.text.split()[1] for each in page.all("details", class_="item") if "open" in each.attributes
    }
    assert opened == {"failed", "blocked", "partial"}


def test_a_blocked_item_leads_to_its_root() -> None:
    """With a link to the item that has to pass first."""
    page = page_of(grade(*MIXED))
    links = [link for link in page.all("a") if link.attributes["href"] == "#item-active"]
    assert [link.text for link in links] == [
        labels("en")("first-item", item=TITLES["active"]["en"], points=5),
        f"Go to “{TITLES['active']['en']}”",
    ]


def test_parts_that_are_missing_come_before_those_that_are_met() -> None:
    """As many as can be read, and the number of the others."""
    page = page_of(grade(partial("rules", 2, 30)))
    parts = [each for each in page.all("li") if each.text.startswith(("✗ failed: ", "✓ passed: "))]
    assert len(parts) == 20
    assert all(each.text.startswith("✗") for each in parts)
    assert "2 of 32 parts are right." in page.text
    assert "and 12 more" in page.text


def test_what_could_not_be_graded_is_told_once_and_held_against_nobody() -> None:
    """The reason at the top, the range, and no percentage."""
    page = page_of(grade(ungraded("metrics"), ungraded("synced"), failed("rules")))
    box = page.by_id("open").text
    assert box.count("unreachable(") == 1
    assert TITLES["synced"]["en"] in box
    assert "11 points could not be graded. That is not held against you." in page.text
    assert "The final score lies between 15 and 26." in page.text
    assert "(50%)" not in page.text
    assert "Undecided until the ungraded items are graded" in page.text


def test_the_course_of_events_can_be_read() -> None:
    """Each change with its time, when there was more than one."""
    absent = Observation("unmet", Reason("rule-absent", {"rule": "HighCpu"}), seen=[])
    changes = (Change(at_s=0.5, observation=absent), Change(at_s=12.25, observation=Observation("met")))
    result = ItemResult(
        item="rules",
        verdict="passed",
        observation=Observation("met"),
        waited_s=12.25,
        held_s=3.0,
        timeline=changes,
    )
    text = card(page_of(grade(result)), "rules").text
    assert "after 0.5 s not as wanted rule-absent(rule=HighCpu)" in text
    assert "after 12.2 s as wanted" in text
    assert "had lasted 3 s" in text


@pytest.mark.parametrize("result", [failed("rules"), ungraded("rules"), partial("rules", 1, 2)])
def test_of_a_hidden_item_only_its_word_and_points_are_told(result: ItemResult) -> None:
    """Neither reason nor hint nor values, anywhere on the page."""
    page = page_of(grade(result, of=rubric(rules={"visibility": "hidden"})))
    assert "The reason of this item is not shown." in card(page, "rules").text
    assert not [
        word for word in ("unreachable", "hpa-not-active", "rule-absent", "kubectl") if word in page.source
    ]


def test_a_hidden_item_keeps_no_reason_from_those_who_share_it() -> None:
    """A cluster that does not answer is told, whatever item comes first."""
    everything = [ungraded(name) for name in TITLES]
    page = page_of(grade(*everything, of=rubric(metrics={"visibility": "hidden"})))
    assert "unreachable(" in page.by_id("open").text
    assert "unreachable(" not in card(page, "metrics").text


def test_what_was_graded_is_named() -> None:
    """Student, cluster, rubric and times."""
    graded = grade()
    subject = Subject(student="s001", cluster_uid="6f1c", context="kind-lab", server_version="v1.34.1")
    text = page_of(graded.model_copy(update={"subject": subject})).text
    for part in ("s001", "6f1c", "kind-lab", "v1.34.1", "lab1, version", "2026-03-02 10:01:30 UTC"):
        assert part in text, part


def named(text: str, language: Language = "en") -> Grade:
    """A grade in which everything that a cluster or a roster names is this text."""
    reason = Reason("hpa-not-active", {"name": text})
    observation = Observation("unmet", reason, seen={text: [text]}, wanted=text)
    unseen = Observation("cannot-tell", Reason("unreachable", {"server": text}))
    lost = [
        ItemResult(item="active", verdict="failed", observation=observation),
        ItemResult(item="synced", verdict="ungraded", observation=unseen),
    ]
    graded = grade(*lost, language=language)
    subject = Subject(student=text, cluster_uid=text, context=text, server_version=text)
    items = tuple(item.model_copy(update={"title": text}) for item in graded.items)
    return graded.model_copy(update={"subject": subject, "items": items})


def shape(page: WebDocument) -> list[tuple[str, Any]]:
    """The elements of a page, whatever they say."""
    return [(each.tag, sorted(each.attributes)) for each in page.elements]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_name_is_text_whatever_it_looks_like(text: str) -> None:
    """The page has the elements that it has with a harmless name, and no character that plays tricks."""
    page = page_of(named(text))
    assert shape(page) == shape(page_of(named("web-app")))
    assert_self_contained(page)
    raw = page.source.encode("utf-8")
    assert len(raw) < 120_000
    assert not set("\x1b\0\u202e\u2066") & set(page.source)


@given(
    st.text(st.characters(codec=None), min_size=1).filter(lambda text: text.isprintable() and text.strip())
)
def test_no_text_changes_the_elements_of_a_page(text: str) -> None:
    """A law for any text that can be seen."""
    assert shape(page_of(named(text))) == shape(page_of(named("web-app")))
