"""A case from its records to its grade, by the product's own recorder and grader.

The records become an API server in memory; looks at it are recorded as evidence, and
the file is graded with a rubric of one item. `story` tells all of it for a failure.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from pytest_k8sgrade.cluster import Cluster, Facts, View, evidence_of
from pytest_k8sgrade.cluster.view import Clock
from pytest_k8sgrade.engine import grade_evidence
from pytest_k8sgrade.grade.model import GradedItem
from pytest_k8sgrade.kube.times import format_time
from pytest_k8sgrade.locale.messages import LANGUAGES, Catalogue, Language
from pytest_k8sgrade.outcome import Finding, Reason
from pytest_k8sgrade.rubric.load import LoadedRubric, load_rubric
from pytest_k8sgrade.rubric.packs import find_pack
from tests.cases.loading import OPEN_NOW, Case, Look, Replay
from tests.cases.records import answered
from tests.cases.server import RecordedServer

CATALOGUES = {language: Catalogue(language) for language in LANGUAGES}
ITEM = "case"


@dataclass(frozen=True)
class Outcome:
    """The graded item, and every request with where its answer came from."""

    item: GradedItem
    asked: tuple[tuple[str, str], ...]

    def told(self, language: Language) -> str:
        """What a student reads: the reasons of the item and of its parts, and the first hint."""
        return "\n".join(_texts(self.item, language))


def replayed(case: Case, replay: Replay, look: Look, folder: Path) -> Outcome:
    """Record and grade one look at a case."""
    rubric = folder / "rubric.yaml"
    rubric.write_text(_rubric(look), encoding="utf-8")
    lab = load_rubric(find_pack(str(rubric)))
    now = replay.at or (case.latest if case.id.startswith("live-") else OPEN_NOW)
    server = RecordedServer(answered(case.evidence, replay.given, replay.services), now, replay.fails)
    evidence = folder / "evidence.zip"
    evidence.write_bytes(_recorded(server, lab, now))
    grade = grade_evidence(rubric, evidence)
    return Outcome(grade.items[0], tuple(dict.fromkeys(server.asked)))


def _rubric(look: Look) -> str:
    item = {"id": ITEM, "check": look.check, "with": look.params, "points": 12, "level": "effect"}
    text = {"en": "Case", "ko": "사례"}
    group = {"id": "all", "title": text, "items": [item]}
    document = {"k8sgrade": 1, "id": "case", "title": text, "pass_mark": "60%", "groups": [group]}
    return json.dumps(document, ensure_ascii=False)


def _recorded(server: RecordedServer, lab: LoadedRubric, now: datetime) -> bytes:
    """The evidence of as many looks as the records show moments, as a run would record it."""
    reader, clock, item = server.reader(), Clock(now), lab.rubric.items[0]
    view = View(reader, clock)
    for moment in range(server.moments):
        view = view if moment == 0 else View(reader, clock)
        with suppress(Finding):
            lab.checks[item.check].function(cluster=Cluster(view), **item.with_)
    run = {"recorded": format_time(now), "started": format_time(now), "holds": {}}
    facts = Facts(server.context, server.server, server.identity)
    return evidence_of(view, facts, run, version("pytest-k8sgrade"))


def _texts(item: GradedItem, language: Language) -> Iterator[str]:
    catalogue = CATALOGUES[language]
    for told in [item.reason, *(part.reason for part in item.parts)]:
        if told is not None:
            yield catalogue.text(Reason(told.id, told.params))
    if item.reason is not None:
        yield catalogue.hint(Reason(item.reason.id, item.reason.params), "beginner") or ""


def story(case: Case, look: Look, outcome: Outcome) -> str:
    """Everything that is needed to see why a case went wrong."""
    item = outcome.item
    lines = [
        f"case     {case.id} ({case.verdict}): {case.situation}",
        f"look     {look.check} {dict(look.params)}",
        f"verdict  {item.verdict} ({item.points} of {item.max_points}), wanted {look.verdict}",
        f"reason   {item.reason.id if item.reason else None}, wanted {look.reason}",
        f"seen     {item.seen!r}, wanted {item.wanted!r}",
        f"params   {dict(item.reason.params) if item.reason else {}}",
        *(f"part     {'met  ' if part.met else 'UNMET'} {part.id} x{part.weight:g}" for part in item.parts),
        *(f"told {language}  {outcome.told(language)}" for language in LANGUAGES),
        f"case's   {case.hint}",
        *(f"asked    {how:13} {key}" for key, how in outcome.asked),
    ]
    return "\n".join([*lines, *([item.traceback] if item.traceback else [])])
