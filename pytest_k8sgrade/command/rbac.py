"""`k8sgrade rbac`: what a rubric needs to be allowed, as a role to apply, and whether that is there."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from pytest_k8sgrade.command import options
from pytest_k8sgrade.errors import UsageFault

if TYPE_CHECKING:
    from pytest_k8sgrade.locale.messages import Language
    from pytest_k8sgrade.rights.needs import Needs
    from pytest_k8sgrade.rights.subject import Holder
    from pytest_k8sgrade.rubric.load import LoadedRubric

_OWNER_ONLY: Final = 0o600


@click.command("rbac")
@click.argument("lab", metavar="RUBRIC")
@options.settings
@click.option(
    "--active", multiple=True, metavar="NAME", help="Also for the active checks of this name; repeatable."
)
@click.option("--name", metavar="NAME", help="Name of the role and its binding.  [default: k8sgrade-RUBRIC]")
@click.option(
    "--service-account",
    metavar="NAMESPACE/NAME",
    help="The service account that gets the role; it is made, too.  [default: kube-system/k8sgrade]",
)
@click.option("--user", metavar="NAME", help="Give the role to this user instead.")
@click.option("--group", metavar="NAME", help="Give the role to this group instead.")
@click.option(
    "--namespaced",
    is_flag=True,
    help="Secrets, and services behind the API server, only in the namespaces that the rubric names.",
)
@click.option(
    "--check", is_flag=True, help="Say what the kubeconfig may not do of it, and whether it may write."
)
@click.option(
    "--kubeconfig-out",
    type=options.PLACE,
    metavar="FILE",
    help="Write a kubeconfig to hand in, with the token on standard input.",
)
@options.connection("for --check and --kubeconfig-out")
@options.language
def command(  # noqa: PLR0913 - one for each option
    lab: str,
    *,
    overrides: tuple[str, ...],
    active: tuple[str, ...],
    name: str | None,
    service_account: str | None,
    user: str | None,
    group: str | None,
    namespaced: bool,
    check: bool,
    kubeconfig_out: Path | None,
    kubeconfig: Path | None,
    context: str | None,
    language: Language,
) -> int:
    """Print the ClusterRole that grading with a rubric needs, and its binding.

    RUBRIC is the name of a lab or the path of a rubric file. The role is found by reading the code
    of the checks, so that it holds for clusters in any state; no cluster is needed for it.

    \b
        k8sgrade rbac lab1 | kubectl apply -f -
        kubectl create token k8sgrade -n kube-system --duration=168h |
            k8sgrade rbac lab1 --kubeconfig-out hand-in.kubeconfig
        k8sgrade rbac lab1 --check --kubeconfig hand-in.kubeconfig

    Exit codes: 0 done, with --check also: it may do all that is needed; 1 it may not; 8 the cluster
    did not say; 4 wrong use.
    """  # noqa: D301 - the sign is for click
    from pytest_k8sgrade.reports.labels import labels  # noqa: PLC0415 - after the arguments
    from pytest_k8sgrade.rights.manifest import Document, Typed, head  # noqa: PLC0415
    from pytest_k8sgrade.rights.needs import needs_of  # noqa: PLC0415
    from pytest_k8sgrade.rights.subject import role_name  # noqa: PLC0415
    from pytest_k8sgrade.rubric.load import load_rubric  # noqa: PLC0415
    from pytest_k8sgrade.rubric.packs import find_pack  # noqa: PLC0415

    holder = _holder(service_account, user, group)
    given = kubeconfig.expanduser() if kubeconfig else None
    if kubeconfig_out is not None:
        if check:
            raise UsageFault("--check and --kubeconfig-out are two things to do; give one of them")
        return _hand_in(kubeconfig_out.expanduser(), given, context, holder, language)
    loaded = load_rubric(find_pack(lab))
    needs = needs_of(loaded, overrides, active)
    if namespaced and not needs.namespaces:
        raise UsageFault(f"--namespaced: no item of {loaded.rubric.id} names a namespace; leave it out")
    if check:
        return _check(loaded, needs, namespaced, given, context, language)
    label = labels(language, "rights")
    role = Document(
        needs=needs,
        name=role_name(name or f"k8sgrade-{loaded.rubric.id}"),
        holder=holder,
        head=[*head(loaded, needs, holder, Typed(lab, overrides, active, namespaced), label)],
        label=label,
        namespaces=needs.namespaces if namespaced else (),
    )
    click.echo(role.text(), nl=False)
    return 0


def _holder(service_account: str | None, user: str | None, group: str | None) -> Holder:
    from pytest_k8sgrade.rights import subject  # noqa: PLC0415

    given = [one for one in (service_account, user, group) if one is not None]
    if len(given) > 1:
        raise UsageFault("--service-account, --user and --group each say who gets the role; give one of them")
    if user is not None:
        return subject.Holder("User", user)
    if group is not None:
        return subject.Holder("Group", group)
    return subject.DEFAULT if service_account is None else subject.service_account(service_account)


def _check(
    loaded: LoadedRubric,
    needs: Needs,
    namespaced: bool,
    given: Path | None,
    context: str | None,
    language: Language,
) -> int:
    from pytest_k8sgrade.command.screen import console, show_whole  # noqa: PLC0415
    from pytest_k8sgrade.rights.checking import check  # noqa: PLC0415
    from pytest_k8sgrade.rights.telling import told  # noqa: PLC0415

    checked = check(needs, given, context, namespaces=needs.namespaces if namespaced else ())
    show_whole(console(), *told(checked, loaded, language))
    if checked.missing:
        return 1
    return 8 if checked.unknown or checked.writes is None else 0


def _hand_in(place: Path, given: Path | None, context: str | None, holder: Holder, language: Language) -> int:
    from pytest_k8sgrade.cluster.kubeconfig import choose  # noqa: PLC0415
    from pytest_k8sgrade.reports.labels import labels  # noqa: PLC0415
    from pytest_k8sgrade.reports.write import refuse_unwritable, write_atomically  # noqa: PLC0415
    from pytest_k8sgrade.rights.kubeconfig import MAX_TOKEN, handed_in  # noqa: PLC0415

    refuse_unwritable(place, "the kubeconfig")
    if sys.stdin.isatty():
        raise UsageFault(
            f"--kubeconfig-out reads a token from standard input: kubectl create token {holder.name}"
            f"{f' -n {holder.namespace}' if holder.namespace else ''} | k8sgrade rbac … --kubeconfig-out FILE"
        )
    own = choose(given, context)
    text = handed_in(own, sys.stdin.read(MAX_TOKEN + 1), holder.name)
    try:
        write_atomically(place, text.encode(), mode=_OWNER_ONLY)
    except OSError as error:
        raise UsageFault(f"the kubeconfig cannot be written to {str(place)!r}: {error.strerror}") from error
    click.echo(labels(language, "rights")("written", path=place, server=own.server, identity=str(holder)))
    return 0
