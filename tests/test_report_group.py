"""A group whose first command is meant where none is named."""

from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from sale.cli.group import DefaultGroup


@pytest.fixture
def app():
    """What `sale` looks like: a group beside a command, under one app."""
    app = typer.Typer(
        rich_markup_mode=None, context_settings={"help_option_names": ["-h", "--help"]}
    )
    bench = typer.Typer(cls=DefaultGroup)

    @bench.command(name="run")
    def run(
        suites: Annotated[list[str], typer.Argument(metavar="SUITE...")],
        limit: Annotated[int, typer.Option(help="Only the first N.")] = 0,
    ) -> None:
        """Try every policy on some suites."""
        typer.echo(f"run {suites} {limit}")

    @bench.command(name="report")
    def report(folder: str) -> None:
        """Draw a run."""
        typer.echo(f"report {folder}")

    @app.command(name="log")
    def log() -> None:
        """List auctions."""

    app.add_typer(bench, name="bench")
    return app


def call(app, *words):
    return CliRunner().invoke(app, ["bench", *words])


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["humaneval"], "run ['humaneval'] 0"),
        (["humaneval", "coding", "--limit", "3"], "run ['humaneval', 'coding'] 3"),
        (["--limit", "3", "humaneval"], "run ['humaneval'] 3"),
        (["humaneval", "report"], "run ['humaneval', 'report'] 0"),
        (["run", "humaneval"], "run ['humaneval'] 0"),
        (["./report"], "run ['./report'] 0"),
        (["--", "report"], "run ['report'] 0"),
        (["Report"], "run ['Report'] 0"),
        (["report", "runs/one"], "report runs/one"),
    ],
)
def test_the_first_word_says_which_command_is_meant(app, words, told):
    done = call(app, *words)
    assert (done.output.strip(), done.exit_code) == (told, 0)


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_its_help_tells_of_the_default_command_and_of_the_others(app, flag):
    done = call(app, flag)
    assert done.exit_code == 0
    for words in (
        "bench [OPTIONS] {SUITE...}",
        "bench COMMAND [ARGS]...",
        "Try every policy on some suites.",
        "--limit",
        "Only the first N.",
        "report",
        "Draw a run.",
    ):
        assert words in done.output


def test_a_named_command_has_its_own_help(app):
    assert "Draw a run." in call(app, "report", "--help").output
    assert "Only the first N." not in call(app, "report", "--help").output
    assert "Only the first N." in call(app, "humaneval", "--help").output


def test_a_call_without_words_says_what_the_default_command_lacks(app):
    done = call(app)
    assert done.exit_code == 2
    assert "SUITE" in done.output


def test_an_unknown_option_is_refused_as_the_default_command_would(app):
    done = call(app, "humaneval", "--colour", "red")
    assert done.exit_code == 2
    assert "--colour" in done.output


def test_the_shell_completes_the_names_of_the_commands(app):
    words = {"COMP_WORDS": "sale bench re", "COMP_CWORD": "2", "_SALE_COMPLETE": "complete_bash"}
    done = CliRunner().invoke(app, [], prog_name="sale", env=words)
    assert "report" in done.output
