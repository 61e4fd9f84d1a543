"""The class as a web page: every mark with its arithmetic, what to look at first, and harmless names."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_k8sgrade.grade.model import Told
from pytest_k8sgrade.gradebook.attempt import Student
from pytest_k8sgrade.gradebook.model import ClassBook, Override, Problem, ReasonCount, Shared, Slow
from pytest_k8sgrade.gradebook.page import render_class
from pytest_k8sgrade.locale.messages import LANGUAGES, Language
from tests.unit.gradebook.class_books import (
    DUE,
    attempt,
    class_book,
    points,
    statistics,
    student_mark,
)
from tests.unit.reports.test_html import HOSTILE, MARKUP, shape
from tests.unit.reports.web_pages import (
    Element,
    WebDocument,
    assert_readable_by_everybody,
    assert_self_contained,
)


def page_of(book: ClassBook, language: Language = "en") -> WebDocument:
    """The page, parsed."""
    return WebDocument(render_class(book, language))


def rows(page: WebDocument) -> list[Element]:
    """The rows of marks."""
    return [row for row in page.all("tr") if row.attributes.get("id", "").startswith("student-")]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_needs_nothing_and_everybody_can_read_it(language: Language) -> None:
    """The script that sorts is named in the policy by its digest."""
    page = page_of(class_book(), language)
    assert_self_contained(page)
    assert_readable_by_everybody(page)
    assert page.all("html")[0].attributes["lang"] == language


def test_every_student_is_a_row_with_the_mark_and_a_link_to_the_report() -> None:
    """In the order of the book; open marks with both ends."""
    book = class_book(60)
    page = page_of(book)
    assert len(rows(page)) == 60
    for row, mark in zip(rows(page), book.students, strict=True):
        low, high = mark.score_range.min, mark.score_range.max
        assert mark.student.id in row.text
        assert (f"{low}/100" if mark.final else f"{low}\u2013{high}/100") in row.text
        result = {True: "passed", False: "not passed", None: "undecided"}[mark.passed]
        assert result in row.text
    links = {link.attributes["href"] for link in page.all("a")}
    assert {f"./students/s{at:03}/1/grade.html" for at in range(1, 61)} <= links


def test_the_arithmetic_of_every_mark_is_on_the_page() -> None:
    """The student's lines and those of every attempt, which of them counts, and how late it was."""
    attempts = (
        attempt("s001", 1, points(80), lines=(Told(id="a", text="80 - 4 = 76"),), closed=True),
        attempt("s001", 2, points(70), problem=Told(id="b", text="The time was over.")),
    )
    mark = student_mark(
        Student(id="s001", name="Student One"),
        points(76),
        counted=2,
        attempts=attempts,
        lines=(Told(id="c", text="The best of 2 attempts."),),
        flags=(Told(id="d", text="The cluster of s002, too."),),
        late=True,
        overridden=True,
    )
    (row,) = rows(page_of(class_book(1, students=(mark,))))
    for part in (
        "Student One",
        "The best of 2 attempts.",
        "Attempt 1 · came too late to count",
        "80 - 4 = 76",
        "Attempt 2 · counts · report",
        "The time was over.",
        "Handed in: 2026-03-02 11:00:00 UTC",
        "The cluster of s002, too.",
        "late changed by hand attempt 2 of 2",
    ):
        assert part in row.text, part
    assert row.attributes["data-tags"] == "passed late overridden flagged"


def test_who_handed_in_nothing_is_said_to_be_absent() -> None:
    """Without a link to a report that is not there, and not as somebody who failed."""
    mark = student_mark(Student(id="s001"), points(0, 100), counted=None, absent=True, attempts=())
    page = page_of(class_book(1, students=(mark,)))
    (row,) = rows(page)
    assert "nothing handed in" in row.text
    assert row.attributes["data-tags"] == "absent"
    assert not [link for link in page.all("a") if "grade.html" in link.attributes["href"]]


def test_what_to_look_at_first_stands_before_the_marks() -> None:
    """Refused hand-ins, items ungraded for many, clusters handed in twice; with links to the students."""
    page = page_of(class_book())
    box = page.by_id("attention").text
    for part in (
        "A refused kubeconfig. (1 student): s006",
        "The title of doubtful (4 students): so many that the fault is probably not the students'",
        "Same cluster 6f1c0d2e: s001, s002",
        "(one group)",
    ):
        assert part in box, part
    assert page.text.index("Look at these first") < page.text.index("Open a mark")
    assert [link.text for link in page.all("a", href="#student-6")] == ["s006"]


