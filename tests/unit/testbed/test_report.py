"""What the build tells people: the table of timings and the texts of its errors."""

from __future__ import annotations

from tests.testbed.build.stamps import Stamp
from tests.testbed.build.table import table
from tests.testbed.errors import BuildError, CommandFailed, NotBuilt


def test_the_table_shows_the_longest_build_first_and_the_sum() -> None:
    """Whoever wonders where the time went reads it in the first line."""
    built = {
        "kubectl": Stamp("", "1.34.4", 31.0, 61_000_000),
        "argocd": Stamp("", "3.2.11", 302.4, 149_000_000),
    }
    lines = list(table(built, 1.26))
    assert [line.split()[0] for line in lines] == ["component", "argocd", "kubectl", "2"]
    assert "302.4 s" in lines[1]
    assert "149 MB" in lines[1]
    assert lines[-1] == "2 components, 333 s of building summed, this call 1.3 s"


def test_nothing_built_gives_no_table() -> None:
    """An empty choice prints no heading."""
    assert list(table({}, 0.1)) == []


def test_a_failed_command_shows_the_end_of_its_output() -> None:
    """The compiler's last words are what matters, the first hundred lines are not."""
    output = "\n".join(f"line {number}" for number in range(100))
    text = str(CommandFailed("Building kubelet", 2, output))
    assert text.startswith("Building kubelet failed with status 2:")
    assert text.endswith("line 99")
    assert "line 79" not in text


def test_what_is_not_built_comes_with_its_command() -> None:
    """The message can be pasted into a shell."""
    error = NotBuilt({"kubelet", "argocd"}, "python -m tests.testbed build argocd kubelet")
    assert error.missing == ("argocd", "kubelet")
    assert str(error).endswith("python -m tests.testbed build argocd kubelet")
    assert isinstance(error, BuildError)
