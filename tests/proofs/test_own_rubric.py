"""Proofs of somebody's own rubric: a file beside it, faults with their lines, and the command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pytest_k8sgrade.command import main
from pytest_k8sgrade.errors import RubricFault, UsageFault
from pytest_k8sgrade.prove.load import load_proofs
from pytest_k8sgrade.prove.sharing import whole
from pytest_k8sgrade.rubric.load import load_rubric
from pytest_k8sgrade.rubric.packs import find_pack

RECORDED = Path(__file__).parents[2] / "rubrics" / "proofs" / "lab1"
MUTATION = "servicemonitor-selects-nothing"
RUBRIC = """\
k8sgrade: 1
id: own
title: {en: Own, ko: 자체}
pass_mark: 60%
vars:
  ns: {first_that_exists: [day5-lab, default], holding: deployment/web-app}
groups:
  - id: all
    title: {en: All, ko: 전체}
    items:
      - id: written
        check: prometheus.monitor_configured
        with: {name: web-app, namespace: '{ns}', service_labels: {app: web-app}, port: http}
        points: 4
        level: configured
      - id: loaded
        check: prometheus.monitor_loaded
        with: {name: web-app, namespace: '{ns}', monitoring: monitoring}
        points: 4
        level: accepted
      - id: up
        check: prometheus.monitor_up
        with: {name: web-app, namespace: '{ns}', monitoring: monitoring}
        points: 2
        level: effect
        needs: [loaded]
"""
PROOFS = f"""\
k8sgrade_proof: 1
rubric: own
reference: files/reference.zip
empty: files/empty.zip
mutations:
  - id: selects-nothing
    title: {{en: Selects nothing, ko: 선택 없음}}
    evidence: files/{MUTATION}.zip
    loses: {{written: field-differs, loaded: monitor-selects-no-service, up: blocked}}
    says: [spec.selector, day5-lab/web-app]
"""


@pytest.fixture
def rubric(tmp_path: Path) -> Path:
    """A rubric of three items with its proof file, both in a folder of their own."""
    files = tmp_path / "proofs" / "files"
    files.mkdir(parents=True)
    shared = (RECORDED / "shared.zip").read_bytes()
    for name in ("reference", "empty", MUTATION):
        (files / f"{name}.zip").write_bytes(whole((RECORDED / f"{name}.zip").read_bytes(), shared))
    (tmp_path / "own.yaml").write_text(RUBRIC, encoding="utf-8")
    write(tmp_path / "own.yaml", PROOFS)
    return tmp_path / "own.yaml"


def write(rubric: Path, proofs: str) -> None:
    """Write the proof file of a rubric."""
    (rubric.parent / "proofs" / rubric.name).write_text(proofs, encoding="utf-8")


def prove(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    """Exit code, output and errors of `k8sgrade prove`."""
    with pytest.raises(SystemExit) as ended:
        main(["prove", *map(str, arguments)])
    told = capsys.readouterr()
    return int(str(ended.value.code)), told.out, told.err


def test_proofs_that_hold_end_with_0(rubric: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line per proof, with its points and what it lost."""
    code, out, _ = prove(capsys, rubric, "--lang", "en")
    assert code == 0, out
    lines = [line.split() for line in out.splitlines()]
    assert [(line[1], line[2]) for line in lines[:3]] == [
        ("empty", "0/10"),
        ("reference", "10/10"),
        ("selects-nothing", "2.4/10"),
    ]
    assert out.splitlines()[-1] == "3 of 3 proofs of own hold."


