"""Proofs for a person at a terminal: one line each, and below it what does not hold.

Returns text: the caller owns the terminal. Words are those of `locale/*/command.yaml`.
"""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from pytest_k8sgrade.locale.messages import Catalogue
from pytest_k8sgrade.prove.judge import Difference
from pytest_k8sgrade.prove.model import BLOCKED
from pytest_k8sgrade.prove.run import Proof, ProofReport
from pytest_k8sgrade.reports.page import page
from pytest_k8sgrade.reports.text import number

_INDENT = 4


def render(report: ProofReport, *, width: int, colour: bool) -> str:
    """The report, lines at most `width` cells wide, ending with a line break."""
    words = Catalogue(report.language)
    content = Group(*_lines(report, words), _summary(report, words))
    return page(content, width=width, colour=colour)


def _lines(report: ProofReport, words: Catalogue) -> Iterator[RenderableType]:
    wide = max(len(proof.id) for proof in report.proofs)
    for proof in report.proofs:
        table = Table.grid(padding=(0, 1))
        table.add_column(width=1)
        table.add_column(width=wide, no_wrap=True)
        table.add_column(width=9, justify="right", no_wrap=True)
        table.add_column(ratio=1, overflow="fold")
        sign = Text("✓", "green") if proof.proven else Text("✗", "red")
        points = f"{number(proof.score)}/{number(proof.max_score)}"
        table.add_row(sign, proof.id, points, Text(_result(proof, words), "" if proof.proven else "red"))
        yield table
        for difference in proof.differences:
            yield Padding(Text(_told(difference, words)), (0, 0, 0, _INDENT))


def _result(proof: Proof, words: Catalogue) -> str:
    if not proof.proven:
        return words.label("prove-not-held", title=proof.title, count=len(proof.differences))
    if proof.kind != "mutation":
        return words.label(f"prove-{proof.kind}")
    own = [item for item, reason in proof.lost.items() if reason != BLOCKED]
    blocked = len(proof.lost) - len(own)
    label = "prove-lost-with-blocked" if blocked else "prove-lost"
    return words.label(label, items=own, blocked=blocked)


def _told(difference: Difference, words: Catalogue) -> str:
    label = f"prove-{difference.kind}"
    if difference.kind == "too-little" and difference.found is not None:
        label = "prove-earned"
    shown = difference.model_dump(exclude={"kind"})
    return words.label(label, **shown)


def _summary(report: ProofReport, words: Catalogue) -> Text:
    held = sum(proof.proven for proof in report.proofs)
    told = words.label("prove-summary", held=held, all=len(report.proofs), rubric=report.rubric.id)
    return Text(f"\n{told}", "green" if report.proven else "red")
