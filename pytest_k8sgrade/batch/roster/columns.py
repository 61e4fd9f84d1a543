"""The words of a roster: the same for the columns of a CSV and the keys of a YAML file.

People name columns as their spreadsheets do, so case, spaces and dashes do not matter and
the usual other names are known. What is left is a fault, unless it begins with `x-`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from pytest_k8sgrade.rubric.faults import Faults, quoted
from pytest_k8sgrade.rubric.suggest import choices

PERSON: Final = (
    "name",
    "first_name",
    "last_name",
    "email",
    "group",
    "section",
    "canvas_id",
    "sis_user_id",
    "sis_login_id",
    "username",
)
"""What is said about a person beside the id; the names of `Student`'s fields."""

HAND_IN: Final = ("kubeconfig", "evidence", "answers")
COLUMNS: Final = ("student", *PERSON, *HAND_IN, "context", "submitted", "deadline", "extension")

_OTHER_NAMES: Final[Mapping[str, str]] = {
    "id": "student",
    "student_id": "student",
    "학번": "student",
    "student_name": "name",
    "full_name": "name",
    "이름": "name",
    "성명": "name",
    "given_name": "first_name",
    "surname": "last_name",
    "family_name": "last_name",
    "e_mail": "email",
    "mail": "email",
    "email_address": "email",
    "이메일": "email",
    "조": "group",
    "분반": "section",
    "제출": "submitted",
    "제출_시각": "submitted",
    "마감": "deadline",
    "마감_시각": "deadline",
    "연장": "extension",
}
_BETWEEN: Final = re.compile(r"[\s_-]+")


def column_of(written: str) -> str:
    """The column that a header means, or the header itself in the form it is compared in."""
    plain = _BETWEEN.sub("_", written.strip().casefold())
    return _OTHER_NAMES.get(plain, plain)


def ignored(written: str) -> bool:
    """Whether the column is the instructor's own."""
    return written.strip().casefold().startswith("x-")


def columns_of(written: Iterable[tuple[str, int]], faults: Faults, what: str) -> Iterator[str | None]:
    """The column of each header (with its line), None for one that is left out.

    Unknown ones and those that are there twice are faults; `what` is `column` or `key`.
    """
    seen: dict[str, str] = {}
    for name, line in written:
        column = column_of(name)
        if ignored(name):
            yield None
        elif column not in COLUMNS:
            faults.add(line, _unknown(name, column, what))
            yield None
        elif column in seen:
            other = f"the {what}s {quoted(seen[column])} and {quoted(name)} both mean {column!r}"
            faults.add(line, f"{other}; leave one out, or begin its name with x-")
            yield None
        else:
            seen[column] = name
            yield column


def _unknown(name: str, column: str, what: str) -> str:
    if column == "allow":
        return "'allow' is no column: what kubeconfigs may use is said in a YAML roster or with --allow"
    there_is = choices(column, COLUMNS, f"{what}s")
    return f"unknown {what} {quoted(name.strip())}; {there_is}; one of your own begins with x-"
