"""The table of faults in the documentation is the one that the live matrix last gave."""

from __future__ import annotations

import pytest

from pytest_k8sgrade.locale.messages import LANGUAGES, Language
from tests.e2e.fault_kinds import ACTS, READS
from tests.e2e.fault_table import BEGIN, END, FAULTS, HEADINGS, PAGES, outcomes, table


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_table_is_current(language: Language) -> None:
    """`python -m tests.e2e.fault_table` would change nothing."""
    page = PAGES[language].read_text(encoding="utf-8")
    assert page.partition(BEGIN)[2].partition(END)[0].strip() == table(language).strip()


def test_every_fault_and_every_kind_of_read_has_its_cell() -> None:
    """A fault that was added is in the table, with a title in each language and its reasons."""
    assert list(FAULTS) == list(ACTS) == list(outcomes())
    assert all(list(row) == list(READS) for row in outcomes().values())
    assert all(set(words) == {"fault", *READS} for words in HEADINGS.values())


def test_no_cell_names_another_reason_than_the_faults_own() -> None:
    """Whatever came out is what the fault may lead to."""
    for fault, row in outcomes().items():
        for reasons in row.values():
            assert set(reasons) <= set(FAULTS[fault]["reasons"]), fault
