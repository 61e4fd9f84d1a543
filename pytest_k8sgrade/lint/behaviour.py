"""What checks say of clusters on which there is nothing to find, and what they read of a full one.

A check that passes on a fresh cluster gives points for nothing; one that passes although
every list it asked for was empty does so on the day the student's is. The recorded clusters
of the rubric's proofs are used where there are any: on them a check gets past its first
questions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from pytest_k8sgrade.cluster import RecordedSource, Request
from pytest_k8sgrade.cluster.places import service_of
from pytest_k8sgrade.cluster.replay import ReplayReader
from pytest_k8sgrade.lint.clusters.emptied import EmptiedCluster
from pytest_k8sgrade.lint.clusters.fresh import FreshCluster
from pytest_k8sgrade.lint.clusters.hollow import HollowCluster
from pytest_k8sgrade.lint.findings import Finding
from pytest_k8sgrade.lint.looks import Look, Scene, runs_alone
from pytest_k8sgrade.lint.recordings import Recordings, beside_fresh
from pytest_k8sgrade.lint.subject import Subject
from pytest_k8sgrade.outcome import JsonValue
from pytest_k8sgrade.rubric.variables import fill_placeholders, fixed_values, searches

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What came of looking, and every look for the rules about texts."""

    findings: tuple[Finding, ...]
    looks: tuple[Look, ...]


def behaviour(subject: Subject, recordings: Recordings) -> Behaviour:
    """Look at every item on all clusters there are."""
    fresh = [*Scene(FreshCluster()).looks(subject)]
    if recordings.empty is not None:
        fresh += beside_fresh(recordings.empty).looks(subject)
    hollow = HollowCluster()
    looks = [*Scene(hollow).looks(subject)]
    findings = [*_not_run(subject), *_on_fresh(subject, fresh)]
    empty_handed = [*_on_nothing(looks, hollow.selected, frozenset())]
    if recordings.reference is not None:
        full, found, more = _reference(subject, recordings.reference)
        findings += _reads(subject, [*fresh, *full])
        empty_handed += found
        looks += [*full, *more]
    findings += _once(subject, empty_handed)
    return Behaviour(tuple(findings), (*fresh, *looks))


def _reference(
    subject: Subject, source: RecordedSource
) -> tuple[list[Look], list[tuple[Look, list[str]]], list[Look]]:
    """Looks at the reference, then at what is left of it without its contents."""
    recorded, now = ReplayReader(source.evidence), source.view().now
    emptied = EmptiedCluster(recorded)
    looks = [*Scene(emptied, now).looks(subject)]
    found = [*_on_nothing(looks, emptied.selected, emptied.emptied)]
    return [*Scene(recorded, now).looks(subject)], found, looks


def _not_run(subject: Subject) -> Iterator[Finding]:
    for item, check in subject.graded:
        if not runs_alone(check):
            yield subject.in_item("check-not-run", item, "check", check=check.name)


def _on_fresh(subject: Subject, looks: Iterable[Look]) -> Iterator[Finding]:
    """What is earned on a cluster on which nothing was done; each item is told once."""
    told: set[str] = set()
    for look in looks:
        item, observation = look.item, look.observation
        met = [part.id for part in observation.parts if part.met]
        if item.id in told:
            continue
        if observation.traceback is not None:
            error = observation.traceback.strip().splitlines()[-1]
            finding = subject.in_item("check-breaks", item, "check", check=item.check, error=error)
        elif observation.status == "met":
            finding = subject.in_item("passes-when-empty", item, "check", check=item.check)
        elif met:
            finding = subject.in_item("earns-when-empty", item, "check", check=item.check, parts=met)
        else:
            continue
        told.add(item.id)
        yield finding


def _on_nothing(
    looks: Iterable[Look], selected: Iterable[str], emptied: Iterable[str]
) -> Iterator[tuple[Look, list[str]]]:
    """Looks that passed although what they selected was empty, with the requests that had nothing.

    An object without contents counts only where more than its being written is asked, and what a
    variable was looked up with not at all: that says where the check looks, not what it finds.
    """
    lists, objects = frozenset(selected), frozenset(emptied)
    for look in looks:
        nothing = look.own & lists
        if look.item.level in ("accepted", "effect"):
            nothing |= look.own & objects
        if look.observation.status == "met" and nothing:
            yield look, sorted(nothing)


def _once(subject: Subject, found: Iterable[tuple[Look, list[str]]]) -> Iterator[Finding]:
    told: set[str] = set()
    for look, requests in found:
        if look.item.id not in told:
            told.add(look.item.id)
            shown = [_shown(request) for request in requests[:_SHOWN]]
            yield subject.in_item(
                "passes-on-nothing", look.item, "check", check=look.item.check, requests=shown
            )


def _shown(request: str) -> str:
    """A request's path; that of a proxied service as the service's own address."""
    path, query, parameters = request.removeprefix("GET ").partition(" as ")[0].partition("?")
    service = service_of(path)
    if service is not None:
        own = path.removeprefix(service.proxy_path)
        path = f"{service.name}.{service.namespace}:{service.port}{own}"
    return f"{path}{query}{parameters}"


def _reads(subject: Subject, looks: Iterable[Look]) -> Iterator[Finding]:
    asked = {key for look in looks for key in look.asked}
    for index, path in enumerate(subject.rubric.reads):
        keys = {Request.to(fill_placeholders(path, values)).key for values in _values(subject)}
        if not keys & asked:
            yield subject.in_file("read-not-asked", "reads", index, path=path)


def _values(subject: Subject) -> Iterator[Mapping[str, JsonValue]]:
    """The values that variables may have, in every combination."""
    fixed = fixed_values(subject.rubric, {})
    looked_up = searches(subject.rubric, {})
    for chosen in product(*(search.first_that_exists for search in looked_up.values())):
        yield {**fixed, **dict(zip(looked_up, chosen, strict=True))}
