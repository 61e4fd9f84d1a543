"""Whether a credential may do what a rubric needs, and whether it may do more than read."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from pytest_k8sgrade.cluster.connection import connect
from pytest_k8sgrade.cluster.kubeconfig import Given, choose
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


def check(needs: Needs, given: Given = None, context: str | None = None) -> Checked:
    """Ask the cluster about every permission; raises `KubeconfigFault`."""
    connection, workers = connect(choose(given, context))
    try:
        reviewer = Reviewer(connection, workers)
        with ThreadPoolExecutor(_THREADS) as threads:
            answers = dict(
                zip(
                    needs.permissions,
                    threads.map(lambda one: _allowed(reviewer, one), needs.permissions),
                    strict=True,
                )
            )
        writes, why = _writes(reviewer, needs)
        return Checked(
            identity=connection.identity,
            server=connection.server,
            count=len(answers),
            missing={one: needs.permissions[one] for one, answer in answers.items() if answer is False},
            unknown={one: answer for one, answer in answers.items() if isinstance(answer, Reason)},
            writes=writes,
            why_unknown=why,
        )
    finally:
        workers.close()
        connection.close()


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
    wanted = {(one.group, one.resource) for one in needs.permissions if one.verb not in ("get", "list")}
    try:
        found = reviewer.writes()
    except CannotTell as doubt:
        return None, doubt.reason
    return tuple(one for one in found if (one.group, one.resource) not in wanted), None
