"""`k8sgrade batch`: a class graded from a roster, into a folder of results.

The order of things is here: plan, folder, engine, class files, the last words. How each is
done is in `pytest_k8sgrade.batch` and `pytest_k8sgrade.gradebook`.
"""

from __future__ import annotations

import shlex
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

import click
from click.core import ParameterSource

from pytest_k8sgrade.command import options
from pytest_k8sgrade.errors import UsageFault
from pytest_k8sgrade.locale.messages import HINT_LEVELS

if TYPE_CHECKING:
    from types import FrameType

    from pytest_k8sgrade.batch.display.tally import Tally
    from pytest_k8sgrade.batch.entry import Entry
    from pytest_k8sgrade.batch.options import WorkOptions
    from pytest_k8sgrade.batch.plan import Asked, Plan
    from pytest_k8sgrade.batch.results import Results
    from pytest_k8sgrade.gradebook.model import ClassBook
    from pytest_k8sgrade.locale.messages import Catalogue

Engine: TypeAlias = "Callable[[Sequence[Entry], WorkOptions, Results, Tally], None]"
"""Grades hand-ins into a folder of results."""

ENCODINGS = ("utf-8", "utf-16", "cp949", "euc-kr")
_JOBS = "Hand-ins at a time.  [default: 32, or one per processor where none is a cluster]"
_TIME = "Longest time for one hand-in, e.g. 10m.  [default: a minute more than it waits]"


@click.command("batch")
@click.argument("roster", type=options.PLACE, metavar="ROSTER")
@click.option("--rubric", required=True, metavar="LAB", help="A lab's name, or the path of a rubric file.")
@click.option("--out", type=options.PLACE, required=True, metavar="DIR", help="Where the results go.")
@click.option("--resume", is_flag=True, help="Go on with the batch in DIR; what is graded stays.")
@click.option("--retry", is_flag=True, help="With --resume: grade again what has ungraded items.")
@click.option(
    "--only", multiple=True, metavar="ID", help="Grade this student only, again if need be; repeatable."
)
@click.option("--jobs", type=click.IntRange(1, 1000), metavar="N", help=_JOBS)
@click.option("--time-limit", metavar="DURATION", help=_TIME)
@click.option("--memory-limit", metavar="SIZE", help="Most memory for one hand-in.  [default: 1Gi]")
@click.option("--wait", metavar="DURATION", help="How long to wait at most, e.g. 90s or 5m; 0 looks once.")
@options.settings
@click.option(
    "--overrides",
    "overrides_file",
    type=options.PLACE,
    metavar="FILE",
    help="Marks that are set by hand, as YAML.",
)
@click.option("--policy", type=options.PLACE, metavar="FILE", help="Late policy in place of the rubric's.")
@click.option("--deadline", metavar="TIME", help="For those for whom the roster says none.")
@click.option(
    "--timezone", default="UTC", show_default=True, metavar="ZONE", help="Zone of times without one."
)
@click.option("--encoding", type=click.Choice(ENCODINGS), help="Of a CSV roster.  [default: utf-8]")
@click.option(
    "--allow",
    multiple=True,
    metavar="NAME",
    help="What every kubeconfig may use although it is somebody else's, e.g. loopback; repeatable.",
)
@click.option(
    "--engine",
    type=click.Choice(["local", "dask"]),
    default="local",
    show_default=True,
    help="Grade on this machine, or on the workers of a Dask cluster.",
)
@click.option("--scheduler", metavar="ADDRESS", help="Scheduler of the Dask cluster.")
@click.option("--assignment", metavar="NAME", help="What gradebooks call the lab.  [default: its title]")
@click.option(
    "--hints",
    type=click.Choice(HINT_LEVELS),
    default="beginner",
    show_default=True,
    help="How much students are told.",
)
@click.option("--quiet", is_flag=True, help="Say nothing until the end.")
@options.language
def command(**given: Any) -> int:
    """Grade a class: one isolated worker per hand-in, a folder of results.

    ROSTER is a CSV or YAML file of students and their kubeconfigs or evidence files, or a
    folder of evidence files that are named by the students' ids (ID.zip). A line is a hand-in: the
    column student is the id; kubeconfig, evidence or answers is what was handed in; context,
    submitted, deadline and extension belong to it; name, first_name, last_name, email, group,
    section, canvas_id, sis_user_id, sis_login_id and username are about the person.
    Clusters are only read.

    Writes to DIR for each student the grade (HTML, JSON, JUnit) and its evidence, and for the
    class class.html, class.json and CSV files for spreadsheets, Canvas, Moodle and nbgrader.

    Exit codes: 0 everybody passed; 1 somebody did not; 8 something is not graded; 4 wrong use;
    2 interrupted, then --resume goes on.
    """
    from pytest_k8sgrade.batch.display.ending import exit_code  # noqa: PLC0415 - after the arguments
    from pytest_k8sgrade.batch.manifest import Manifest  # noqa: PLC0415
    from pytest_k8sgrade.batch.plan import Asked, plan_of  # noqa: PLC0415
    from pytest_k8sgrade.batch.results import Results  # noqa: PLC0415
    from pytest_k8sgrade.locale.messages import Catalogue  # noqa: PLC0415

    asked = Asked(**given)
    plan = plan_of(asked)
    engine = _engine(asked)
    catalogue = Catalogue(asked.language)
    with Results.open(asked.out.expanduser(), Manifest.of(plan.options), resume=asked.resume) as results:
        waiting = results.unfinished(plan.chosen.entries, asked.again)
        if not asked.quiet:
            _begin(plan, len(waiting), catalogue)
        interrupted = _grade(plan, waiting, results, engine, None if asked.quiet else catalogue)
        book = _class_files(plan, results, catalogue, asked.assignment)
    unfinished = len(plan.roster.entries) - book.summary.attempts
    code = exit_code(book, unfinished)
    if interrupted:
        done = book.summary.attempts
        _say(catalogue.label("batch-interrupted", done=done, left=unfinished, command=_command("--resume")))
        raise click.Abort
    if code == 8:
        _say(catalogue.label("batch-end-again", command=_command("--resume", "--retry")))
    return code


