"""`--k8s-grade-list`: the labs there are, or the items of one lab."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from pytest_k8sgrade.errors import UsageFault
from pytest_k8sgrade.locale.messages import Catalogue, default_language
from pytest_k8sgrade.reports.streams import be_tolerant
from pytest_k8sgrade.rubric.load import LoadedRubric, load_rubric
from pytest_k8sgrade.rubric.model import sum_of
from pytest_k8sgrade.rubric.packs import all_packs, find_pack
from pytest_k8sgrade.rubric.signature import title_of
from pytest_k8sgrade.rubric.variables import fixed_values

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_k8sgrade.rubric.model import Item


def print_listing(config: pytest.Config) -> int:
    """Print the list and return pytest's exit code."""
    catalogue = Catalogue(config.getoption("k8s_grade_lang") or default_language())
    lab = config.getoption("k8s_grade")
    try:
        lines = list(_labs(catalogue) if lab is None else _items(load_rubric(find_pack(lab)), catalogue))
    except UsageFault as fault:
        raise pytest.UsageError(str(fault)) from None
    be_tolerant(sys.stdout)
    print("\n".join(lines))
    return int(pytest.ExitCode.OK)


def _labs(catalogue: Catalogue) -> Iterator[str]:
    yield catalogue.label("labs")
    for pack in all_packs():
        rubric = load_rubric(pack).rubric
        points = sum_of(rubric.items)
        title = rubric.title.of(catalogue.language)
        yield "  " + catalogue.label("list-item", points=points, id=rubric.id, title=title)


def _items(lab: LoadedRubric, catalogue: Catalogue) -> Iterator[str]:
    rubric = lab.rubric
    title = rubric.title.of(catalogue.language)
    yield catalogue.label("header-lab", title=title, id=rubric.id, points=sum_of(rubric.items))
    for group in lab.rubric.groups:
        yield group.title.of(catalogue.language)
        for item in group.items:
            told = {"points": item.points, "id": item.id, "title": _title(lab, item, catalogue)}
            label = "list-active" if item.active is not None else "list-item"
            yield "  " + catalogue.label(label, name=item.active, **told)


def _title(lab: LoadedRubric, item: Item, catalogue: Catalogue) -> str:
    values = fixed_values(lab.rubric, {})
    return title_of(item, lab.checks[item.check], values, catalogue.language)
