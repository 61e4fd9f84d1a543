"""The grade as a web page for the student: one file that needs nothing else, without a script.

What is lost stands open with the reason and the next thing to look at; what is right is a line that
can be opened. Made for a phone, a screen in the dark and paper as well.
"""

from __future__ import annotations

from pytest_k8sgrade.grade.model import Grade, GradedGroup, GradedItem, GradedPart, ScoreRange, Verdict
from pytest_k8sgrade.locale.messages import Language
from pytest_k8sgrade.reports import facts
from pytest_k8sgrade.reports.labels import labels
from pytest_k8sgrade.reports.web import WebPage, Width, brief, range_width

_LOST: frozenset[Verdict] = frozenset({"failed", "partial", "blocked"})
_LONGEST_LIST = 20

_PAGE = WebPage("reports/grade.html", styles=("reports/base.css", "reports/grade.css"))


def render_html(grade: Grade) -> str:
    """The page, in the language of the grade."""
    language: Language = "ko" if grade.language == "ko" else "en"
    return _PAGE.render(language, _content(grade, language))


def _content(grade: Grade, language: Language) -> dict[str, object]:
    """What the template needs beside the grade itself."""
    label, page = labels(language), labels(language, "page")
    titles = {item.id: item.title for item in grade.items}
    return {
        "grade": grade,
        "label": label,
        "page": page,
        "who": grade.subject.student or grade.subject.context,
        "titles": titles,
        "groups": grade.groups,
        "items": {group.id: _items(grade, group) for group in grade.groups},
        "score": facts.score(grade, label),
        "range": facts.score_range(grade, label),
        "result": facts.RESULTS[grade.passed],
        "mark": facts.pass_mark(grade, label),
        "not_counted": facts.not_counted(grade, label),
        "missing_required": ", ".join(f"“{brief(titles[item])}”" for item in grade.missing_required),
        "first": facts.first_item(grade),
        "open": facts.open_reasons(grade),
        "all_passed": all(item.verdict == "passed" for item in grade.items),
        "width": range_width(grade.score_range, grade.max_score, mark=grade.pass_points),
        "group_width": _group_width,
        "group_points": facts.group_points,
        "earned": facts.earned,
        "signs": facts.SIGNS,
        "lost": _LOST,
        "longest_list": _LONGEST_LIST,
        "first_parts": _first_parts,
    }


def _items(grade: Grade, group: GradedGroup) -> list[GradedItem]:
    return [item for item in grade.items if item.group == group.id]


def _first_parts(item: GradedItem) -> list[GradedPart]:
    """Those that are missing before those that are met, as many as a page can have."""
    return sorted(item.parts, key=lambda part: part.met)[:_LONGEST_LIST]


def _group_width(group: GradedGroup) -> Width:
    low = min(group.points, group.max_points)
    high = min(low + group.ungraded_points, group.max_points)
    return range_width(ScoreRange(min=low, max=high), group.max_points)
