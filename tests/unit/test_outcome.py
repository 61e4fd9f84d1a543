"""What a check can say of a state, and what several parts of it come to."""

from __future__ import annotations

import pytest

from pytest_k8sgrade.outcome import Finding, Findings, Hopeless, TooEarly, Unmet, too_early


def told(*parts: tuple[bool, bool, bool]) -> Finding | None:
    """What parts (met, early, terminal) come to; their reasons are p0, p1 ..."""
    found = Findings()
    for number, (met, early, terminal) in enumerate(parts):
        found.require(met, f"p{number}", early=early, terminal=terminal)
    try:
        found.close()
    except Finding as finding:
        return finding
    return None


MET, EARLY, LOST, DEAD = (
    (True, True, False),
    (False, True, False),
    (False, False, False),
    (False, False, True),
)


@pytest.mark.parametrize(
    ("parts", "kind", "reason"),
    [
        ([MET, EARLY], TooEarly, "p1"),
        ([EARLY, LOST, EARLY], Unmet, "p1"),
        ([LOST, EARLY, DEAD], Hopeless, "p0"),
        ([EARLY, DEAD], Hopeless, "p1"),
    ],
)
def test_what_is_lost_is_named_before_what_is_early(
    parts: list[tuple[bool, bool, bool]], kind: type[Finding], reason: str
) -> None:
    """Only when everything that is missing is on its way, the whole is."""
    finding = told(*parts)
    assert finding is not None
    assert (type(finding), finding.reason.id) == (kind, reason)


def test_all_parts_met_is_met() -> None:
    """A part that could have been early and is there is simply met."""
    assert told(MET, MET) is None


def test_nothing_required_proves_nothing() -> None:
    """A check that looked at nothing must not pass."""
    with pytest.raises(ValueError, match="nothing"):
        Findings().close()


def test_too_early_is_a_status_of_its_own() -> None:
    """So that the run can tell it from what is lost."""
    with pytest.raises(TooEarly) as caught:
        too_early("some-reason", seen=1, wanted=2)
    assert caught.value.observation().status == "early"
