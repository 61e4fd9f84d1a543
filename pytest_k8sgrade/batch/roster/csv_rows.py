"""A CSV roster as spreadsheets write it: commas, semicolons or tabs, with or without a byte order mark.

Nothing is guessed about characters: a file is UTF-8 (or says by its mark that it is
UTF-16) unless the person names another encoding.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from typing import Final

from pytest_k8sgrade.batch.roster.columns import HAND_IN, columns_of
from pytest_k8sgrade.batch.roster.rows import Cell, Row
from pytest_k8sgrade.rubric.faults import Faults

_SEPARATOR_LINE: Final = re.compile(r"sep=([,;\t|])\r?\n", re.IGNORECASE)
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")


def read_csv(content: bytes, encoding: str | None, faults: Faults) -> list[Row]:
    """The rows of a file; what is wrong with it is noted."""
    text = _decoded(content, encoding, faults)
    if text is None:
        return []
    said = _SEPARATOR_LINE.match(text)
    delimiter = said[1] if said else _delimiter(text)
    records = _records(text[said.end() :] if said else text, delimiter, int(bool(said)), faults)
    return list(_rows(records, delimiter, faults))


def _decoded(content: bytes, encoding: str | None, faults: Faults) -> str | None:
    chosen = encoding or ("utf-16" if content.startswith(_UTF16) else "utf-8")
    try:
        return content.decode(chosen).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        faults.add(line, f"byte 0x{content[error.start]:02x} is not {chosen.upper()}; {_advice(encoding)}")
        return None


def _advice(encoding: str | None) -> str:
    if encoding is not None:
        return "give the encoding that the file has, or save it as UTF-8"
    return (
        "save it as 'CSV UTF-8' in the spreadsheet, or name its encoding: a Korean Excel's plain CSV is "
        "--encoding cp949"
    )


def _delimiter(text: str) -> str:
    """The one of the three that the header has most of."""
    header = re.sub(r'"[^"]*"', "", next(iter(text.lstrip().splitlines()), ""))
    return max(",;\t", key=header.count)


def _records(text: str, delimiter: str, before: int, faults: Faults) -> Iterator[tuple[int, list[str]]]:
    """The records with the line each begins in; `before` lines stand above the text."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        line = before + reader.line_num + 1
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            faults.add(line, f"the line that begins here is not CSV: {error}; look at its quotation marks")
            return
        yield line, record


def _rows(records: Iterator[tuple[int, list[str]]], delimiter: str, faults: Faults) -> Iterator[Row]:
    filled = ((number, record) for number, record in records if any(cell.strip() for cell in record))
    first = next(filled, None)
    if first is None:
        if not faults:
            faults.add(1, "the file is empty")
        return
    line, header = first
    columns = _header(line, header, faults)
    if "student" not in columns:
        return
    for number, record in filled:
        if len(record) < len(header) or any(cell.strip() for cell in record[len(header) :]):
            cells = f"{len(record)} cells, but the header has {len(header)}"
            faults.add(
                number, f"the line has {cells} (separated by {delimiter!r}); quote cells that hold one"
            )
            continue
        named = {name: text for name, text in zip(columns, record, strict=False) if name and text.strip()}
        yield Row(number, {name: Cell(text, number) for name, text in named.items()})


def _header(line: int, header: Sequence[str], faults: Faults) -> list[str | None]:
    named = [(name, line) for name in header if name.strip()]
    found = columns_of(named, faults, "column")
    columns = [next(found) if name.strip() else None for name in header]
    if "student" not in columns:
        faults.add(line, "the column 'student' is missing: the first line names the columns, one is the id")
    elif not set(columns) & set(HAND_IN):
        faults.add(line, f"a column with the hand-ins is missing: {', '.join(HAND_IN)}")
    return columns
