"""The visible checks of a coding task: found in its text, run on an answer in the sandbox.

Found are doctests, `assert` lines, examples like `f(4) == 'IV'` or `f(4) -> 'IV'`, the name
and the number of parameters of a function that the text announces, and the limits in phrases
like "converts 1..3999 ...; raise ValueError otherwise".

Not covered: an answer that sets out to fool the checks from within (they run in its own
process). They tell an honest agent whether its work holds; before a verdict counts, `apart.py`
has what passed confirmed from another process.
"""

from __future__ import annotations

import ast
import doctest
import inspect
import json
import re
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files

from sale.agents.coding.examples import examples
from sale.agents.coding.prose import UNREADABLE, parses, signatures
from sale.agents.coding.sandbox import Bounds, Sandbox
from sale.agents.coding.workspace import fresh_workspace
from sale.types import Check, Verdict

MAX_CHECKS = 50
MAX_TEXT = 20_000
"""Characters of a task in which checks are looked for; longer ones are data, not examples."""
_DETAIL_CHARACTERS = 400

_FENCED = re.compile(r"^```[^\n`]*\n(.*?)^```", re.M | re.S)
_NUMBER = r"(?<!\w)(-?\d{1,9})(?!\w)"
_RANGE = re.compile(
    rf"{_NUMBER}\s*\.\.\.?\s*{_NUMBER}"
    rf"|\bbetween {_NUMBER} and {_NUMBER}|\bfrom {_NUMBER} to {_NUMBER}"
)
_RAISES = re.compile(
    r"\brais(?:e|es|ing)\s+(?:an?\s+)?`?([A-Z]\w*)`?[^.\n]{0,20}?\b"
    r"(?:otherwise|outside|out of range|anything else)"
)


@dataclass(frozen=True, slots=True)
class VisibleCheck:
    """A check as code that raises when the answer fails it."""

    name: str
    code: str
    behaviour: bool = True
    """False for a check that says only that there is something to run."""


RUNS = VisibleCheck("the code runs", "pass", behaviour=False)


def find(text: str) -> tuple[VisibleCheck, ...]:
    """`RUNS`, then every check that the text of a task shows, no name twice."""
    text = text[:MAX_TEXT]
    finders = (_interface, _doctests, _asserts, _examples, _limits)
    unique = {check.name: check for finder in finders for check in finder(text)}
    return (RUNS, *unique.values())[:MAX_CHECKS]


def run(
    answer: str, found: Sequence[VisibleCheck], *, sandbox: Sandbox, bounds: Bounds | None = None
) -> tuple[Check, ...]:
    """Run the checks on a Python source text, each in a fresh copy of its namespace."""
    with fresh_workspace() as workspace:
        token = secrets.token_hex(8)
        runner = files("sale.agents.coding").joinpath("check_runner.py").read_text()
        (workspace / "check_runner.py").write_text(runner)
        (workspace / "answer.py").write_bytes(answer.encode(errors="replace"))
        codes = [check.code for check in found]
        result = sandbox.run(
            ["python", "check_runner.py"],
            workspace=workspace,
            stdin=json.dumps({"token": token, "codes": codes}),
            bounds=bounds or Bounds(),
        )
    reports = dict(_reports(result.stdout, token))
    why = "timed out" if result.timed_out else _last_line(result.stderr) or "it ended early"
    return tuple(
        Check(check.name, *reports.get(index, (False, why))) for index, check in enumerate(found)
    )


def verdict(found: Sequence[VisibleCheck], results: Sequence[Check]) -> Verdict:
    """Failed when one failed; passed when all passed and one of them tests behaviour."""
    if not all(result.passed for result in results):
        return Verdict.FAILED
    return Verdict.PASSED if any(check.behaviour for check in found) else Verdict.NONE


def _reports(stdout: str, token: str) -> Iterator[tuple[int, tuple[bool, str]]]:
    """Read the signed lines; an answer that steals the token may still write nonsense."""
    for line in stdout.splitlines():
        head, _, rest = line.partition(" ")
        if head != token:
            continue
        try:
            index, passed, detail = json.loads(rest)
            report = int(index), (passed is True, _text(str(detail)))
        except (ValueError, TypeError, ArithmeticError, RecursionError):
            continue
        yield report


