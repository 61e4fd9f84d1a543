"""Faults of kubeconfigs and evidence files: in every language, each text used, and shown to who reads it."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest
import yaml

import pytest_k8sgrade.cluster as package
from pytest_k8sgrade.cluster import FOREIGN, Inline
from pytest_k8sgrade.cluster.evidence import unpack
from pytest_k8sgrade.cluster.kubeconfig import choose
from pytest_k8sgrade.errors import EvidenceFault, KubeconfigFault, UsageFault
from pytest_k8sgrade.locale.messages import LANGUAGES, placeholders


def labels(language: str) -> dict[str, str]:
    """All texts of faults."""
    text = files("pytest_k8sgrade.locale").joinpath(language, "faults.yaml").read_text(encoding="utf-8")
    found: dict[str, str] = yaml.safe_load(text)["labels"]
    return found


def test_every_language_has_the_same_texts_with_the_same_parameters() -> None:
    """And none of them is left as it was in English."""
    first, second = (labels(language) for language in LANGUAGES)
    assert {name: placeholders(text) for name, text in first.items()} == {
        name: placeholders(text) for name, text in second.items()
    }
    assert not [name for name, text in first.items() if text == second[name]]


def test_every_text_is_used() -> None:
    """By the end of its label, which the code has in one piece."""
    folder = Path(package.__file__).parent
    sources = [*folder.glob("*.py"), folder.parent / "run" / "recording.py"]
    source = "".join(path.read_text(encoding="utf-8") for path in sources)
    groups = ("fault-kubeconfig-", "fault-evidence-", "fault-refused-", "fault-address-", "fault-place-")
    for name in labels("en"):
        end = name
        for group in groups:
            end = end.removeprefix(group)
        assert f'"{end}"' in source, name


@pytest.mark.parametrize(
    ("text", "english", "korean"),
    [
        ("a: b: c", "it is not YAML (line 1)", "YAML이 아닙니다(1행)"),
        ("[]", "it is no YAML mapping", "YAML 매핑이 아닙니다"),
        ("contexts: [{name: a}]", "contexts: 'a'", "컨텍스트: 'a'"),
        ("a: &b [1]\nc: *b", "YAML aliases", "YAML 별칭"),
    ],
)
def test_a_fault_is_told_in_each_language(text: str, english: str, korean: str) -> None:
    """Str is English, for logs and for whoever does not ask."""
    with pytest.raises(KubeconfigFault) as fault:
        choose(Inline(text, "line 3"), policy=FOREIGN)
    assert english in str(fault.value) == fault.value.text("en")
    assert korean in fault.value.text("ko")
    assert "line 3" in fault.value.text("ko")


def test_what_is_not_allowed_is_told_whole(tmp_path: Path) -> None:
    """Parts of a text are in its language, too."""
    user = {"exec": {"command": "x"}, "tokenFile": "t"}
    document = {
        "current-context": "a",
        "contexts": [{"name": "a", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": "https://lab.example"}}],
        "users": [{"name": "u", "user": user}],
    }
    with pytest.raises(KubeconfigFault) as fault:
        choose(Inline(yaml.safe_dump(document), "line 3"), policy=FOREIGN)
    assert "user.exec (it would run" in fault.value.text("en")
    assert "; user.tokenFile (a file" in fault.value.text("en")
    assert "user.exec(다른 것을" in fault.value.text("ko")
    assert "컨텍스트 'a'" in fault.value.text("ko")
    file = tmp_path / "e.zip"
    file.write_bytes(b"no zip")
    with pytest.raises(EvidenceFault) as other:
        unpack(file)
    assert "zip이 아니거나" in other.value.text("ko")
    assert UsageFault("one text").text("ko") == "one text"