def _begin(plan: Plan, waiting: int, catalogue: Catalogue) -> None:
    there = len(plan.chosen.entries) - waiting
    name = "batch-begins-again" if waiting and there else "batch-begins" if waiting else "batch-nothing"
    _say(catalogue.label(name, lab=plan.lab.rubric.id, count=waiting, there=there))
    if plan.roster.naive_times:
        _say(catalogue.label("batch-naive", zone=plan.zone))
    if plan.roster.left_out:
        _say(catalogue.label("batch-left-out", names=plan.roster.left_out))


def _grade(
    plan: Plan, waiting: Sequence[Entry], results: Results, engine: Engine, catalogue: Catalogue | None
) -> bool:
    """Grade what is waiting, silently without a catalogue; whether it was interrupted."""
    from pytest_k8sgrade.batch.display.tally import Tally  # noqa: PLC0415

    tally = Tally(total=len(plan.chosen.entries), longest=plan.options.limits.time_s)
    for attempt in results.attempts(set(plan.chosen.entries) - set(waiting)):
        tally.there(attempt)
    shown = _display(tally, catalogue, plan.lab.rubric.id) if catalogue else nullcontext()
    try:
        with _terminable(), shown:
            engine(waiting, plan.options, results, tally)
    except KeyboardInterrupt:
        return True
    return False


def _engine(asked: Asked) -> Engine:
    """What grades: processes of this machine, or the workers of a Dask cluster."""
    if asked.engine == "local":
        from pytest_k8sgrade.batch.workers.pool import grade_locally  # noqa: PLC0415

        return partial(grade_locally, jobs=asked.jobs)
    try:
        from pytest_k8sgrade.batch.distributed import grade_on_dask  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise UsageFault(
            "--engine dask needs the extra 'distributed': pip install 'pytest-k8sgrade[distributed]'"
        ) from error
    assert asked.scheduler is not None
    return partial(grade_on_dask, address=asked.scheduler, jobs=asked.jobs)


def _display(tally: Tally, catalogue: Catalogue, title: str) -> AbstractContextManager[object]:
    """A live table on a terminal, lines in a log; both on standard error."""
    from rich.console import Console  # noqa: PLC0415

    from pytest_k8sgrade.batch.display.lines import Lines  # noqa: PLC0415
    from pytest_k8sgrade.batch.display.live import LiveTable  # noqa: PLC0415

    screen = Console(stderr=True, highlight=False, markup=False, emoji=False)
    if screen.is_terminal and not screen.is_dumb_terminal:
        return LiveTable(tally, catalogue, title, screen)
    return Lines(tally, catalogue, _say)


@contextmanager
def _terminable() -> Iterator[None]:
    """A termination ends as an interrupt does: with what is known, and how to go on."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _class_files(plan: Plan, results: Results, catalogue: Catalogue, assignment: str | None) -> ClassBook:
    """Write the files of the class, and say what there is to say."""
    from pytest_k8sgrade.batch.display.ending import ending  # noqa: PLC0415
    from pytest_k8sgrade.command.screen import console, show, show_whole  # noqa: PLC0415
    from pytest_k8sgrade.gradebook.build import build_class  # noqa: PLC0415
    from pytest_k8sgrade.gradebook.write import write_class  # noqa: PLC0415

    entries = plan.roster.entries
    book = build_class(
        results.attempts(entries),
        plan.lab,
        policy=plan.policy,
        overrides=plan.overrides,
        absent=plan.roster.absent,
        language=catalogue.language,
        zone=plan.zone,
        made=datetime.now(UTC),
    )
    written = write_class(book, results.attempts(entries), results.folder, assignment=assignment)
    screen = console()
    show(screen, ending(book, len(entries) - book.summary.attempts, written.notes, catalogue))
    names = ", ".join(path.name for path in written.files if path.suffix != ".html")
    show_whole(screen, f"{catalogue.label('batch-end-files')}: {results.folder / 'class.html'}, {names}")
    return book


def _command(*flags: str) -> str:
    """The call that this was, with flags that say which hand-ins."""
    context = click.get_current_context()
    parts = ["k8sgrade", "batch", str(context.params["roster"])]
    for option in context.command.params:
        name = str(option.name)
        given = context.get_parameter_source(name) is ParameterSource.COMMANDLINE
        if not given or not isinstance(option, click.Option) or name in ("resume", "retry"):
            continue
        value = context.params[name]
        for one in value if option.multiple else [value]:
            parts += [option.opts[0]] if option.is_flag else [option.opts[0], str(one)]
    return shlex.join([*parts, *flags])


def _say(line: str) -> None:
    click.echo(line, err=True)
