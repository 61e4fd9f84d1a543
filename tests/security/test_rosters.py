"""A roster is an instructor's, but its cells are often a form that students filled in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from pytest_k8sgrade.batch.roster import load_roster
from pytest_k8sgrade.errors import UsageFault
from tests.security.judging import expected


def _csv(student: str = "s001", name: str = "", evidence: str = "a.zip", email: str = "") -> str:
    cells = ",".join(f'"{cell}"' for cell in (student, name, evidence, email))
    return f"student,name,evidence,email\n{cells}\n"


ROSTERS: Mapping[str, tuple[str, str]] = {
    "id-traversal": ("csv", _csv("../../s001")),
    "id-absolute": ("csv", _csv("/etc/cron.d/s001")),
    "id-backslash": ("csv", _csv("..\\\\s001")),
    "id-dots": ("csv", _csv("..")),
    "id-nul": ("csv", _csv("s\x00001")),
    "id-escapes": ("csv", _csv("s001\x1b[2J")),
    "id-right-to-left": ("csv", _csv("s001\u202e")),
    "id-formula": ("csv", _csv("=cmd()")),
    "id-device": ("csv", _csv("con")),
    "id-of-10000-characters": ("csv", _csv("s" * 10_000)),
    "id-in-another-case": ("csv", _csv("s001") + '"S001","","a.zip",""\n'),
    "name-with-escapes": ("csv", _csv(name="\x1b]0;x\x07")),
    "email-formula": ("csv", _csv(email="=HYPERLINK()")),
    "evidence-nul": ("csv", _csv(evidence="a\x00.zip")),
    "column-unknown": ("csv", "student,evidence,exec\ns001,a.zip,touch x\n"),
    "allow-in-csv": ("csv", "student,evidence,allow\ns001,a.zip,plugins\n"),
    "allow-unknown": ("yaml", "students: [{student: s001, kubeconfig: '{}', allow: [everything]}]\n"),
    "yaml-tag": ("yaml", "students: [!!python/object/apply:os.system ['touch owned']]\n"),
    "yaml-bomb": ("yaml", "a: &a [x, x, x]\nb: &b [*a, *a, *a]\n" + "c: [*b, *b]\n" * 3 + "students: *b\n"),
    "yaml-nested": ("yaml", "students: " + "[" * 3000),
    "yaml-keys-twice": ("yaml", "students: [{student: s001, student: s002, evidence: a.zip}]\n"),
}


@pytest.mark.parametrize("name", ROSTERS)
def test_a_roster(name: str, tmp_path: Path) -> None:
    """Refused as a whole, with the line and in printable characters, before anything is written."""
    assert expected("roster", name) == "roster-refused"
    kind, content = ROSTERS[name]
    (tmp_path / "a.zip").write_bytes(b"")
    roster = tmp_path / f"roster.{kind}"
    roster.write_text(content, encoding="utf-8")
    with pytest.raises(UsageFault) as fault:
        load_roster(roster)
    assert all(line.isprintable() for line in str(fault.value).splitlines())
    assert {path.name for path in tmp_path.iterdir()} == {"a.zip", roster.name}
