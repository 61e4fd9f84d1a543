"""What a class's marks say together."""

from __future__ import annotations

import gc
import tracemalloc

from pytest_k8sgrade.grade.model import Told
from pytest_k8sgrade.gradebook.attempt import Student
from pytest_k8sgrade.gradebook.model import ItemStatistics
from tests.unit.gradebook.classes import DAY, attempt, book, override, refused

SCALED = {"scaled": "ungraded"}


def item(name: str, *attempts: object, **keys: object) -> ItemStatistics:
    """The statistics of one item in a class."""
    return book(*attempts, **keys).by_item[name]  # type: ignore[arg-type]


def test_an_item_that_is_ungraded_for_many_is_doubtful() -> None:
    """One in ten is many, one alone is not; who could not be graded at all says nothing about it."""
    fine = [attempt(f"s{index:03}") for index in range(18)]
    two = [attempt("u1", found=SCALED), attempt("u2", found=SCALED)]
    assert item("scaled", *fine, *two).doubtful
    assert not item("scaled", *fine, two[0]).doubtful
    assert not item("scaled", *fine, attempt("s018"), attempt("s019"), *two).doubtful
    away = [refused(f"r{index}") for index in range(10)]
    found = item("scaled", *fine, *away)
    assert [found.doubtful, found.ungraded, found.verdicts["ungraded"]] == [False, 0, 10]


def test_the_share_is_of_those_who_could_be_graded() -> None:
    """Half of 35 points, all of them, and nothing: the mean is a half."""
    found = item(
        "scaled",
        attempt("s001", found={"scaled": 17.5}),
        attempt("s002"),
        attempt("s003", found={"scaled": "failed"}),
        attempt("s004", found=SCALED),
    )
    assert found.share == 0.5
    assert found.verdicts == {"failed": 1, "partial": 1, "passed": 1, "ungraded": 1}
    assert [(reason.id, reason.students) for reason in found.reasons] == [("pod-absent", 3)]
    assert item("scaled", attempt(found=SCALED)).share is None


def test_only_the_attempt_that_counts_is_in_the_statistics() -> None:
    """And with what the instructor set."""
    tries = [attempt(number=1, found={"scaled": "failed"}), attempt(number=2, found={"synced": 10})]
    made = book(*tries, overrides=[override(item="synced", points=25)])
    assert made.by_item["scaled"].verdicts == {"passed": 1}
    assert made.by_item["synced"].verdicts == {"passed": 1}


def test_students_are_passed_failed_undecided_or_absent() -> None:
    """Each is one of them, and each mark is final or open."""
    made = book(
        attempt("s001"),
        attempt("s002", found={"base": "failed"}),
        attempt("s003", found={"base": "ungraded"}, late=DAY),
        refused("s004"),
        absent=[Student(id="s005")],
        overrides=[override("s001", points=80)],
    )
    numbers = made.summary
    assert [numbers.students, numbers.attempts, numbers.absent] == [5, 4, 1]
    assert [numbers.passed, numbers.failed, numbers.undecided] == [1, 1, 2]
    assert [numbers.final, numbers.open, numbers.late, numbers.overridden] == [2, 2, 1, 1]
    assert [numbers.mean, numbers.median, numbers.lowest, numbers.highest] == [75, 75, 70, 80]
    assert [(each.low, each.students) for each in made.distribution if each.students] == [(70, 1), (80, 1)]


def test_a_full_mark_is_in_the_last_step() -> None:
    """Not in an eleventh."""
    assert [each.students for each in book(attempt()).distribution] == [0] * 9 + [1]


def test_the_same_cluster_or_evidence_of_two_students_is_flagged() -> None:
    """Not that of one student twice, nor what a live grade recorded."""
    made = book(
        attempt("s001", cluster_uid="6f1c", evidence_digest="sha256:1"),
        attempt("s001", number=2, cluster_uid="77aa"),
        attempt("s002", cluster_uid="6f1c", evidence_digest="sha256:1"),
        attempt("s003", source="evidence", evidence_digest="sha256:2"),
        attempt("s004", source="evidence", evidence_digest="sha256:2"),
        attempt("s005", cluster_uid=None),
    )
    assert [(one.kind, one.key, one.students) for one in made.shared] == [
        ("cluster", "6f1c", ("s001", "s002")),
        ("evidence", "sha256:2", ("s003", "s004")),
    ]
    flags = {mark.student.id: [flag.text for flag in mark.flags] for mark in made.students}
    assert flags["s001"] == ["The same cluster was handed in by: s002"]
    assert flags["s004"] == ["The same evidence, byte for byte, was handed in by: s003"]
    assert flags["s005"] == []


