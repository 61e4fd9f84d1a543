"""Which active checks a run may do."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from pytest_k8sgrade.errors import UsageFault
from pytest_k8sgrade.locale.messages import LANGUAGES, Catalogue, Language, placeholders
from pytest_k8sgrade.rubric.signature import ACTOR, Checks
from pytest_k8sgrade.run.acting import asked_for
from pytest_k8sgrade.run.settings import Settings

RUBRIC: Any = SimpleNamespace(
    id="lab",
    items=[SimpleNamespace(active="load"), SimpleNamespace(active=None), SimpleNamespace(active="drift")],
)
LIVE: Any = SimpleNamespace(replayed=False)
RECORDED: Any = SimpleNamespace(replayed=True, recorded=SimpleNamespace(asked=("drift",)))


def _settings(*active: str, may_act: bool = True) -> Settings:
    return Settings(lab="lab", language="en", active=active, may_act=may_act)


def test_live_those_that_were_asked_for_are_done() -> None:
    """None by default."""
    assert asked_for(RUBRIC, _settings(), LIVE) == ()
    assert asked_for(RUBRIC, _settings("load"), LIVE) == ("load",)


def test_evidence_says_itself_what_was_asked_for() -> None:
    """Nobody has to say it again."""
    assert asked_for(RUBRIC, _settings(), RECORDED) == ("drift",)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (_settings("lod"), "no such active check; .*load"),
        (_settings("load", may_act=False), "nothing may be changed"),
    ],
)
def test_what_cannot_be_is_a_fault(settings: Settings, told: str) -> None:
    """A name that the rubric does not have, and a caller that lets nobody act."""
    with pytest.raises(UsageFault, match=told):
        asked_for(RUBRIC, settings, LIVE)


def test_a_rubric_without_active_checks_says_so() -> None:
    """There is nothing to choose from."""
    with pytest.raises(UsageFault, match="lab has no active checks"):
        asked_for(SimpleNamespace(id="lab", items=[]), _settings("load"), LIVE)  # type: ignore[arg-type]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_check_that_acts_says_what_it_will_do(language: Language) -> None:
    """In each language, with its own parameters."""
    labels, checks = Catalogue(language).labels(), Checks()
    acting = [found for name in checks.names() if (found := checks.find(name)).takes(ACTOR)]
    assert len(acting) >= 3
    for check in acting:
        assert placeholders(labels[f"act-{check.name}"]) <= check.parameters.keys()
        assert "lasts" in check.parameters
