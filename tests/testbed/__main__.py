"""The testbed's command line: build | up | down | status | shell | kubeconfig | prune.

Beds started here live on in the background until `down`; with `--foreground` until Ctrl-C.
Exit codes: 0 done, 1 it went wrong, 2 this machine or the command line lacks something, 130 Ctrl-C.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.testbed import build, preflight, scenarios
from tests.testbed.errors import BuildError, NotBuilt, NotPossible
from tests.testbed.node import Bed, BedError, Settings, attach, up
from tests.testbed.node.control import Control
from tests.testbed.node.state import State, load, places, sweep
from tests.testbed.node.teardown import end, end_all
from tests.testbed.paths import Cache

COMMAND = "python -m tests.testbed"
TIERS = ("control-plane", "node")


def say(line: str) -> None:
    """Print one line of progress."""
    print(line, file=sys.stderr, flush=True)


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    top = argparse.ArgumentParser(prog=COMMAND, description=sys.modules[__name__].__doc__)
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    known = ", ".join(scenarios.SCENARIOS)

    def command(name: str, action: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text)
        added.set_defaults(action=action)
        return added

    one = command("build", build_command, "Build what is missing or out of date.")
    one.add_argument("component", nargs="*", help="component or group; all of them by default")
    one.add_argument(
        "--scenario", action="append", default=[], help=f"build what a scenario needs; repeatable: {known}"
    )

    one = command("up", up_command, "Start a bed.")
    one.add_argument("--scenario", help=f"put a scenario on it: {known}")
    one.add_argument("--tier", choices=TIERS, help="how much of a cluster; the scenario's own, else node")
    one.add_argument("--name", default="bed", help="name of the bed (default: %(default)s)")
    one.add_argument("--image", action="append", default=[], help="image for pods, by key; repeatable")
    one.add_argument("--foreground", action="store_true", help="stay, and end the bed on Ctrl-C")
    one.add_argument("--no-settle", action="store_true", help="return while the scenario still converges")
    default = Settings()
    one.add_argument("--hpa-down-window", default=default.hpa_down_window, help="default: %(default)s")
    one.add_argument("--hpa-sync", default=default.hpa_sync, help="default: %(default)s")

    one = command("down", down_command, "End a bed; nothing of it stays behind.")
    one.add_argument("--name", help="name of the bed; may be left out if only one runs")
    one.add_argument("--all", action="store_true", help="end every bed")

    command("status", status_command, "List the beds; sweeps what dead ones have left.")

    one = command("shell", shell_command, "Run a shell, or a command after --, inside a bed.")
    one.add_argument("--name", help="name of the bed; may be left out if only one runs")
    one.add_argument("argv", nargs="*", metavar="-- command", help="instead of a shell")

    one = command("kubeconfig", kubeconfig_command, "Print where the kubeconfig is, good inside the bed.")
    one.add_argument("--name", help="name of the bed; may be left out if only one runs")

    one = command("prune", prune_command, "Give disk space back; programs and images stay.")
    one.add_argument("--roots", action="store_true", help="prepared containerd roots too")
    return top


def build_command(options: argparse.Namespace) -> int:
    """Build components, groups or what scenarios need."""
    wanted = set(options.component)
    for name in options.scenario:
        chosen = scenarios.scenario(name)
        wanted |= chosen.components() | build.components_of(chosen.images())
    build.build(wanted or {"all"}, report=say)
    return 0


def up_command(options: argparse.Namespace) -> int:
    """Start a bed and leave it running, or stay with it."""
    problems = preflight.problems(preflight.inspect(), to_build=False)
    if problems:
        raise NotPossible(preflight.message(problems))
    chosen = scenarios.scenario(options.scenario or "empty")
    tier = options.tier or (chosen.tier if options.scenario else "node")
    images = chosen.images() | set(options.image)
    build.artifacts((chosen.components() - set(TIERS)) | {tier} | build.components_of(images))
    settings = Settings(hpa_down_window=options.hpa_down_window, hpa_sync=options.hpa_sync)
    bed = up(options.name, tier, images=images, report=say, settings=settings)
    try:
        if options.scenario:
            scenarios.prepare(bed, chosen, report=say, settled=not options.no_settle)
            bed.note(scenario=chosen.name)
        if options.foreground:
            say(f"bed {bed.name!r} runs until Ctrl-C; use it from another terminal: {COMMAND} shell")
            signal.pause()
        bed.detach()
    except BaseException:
        say(f"taking bed {bed.name!r} down")
        bed.down()
        raise
    say(f"use it: {COMMAND} shell --name {bed.name} [-- kubectl get pods -A]")
    say(f"end it: {COMMAND} down --name {bed.name}")
    bed.close()
    return 0


def down_command(options: argparse.Namespace) -> int:
    """End one bed or all."""
    runs = Cache.default().run
    if options.all:
        ended = end_all(runs)
        say(f"ended: {', '.join(ended) or 'there was none'}")
        return 0
    began = time.monotonic()
    state = find(options.name)
    end(next(place for place in places(runs) if place.name == state.name))
    say(f"bed {state.name!r} ended in {time.monotonic() - began:.1f} s")
    return 0


def status_command(_: argparse.Namespace) -> int:
    """List the beds."""
    runs = Cache.default().run
    swept = sweep(runs)
    if swept:
        say(f"swept what dead beds had left: {', '.join(swept)}")
    lines = [("NAME", "TIER", "STATE", "AGE", "PID", "SCENARIO")]
    lines += [describe(state) for place in places(runs) if (state := load(place)) is not None]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        print("  ".join(field.ljust(width) for field, width in zip(line, widths, strict=True)).rstrip())
    return 0


def describe(state: State) -> tuple[str, str, str, str, str, str]:
    """One bed as a line of `status`."""
    condition = "ready" if state.ready else "starting"
    if state.ready:
        try:
            ended = Control(Cache.default().run / state.name).ended()
        except BedError:  # it may have ended a moment ago
            condition = "does not answer"
        else:
            if ended:
                condition = "ended: " + ",".join(f"{name}({code})" for name, code in ended.items())
    age = f"{time.time() - state.created:.0f}s"
    pid = str(state.init.pid) if state.init else "-"
    return state.name, state.tier, condition, age, pid, state.notes.get("scenario", "-")


def find(name: str | None) -> State:
    """The state of a named bed, or of the only one."""
    states = [state for place in places(Cache.default().run) if (state := load(place)) is not None]
    alive = [state for state in states if state.alive]
    # by name even a dead one: `down` cleans up after it
    found = alive if name is None else [state for state in states if state.name == name]
    if len(found) == 1:
        return found[0]
    running = ", ".join(state.name for state in alive) or "none"
    if name is None and found:
        raise BedError(f"several beds run: say which with --name ({running})")
    raise BedError(f"no bed {name!r} runs here; running: {running}" if name else "no bed runs here")


def attached(name: str | None) -> Bed:
    """A running bed by name, or the only one."""
    return attach(find(name).name)


def shell_command(options: argparse.Namespace) -> int:
    """Become a shell or another program inside a bed."""
    bed = attached(options.name)
    assert bed.state.init is not None
    argv = options.argv or [os.environ.get("SHELL") or shutil.which("bash") or "/bin/sh"]
    # a terminal's job control wants the program itself in the foreground: hand over to nsenter
    enter = ["nsenter", f"--target={bed.state.init.pid}", "--mount", "--net", "--pid", "--"]
    os.execvpe("nsenter", [*enter, "env", "-C", str(Path.cwd()), *argv], bed.environment())


def kubeconfig_command(options: argparse.Namespace) -> int:
    """Print where the kubeconfig is."""
    print(attached(options.name).kubeconfig)
    return 0


def prune_command(options: argparse.Namespace) -> int:
    """Remove compile caches."""
    build.prune(roots=options.roots, report=say)
    return 0


def _stop(number: int, _: object) -> None:
    """End as on Ctrl-C, so that what is half up is taken down."""
    raise SystemExit(128 + number)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; faults are one message without a traceback."""
    signal.signal(signal.SIGTERM, _stop)
    options = parser().parse_args(arguments)
    try:
        return int(options.action(options))
    except (NotPossible, NotBuilt, ValueError) as error:
        say(f"{COMMAND}: {error}")
        return 2
    except (BuildError, BedError) as error:
        say(f"{COMMAND}: {error}")
        return 1
    except KeyboardInterrupt:
        say("interrupted")
        return 130


if __name__ == "__main__":
    sys.exit(main())
