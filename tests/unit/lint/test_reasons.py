"""Everything that a check can say has texts in both languages, with all its parameters."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_k8sgrade.errors import UsageFault
from pytest_k8sgrade.lint import lint_rubric
from pytest_k8sgrade.locale.messages import Catalogue
from tests.unit.lint.labs import GOOD, lab, lint, message, only, own, rules, texts

SAYS = {
    "at once": 'absent("own-not-so")',
    "one of two": 'absent("own-not-so" if cluster else "own-not-so")',
    "by a name": 'reason = "own-not-so"\n    absent(reason)',
    "from a table": 'absent({1: "own-not-so"}.get(len("x"), "own-not-so"))',
    "from a table of the module": 'absent(TABLE["a"])',
    "from a table, perhaps": 'absent(TABLE.get("b", "own-not-so"))',
    "from a function": "absent(why()[0])",
    "in a pair": "reason, params = pair()\n    absent(reason, **params)",
    "as a part": 'found = Findings()\n    found.require(False, "own-not-so")\n    found.close()',
}

CODE = '''
def why():
    return WHY, 1


def pair():
    return "own-not-so", {{}}


WHY = "own-not-so"
TABLE = {{"a": "own-not-so"}}


def test_says(cluster: Cluster) -> None:
    """Nothing is ever right."""
    cluster.get("nobody.has/v1", "Nothing", "web", "lab")
    {say}
'''


@pytest.mark.parametrize("say", SAYS.values(), ids=SAYS)
def test_a_reason_without_text_is_found_in_the_code(tmp_path: Path, say: str) -> None:
    """However its id gets to the call, and though no look ever met it."""
    found = only(lint(tmp_path, own("says"), CODE.format(say=say)))
    assert (found.rule, found.item) == ("reason-without-text", "own")
    assert (found.params["reason"], found.params["language"]) == ("own-not-so", ["en", "ko"])
    assert str(found.params["where"]).startswith("checks/own.py:")


@pytest.mark.parametrize(
    ("english", "korean", "languages", "missing"),
    [
        (message(), None, ["ko"], ["reason", "beginner", "intermediate", "advanced"]),
        (message(), message(levels="beginner"), ["ko"], ["intermediate", "advanced"]),
        (message().replace("  reason: It is not so.\n", ""), message(), ["en"], ["reason"]),
    ],
)
def test_what_is_missing_is_told_by_language_and_level(
    tmp_path: Path, english: str, korean: str | None, languages: list[str], missing: list[str]
) -> None:
    """A reason needs its sentence and three hints in each language."""
    texts(tmp_path, "en", english)
    if korean is not None:
        texts(tmp_path, "ko", korean)
    found = only(lint(tmp_path, own("says"), CODE.format(say=SAYS["at once"])))
    assert (found.params["language"], found.params["missing"]) == (languages, missing)


def test_a_reason_with_all_its_texts_is_clean(tmp_path: Path) -> None:
    """Both languages, three levels."""
    for language in ("en", "ko"):
        texts(tmp_path, language, message())
    assert rules(lint(tmp_path, own("says"), CODE.format(say=SAYS["at once"]))) == []


@pytest.mark.parametrize(("given", "lacking"), [("", ["name"]), (', name="web"', [])])
def test_a_text_shows_only_what_the_check_gives(tmp_path: Path, given: str, lacking: list[str]) -> None:
    """Else a student reads `{name}`."""
    for language in ("en", "ko"):
        texts(tmp_path, language, message(reason='"{name} is not so."'))
    linted = lint(tmp_path, own("says"), CODE.format(say=f'absent("own-not-so"{given})'))
    assert [one.params["lacking"] for one in linted.findings] == ([lacking] if lacking else [])


def test_what_the_code_does_not_show_is_seen_when_the_check_speaks(tmp_path: Path) -> None:
    """An id that is put together at run time is met on the empty cluster."""
    code = '''
    def test_says(cluster: Cluster) -> None:
        """Nothing is ever right."""
        absent("-".join(["own", "not", "so"]))
    '''
    found = only(lint(tmp_path, own("says"), code))
    assert (found.rule, found.params["reason"], found.params["where"]) == (
        "reason-without-text",
        "own-not-so",
        "own.says",
    )


@pytest.mark.parametrize("content", ["own-not-so: [", "- a list", "own-not-so: a text"])
def test_texts_of_another_shape_are_told(tmp_path: Path, content: str) -> None:
    """A broken catalogue is a finding, not a traceback."""
    texts(tmp_path, "ko", content)
    path = lab(tmp_path, own("says"), CODE.format(say=SAYS["at once"]))
    assert ("texts-unreadable", None) in rules(lint_rubric(str(path)))


def test_hints_for_a_reason_that_there_is_not_are_told(tmp_path: Path) -> None:
    """Nobody would ever read them; the nearest id is named."""
    hints = (
        "hints: {advanced: Look., beginner: Look., intermediate: Look.}\n        hints_for: [object-abset]"
    )
    found = only(lint(tmp_path, GOOD.replace("needs: [written]", f"needs: [written]\n        {hints}")))
    assert (found.rule, found.item) == ("hints-for-nothing", "runs")
    assert "did you mean 'object-absent'?" in str(found.params["known"])


def test_texts_that_cannot_be_read_stop_a_grading_run_before_it_begins(tmp_path: Path) -> None:
    """One clean fault that names the file, not a traceback after minutes of waiting."""
    texts(tmp_path, "ko", "own-not-so: [")
    with pytest.raises(UsageFault, match=r"ko.own\.yaml cannot be read"):
        Catalogue("ko", [tmp_path / "locale"])
