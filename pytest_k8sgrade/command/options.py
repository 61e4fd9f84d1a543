"""Options that several subcommands have, with the names that the plugin's options have."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from pytest_k8sgrade.locale.messages import LANGUAGES, Language, default_language

Function = TypeVar("Function", bound=Callable[..., Any])

PLACE = click.Path(path_type=Path)
"""A path as the user writes it; whether it is one is checked where it is used."""


def language(function: Function) -> Function:
    """`--lang`, given to the function as `language`."""
    return click.option(
        "--lang",
        "language",
        type=click.Choice(LANGUAGES),
        callback=_or_default,
        help="Language of the output.  [default: the locale's]",
    )(function)


def _or_default(context: click.Context, parameter: click.Parameter, value: Language | None) -> Language:
    return value or default_language()


def settings(function: Function) -> Function:
    """`--set`, given to the function as `overrides`."""
    return click.option(
        "--set",
        "overrides",
        metavar="KEY=VALUE",
        multiple=True,
        help="Set a variable of the rubric; may be given several times.",
    )(function)


def connection(purpose: str) -> Callable[[Function], Function]:
    """`--kubeconfig` and `--context`; the purpose completes the help's first sentence."""

    def add(function: Function) -> Function:
        function = click.option(
            "--context", metavar="NAME", help="Context of the kubeconfig.  [default: its current one]"
        )(function)
        return click.option(
            "--kubeconfig",
            type=PLACE,
            metavar="FILE",
            help=f"Kubeconfig {purpose}.  [default: $KUBECONFIG, then ~/.kube/config]",
        )(function)

    return add
