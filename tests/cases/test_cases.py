"""Every case gets the right verdict, and a hint that holds the case's content."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pytest_k8sgrade.locale.messages import LANGUAGES
from tests.cases.harness import replayed, story
from tests.cases.loading import VERDICTS, cases, replays

LOOKS = [
    pytest.param(
        replay.case_id, number, id=replay.case_id + (f"-{number + 1}" if len(replay.looks) > 1 else "")
    )
    for replay in replays().values()
    for number in range(len(replay.looks))
]


def test_every_case_has_a_replay() -> None:
    """A case that nobody looks at proves nothing."""
    missing: dict[str, list[str]] = {}
    for case in cases().values():
        if case.id not in replays():
            missing.setdefault(case.system, []).append(case.id)
    assert missing == {}


def test_every_replay_is_of_a_case() -> None:
    """A misspelt id must not go unnoticed; a test of its own must exist."""
    assert replays().keys() - cases().keys() == set()
    for replay in replays().values():
        assert replay.looks or replay.proof, f"{replay.case_id}: neither a look nor a proof"
        if replay.proof:
            file, _, name = replay.proof.partition("::")
            assert f"def {name}(" in (Path(__file__).parent / file).read_text(encoding="utf-8"), replay.proof


@pytest.mark.parametrize("case_id", replays())
def test_the_verdict_is_the_case_s(case_id: str) -> None:
    """A replay may not want another verdict than its case; what is partial says what it means.

    Partly: one item has parts of its points. Early: nothing is lost yet. Levels: the lower
    level is an item of its own and passes, the higher one fails.
    """
    case, replay = cases()[case_id], replays()[case_id]
    found = [look.verdict for look in replay.looks]
    wanted = VERDICTS[case.verdict]
    if "levels" in {look.meaning for look in replay.looks}:
        assert case.verdict == "partial"
        assert {"passed", "failed"} <= set(found)
    else:
        assert replay.proof or wanted & set(found)
    for look in replay.looks:
        if case.verdict == "partial" and look.verdict in wanted:
            assert look.meaning == {"partial": "partly", "ungraded": "early"}[look.verdict]
        assert look.reason or look.verdict == "passed", "a reason is wanted for all but a pass"
        assert look.says or look.verdict == "passed", "the hint's facts are wanted for all but a pass"


def says(told: str, fact: str) -> bool:
    """Whether a text holds a name or number as a whole; Korean particles may follow it at once."""
    return re.search(rf"(?<![A-Za-z0-9]){re.escape(fact)}(?![A-Za-z0-9])", told) is not None


@pytest.mark.parametrize(("case_id", "number"), LOOKS)
def test_case(case_id: str, number: int, tmp_path: Path) -> None:
    """Verdict, reason, and in both languages the facts that the student needs."""
    case, replay = cases()[case_id], replays()[case_id]
    look = replay.looks[number]
    outcome = replayed(case, replay, look, tmp_path)
    item = outcome.item
    wrong = []
    if (item.verdict, item.reason.id if item.reason else None) != (look.verdict, look.reason):
        wrong.append("verdict or reason")
    for language in LANGUAGES:
        told = outcome.told(language)
        wrong += [f"{language} does not say {fact!r}" for fact in look.says if not says(told, fact)]
    if wrong:
        pytest.fail("; ".join(wrong) + "\n" + story(case, look, outcome), pytrace=False)
