"""SECURITY.md says what the tests of this folder show, and shows all of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tests.security import test_answer_sheets, test_kubeconfigs, test_rosters, test_surroundings
from tests.security.addresses import NAMES, SERVERS
from tests.security.answers import ANSWERS
from tests.security.evidences import EVIDENCE
from tests.security.judging import BAD_INPUTS
from tests.security.kubeconfigs import KUBECONFIGS
from tests.security.table import GROUPS, PAGE, content, known, reasons
from tests.security.texts import TEXTS

TESTED: Mapping[str, Iterable[str]] = {
    "kubeconfig": [*KUBECONFIGS, *test_kubeconfigs.FILES],
    "address": [*SERVERS, "own-address", *NAMES],
    "answer": ANSWERS,
    "tls": ["tls-other-authority", "tls-expired", "tls-other-name", "tls-none"],
    "evidence": EVIDENCE,
    "sheet": test_answer_sheets.SHEETS,
    "text": TEXTS,
    "roster": test_rosters.ROSTERS,
    "surroundings": test_surroundings.TRAPS,
}


def test_every_row_is_a_test_and_every_test_a_row() -> None:
    """Nothing is claimed that is not tried."""
    assert {group: set(rows) for group, rows in BAD_INPUTS.items()} == {
        group: set(names) for group, names in TESTED.items()
    }
    assert set(GROUPS) == set(BAD_INPUTS)


def test_there_are_many() -> None:
    """Each different from the others."""
    told = [(group, words) for group, rows in BAD_INPUTS.items() for words, _ in rows.values()]
    assert len(told) >= 250
    assert len(set(told)) == len(told)


def test_the_page_is_current() -> None:
    """`python -m tests.security.table` writes it anew."""
    page = PAGE.read_text(encoding="utf-8")
    assert page == content(page)


def test_reasons_have_texts() -> None:
    """What the table names can be looked up in a report."""
    assert reasons() <= known()
