"""The policy of a course: in the rubric or in a file, with every fault told; what it says."""

from __future__ import annotations

from pathlib import Path

import jsonschema  # type: ignore[import-untyped]  # ships no types
import pytest
import yaml

from pytest_k8sgrade.errors import RubricFault, UsageFault
from pytest_k8sgrade.gradebook.lines import Teller
from pytest_k8sgrade.gradebook.policy import load_policy
from pytest_k8sgrade.rubric.load import digest_of
from pytest_k8sgrade.rubric.policy import show_span
from pytest_k8sgrade.rubric.schema import rubric_schema
from tests.unit.gradebook.classes import DAY, attempt, lab, only, policy
from tests.unit.rubric.rubrics import changed, faults, load

LATE = """\
policy:
  attempts: latest
  late: {minus: 10%, of: total, every: 1d, grace: 15m, at_most: 50%, closes: 1w}
  absent: zero
budget: 5m"""


def test_a_rubric_has_its_policy(tmp_path: Path) -> None:
    """With the units that people write."""
    rules = load(tmp_path, changed("budget: 5m", LATE)).rubric.policy
    assert (rules.attempts, rules.absent) == ("latest", "zero")
    assert rules.late is not None
    assert (rules.late.every, rules.late.grace, rules.late.closes) == (86400.0, 900.0, 604800.0)
    assert (str(rules.late.minus), rules.late.of, str(rules.late.at_most)) == ("10%", "total", "50%")
    jsonschema.validate(yaml.safe_load(changed("budget: 5m", LATE)), rubric_schema())


def test_a_policy_changes_no_digest() -> None:
    """It is applied to grades that are there: a class need not be graded again for it."""
    plain, strict = lab(), lab(policy={"late": {"minus": "10%"}})
    assert plain.digest == strict.digest == digest_of(strict.rubric)
    assert only(attempt(late=DAY, of=strict), of=strict).score == 90


def test_a_policy_of_the_call_stands_in_place_of_the_rubrics() -> None:
    """All of it."""
    strict = lab(policy={"late": {"minus": "10%"}, "attempts": "latest"})
    tries = [attempt(of=strict), attempt(number=2, late=DAY, found={"scaled": "failed"}, of=strict)]
    assert only(*tries, of=strict).counted == 2
    assert only(*tries, of=strict, policy=policy()).counted == 1


FAULTS = [
    (
        "late: {minus: 10%, every: 60}",
        "policy.late.every: expected a time such as 15m, 24h or 7d, of at most",
    ),
    ("late: {minus: 10%, every: 0s}", "policy.late.every: input should be greater than 0"),
    ("late: {minus: 10%, every: 2y}", "policy.late.every: expected a time such as 15m, 24h or 7d"),
    ("late: {minus: 110%}", "policy.late.minus: expected a share such as 10%, or a number of points above 0"),
    ("late: {minus: -1}", "policy.late.minus: expected a share such as 10%, or a number of points above 0"),
    ("late: {grace: 1h}", "policy.late: say what lateness costs (minus), or when it closes"),
    ("late: {closes: 1d, at_most: 5}", "policy.late: every and at_most need a minus"),
    ("late: {closes: 1h, grace: 2h}", "policy.late: closes must not come before the grace ends"),
    ("late: {minus: 1, off: total}", "policy.late: unknown key 'off'; did you mean 'of'?"),
    ("attempts: worst", "policy.attempts: expected 'best' or 'latest', not 'worst'"),
]


@pytest.mark.parametrize(("text", "fault"), FAULTS, ids=[text for text, _ in FAULTS])
def test_a_fault_of_a_policy_is_told_with_its_line(text: str, fault: str, tmp_path: Path) -> None:
    """As every other of the rubric."""
    (told,) = faults(tmp_path, changed("budget: 5m", f"policy: {{{text}}}\nbudget: 5m"))
    assert told.startswith(f"6: {fault}")


def test_a_file_of_its_own(tmp_path: Path) -> None:
    """For a course whose rubrics are somebody else's."""
    path = tmp_path / "policy.yaml"
    path.write_text("k8sgrade_policy: 1\nattempts: latest\nlate: {minus: 5}\n", encoding="utf-8")
    assert load_policy(path) == policy(attempts="latest", late={"minus": 5})
    path.write_text("attempts: latest\nlate: {minus: x}\n", encoding="utf-8")
    with pytest.raises(RubricFault) as caught:
        load_policy(path)
    assert str(caught.value).startswith(f"the policy {path} has 2 faults:")
    with pytest.raises(UsageFault, match=r"the policy .* cannot be read: No such file"):
        load_policy(tmp_path / "none.yaml")


def test_a_policy_says_what_it_does() -> None:
    """Each rule a sentence; without any, that nothing is lost."""
    told = [line.text for line in Teller("en").policy(policy(
        attempts="latest", absent="zero",
        late={"minus": "10%", "of": "total", "every": "36h", "grace": "90s", "at_most": 20, "closes": "7d"},
    ))]  # fmt: skip
    assert told == [
        "Of several attempts the latest counts",
        "Late: 10% of the total are lost once per 1 d 12 h begun after the deadline",
        "Nothing is lost up to 1 min 30 s after the deadline",
        "Lateness costs at most 20 points",
        "Later than 7 d after the deadline nothing is accepted",
        "Nothing handed in: 0 points",
    ]
    assert [line.text for line in Teller("ko").policy(policy())] == [
        "여러 번 제출하면 가장 높은 점수를 반영합니다",
        "지각해도 감점하지 않습니다",
    ]


@pytest.mark.parametrize(("seconds", "text"), [(0, "0s"), (90, "1m30s"), (93600, "1d2h"), (604800, "7d")])
def test_a_time_is_written_as_it_is_read(seconds: float, text: str) -> None:
    """So that a rubric that is written out again says the same."""
    assert show_span(seconds) == text
