"""A group of commands that is a command as well: `sale bench SUITE` beside `sale bench report`."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup


class DefaultGroup(TyperGroup):
    """Hands what does not begin with the name of a command to the first one of the group.

    That one has its options explained by the group's own help. A suite with the name of a command
    goes by its path, as in `./report`.
    """

    @property
    def default(self) -> str:
        """The name of the command that is meant where none is named."""
        return next(iter(self.commands))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Name the default command where the first word names no other."""
        named = bool(args) and args[0] in {*self.commands, *ctx.help_option_names}
        completing = ctx.resilient_parsing and not args
        return super().parse_args(ctx, args if named or completing else [self.default, *args])

    def format_usage(self, ctx: Any, formatter: Any) -> None:
        """Both ways to call it."""
        command, own = self._default_context(ctx)
        formatter.write_usage(ctx.command_path, " ".join(command.collect_usage_pieces(own)))
        formatter.write_usage(ctx.command_path, "COMMAND [ARGS]...", prefix="   or: ")

    def format_help_text(self, ctx: Any, formatter: Any) -> None:
        """What the default command does, as it does by default."""
        command, own = self._default_context(ctx)
        command.format_help_text(own, formatter)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """The default command's options, then the other commands."""
        command, own = self._default_context(ctx)
        command.format_options(own, formatter)
        self.format_commands(ctx, formatter)

    def _default_context(self, ctx: Any) -> tuple[Any, Any]:
        command = self.commands[self.default]
        return command, command.make_context(
            ctx.info_name, [], parent=ctx.parent, resilient_parsing=True
        )
