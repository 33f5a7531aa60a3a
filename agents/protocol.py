"""The text protocol: one fenced block an action, simple enough for a 0.5B model.

A reply holds a block whose info string begins with a tool's name:

    ```search
    height of the tower
    ```

What follows the name on the same line is the argument, what stands inside is the body. The
first block with a known tool is the action; those after it come along as `more`, for work that can
do several things without a look in between. A last fence that was never closed still counts, and
so does a line `tool: argument` or a reply that begins `tool.`, but two readings of one reply never
exist: fences come first.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

_FENCE = re.compile(
    r"^[ \t]*(`{3,})[ \t]*([^\n`]*)(?:\n|\Z)(.*?)(?:^[ \t]*\1[ \t]*$|\Z)", re.M | re.S
)
_INFO = re.compile(r"([^\s:]*)[\s:]*(.*)", re.S)


ToolChoice = Literal["auto", "none"]
"""Whether a model that is told of tools may call one: a last answer is asked for in text."""


@dataclass(frozen=True, slots=True)
class Tool:
    """What a model is told of a tool that it may call."""

    name: str
    description: str
    argument: str = ""
    """What the argument is, in words; empty: it takes none."""
    body: str = ""
    """What the body is, in words; empty: it takes none."""

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON schema of what a call of it holds; strict servers want every key required."""
        said = {"argument": self.argument, "body": self.body}
        properties = {
            key: {"type": "string", "description": words} for key, words in said.items() if words
        }
        return {
            "type": "object",
            "properties": properties,
            "required": list(properties),
            "additionalProperties": False,
        }


def offered(tools: Mapping[str, Tool]) -> tuple[Tool, ...]:
    """The tools to tell a model of; a key that isn't its tool's own name is one more spelling."""
    return tuple(tool for name, tool in tools.items() if name == tool.name)


@dataclass(frozen=True, slots=True)
class Action:
    """One use of a tool."""

    tool: str
    argument: str
    body: str
    above: str = field(default="", compare=False)
    """The last line before the block; small models name the file there."""
    more: tuple[Action, ...] = field(default=(), compare=False)
    """What the same reply asks for next."""
    confidence: float | None = field(default=None, compare=False)
    """0 to 1, how sure the model was of the text, up to the first bracket; None: nobody knows."""

    @property
    def text(self) -> str:
        """Argument and body as one text, for tools that take a single value."""
        return "\n".join(part for part in (self.argument, self.body.strip("\n")) if part).strip()


def parse(reply: str, tools: Collection[str], *, fallback: str | None = None) -> Action | None:
    """Find the action in a reply, or None.

    `fallback` names the tool that takes a whole reply in which no tool is named.
    """
    if blocks := _blocks(reply, tools):
        return replace(blocks[0], more=tuple(blocks[1:]))
    names = "|".join(re.escape(tool) for tool in tools if tool)
    if names and (
        line := re.search(rf"^\W{{0,3}}((?a:{names}))\W{{0,2}}:\s*(.+)", reply, re.M | re.I | re.S)
    ):
        return Action(line[1].lower(), "", line[2].strip())
    if names and (
        line := re.match(rf"\W{{0,3}}((?a:{names}))(?:\.|\W*\Z)(.*)", reply, re.I | re.S)
    ):
        return Action(line[1].lower(), "", line[2].strip())
    if fallback is not None and reply.strip():
        return Action(fallback, "", reply.strip())
    return None


def _blocks(reply: str, tools: Collection[str]) -> list[Action]:
    found = []
    for block in _FENCE.finditer(reply):
        _, info, body = block.groups()
        name, argument = _INFO.findall(info.strip())[0]
        above = reply[: block.start()].rstrip().rpartition("\n")[2].strip()
        if not name:  # `write NAME` may stand on the line above a bare fence
            name, argument = _INFO.findall(above)[0]
        if name.lower() in tools:
            found.append(Action(name.lower(), argument.strip(), body, above))
    return found
