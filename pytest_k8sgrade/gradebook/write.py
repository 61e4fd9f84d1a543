"""The files of a class: the book in every form, each written whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from pytest_k8sgrade.errors import UsageFault
from pytest_k8sgrade.grade.model import Told
from pytest_k8sgrade.gradebook import canvas, csv_files, moodle, nbgrader
from pytest_k8sgrade.gradebook.attempt import Attempt, Student
from pytest_k8sgrade.gradebook.cells import is_formula
from pytest_k8sgrade.gradebook.json import json_parts
from pytest_k8sgrade.gradebook.lines import Teller
from pytest_k8sgrade.gradebook.model import ClassBook
from pytest_k8sgrade.locale.messages import Language
from pytest_k8sgrade.reports.write import replacing, write_atomically

IMPORTS = ("canvas.csv", "moodle.csv", "nbgrader.csv")
FILES = ("class.json", "class.html", "grades.csv", "items.csv", *IMPORTS)
_STUDENTS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Written:
    """The files that were written, and what to know before they are imported anywhere."""

    files: tuple[Path, ...]
    notes: tuple[Told, ...]


def write_class(
    book: ClassBook,
    attempts: Iterable[Attempt],
    folder: Path,
    language: Language | None = None,
    *,
    assignment: str | None = None,
    bom: bool | None = None,
) -> Written:
    """Write all files of `FILES` into a folder.

    `attempts` are those of the book, once more, for `items.csv`. `assignment` is what the
    systems call it, the rubric's title by default. `grades.csv` and `items.csv` begin with a byte
    order mark where `bom` says so: by default in Korean, for Excel. Raises `UsageFault` when
    the file system refuses.
    """
    spoken = cast("Language", book.language) if language is None else language
    marked = spoken == "ko" if bom is None else bom
    title = book.rubric.title if assignment is None else assignment
    writers = {
        "class.json": lambda path: _write_parts(path, json_parts(book)),
        "class.html": lambda path: write_atomically(path, _page(book, spoken).encode("utf-8")),
        "grades.csv": lambda path: csv_files.write_csv(path, csv_files.grades(book), bom=marked),
        "items.csv": lambda path: csv_files.write_csv(path, csv_files.items(book, attempts), bom=marked),
        "canvas.csv": lambda path: csv_files.write_csv(path, canvas.rows(book, title)),
        "moodle.csv": lambda path: csv_files.write_csv(path, moodle.rows(book, title)),
        "nbgrader.csv": lambda path: csv_files.write_csv(path, nbgrader.rows(book, title)),
    }
    files = []
    for name in FILES:
        files.append(folder / name)
        try:
            writers[name](files[-1])
        except OSError as error:
            raise UsageFault(f"{name} cannot be written to {str(folder)!r}: {error.strerror}") from error
    return Written(tuple(files), tuple(_notes(book, Teller(spoken))))


def _write_parts(path: Path, parts: Iterable[str]) -> None:
    with replacing(path) as stream:
        stream.writelines(part.encode("utf-8") for part in parts)


def _page(book: ClassBook, language: Language) -> str:
    from pytest_k8sgrade.gradebook.page import render_class  # noqa: PLC0415 - templates only when asked for

    return render_class(book, language)


def _notes(book: ClassBook, tell: Teller) -> Iterator[Told]:
    unfinished = [mark.student.id for mark in book.students if not mark.final]
    if unfinished:
        shown = (*unfinished[:_STUDENTS_SHOWN], *(["…"] if len(unfinished) > _STUDENTS_SHOWN else []))
        yield tell("note-left-empty", file=IMPORTS, count=len(unfinished), students=shown)
    for column, count in moodle.incomplete(book):
        yield tell("note-left-out-column", file="moodle.csv", column=column, count=count)
    changed = sum(any(map(is_formula, _identifiers(mark.student))) for mark in book.students)
    if changed:
        yield tell("note-changed", file=IMPORTS, count=changed)


def _identifiers(student: Student) -> Iterator[str]:
    """What other systems know a student by."""
    named = (student.canvas_id, student.sis_user_id, student.sis_login_id, student.username, student.email)
    return (text for text in (student.id, *named) if text)
