"""The verbs, gathered; exit codes and errors, once for all of them."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from typing import Annotated, Any

import typer

import querist
from querist.cli import (
    asking,
    checking,
    deciding,
    demo,
    exporting,
    handing,
    hooking,
    labelling,
    making,
    peopling,
    replaying,
    serving,
    turning,
    watching,
    working,
)
from querist.cli.output import say_json
from querist.core.errors import LogError, MissingExtra, NoModel, QueristError, TooSlow
from querist.server.people_file import NotGranted

OK, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130
# a right call that could not be done
_TRIED = (LogError, MissingExtra, NoModel, NotGranted, TooSlow)

app = typer.Typer(
    name="querist",
    help="Decide what to label next, collect the labels, retrain, and know when to stop.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

for verb in (
    demo.demo,
    making.new,
    serving.serve,
    working.work,
    peopling.people,
    labelling.label,
    asking.ask,
    asking.tell,
    asking.skip,
    asking.retract,
    turning.step,
    turning.run,
    watching.status,
    watching.rank,
    watching.why,
    watching.report,
    exporting.export,
    making.change,
    replaying.simulate,
    replaying.compare,
    checking.doctor,
    checking.strategies,
    checking.recommend,
    deciding.assess,
    deciding.plan,
    hooking.hooks,
    handing.handover,
    checking.plugins,
):
    app.command()(verb)
app.command("import")(making.import_)

# What typer raises for a wrong call: click's class, which newer typers carry inside.
_Refused: Any = next(c for c in typer.BadParameter.__mro__ if c.__name__ == "ClickException")


@app.callback(invoke_without_command=True)
def querist_(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show where an error arose.")] = False,
) -> None:
    """Decide what to label next, collect the labels, retrain, and know when to stop."""
    if version:
        typer.echo(f"querist {querist.__version__}")
        raise typer.Exit


def main(args: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit code: 0 fine, 1 failed, 2 wrong call."""
    given = list(sys.argv[1:] if args is None else args)
    debug = "--debug" in given  # before or after the verb
    sys.exit(_run([arg for arg in given if arg != "--debug"], debug))


def _run(args: list[str], debug: bool) -> int:
    try:
        code = app(args, prog_name="querist", standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else OK
    except _Refused as refused:
        return _fail(_usage(refused), USAGE, args, debug)
    except (typer.Abort, KeyboardInterrupt):
        return _fail("interrupted", INTERRUPTED, args, debug)
    except QueristError as error:
        known = FAILED if isinstance(error, _TRIED) else USAGE
        return _fail(str(error), known, args, debug)
    except OSError as error:
        return _fail(
            f"{error.strerror or error}: {error.filename or ''}".rstrip(": "), FAILED, args, debug
        )


def _fail(message: str, code: int, args: list[str], debug: bool) -> int:
    if debug:
        traceback.print_exc()
    line = " ".join(message.split())
    if "--json" in args:
        say_json({"error": line})
    sys.stderr.write(f"querist: {line}\n")
    return code


def _usage(refused: Any) -> str:
    path = getattr(getattr(refused, "ctx", None), "command_path", "querist")
    return f"{refused.format_message().rstrip('.')}. See: {path} --help"
