"""Whether a credential may do what a rubric needs, and whether it may do more than read."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Final

from pytest_k8sgrade.cluster import Request
from pytest_k8sgrade.cluster.connection import connect
from pytest_k8sgrade.cluster.kubeconfig import Given, choose
from pytest_k8sgrade.cluster.registration import says_absent
from pytest_k8sgrade.cluster.resources import segment
from pytest_k8sgrade.cluster.self_review import Access, Reviewer
from pytest_k8sgrade.outcome import CannotTell, Reason
from pytest_k8sgrade.rights.needs import Needs
from pytest_k8sgrade.rights.permission import Permission

_THREADS: Final = 6


@dataclass(frozen=True, slots=True)
class Checked:
    """What a credential may; `unknown` has the reasons why the cluster did not say.

    `writes` is None where it did not say whether anything may be changed.
    """

    identity: str
    server: str
    count: int
    missing: Mapping[Permission, tuple[str, ...]]
    unknown: Mapping[Permission, Reason]
    writes: tuple[Access, ...] | None
    why_unknown: Reason | None = None


def check(
    needs: Needs, given: Given = None, context: str | None = None, *, namespaces: Sequence[str] = ()
) -> Checked:
    """Ask the cluster about every permission; raises `KubeconfigFault`.

    Sensitive ones are asked for in these namespaces, as far as they exist, where there are any.
    """
    connection, workers = connect(choose(given, context))
    try:
        reviewer = Reviewer(connection, workers)
        wanted = _placed(needs, [one for one in namespaces if _exists(reviewer, one)] if namespaces else None)
        answers = _answers(reviewer, wanted)
        writes, why = _writes(reviewer, needs)
        return Checked(
            identity=connection.identity,
            server=connection.server,
            count=len(answers),
            missing={one: wanted[one] for one, answer in answers.items() if answer is False},
            unknown={one: answer for one, answer in answers.items() if isinstance(answer, Reason)},
            writes=writes,
            why_unknown=why,
        )
    finally:
        workers.close()
        connection.close()


def _placed(needs: Needs, namespaces: Sequence[str] | None) -> dict[Permission, tuple[str, ...]]:
    """The permissions to ask about, the sensitive ones in each of the namespaces where these are given."""
    if namespaces is None:
        return dict(needs.permissions)
    return {
        replace(one, namespace=namespace): items
        for one, items in needs.permissions.items()
        for namespace in (namespaces if one.is_sensitive else ("",))
    }


def _answers(reviewer: Reviewer, wanted: Collection[Permission]) -> dict[Permission, bool | Reason]:
    """What the cluster says to each; one that does not answer the first is not asked all the others."""
    first, *others = wanted
    told = _allowed(reviewer, first)
    if isinstance(told, Reason):
        return dict.fromkeys(wanted, told)
    with ThreadPoolExecutor(_THREADS) as threads:
        answers = threads.map(lambda one: _allowed(reviewer, one), others)
        return {first: told, **dict(zip(others, answers, strict=True))}


def _exists(reviewer: Reviewer, namespace: str) -> bool:
    """Whether a namespace may exist: in one that does not, nothing can be allowed."""
    try:
        return not says_absent(reviewer.get(Request.to(f"/api/v1/namespaces/{segment(namespace)}")))
    except CannotTell:
        return True


def access(permission: Permission) -> Access:
    """The request that a permission is for."""
    if permission.is_path:
        return Access(permission.verb, path=permission.resource)
    return Access(
        permission.verb, permission.group, permission.resource, permission.name, permission.namespace
    )


def _allowed(reviewer: Reviewer, permission: Permission) -> bool | Reason:
    try:
        return reviewer.allows(access(permission))
    except CannotTell as doubt:
        return doubt.reason


def _writes(reviewer: Reviewer, needs: Needs) -> tuple[tuple[Access, ...] | None, Reason | None]:
    """What may be changed beyond what the rubric needs, and why that is not known."""
    wanted = {(one.group, one.resource) for one in needs.permissions if not one.reads}
    try:
        found = reviewer.writes()
    except CannotTell as doubt:
        return None, doubt.reason
    return tuple(one for one in found if (one.group, one.resource) not in wanted), None