def test_a_flag_names_a_few_of_many() -> None:
    """Where a whole class shares one cluster, a mark does not list the class."""
    made = book(*(attempt(f"s{index:03}", cluster_uid="6f1c") for index in range(30)))
    assert len(made.shared[0].students) == 30
    (flag,) = made.students[7].flags
    assert flag.text == "The same cluster was handed in by: s000, s001, s002, s003, s004, …"
    (flag,) = book(*(attempt(f"s{index}", cluster_uid="6f1c") for index in range(6))).students[0].flags
    assert flag.params["others"] == ["s1", "s2", "s3", "s4", "s5"]


def test_memory_is_small_for_every_student() -> None:
    """A student more costs some kilobytes, whatever the others did; nothing of a grade is kept."""
    small, large = (_kept(number) for number in (50, 250))
    assert (large - small) / 200 < 12_000


def _kept(students: int) -> int:
    """Bytes that the book of a class holds."""
    tracemalloc.start()
    try:
        made = book(*(attempt(f"s{index:03}", cluster_uid="6f1c") for index in range(students)))
        gc.collect()
        assert len(made.students) == students
        return tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()


def test_a_shared_cluster_of_one_group_is_told_apart() -> None:
    """Who works together may hand in together."""
    pair = [attempt(Student(id=name, group="A"), cluster_uid="6f1c") for name in ("s001", "s002")]
    (one,) = book(*pair).shared
    assert one.same_group
    (one,) = book(*pair, attempt("s003", cluster_uid="6f1c")).shared
    assert not one.same_group


def test_problems_and_slow_ones_come_first() -> None:
    """The most frequent reason, and the longest run with what it waited for."""
    made = book(
        refused("s001"),
        refused("s002", "time-limit", duration_s=120.0),
        refused("s003", duration_s=3.0),
    )
    assert [(one.id, one.students) for one in made.problems] == [
        ("kubeconfig-refused", ("s001", "s003")),
        ("time-limit", ("s002",)),
    ]
    assert [(one.student, one.duration_s) for one in made.slowest][:2] == [("s002", 120.0), ("s003", 3.0)]


def test_faults_of_hand_ins_are_told_apart_by_what_they_are() -> None:
    """Two damaged files are one problem without a name, a file of another kind is another one."""
    damaged, other = (
        "evidence '{}.zip': it is no zip or damaged.",
        "evidence '{}.zip': it has no evidence.json.",
    )
    made = []
    for student, text in (("s001", damaged), ("s002", other), ("s003", damaged)):
        fault = text.format(student)
        told = Told(id="evidence-refused", params={"fault": fault}, text=f"It cannot be used. {fault}")
        made.append(refused(student).model_copy(update={"problem": told}))
    assert [(one.text, one.students) for one in book(*made).problems] == [
        ("It cannot be used. evidence …: it is no zip or damaged.", ("s001", "s003")),
        ("It cannot be used. evidence 's002.zip': it has no evidence.json.", ("s002",)),
    ]


def test_one_students_text_stands_for_a_reason() -> None:
    """Always the same one, whoever was graded first."""
    made = []
    for index, text in enumerate(("The pod b is absent.", "The pod a is absent.", "The pod c is absent.")):
        one = attempt(f"s00{index}", found={"scaled": "failed"})
        told = [item.model_copy(update={"reason": Told(id="pod-absent", text=text)}) for item in one.items]
        made.append(one.model_copy(update={"items": tuple(told)}))
    for given in (made, made[::-1]):
        (reason,) = item("scaled", *given).reasons
        assert [reason.text, reason.students] == ["The pod a is absent.", 3]


def test_the_title_is_that_of_most_grades() -> None:
    """It may name what a student's cluster has."""
    usual, other = attempt("s001"), attempt("s002")
    renamed = [one.model_copy(update={"title": "Another"}) for one in other.items]
    made = book(usual, attempt("s003"), other.model_copy(update={"items": tuple(renamed)}))
    assert made.by_item["base"].title == "Item base"
    assert book(absent=[Student(id="s001")]).by_item["base"].title == "base"
