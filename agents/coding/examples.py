"""Examples that a task tells in prose: a call and what it gives, in the ways people write that.

`f(4) == 16`, `f(4) ➞ 16`, `f(4) should return 16`; `For n = 4, the output should be 16`;
`Input: n = 4` above `Output: 16`. A wrong check does more harm than a missing one, so what may be
read in two ways is left out.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sale.agents.coding.prose import Signature, calls, literal, literal_call, signatures

_GIVES = re.compile(
    r"[`\s]*(?:#\s*)?(?:=>|={2,}>?|-{1,2}>|[→➔➜➞⇒⟶↦]"
    r"|(?:should|must|will|would)\sbe(?=\s)|(?:(?:should|must|will|would)\s+)?"
    r"(?:returns?|gives?|equals?|yields?|outputs?|produces?|evaluates?\s+to))\s*`?"
)
_IS = re.compile(r"[`\s]*(?:=(?!=)|is\b|#)\s*`?")
"""May also define, as in `f(1) = 1, f(n) = n * f(n - 1)`, or remark."""
_ENDS = re.compile(r"[`\s]*?(?:$|\n|[.,;:)(#]|\b(?:and|but|because|since|as)\b)")
"""What may follow an expected value; `f(2) returns 4 times its input` expects no 4."""
_MORE = re.compile(r"\s*,\s*[-\d.'\"({\[]")
"""`f(2) returns 3, 4` may expect a pair."""
_DECKED = " `*_.\r\n"
"""What may stand around an input without being a part of it."""
_DOUBT = re.compile(r"\b(?:currently|wrong|incorrect|instead|bug|never|not)\b", re.I)
"""Sentences with these words may tell what an example must not give."""
_STOP = re.compile(r"[.!?;]\s")
_NEAR = 200
"""Characters on either side of a call in which a doubt is looked for."""
_INDENT = 80
_CODE = ("assert ", ">>>", "def ")
_FOR = re.compile(r"\b(?:for|if|when|with|given)\s+(?=`?\w+`?\s*=[^=])", re.I)
_RESULT = re.compile(
    r"(?=[`\s]*(?:,|then\b|the\b|it\b|your\b|output|result|answer))"
    r"[^\n]{0,80}?\b(?:output|result|answer|it|function|return value)\s+"
    r"(?:(?:should|must|will|would)\s+(?:be|return|give|output)|is|returns)\s*:?\s*`?",
    re.I,
)
_IN_AND_OUT = re.compile(
    r"^[ \t>*_#-]{0,20}(?:sample\s+)?input\b[^:\n]{0,12}:[*_ \t]*((?:.*\n){1,5}?)"
    r"[ \t>*_#-]{0,20}(?:\w{1,20}\s+)?output\b[^:\n]{0,12}:[*_ \t]*",
    re.I | re.M,
)
_NAMED = re.compile(r"[`\s,]*(?:and\s+)?`?([A-Za-z_]\w*)`?\s*[=:](?!=)\s*")
_SUM = re.compile(r"[-+*/%().\d ]{0,80}\d ?[-+*/%] ?[-+*/%().\d ]{0,80}=\s*")
"""`f(2) -> 4 - 1 = 3` says how its value comes about."""


@dataclass(frozen=True, slots=True)
class Example:
    """A call and the value that it should give, both as Python's source."""

    call: str
    value: str
    sure: bool = True
    """False for one that counts only where all examples of the function are of one kind."""

    @property
    def function(self) -> str:
        """Whose example it is."""
        return self.call.partition("(")[0]


def examples(text: str) -> Iterator[Example]:
    """Every example of a text, in the order of the ways to write one."""
    announced = signatures(text)
    found = [*_calls(text), *_given(text, announced), *_in_and_out(text, announced)]
    names, kinds = {each.name for each in announced}, defaultdict[str, set[type]](set)
    for example in found:
        kinds[example.function].add(_kind(example.value))
    for example in found:
        named = example.function in names
        alike = len(kinds[example.function] - {type(None)}) <= 1
        if (named and alike) or (example.sure and (named or not names)):
            yield example


