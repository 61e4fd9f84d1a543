"""Checks behind their names, and whether an item's parameters fit them.

`check: hpa.active` is `test_active` in `hpa.py`: of the `checks` folder beside the
rubric if it has one with that name, else of the bundled checks. The annotations of
the function say which parameters there are; fixtures are not parameters.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib
import importlib.util
import inspect
import json
import sys
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from types import ModuleType
from typing import Any

from pydantic import TypeAdapter, ValidationError

from pytest_k8sgrade.outcome import JsonValue
from pytest_k8sgrade.rubric.faults import quoted
from pytest_k8sgrade.rubric.model import Item
from pytest_k8sgrade.rubric.suggest import choices
from pytest_k8sgrade.rubric.type_words import words_of
from pytest_k8sgrade.rubric.variables import fill_placeholders, substitute

ACTOR = "actor"
"""The fixture with which a check changes the cluster: whoever takes it is an active check."""

FIXTURES = frozenset({"answer", "cluster", "request", ACTOR})
"""Parameters that the run provides: not for a rubric to give."""

BUNDLED = "pytest_k8sgrade.checks"

_PREFIX = "test_"


class UnknownCheckError(LookupError):
    """No such check, or a check file that cannot be used; the message says what there is."""


@dataclass(frozen=True, slots=True)
class ParameterFault:
    """What is wrong with one parameter; `name` is None when it is missing."""

    name: str | None
    message: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a check; `takes` says in words what a rubric may give it."""

    name: str
    annotation: Any
    takes: str
    required: bool
    default: Any = None


@dataclass(frozen=True, slots=True)
class Check:
    """A check function with what a rubric may give it."""

    name: str
    function: Callable[..., None]
    path: Path
    module: ModuleType
    parameters: Mapping[str, Parameter]

    @property
    def title(self) -> str:
        """The first line of the docstring: the English title of items without one of their own."""
        lines = (self.function.__doc__ or self.name).strip().splitlines()
        return lines[0]

    def takes(self, fixture: str) -> bool:
        """Whether the run provides this for it."""
        return fixture in inspect.signature(self.function).parameters

    def faults(self, given: Mapping[str, JsonValue]) -> list[ParameterFault]:
        """What keeps the check from being called with these parameters."""
        found = [self._unknown(name) for name in given if name not in self.parameters]
        missing = [p for p in self.parameters.values() if p.required and p.name not in given]
        found += [
            ParameterFault(None, f"{self.name} needs the parameter {p.name!r}: {p.takes}") for p in missing
        ]
        for name in self.parameters.keys() & given.keys():
            fault = self._type_fault(self.parameters[name], given[name])
            found += [ParameterFault(name, fault)] if fault else []
        return found

    def _unknown(self, name: str) -> ParameterFault:
        there_is = choices(name, self.parameters, f"{self.name} takes")
        return ParameterFault(name, f"unknown parameter {name!r}; {there_is}")

    def _type_fault(self, parameter: Parameter, value: JsonValue) -> str | None:
        try:
            _adapter(parameter.annotation).validate_json(json.dumps(value), strict=True)
        except ValidationError:
            return f"{parameter.name} is {parameter.takes}, not {quoted(value)}{_unquoted(value)}"
        return None


def _unquoted(value: JsonValue) -> str:
    """What to do about `{name}` without quotes, which YAML reads as a mapping."""
    if isinstance(value, Mapping) and list(value.values()) == [None]:
        return f'; a variable is written in quotes: "{{{next(iter(value))}}}"'
    return ""


@functools.lru_cache(maxsize=256)
def _adapter(annotation: Any) -> TypeAdapter[Any]:
    """Building one costs more than using it, and rubrics use the same few types."""
    return TypeAdapter(annotation)


def title_of(item: Item, check: Check, values: Mapping[str, JsonValue], language: str) -> str:
    """The line that names an item to a person, with variables and parameters in place."""
    text = item.title.of(language) if item.title else check.title
    defaults = {name: p.default for name, p in check.parameters.items() if not p.required}
    known = {name: value for name, value in item.with_.items() if name in check.parameters}
    with contextlib.suppress(KeyError):  # a variable that could not be looked up stays visible
        known = substitute(known, values)
    return fill_placeholders(text, {**defaults, **values, **known})


