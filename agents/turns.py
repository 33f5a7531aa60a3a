"""A reply of a model as a turn of the conversation: what it asks for, and how it is answered.

A reply asks in native tool calls or, where it holds none, in the text protocol. A call is the text
of a model like any other: its name, its arguments and its id are checked before they are used, and
what is not sound goes back into the conversation in a form that no server chokes on.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from pydantic import BaseModel, ConfigDict, ValidationError

from sale.agents import protocol
from sale.agents.confidence import confidence
from sale.agents.protocol import Action, Tool
from sale.types import Completion, Message, ToolCall

MOST_CALLS = 8
"""Of one reply; those after them are left out."""
MOST_CHARACTERS = 200_000
"""Of one call's arguments."""
SHORT = 80
"""Characters up to which an argument is not worth removing, and of a name that is quoted."""
_SOUND_ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_WRITTEN = re.compile(r"\s*(?:<tool_call>|```(?:json)?\s)?\s*\{?(?=\{)")
"""Qwen2.5-Coder leaves out the tags that its server looks for, or doubles the braces."""
_SOUND_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


class _Arguments(BaseModel):
    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True, defer_build=True)

    argument: str = ""
    body: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    """One reply: the actions that it asks for, and the turn that it is in the conversation."""

    said: Message
    asked: tuple[Action | str, ...]
    """For each native call its action, or what is wrong with it; else the action of the text."""

    @property
    def actions(self) -> tuple[Action, ...]:
        """All that the reply asks to be done."""
        first = next((one for one in self.asked if isinstance(one, Action)), None)
        return () if first is None else (first, *first.more)

    @property
    def faults(self) -> tuple[str, ...]:
        """What is wrong with its calls."""
        return tuple(one for one in self.asked if isinstance(one, str))

    def answered(self, told: Sequence[str]) -> list[Message]:
        """The turn and what it brought: one result for each native call, or one for the text."""
        calls = self.said.tool_calls
        if not calls:
            return [self.said, Message("user", "\n\n".join(told))]
        results = zip(calls, told, strict=True)
        return [self.said, *(Message("tool", text, call_id=call.id) for call, text in results)]


def read(
    completion: Completion,
    tools: Mapping[str, Tool],
    *,
    fallback: str | None,
    conversation: Sequence[Message],
    told: Sequence[Tool] = (),
) -> Turn:
    """Read a reply to a conversation; `fallback` takes a text in which no tool is named.

    A model that was told of tools natively may write its call into the text, past its server.
    """
    if not completion.tool_calls:
        said = Message("assistant", completion.text)
        if told and (call := _in_text(completion.text)):
            return Turn(said, (_action(call, tools),))
        action = protocol.parse(completion.text, tools, fallback=fallback)
        return Turn(said, () if action is None else (_weighed(action, completion),))
    calls = completion.tool_calls[:MOST_CALLS]
    asked = [_action(call, tools) for call in calls]
    known = {call.id for message in conversation for call in message.tool_calls}
    sound: list[ToolCall] = []
    for call, what in zip(calls, asked, strict=True):
        sound.append(_sound(call, what, known=known | {each.id for each in sound}))
    return Turn(Message("assistant", completion.text, tuple(sound)), _linked(asked))


def elided(message: Message, word: str) -> Message:
    """A turn without its text and the long arguments of its calls, which stay in their pairs."""
    calls = tuple(replace(c, arguments=_shortened(c.arguments, word)) for c in message.tool_calls)
    return replace(message, content=word, tool_calls=calls)


def _weighed(action: Action, completion: Completion) -> Action:
    """The same, with how sure the model was of what it says."""
    claim = action.text.partition("[")[0].strip()
    return replace(action, confidence=confidence(completion, claim))


def _in_text(text: str) -> ToolCall | None:
    """The call that a text begins with, as models write it that were trained to."""
    head = _WRITTEN.match(text)
    if head is None:
        return None
    try:
        call, _ = json.JSONDecoder().raw_decode(text, head.end())
        arguments = _dumped(call.get("arguments", call.get("parameters")))
    except (ValueError, RecursionError):
        return None
    named = isinstance(call.get("name"), str) and {"arguments", "parameters"} & set(call)
    return ToolCall(call["name"], arguments) if named else None


def _action(call: ToolCall, tools: Mapping[str, Tool]) -> Action | str:
    """What a call asks for, or what the model is told of its mistake."""
    tool = tools.get(call.name)
    if tool is None or not call.name:
        names = ", ".join(tool.name for tool in protocol.offered(tools))
        return f"Error: there is no tool {call.name[:SHORT]!r}; call one of {names}."
    if len(call.arguments) > MOST_CHARACTERS:
        return (
            f"Error: the arguments of {call.name} are {len(call.arguments)} characters long; "
            f"{MOST_CHARACTERS} are taken, so do it in smaller parts."
        )
    try:
        given = _Arguments.model_validate_json(call.arguments or "{}")
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = f" {str(first['loc'][0])[:SHORT]!r}:" if first["loc"] else ""
        return (
            f"Error: the arguments of {call.name} are wrong:{place} {first['msg']}; {_form(tool)}"
        )
    if tool.body and "body" not in given.model_fields_set:
        return f"Error: the arguments of {call.name} lack 'body'; {_form(tool)}"
    return Action(call.name, given.argument.strip(), given.body)


def _form(tool: Tool) -> str:
    """What the arguments of a tool look like."""
    said = {"argument": tool.argument, "body": tool.body}
    return f"give a JSON object: {_dumped({key: words for key, words in said.items() if words})}"


def _linked(asked: Sequence[Action | str]) -> tuple[Action | str, ...]:
    """The same, where each action knows those that come after it."""
    actions = [one for one in asked if isinstance(one, Action)]
    linked = iter(replace(one, more=tuple(actions[at + 1 :])) for at, one in enumerate(actions))
    return tuple(next(linked) if isinstance(one, Action) else one for one in asked)


def _sound(call: ToolCall, asked: Action | str, *, known: Collection[str]) -> ToolCall:
    """A call that may go back to a server: its id is its own, and its arguments are JSON."""
    ident = call.id
    if not _SOUND_ID.fullmatch(ident) or ident in known:
        # Nine letters and digits: Mistral takes no other.
        ident = next(name for n in range(len(known) + 1) if (name := f"call{n:05d}") not in known)
    name = call.name if _SOUND_NAME.fullmatch(call.name) else "unknown"
    given = {} if isinstance(asked, str) else {"argument": asked.argument, "body": asked.body}
    return ToolCall(name, _dumped({key: text for key, text in given.items() if text}), ident)


def _shortened(arguments: str, word: str) -> str:
    """Arguments that `_sound` wrote, without what is long in them."""
    given: dict[str, str] = json.loads(arguments)
    return _dumped({key: word if len(text) > SHORT else text for key, text in given.items()})


def _dumped(given: object) -> str:
    return json.dumps(given, ensure_ascii=False)
