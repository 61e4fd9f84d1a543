"""Findings as people and programs read them, and the command that tells them."""

from __future__ import annotations

import json
import re
from io import StringIO
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from pytest_k8sgrade.command import lint as subcommand
from pytest_k8sgrade.command.screen import show
from pytest_k8sgrade.errors import UsageFault
from pytest_k8sgrade.lint import RULES, Finding, Linted, lint_rubric
from pytest_k8sgrade.lint.report import as_json, as_lines, page
from pytest_k8sgrade.locale.messages import LANGUAGES, Language, placeholders
from pytest_k8sgrade.reports.labels import labels
from pytest_k8sgrade.rubric.packs import all_packs
from tests.unit.lint.labs import GOOD, changed, lab, lint

ROOT = Path(__file__).parents[3]
LINE = re.compile(r"(?P<file>[^:\n]+):(?P<line>\d+): (?:error|warning|오류|경고): .* \[(?P<rule>[a-z-]+)\]")
BAD = GOOD.replace("  space: lab\n", "  space: lab\n  unused: 1\n").replace("points: 10", "points: 9")


def shown(linted: Linted, language: Language) -> str:
    """The page of a terminal with 80 columns."""
    screen = Console(file=StringIO(), width=80)
    show(screen, *page([linted], language))
    assert isinstance(screen.file, StringIO)
    return screen.file.getvalue()


@pytest.mark.parametrize("name", [pack.name for pack in all_packs()])
def test_bundled_rubrics_are_clean(name: str) -> None:
    """What we ask of others holds for our own labs, on their recorded clusters too."""
    linted = lint_rubric(name)
    assert linted.findings == ()
    assert linted.complete
    assert linted.recorded


def test_the_rubric_of_the_example_is_clean() -> None:
    """Its workflow lints it before a cluster is made."""
    path = ROOT / "examples" / "ci" / "lab.yaml"
    assert lint_rubric(str(path)).findings == ()


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_says_all_there_is_to_say(rule: str) -> None:
    """What is wrong, what was expected and what to do next, with the same values in both languages."""
    keys = [rule] if rule == "fault" else [rule, f"{rule}-expected", f"{rule}-next"]
    for key in keys:
        english, korean = (labels(language, "lint").get(key) for language in LANGUAGES)
        assert english
        assert korean
        assert placeholders(english) == placeholders(korean)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_log_line_leads_to_the_place(tmp_path: Path, language: Language) -> None:
    """File, line and rule stand in one line, as compilers write them, so that logs and editors link."""
    linted = lint(tmp_path, BAD)
    found = [LINE.fullmatch(line) for line in as_lines([linted], language).splitlines()]
    places = [(match["file"], int(match["line"]), match["rule"]) for match in found if match]
    assert places == [(linted.source, one.line, one.rule) for one in linted.findings]
    assert len(places) == 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_fits_the_terminal(tmp_path: Path, language: Language) -> None:
    """No line is wider than 80 cells, and nothing of the text is lost."""
    linted = lint(tmp_path, BAD)
    text = shown(linted, language)
    assert max(cell_len(line) for line in text.splitlines()) <= 80
    told = "".join(text.split())  # a long path is folded anywhere
    assert all(one.rule in told and f":{one.line}" in told for one in linted.findings)


def test_a_title_cannot_play_tricks_on_a_terminal(tmp_path: Path) -> None:
    """Escape sequences of a rubric do not reach the screen."""
    finding = Finding("title-repeated", 3, "own", {"title": "\x1b[2JGone", "other": "x"})
    linted = Linted("lab.yaml", (finding,))
    assert "\x1b" not in as_lines([linted], "en") + shown(linted, "ko")
    assert "Gone" in as_lines([linted], "en")


def test_json_has_all_that_the_lines_have(tmp_path: Path) -> None:
    """Programs get rule, severity, place, item, texts and the values in them."""
    data = json.loads(json.dumps(as_json([lint(tmp_path, changed("[written]", "[writen]"))], "en")))
    (rubric,) = data["rubrics"]
    (finding,) = rubric["findings"]
    assert (data["errors"], data["warnings"], rubric["items"]) == (1, 0, 2)
    assert (finding["rule"], finding["severity"], finding["item"]) == ("fault", "error", "runs")
    assert "did you mean 'written'?" in finding["text"]


def run(*arguments: str) -> int:
    """The exit code of `k8sgrade lint`."""
    return int(subcommand.command.main([*arguments, "--lang", "en"], standalone_mode=False))


def test_the_command_ends_with_what_it_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """0 clean, 1 findings, and warnings alone count unless they are allowed."""
    path = lab(tmp_path)
    assert run(str(path)) == 0
    assert "clean, 2 items" in capsys.readouterr().out
    lab(tmp_path, GOOD.replace("  space: lab\n", "  space: lab\n  unused: 1\n"))
    assert run(str(path)) == 1
    assert run(str(path), "--allow-warnings") == 0
    lab(tmp_path, BAD)
    assert run(str(path), "--allow-warnings") == 1


def test_a_rubric_that_cannot_be_read_hides_no_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 4 with one clean message, after the others were linted."""
    assert run(str(tmp_path / "none.yaml"), str(lab(tmp_path, BAD))) == 4
    told = capsys.readouterr()
    assert "none.yaml does not exist" in told.err
    assert "[variable-unused]" in told.out


def test_the_command_writes_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Beside what it prints, as the other subcommands do."""
    report = tmp_path / "lint.json"
    assert run("--json", str(report), str(lab(tmp_path))) == 0
    assert json.loads(report.read_text(encoding="utf-8"))["schema"] == "k8sgrade/lint/v1"
    assert "clean" in capsys.readouterr().out
    assert run("--json", "-", str(lab(tmp_path))) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(report.read_text(encoding="utf-8"))
    with pytest.raises(UsageFault, match="does not exist"):
        run("--json", str(tmp_path / "nowhere" / "lint.json"), str(lab(tmp_path)))