def test_a_warning_that_many_have_is_told_once() -> None:
    """With one student's text and links to all, about the attempts that count."""
    marks = tuple(
        student_mark(Student(id=name), points(50), attempts=(attempt(name, 1, points(50), warnings=(told,)),))
        for name, told in (
            ("s001", Told(id="w", text="May write pods.")),
            ("s002", Told(id="w", text="All.")),
        )
    )
    page = page_of(class_book(2, students=marks))
    assert "May write pods. (2 students): s001, s002" in page.by_id("attention").text
    assert "All. (" not in page.by_id("attention").text


def test_a_class_without_trouble_has_no_box_for_it() -> None:
    """Nor a link to one."""
    page = page_of(class_book(problems=(), shared=(), items=(statistics("easy", 1.0),)))
    assert "Look at these first" not in page.text


def test_the_hardest_item_comes_first_and_one_nobody_was_graded_in_last() -> None:
    """With what was earned, the words, and the reasons."""
    page = page_of(class_book())
    found = [row.text for row in page.all("tr") if "The title of" in row.text and "%" in row.text]
    assert [text.split()[3] for text in found] == ["hard", "doubtful", "easy"]
    assert "20%" in found[0]
    assert "✓ 7 passed ✗ 2 failed - 1 blocked" in found[0]
    assert "The HPA reads no metrics. (2 students)" in found[0]
    assert "The title of dark" in page.text.partition("The title of easy")[2]


def test_a_long_list_of_students_is_cut_and_counted() -> None:
    """A thousand refused kubeconfigs are one line."""
    everybody = tuple(f"s{at:03}" for at in range(1, 1001))
    page = page_of(class_book(1000, problems=(Problem(id="x", text="Refused.", students=everybody),)))
    assert "Refused. (1000 students): s001, s002" in page.by_id("attention").text
    assert "and 975 more" in page.by_id("attention").text
    assert len(rows(page)) == 1000


def test_points_of_another_total_have_their_percentage() -> None:
    """Where a hundred is not the most."""
    mark = student_mark(Student(id="s001"), points(20), max_score=Decimal(40), percent=Decimal(50))
    (row,) = rows(page_of(class_book(1, students=(mark,))))
    assert "20/40 50%" in row.text


def named(text: str) -> ClassBook:
    """A class in which everything that somebody else named is this text."""
    told = (Told(id="x", text=text),)
    student = Student(id=text, name=text, group=text)
    one = attempt(
        text, 1, points(50), folder=f"students/{text}/1", lines=told, warnings=told, problem=told[0]
    )
    items = (statistics("hard", 0.2, title=text, reasons=(ReasonCount(id="x", text=text, students=1),)),)
    return class_book(
        1,
        students=(student_mark(student, points(50), attempts=(one,), lines=told, flags=told),),
        items=items,
        problems=(Problem(id="x", text=text, students=(student.id,)),),
        shared=(Shared(kind="cluster", key=text, students=(student.id, "s002"), same_group=False),),
        slowest=(Slow(student=student.id, attempt=1, duration_s=1.0, item="hard", waited_s=1.0),),
        overrides=(
            Override(student=student.id, item="hard", points=Decimal(1), reason=text, by=text, at=DUE),
        ),
        notes=told,
        policy_lines=told,
    )


def attributes(page: WebDocument) -> list[tuple[str, Any]]:
    """The attributes that lead somewhere or mean something to the script."""
    kept = ("id", "class", "data-tags", "data-sort")
    return [(each.tag, {name: each.attributes.get(name) for name in kept}) for each in page.elements]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_name_is_text_whatever_it_looks_like(text: str) -> None:
    """The page has the elements that it has with a harmless name, and links stay in the folder."""
    page, harmless = page_of(named(text)), page_of(named("s001"))
    assert shape(page) == shape(harmless)
    assert attributes(page) == attributes(harmless)
    assert_self_contained(page)
    page.source.encode("utf-8")
    assert not set("\x1b\0\u202e\u2066") & set(page.source)


@given(
    (st.text(st.sampled_from(MARKUP)) | st.text()).filter(lambda text: text.isprintable() and text.strip())
)
def test_no_text_changes_the_elements_of_a_page(text: str) -> None:
    """A law for any text that can be seen."""
    assert shape(page_of(named(text))) == shape(page_of(named("s001")))