class Checks:
    """Finds checks by name. `folder` is the `checks` folder of a pack of somebody else's."""

    def __init__(self, folder: Path | None = None, package: str = BUNDLED) -> None:
        self._folder = folder if folder is not None and folder.is_dir() else None
        self._package = package

    def find(self, name: str) -> Check:
        """The check of a name such as `hpa.active`; raises `UnknownCheckError`."""
        system, _, test = name.partition(".")
        module = self._module(system)
        function = getattr(module, _PREFIX + test, None)
        if not callable(function):
            there_is = choices(test, _test_names(module), f"{system} has")
            raise UnknownCheckError(f"no check {name!r}; {there_is}")
        return Check(
            name=name,
            function=function,
            path=Path(module.__file__ or system),
            module=module,
            parameters=_parameters(name, function),
        )

    def systems(self) -> list[str]:
        """The names before the dot."""
        own = [path.name for path in self._folder.iterdir()] if self._folder else []
        names = {name[:-3] for name in [*own, *_bundled_files(self._package)] if name.endswith(".py")}
        return sorted(name for name in names if not name.startswith("_"))

    def names(self) -> list[str]:
        """All checks, for lists and the catalogue page."""
        return [f"{system}.{test}" for system in self.systems() for test in _test_names(self._module(system))]

    def _module(self, system: str) -> ModuleType:
        if system not in self.systems():
            raise UnknownCheckError(f"no checks for {system!r}; {choices(system, self.systems(), 'systems')}")
        own = self._folder / f"{system}.py" if self._folder else None
        try:
            if own is not None and own.is_file():
                return _load_file(own)
            return importlib.import_module(f"{self._package}.{system}")
        except Exception as error:
            message = f"the checks of {system!r} cannot be imported: {type(error).__name__}: {error}"
            raise UnknownCheckError(message) from error


def _bundled_files(package: str) -> list[str]:
    try:
        return [entry.name for entry in files(package).iterdir()]
    except (ModuleNotFoundError, FileNotFoundError):
        return []


def _load_file(path: Path) -> ModuleType:
    # The folder is part of the name: two packs may have a file of the same name.
    folder = hashlib.sha256(str(path.parent.resolve()).encode()).hexdigest()[:12]
    name = f"_k8sgrade_checks_{folder}_{path.stem}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _test_names(module: ModuleType) -> list[str]:
    own = (name for name, value in vars(module).items() if isinstance(value, types.FunctionType))
    return sorted(name.removeprefix(_PREFIX) for name in own if name.startswith(_PREFIX))


def _parameters(name: str, function: Callable[..., None]) -> dict[str, Parameter]:
    found = {}
    for parameter in inspect.signature(function).parameters.values():
        if parameter.name in FIXTURES:
            continue
        required = parameter.default is inspect.Parameter.empty
        annotation = _annotation(name, function, parameter)
        found[parameter.name] = Parameter(
            name=parameter.name,
            annotation=annotation,
            takes=words_of(annotation, inspect.formatannotation(annotation).replace("typing.", "")),
            required=required,
            default=None if required else parameter.default,
        )
    return found


def _annotation(name: str, function: Callable[..., None], parameter: inspect.Parameter) -> Any:
    """Evaluated one by one: fixtures may have types that exist for type checkers only."""
    annotation = parameter.annotation
    if annotation is inspect.Parameter.empty:
        raise UnknownCheckError(f"the parameter {parameter.name!r} of {name} has no type annotation")
    try:
        if isinstance(annotation, str):
            own = getattr(inspect.unwrap(function), "__globals__", {})
            annotation = eval(annotation, own)  # noqa: S307 - code of the check itself
        _adapter(annotation)
    except Exception as error:
        told = f"the type {parameter.annotation!r} of {parameter.name!r} of {name} is not for a rubric"
        raise UnknownCheckError(told) from error
    return annotation