def _calls(text: str) -> Iterator[Example]:
    """A call and, behind a sign or a verb, what it gives."""
    for start, end in calls(text):
        begins = text.rfind("\n", 0, start) + 1
        code = text[begins : begins + _INDENT].lstrip(" \t`").startswith(_CODE)
        if code or _DOUBT.search(_sentence(text, start, end)):
            continue
        for sure, relation in ((True, _GIVES), (False, _IS)):
            match = relation.match(text, end)
            if match and "\n" not in match[0].strip("`"):
                value = _value(text[match.end() :])
                if value is not None:
                    yield Example(text[start:end], value, sure)
                break


def _given(text: str, announced: Sequence[Signature]) -> Iterator[Example]:
    """`For n = 4, the output should be 16`."""
    for found in _FOR.finditer(text):
        line = text[found.end() : _line_end(text, found.end())]
        arguments, rest = _arguments(line)
        result = _RESULT.match(rest)
        if arguments and result and not _DOUBT.search(result[0]):
            value = _value(rest[result.end() :])
            if value is not None:
                yield from _named(arguments, value, announced)


def _in_and_out(text: str, announced: Sequence[Signature]) -> Iterator[Example]:
    """`Input: n = 4` or `Input: 4`, and `Output: 16` in the next line."""
    for found in _IN_AND_OUT.finditer(text):
        value = _value(text[found.end() :])
        if value is None:
            continue
        arguments, rest = _arguments(found[1])
        if arguments:
            if not rest.strip(_DECKED):
                yield from _named(arguments, value, announced)
        elif len(announced) == 1:
            call = f"{announced[0].name}({found[1].strip(_DECKED)})"
            if literal_call(call) and _count(call) == announced[0].required:
                yield Example(call, value)


def _arguments(text: str) -> tuple[dict[str, str], str]:
    """The values named at the start of a text, and what follows them."""
    arguments: dict[str, str] = {}
    while match := _NAMED.match(text):
        read = literal(text[match.end() :])
        if read is None:
            break
        arguments[match[1]], text = read
    return arguments, text


def _named(
    arguments: dict[str, str], value: str, announced: Sequence[Signature]
) -> Iterator[Example]:
    """The call of the one function that has parameters of these names."""
    given = {name.lower(): source for name, source in arguments.items()}
    fitting = [
        each
        for each in announced
        if {parameter.lower() for parameter in each.parameters} == given.keys()
    ]
    if len(fitting) == 1:
        [one] = fitting
        told = ", ".join(given[parameter.lower()] for parameter in one.parameters)
        yield Example(f"{one.name}({told})", value)


def _value(text: str) -> str | None:
    """The literal at the start of a text, unless words go on from it or its brackets mislead."""
    how = _SUM.match(text)
    read = literal(text[how.end() :] if how else text)
    if read is None or not _ENDS.match(read[1]) or _MORE.match(read[1]):
        return None
    source = read[0]
    # `("a")` is a string; who wrote it may have meant a tuple.
    return None if source.startswith("(") and _kind(source) is not tuple else source


def _sentence(text: str, start: int, end: int) -> str:
    """What stands around a call in its line, as far as the next full stops."""
    before = text[max(text.rfind("\n", 0, start) + 1, start - _NEAR) : start]
    after = text[end : min(_line_end(text, end), end + _NEAR)]
    return _STOP.split(before)[-1] + text[start:end] + _STOP.split(after)[0]


def _line_end(text: str, place: int) -> int:
    end = text.find("\n", place)
    return len(text) if end < 0 else end


def _kind(source: str) -> type:
    value = ast.literal_eval(source)
    return float if type(value) is int else type(value)


def _count(call: str) -> int:
    tree = ast.parse(call, mode="eval").body
    return len(tree.args) if isinstance(tree, ast.Call) and not tree.keywords else -1
