"""The class as a web page for the instructor: `class.html`, one file that needs nothing else.

What an instructor should look at stands first, then every mark with its arithmetic, then the items.
All of it can be read without the script, which only sorts and searches.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from urllib.parse import quote

from pytest_k8sgrade.gradebook.model import AttemptMark, Bin, ClassBook, ItemStatistics, StudentMark
from pytest_k8sgrade.locale.messages import Language
from pytest_k8sgrade.reports.facts import RESULTS, SIGNS
from pytest_k8sgrade.reports.labels import Labels, labels
from pytest_k8sgrade.reports.text import number
from pytest_k8sgrade.reports.web import WebPage, Width, percent, range_width

_LONGEST_LIST = 25
_TO = "\u2013"
_RESULTS = ("passed", "undecided", "failed", "absent")

_PAGE = WebPage(
    "gradebook/class.html",
    styles=("reports/base.css", "gradebook/class.css"),
    script="gradebook/class.js",
)


def render_class(book: ClassBook, language: Language) -> str:
    """The page; the texts of the book stay in the book's language."""
    page = labels(language, "page")
    warnings = _warnings(book)
    highest = max((each.students for each in book.distribution), default=0)
    return _PAGE.render(
        language,
        {
            "book": book,
            "label": labels(language),
            "page": page,
            "anchors": {mark.student.id: f"student-{at}" for at, mark in enumerate(book.students, 1)},
            "grouped": any(mark.student.group for mark in book.students),
            "ungraded": _ungraded(book),
            "warnings": warnings,
            "attention": bool(book.problems or book.shared or _ungraded(book) or warnings),
            "hardest": sorted(book.items, key=_share),
            "bin_height": lambda each: _bin_height(each, highest),
            "item_width": _item_width,
            "link": _link,
            "mark_points": _points,
            "mark_width": lambda mark: range_width(mark.score_range, mark.max_score),
            "name": _name,
            "noted": _noted,
            "share": lambda share: f"{percent(_decimal(share), Decimal(1)):.0f}%",
            "students": lambda count: page(
                "class-one-student" if count == 1 else "class-students", count=count
            ),
            "tags": _tags,
            "result": _result,
            "results": _RESULTS,
            "signs": SIGNS,
            "longest_list": _LONGEST_LIST,
        },
    )


def _ungraded(book: ClassBook) -> list[ItemStatistics]:
    """The items that could not be graded for somebody, the most frequent first."""
    return sorted((item for item in book.items if item.ungraded), key=lambda item: -item.ungraded)


def _warnings(book: ClassBook) -> list[tuple[str, list[str]]]:
    """The warnings about attempts that count, each with one student's text and all it is about."""
    texts: dict[str, str] = {}
    students: dict[str, list[str]] = {}
    for mark in book.students:
        for warning in mark.attempt.warnings if mark.attempt is not None else ():
            texts.setdefault(warning.id, warning.text)
            students.setdefault(warning.id, []).append(mark.student.id)
    return [(texts[warning], ids) for warning, ids in students.items()]


def _share(item: ItemStatistics) -> float:
    """The hardest first; one that nobody was graded in comes last."""
    return 2.0 if item.share is None else item.share


def _students(count: int, page: Labels) -> str:
    return page("class-one-student") if count == 1 else page("class-students", count=count)


def _decimal(share: float) -> Decimal:
    return Decimal(repr(share))


def _item_width(item: ItemStatistics) -> Width:
    return Width(percent(_decimal(item.share or 0.0), Decimal(1)), Decimal(0))


def _bin_height(each: Bin, highest: int) -> Decimal:
    return percent(Decimal(each.students), Decimal(highest))


def _name(mark: StudentMark) -> str:
    """The name, or what there is of it."""
    student = mark.student
    return student.name or " ".join(filter(None, (student.first_name, student.last_name)))


def _result(mark: StudentMark) -> str:
    """The word for what was decided; one of `_RESULTS`."""
    return "absent" if mark.absent else RESULTS[mark.passed]


def _points(mark: StudentMark) -> str:
    """`70.4/100`; both ends while points are open."""
    ends = number(mark.score_range.min), number(mark.score_range.max)
    shown = ends[0] if mark.final else _TO.join(ends)
    return f"{shown}/{number(mark.max_score)}"


def _link(attempt: AttemptMark) -> str:
    """Where the report of the hand-in is, as a link from the folder of results."""
    folder = quote(attempt.folder, errors="replace")
    return f"./{folder}/grade.html"


def _noted(mark: StudentMark) -> int:
    """How much there is to look at; what the column of notes is sorted by."""
    return 10 * len(mark.flags) + 5 * bool(mark.ungraded_items) + mark.late + mark.overridden


def _tags(mark: StudentMark) -> str:
    """The choices of the list above the marks that show this student."""
    return " ".join(_tagged(mark))


def _tagged(mark: StudentMark) -> Iterator[str]:
    yield _result(mark)
    tags = {
        "open": not mark.final and not mark.absent,
        "late": mark.late,
        "overridden": mark.overridden,
        "flagged": bool(mark.flags),
    }
    yield from (tag for tag, holds in tags.items() if holds)
