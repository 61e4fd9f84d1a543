"""YAML of somebody else as plain data: no tags, no aliases, bounded nesting.

Aliases are refused, not unfolded: a few lines of them make a structure without end,
and what this package reads (kubeconfigs, manifests, Alertmanager's configuration)
has no need of them.
"""

from __future__ import annotations

from typing import Any, Final

MAX_NESTING: Final = 60


class NotPlain(ValueError):
    """The text is not YAML, or not plain; `line` is where it is not YAML, None where nobody can say."""

    def __init__(self, text: str, *, is_yaml: bool = True, line: int | None = None) -> None:
        super().__init__(text)
        self.is_yaml = is_yaml
        self.line = line


def load_plain(content: str | bytes) -> Any:
    """The data of the one document in the text."""
    import yaml  # noqa: PLC0415 - only a grading run pays for it

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    depth = 0
    try:
        for event in yaml.parse(content, Loader=loader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if isinstance(event, yaml.AliasEvent) or depth > MAX_NESTING:
                raise NotPlain("it uses YAML aliases or is nested too deep")
        return yaml.load(content, Loader=loader)  # noqa: S506 - a safe loader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else None
        raise NotPlain(f"it is not YAML (line {line or '-'})", is_yaml=False, line=line) from error


def dump_plain(data: Any) -> str:
    """The data as YAML text, keys in their order, long lines unbroken."""
    import yaml  # noqa: PLC0415 - as above

    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    text = yaml.dump(data, Dumper=dumper, sort_keys=False, allow_unicode=True, width=10_000)
    return str(text)
