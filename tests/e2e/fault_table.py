"""The table of docs/faults.md: what was injected and what came out.

`outcomes.json` holds what the live matrix last gave: for each fault and each kind of read the
reasons that the grade names. `python -m tests.e2e.fault_table` writes the tables of both
languages anew; `tests/docs/test_faults.py` compares them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

import yaml

from pytest_k8sgrade.locale.messages import LANGUAGES, Language
from tests.e2e.fault_kinds import READS

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parents[1]
FAULTS: Final[Mapping[str, Mapping[str, Any]]] = yaml.safe_load(
    (HERE / "faults.yaml").read_text(encoding="utf-8")
)
OUTCOMES: Final = HERE / "fault_outcomes.json"
BEGIN, END = "<!-- table -->", "<!-- end of table -->"
PAGES: Final[Mapping[Language, Path]] = {
    "en": ROOT / "docs" / "faults.md",
    "ko": ROOT / "docs" / "faults.ko.md",
}
HEADINGS: Final[Mapping[Language, Mapping[str, str]]] = {
    "en": {
        "fault": "injected",
        "get": "one object",
        "list": "list",
        "discovery": "discovery",
        "aggregated": "aggregated API",
        "custom": "custom resources",
        "prometheus": "Prometheus",
        "alertmanager": "Alertmanager",
        "grafana": "Grafana",
        "argocd-server": "Argo CD server",
        "grafana-login": "Grafana login",
    },
    "ko": {
        "fault": "주입한 장애",
        "get": "객체 하나",
        "list": "목록",
        "discovery": "디스커버리",
        "aggregated": "집계 API",
        "custom": "사용자 정의 리소스",
        "prometheus": "Prometheus",
        "alertmanager": "Alertmanager",
        "grafana": "Grafana",
        "argocd-server": "Argo CD 서버",
        "grafana-login": "Grafana 로그인",
    },
}
UNTOUCHED: Final[Mapping[Language, str]] = {"en": "as without it", "ko": "장애 없을 때와 같음"}

Outcomes: TypeAlias = Mapping[str, Mapping[str, Sequence[str]]]


def outcomes() -> Outcomes:
    """What the matrix last gave: reasons by fault and kind of read."""
    return json.loads(OUTCOMES.read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def table(language: Language) -> str:
    """The table in Markdown."""
    return "\n".join(_rows(language)) + "\n"


def _rows(language: Language) -> Iterator[str]:
    headings, found = HEADINGS[language], outcomes()
    yield _row([headings["fault"], *(headings[reads] for reads in READS)])
    yield _row(["---"] * (len(READS) + 1))
    for fault, told in FAULTS.items():
        cells = [found[fault][reads] for reads in READS]
        yield _row([str(told[language]), *(_cell(cell, language) for cell in cells)])


def _cell(reasons: Sequence[str], language: Language) -> str:
    return ", ".join(f"`{reason}`" for reason in reasons) or UNTOUCHED[language]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def write(path: Path, language: Language) -> None:
    """Put the table into a page, between its two marks."""
    before, _, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    path.write_text(f"{before}{BEGIN}\n{table(language)}{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    for language in LANGUAGES:
        write(PAGES[language], language)