def _text(detail: str) -> str:
    """What an answer said of itself: short, and free of halves of characters."""
    return detail[:_DETAIL_CHARACTERS].encode(errors="replace").decode()


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or [""])[-1][:_DETAIL_CHARACTERS]


def _interface(text: str) -> Iterator[VisibleCheck]:
    for name, count in ((each.name, each.required) for each in signatures(text)):
        yield VisibleCheck(
            f"defines {name} for {count} argument{'' if count == 1 else 's'}",
            f"import inspect\ninspect.signature({name}).bind(*[None] * {count})",
            behaviour=False,
        )


def _doctests(text: str) -> Iterator[VisibleCheck]:
    """One check for each text that holds examples, as the later ones may build on the first."""
    for part in _parts(text):
        try:
            found = doctest.DocTestParser().get_examples(part)
        except ValueError:
            continue
        found = [example for example in found if parses(example.source)]
        if found:
            shown = "".join(
                ">>> " + example.source.rstrip("\n").replace("\n", "\n... ") + "\n" + _want(example)
                for example in found
            )
            name = "doctest " + "; ".join(e.source.strip().splitlines()[0] for e in found)[:120]
            yield VisibleCheck(name, f"_run_doctest({shown!r}, globals())")


def _want(example: doctest.Example) -> str:
    """What is expected; a comparison that expects nothing is meant to hold."""
    match ast.parse(example.source).body:
        case [ast.Expr(ast.Compare())] if not example.want:
            return "True\n"
    return example.want


def _parts(text: str) -> Iterator[str]:
    """What a text shows: the docstrings of its code, other blocks as they are, and the prose."""
    for code in [block[1] for block in _FENCED.finditer(text)] or [text]:
        text = text.replace(code, "")
        try:
            tree = ast.parse(code)
        except UNREADABLE:
            yield code
        else:
            yield from filter(None, (_docstring(code, node) for node in ast.walk(tree)))
    yield text


def _docstring(code: str, node: ast.AST) -> str | None:
    """A docstring as it is meant: one whose examples escape nothing is read as it is written."""
    if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return None
    text = ast.get_docstring(node)
    if text is None or _complete(text):
        return text
    source = (ast.get_source_segment(code, node.body[0]) or "").lstrip("rRuU")
    quote = source[:3] if source[:3] == source[:1] * 3 else source[:1]
    written = inspect.cleandoc(source.removeprefix(quote).removesuffix(quote))
    return written if _complete(written) else text


def _complete(text: str) -> bool:
    """Whether every example of a text can be read; an escape may have torn one apart."""
    try:
        return all(parses(one.source) for one in doctest.DocTestParser().get_examples(text))
    except ValueError:
        return False


def _asserts(text: str) -> Iterator[VisibleCheck]:
    for line in text.splitlines():
        code = line.strip().strip("`")
        if code.startswith("assert ") and "(" in code and parses(code):
            yield VisibleCheck(code[:120], code)


def _examples(text: str) -> Iterator[VisibleCheck]:
    for example in examples(text):
        call, value = example.call, example.value
        yield VisibleCheck(
            f"{call} == {value}"[:120],
            f"got = {call}\nassert got == {value}, f'got {{got!r}}, expected ' + {value!r}",
        )


def _limits(text: str) -> Iterator[VisibleCheck]:
    """Limits of a one-parameter function: inside they must not raise, outside they must."""
    names = [each.name for each in signatures(text) if each.required == 1]
    bounds, raises = _RANGE.search(text), _RAISES.search(text)
    if not (len(names) == 1 and bounds and raises):
        return
    name, error = names[0], raises[1]
    low, high = sorted(int(number) for number in bounds.groups() if number is not None)
    for value in (low, high):
        yield VisibleCheck(f"{name}({value}) returns", f"{name}({value})")
    for value in (low - 1, high + 1):
        yield VisibleCheck(
            f"{name}({value}) raises {error}", f"_must_raise(lambda: {name}({value}), {error!r})"
        )
