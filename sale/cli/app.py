"""The commands, and the one place where an error becomes a line and an exit code."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import typer
from platformdirs import user_log_path

import sale
from sale.cli import INTERRUPTED
from sale.errors import SaleError

INTERNAL = 70

COMMANDS: Mapping[str, str] = {
    "submit": "submit:submit",
    "apply": "apply:apply",
    "bench": "bench:app",
    "replay": "replay:replay",
    "fit": "fit:fit",
    "log": "history:log",
    "show": "history:show",
    "feedback": "learning:feedback",
    "stats": "stats:app",
    "whatif": "whatif:whatif",
    "export": "exchange:export",
    "import": "exchange:import_",
    "memory": "memory:app",
    "models": "models:app",
    "suites": "suites:app",
    "corpus": "corpus:app",
    "calls": "calls:app",
    "up": "up:up",
    "down": "up:down",
    "status": "up:status",
    "doctor": "doctor:doctor",
}
"""Where each command is: a module of this package, and a function or an app of sub-commands."""


def build(names: Iterable[str]) -> typer.Typer:
    """Put an app together of some commands; only their modules are loaded."""
    app = typer.Typer(
        name="sale",
        help="Agents of different sizes bid for your task; only the winner runs.",
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_options)
    for name in names:
        module, _, attribute = COMMANDS[name].partition(":")
        command = getattr(import_module(f"sale.cli.{module}"), attribute)
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name)
        else:
            app.command(name=name)(command)
    return app


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"sale {sale.__version__}")
        raise typer.Exit


def _options(
    version: bool = typer.Option(
        False, "--version", callback=_print_version, is_eager=True, help="Print the version."
    ),
) -> None:
    """Agents of different sizes bid for your task; only the winner runs."""


def main() -> None:
    """Run the command line; every failure is one line on stderr and an exit code.

    A command that is asked for by name is loaded alone: a log doesn't wait for the benches.
    """
    asked = sys.argv[1:] or ["--help"]
    names = asked[:1] if asked[0] in COMMANDS else COMMANDS
    sys.exit(_run(lambda: build(names)(asked, standalone_mode=False)))


def _run(command: Callable[[], Any]) -> int:
    try:
        result = command()
    except SaleError as error:
        return _fail(str(error), error.exit_code)
    except typer.TyperException as error:
        told = error.format_message().rstrip(".")
        return _fail(f"{told}; `sale --help` and `sale COMMAND --help` say more", error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        result = INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has left; Python would complain again while it exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:  # noqa: BLE001 - the boundary: no traceback reaches the user
        return _fail(_internal(error), INTERNAL)
    if result == INTERRUPTED:  # Typer turns an interruption inside a command into this code
        return _fail("interrupted; what was written so far stays", INTERRUPTED)
    return result if isinstance(result, int) else 0


def _fail(message: str, code: int) -> int:
    line = " ".join(message.split())
    typer.echo(f"sale: {line}", err=True)
    return code


def _internal(error: Exception) -> str:
    """Keep the traceback for a bug report; the user gets a line."""
    told = f"internal error: {type(error).__name__}: {error}"
    try:
        path = Path(os.environ.get("SALE_LOG") or user_log_path("sale") / "errors.log")
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a") as file:
            traceback.print_exception(error, file=file)
    except OSError:
        return told
    return f"{told}; please report it with the end of {path}"
