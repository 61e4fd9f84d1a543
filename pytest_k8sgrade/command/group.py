"""The group of subcommands, and how a call ends: exit codes, one clean message for a fault.

Exit codes: 0 done; 1 done, and the answer is no; 8 done, but something could not be
graded; 4 wrong use; 2 interrupted. Each subcommand's help says what its codes mean.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

import click

from pytest_k8sgrade.errors import UsageFault
from pytest_k8sgrade.locale.messages import default_language
from pytest_k8sgrade.reports.streams import be_tolerant
from pytest_k8sgrade.rubric.suggest import choices

SUBCOMMANDS = ("record", "batch", "regrade", "lint", "prove", "theory", "rbac")
"""Each is a module of this package whose `command` returns the exit code."""

WRONG_USE = 4
INTERRUPTED = 2

_PLUGIN_OPTION = re.compile(r"--k8s-grade-(kubeconfig|context|set|wait)\b")
"""Options of a pytest run that have a shorter name here; messages of lower layers name those."""


class _Subcommands(click.Group):
    """Imports a subcommand when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names in the order of help."""
        return list(SUBCOMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
        """The subcommand of a name; raises `UsageFault`."""
        if cmd_name not in SUBCOMMANDS:
            raise UsageFault(f"no command {cmd_name!r}; {choices(cmd_name, SUBCOMMANDS, 'commands')}")
        found = import_module(f"pytest_k8sgrade.command.{cmd_name}").command
        assert isinstance(found, click.Command)
        return found


@click.group(
    "k8sgrade",
    cls=_Subcommands,
    no_args_is_help=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="pytest-k8sgrade")
def group() -> None:
    """Record and grade labs on Kubernetes clusters again, and look after their rubrics.

    A cluster is graded by `pytest --k8s-grade=LAB`.
    """


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command and exit; `arguments` are those of the process unless given."""
    be_tolerant(sys.stdout)
    be_tolerant(sys.stderr)
    try:
        code = group.main(arguments, prog_name="k8sgrade", standalone_mode=False)
    except click.Abort:
        _say("interrupted")
        code = INTERRUPTED
    except click.UsageError as error:
        _say(_with_help(error))
        code = WRONG_USE
    except UsageFault as fault:
        _say(_PLUGIN_OPTION.sub(r"--\1", fault.text(default_language())))
        code = WRONG_USE
    sys.exit(code or 0)


def _with_help(error: click.UsageError) -> str:
    path = error.ctx.command_path if error.ctx else "k8sgrade"
    return f"{error.format_message().rstrip('.')}; see `{path} -h`"


def _say(text: str) -> None:
    click.echo(f"k8sgrade: {text}", err=True)