def test_proofs_are_told_in_korean(rubric: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same lines with Korean words, and no placeholder left."""
    code, out, _ = prove(capsys, rubric, "--lang", "ko")
    assert code == 0
    assert "만점" in out
    assert "{" not in out


def test_a_proof_that_does_not_hold_ends_with_1_and_says_how(
    rubric: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Lost too much, for another reason, and a hint that is silent: each is a line of its own."""
    wrong = PROOFS.replace(
        "written: field-differs, loaded: monitor-selects-no-service", "loaded: target-down"
    )
    write(rubric, wrong.replace("[spec.selector", "[spec.paused"))
    code, out, _ = prove(capsys, rubric, "--lang", "en")
    assert code == 1
    for told in (
        "lost too much: written (field-differs)",
        "wrong reason: loaded is lost for monitor-selects-no-service, target-down was expected",
        "the first hint (written, ko) does not name spec.paused",
    ):
        assert told in " ".join(out.split()), out
    assert out.splitlines()[-1] == "2 of 3 proofs of own hold."


def test_json_says_the_same(rubric: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """To a file beside the table, or to stdout instead of it."""
    file = tmp_path / "proofs.json"
    assert prove(capsys, rubric, "--json", file)[0] == 0
    report = json.loads(file.read_text(encoding="utf-8"))
    assert report["schema"] == "k8sgrade/proofs/v1"
    assert report["proven"] is True
    assert [(one["id"], one["kind"], one["score"]) for one in report["proofs"]] == [
        ("empty", "empty", 0),
        ("reference", "reference", 10),
        ("selects-nothing", "mutation", 2.4),
    ]
    code, out, _ = prove(capsys, rubric, "--json", "-")
    assert (code, json.loads(out)) == (0, report)


def test_another_proof_file_may_be_named(rubric: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its evidence is looked for beside it."""
    other = rubric.parent / "other"
    (rubric.parent / "proofs").rename(other)
    assert prove(capsys, rubric)[0] == 4
    assert prove(capsys, rubric, "--proofs", other / "own.yaml")[0] == 0


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("rubric: own", "rubric: lab1", "2: the rubric is 'lab1', but 'own' is to be proven"),
        ("files/empty.zip", "files/nothing.zip", "4: empty: there is no evidence 'files/nothing.zip'"),
        (
            "files/empty.zip",
            "../empty.zip",
            "4: empty: expected a path to a .zip file, relative to the proof file",
        ),
        (
            "up: blocked",
            "upp: blocked",
            "9: mutation selects-nothing, loses.upp: the rubric has no item 'upp'",
        ),
        (
            "up: blocked",
            "up: no-such-id",
            "9: mutation selects-nothing, loses.up: no text has the id 'no-such-id'",
        ),
        (
            "written: field-differs",
            "written: [field-differs, no-such-id]",
            "9: mutation selects-nothing, loses.written: no text has the id 'no-such-id'",
        ),
        (
            "written: field-differs",
            "written: []",
            "9: mutation selects-nothing, loses.written: ",
        ),
        (
            "written: field-differs",
            "written: blocked",
            "9: mutation selects-nothing, loses.written: item written needs no other, so",
        ),
        (
            "    says: [spec.selector, day5-lab/web-app]\n",
            "",
            "6: mutation selects-nothing: the key 'says' is missing",
        ),
        (
            "    title:",
            "    titel:",
            "7: mutation selects-nothing: unknown key 'titel'; did you mean 'title'?",
        ),
        (
            "loses: {written: field-differs, ",
            "ungraded: {written: timeout}\n    loses: {written: timeout, ",
            "6: ",
        ),
    ],
)
def test_a_fault_of_the_proof_file_has_its_line(rubric: Path, old: str, new: str, expected: str) -> None:
    """What is wrong, where, and what there is."""
    write(rubric, PROOFS.replace(old, new))
    with pytest.raises(RubricFault) as raised:
        load_proofs(load_rubric(find_pack(str(rubric))))
    lines = [line.strip().removeprefix("proofs/own.yaml:") for line in str(raised.value).splitlines()]
    assert any(line.startswith(expected) for line in lines), lines


def test_two_mutations_of_one_name_are_refused(rubric: Path) -> None:
    """A table with one name twice could not be read."""
    write(rubric, PROOFS + PROOFS[PROOFS.index("  - id") :])
    with pytest.raises(RubricFault, match="11: mutation selects-nothing is already given in line 6"):
        load_proofs(load_rubric(find_pack(str(rubric))))


def test_a_rubric_without_proofs_says_where_they_belong(tmp_path: Path) -> None:
    """Not a traceback, and not a proof of nothing."""
    (tmp_path / "own.yaml").write_text(RUBRIC, encoding="utf-8")
    with pytest.raises(UsageFault, match="put it into a folder 'proofs' beside the rubric"):
        load_proofs(load_rubric(find_pack(str(tmp_path / "own.yaml"))))
