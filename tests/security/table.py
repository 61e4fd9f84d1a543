"""The table of SECURITY.md: what is handed in, and what happens.

`python -m tests.security.table` writes it anew from `bad_inputs.yaml`, whose rows are the tests of
this folder; `test_table` compares them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from pytest_k8sgrade.locale.messages import Catalogue
from tests.security.judging import BAD_INPUTS

PAGE: Final = Path(__file__).parents[2] / "SECURITY.md"
BEGIN, END = "<!-- table -->", "<!-- end of table -->"
GROUPS: Final[Mapping[str, str]] = {
    "kubeconfig": "A kubeconfig with",
    "address": "A kubeconfig whose server is",
    "answer": "An API server that answers with",
    "tls": "An API server that proves itself with",
    "evidence": "An evidence file with",
    "sheet": "A file of answers with",
    "text": "A name or a value of",
    "roster": "A roster with",
    "surroundings": "In the working folder or the environment",
}
HAPPENS: Final[Mapping[str, str]] = {
    "as-without": "nothing: graded as without it",
    "graded": "graded by what it says; what it does not tell is ungraded",
    "shown": "shown as text, without effect",
    "roster-refused": "the batch does not begin; the line is named",
    "no-effect": "nothing",
    "kubeconfig-refused": "refused before anything is sent: all items ungraded (`kubeconfig-refused`)",
    "evidence-refused": "refused as a whole: all items ungraded (`evidence-refused`)",
    "hand-in-refused": "not opened: all items ungraded (`hand-in-refused`)",
    "memory-limit": "that worker ends at its limit: all items ungraded (`memory-limit`)",
}


def table() -> str:
    """The table in Markdown, a heading for each group."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    for group, heading in GROUPS.items():
        yield f"\n### {heading}\n\n| input | what happens |\n|---|---|"
        for told, happens in BAD_INPUTS[group].values():
            yield f"| {told} | {_happens(happens)} |"
    yield ""


def _happens(outcome: str) -> str:
    return HAPPENS.get(outcome) or f"not believed: items ungraded (`{outcome}`)"


def reasons() -> set[str]:
    """The reasons that the table names."""
    outcomes = {happens for rows in BAD_INPUTS.values() for _, happens in rows.values()}
    return {one for one in outcomes if one not in HAPPENS or f"`{one}`" in HAPPENS[one]}


def known() -> frozenset[str]:
    """The reasons that there are."""
    return Catalogue("en").ids()


def content(page: str) -> str:
    """The page with the table between its two marks."""
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}\n{table()}{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    PAGE.write_text(content(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
