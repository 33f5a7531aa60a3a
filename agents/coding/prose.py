"""Code and values that stand in prose: signatures, calls, literals. Nothing is run."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

UNREADABLE = (SyntaxError, ValueError, MemoryError, RecursionError)
"""What Python's parser raises on text that is no code."""

_SIGNATURE = re.compile(
    r"(?:\bdef\s+|\bfunction\s+(?:named\s+|called\s+)?`?"
    r"|\b(?:[Ww]rite|[Ii]mplement|[Dd]efine|[Cc]reate)\s+`?)"
    r"([A-Za-z_]\w*)\(([^)\n]*)\)"
)
_CALLED = re.compile(r"(?<![\w.])[A-Za-z_]\w*\(")
_WORDS = {"true": "True", "false": "False", "null": "None", "none": "None"}
"""Values as other languages write them."""
_ATOM = re.compile(
    r"[-+]?(?:0[xob][\da-f_]+|(?:\d[\d_]*(?:\.\d+)?|\.\d+)(?:e[-+]?\d+)?j?)(?!\w)"
    r"|[bru]{0,2}(?:\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*')",
    re.I,
)
"""A number or a string."""
_WORD = re.compile(rf"(?:{'|'.join(_WORDS)})(?!\w)", re.I)
_LONGEST = 500
"""Characters of a call or a value that is still an example."""


@dataclass(frozen=True, slots=True)
class Signature:
    """A function that a text announces."""

    name: str
    parameters: tuple[str, ...]
    required: int
    """How many positional arguments it needs."""


def signatures(text: str) -> tuple[Signature, ...]:
    """Every function announced with its parameters, the last with most of them by name."""
    # Prose may say `function f()` of what the code shows with its parameters.
    told = dict(sorted(_SIGNATURE.findall(text), key=lambda found: len(found[1])))
    return tuple(filter(None, (_signature(*each) for each in told.items())))


def _signature(name: str, parameters: str) -> Signature | None:
    try:
        tree = ast.parse(f"def f({parameters}): pass")
    except UNREADABLE:
        return None
    function = tree.body[0]
    if not isinstance(function, ast.FunctionDef) or function.args.kwonlyargs:
        return None
    names = tuple(each.arg for each in function.args.args)
    return Signature(name, names, len(names) - len(function.args.defaults))


def calls(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of every call that stands alone: its arguments are literals."""
    for found in _CALLED.finditer(text):
        end = _closed(text, found.end())
        if end is not None and literal_call(text[found.start() : end]):
            yield found.start(), end


def _closed(text: str, start: int) -> int | None:
    """Where the bracket is closed that was opened just before `start`."""
    depth, quote = 1, ""
    for place in range(start, min(len(text), start + _LONGEST)):
        sign = text[place]
        if quote:
            quote = "" if sign == quote and text[place - 1] != "\\" else quote
        elif sign in "'\"":
            quote = sign
        elif sign in "([{":
            depth += 1
        elif sign in ")]}":
            depth -= 1
            if not depth:
                return place + 1
    return None


def literal(text: str) -> tuple[str, str] | None:
    """The one literal at the start of a text, as Python's source, and what follows it."""
    text = text.lstrip()
    if word := _WORD.match(text):
        return _WORDS[word[0].lower()], text[word.end() :]
    if text[:1] and text[0] in "([{":
        end = _closed(text, 1)
    else:
        atom = _ATOM.match(text[:_LONGEST])
        end = atom.end() if atom else None
    return (text[:end], text[end:]) if end and _reads(ast.literal_eval, text[:end]) else None


def literal_call(code: str) -> bool:
    """True for a call whose arguments are all literals: prose like `f(n)` is no example."""
    try:
        call = ast.parse(code, mode="eval").body
        if not isinstance(call, ast.Call):
            return False
        for value in (*call.args, *(keyword.value for keyword in call.keywords)):
            ast.literal_eval(value)
    except UNREADABLE:
        return False
    return True


def parses(code: str) -> bool:
    """True for what Python can read as statements."""
    return _reads(ast.parse, code)


def _reads(reader: Callable[[str], object], code: str) -> bool:
    try:
        reader(code)
    except UNREADABLE:
        return False
    return True
