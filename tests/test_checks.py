"""Visible checks: what is found in a task's text, and how an answer fares on it in the sandbox."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sale.agents.coding import checks, sandbox
from sale.agents.coding.checks import RUNS, find, run, verdict
from sale.agents.coding.sandbox import Bounds
from sale.types import Check, Verdict


@pytest.fixture(scope="module")
def box() -> sandbox.Sandbox:
    return sandbox.choose("auto")


def names(text: str) -> list[str]:
    return [check.name for check in find(text)[1:]]


def judged(text: str, answer: str, box: sandbox.Sandbox) -> tuple[Verdict, tuple[Check, ...]]:
    found = find(text)
    results = run(answer, found, sandbox=box)
    return verdict(found, results), results


ROMAN = (
    "Write a function to_roman(n) that converts 1..3999 to a Roman numeral; "
    "raise ValueError otherwise.\nFor example, to_roman(4) == 'IV'."
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("f(4) == 'IV'", "f(4) == 'IV'"),
        ("f(4) -> 16.", "f(4) == 16"),
        ("`f(4)` returns `16`", "f(4) == 16"),
        ("f(4) => 16, as 4 * 4", "f(4) == 16"),
        ("f([1, 2], k=1) gives {'a': [1]} (a dict)", "f([1, 2], k=1) == {'a': [1]}"),
        ("f(-2) should return None", "f(-2) == None"),
        ("f((1, 2)) → (2, 1)", "f((1, 2)) == (2, 1)"),
        ("assert f(2) == 4", "assert f(2) == 4"),
        ("    `assert f(2) == 4`", "assert f(2) == 4"),
        (">>> f(2)\n4", "doctest f(2)"),
        ("def f(a, b=1): ...", "defines f for 1 argument"),
        ("Write a function named `g(a, b)`", "defines g for 2 arguments"),
    ],
    ids=range(12),
)
def test_an_example_in_a_task_becomes_a_check(text: str, found: str) -> None:
    assert names(text) == [found]


TWO = "def f(n): ...\ndef g(text, count): ...\n"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("f(4) ➞ 16", ["f(4) == 16"]),
        ("f(4) ==> 16\nf(5) --> 25", ["f(4) == 16", "f(5) == 25"]),
        ("f(4) = 16\nf(-1) = -1", ["f(4) == 16", "f(-1) == -1"]),
        ("f(4) is True; f(5) is False", ["f(4) == True", "f(5) == False"]),
        ("f(4) # => 16", ["f(4) == 16"]),
        ("f(4)  # 16", ["f(4) == 16"]),
        ("f(4) => true", ["f(4) == True"]),
        ("f(4) yields null", ["f(4) == None"]),
        ("f(4) would return `16`", ["f(4) == 16"]),
        ("f((1, (2, (3, 4)))) == 4", ["f((1, (2, (3, 4)))) == 4"]),
        ("f([\n  [1, 2],\n  [3],\n]) == [(0, 0)]", ["f([\n  [1, 2],\n  [3],\n]) == [(0, 0)]"]),
        ("f(9) -> 9 - 3 * 2 = 3", ["f(9) == 3"]),
        ("For n = 4 the output should be 16.", ["f(4) == 16"]),
        ("For N = 147, the sum is 12 the output should be '1100'.", ["f(147) == '1100'"]),
        ("If `text = 'a, b'` and `count = 2`, it returns 'b'", ["g('a, b', 2) == 'b'"]),
        ("For count = 1, text = 'x', the result is ('x', True)", ["g('x', 1) == ('x', True)"]),
        ("Input: n = [4, 2]\nOutput: 6 # the sum", ["f([4, 2]) == 6"]),
        ("**Input:** text = 'a', count = 3\n**Output:** 'aaa'", ["g('a', 3) == 'aaa'"]),
        ("Input:\n    text : 'a'\n    count : 3\n  Output: 'aaa'", ["g('a', 3) == 'aaa'"]),
    ],
    ids=range(19),
)  # fmt: skip
def test_examples_are_read_in_the_ways_people_write_them(text: str, found: list[str]) -> None:
    assert [check.name for check in find(TWO + text) if check.behaviour] == found


@pytest.mark.parametrize(
    "text",
    [
        "f(1) = 1, f(2) = 2, f(3) = [1, 2, 3]",  # a definition, and an example
        "f(1) == ('Venus')",  # a tuple, or a string?
        "h(4) == 16",  # no function of this task
        "For n = 4, count = 2 the output should be 16",
        "For n = 4 or more the output should be 16",
        "For n = 4 the output should not be 16",
        "Input: 'a', 3\nOutput: 'aaa'",  # of which function?
        "Input: text = 'a'\nOutput: 'aaa'",
        "Input: n = 4 apples\nOutput: 16",
        "Input: n = 4\nOutput: about 16",
        "f(4) is 16 times as slow",
        "f(4) # 16 is wrong",
        "f(4) => trueish",
        "is f(n) = 1",
        "f(4) returns 3, 4",
        "f(4) == 'it's late'",
    ],
    ids=range(16),
)
def test_what_may_be_read_in_two_ways_is_no_example(text: str) -> None:
    assert [check.name for check in find(TWO + text) if check.behaviour] == []


def test_an_input_without_a_name_is_that_of_the_only_function() -> None:
    text = "def g(text, count): ...\nInput: 'a', 3\nOutput: 'aaa'\nInput: 'a'\nOutput: 'a'"
    assert names(text)[1:] == ["g('a', 3) == 'aaa'"]


def test_a_docstring_that_should_escape_its_escapes_is_read_as_meant(box: sandbox.Sandbox) -> None:
    text = (
        'def f(x):\n    """\n    >>> f("a\\nb")\n    \'b\'\n    >>> f("\\n")\n    \'\'\n    """\n'
    )
    answer = "def f(x): return x.splitlines()[-1]"
    assert judged(text, answer, box)[0] is Verdict.PASSED
    assert judged(text, answer.replace("-1", "0"), box)[0] is Verdict.FAILED


def test_a_doubt_is_one_of_its_sentence_alone() -> None:
    text = "Write even(n): true if n is not odd. even(2) => true, even(3) => false. It was wrong."
    assert names(text) == ["defines even for 1 argument", "even(2) == True", "even(3) == False"]


def test_the_limits_that_a_task_announces_are_checked_on_both_sides() -> None:
    assert names(ROMAN)[-4:] == [
        "to_roman(1) returns",
        "to_roman(3999) returns",
        "to_roman(0) raises ValueError",
        "to_roman(4000) raises ValueError",
    ]


@pytest.mark.parametrize(
    "prose",
    [
        "is_prime(n) returns True if n is prime",
        "f(2) returns 4 times its input",
        "f(3) returns -1 if nothing is found",
        "f(10) returns 10% of the sum",
        "f(2) == 2**3 holds for no reason",
        "range(3) gives 3 numbers",
        "'banana'.count('a') == 3 in Python",
        "Currently add(2, 2) returns 5, which is a bug.",
        "f(2) returns 4 or 5",
        "Before you hand it in,\nassert correctness\nof your code.",
        ">>> On Monday she wrote that f(2) is 4",
        "f(x, y) -> x + y",
        "Call main() to start. Nothing == nothing.",
        "He said f(1) is not f(2) == 4, never.",
    ],
    ids=range(14),
)
def test_prose_is_no_check(prose: str) -> None:
    assert find(prose) == (RUNS,)


def test_no_check_is_found_twice_and_their_number_is_bounded() -> None:
    assert names("f(1) == 2\nf(1) == 2") == ["f(1) == 2"]
    assert len(find("\n".join(f"f({n}) == {n}" for n in range(500)))) == checks.MAX_CHECKS


pieces = st.sampled_from(
    ["def f(n):\n", "For n = ", "the output should be ", "Input: ", "\nOutput: ", " = ", "# ",
     "true", "f(", ")", "1", "==", "'", '"', "->", "\n", "assert ", ">>> ", "def ", "function ",
     "\\", "..",
     "[", "]", "{", "raise ValueError otherwise", "between 1 and ", "9" * 5000, "\x00", "\ud800"]
)  # fmt: skip


@given(st.text() | st.lists(pieces, max_size=30).map("".join))
def test_no_text_makes_the_finder_raise(text: str) -> None:
    found = find(text)
    assert found[0] is RUNS
    for check in found[1:]:
        compile(check.code, "check", "exec")


@pytest.mark.parametrize(
    "text",
    ["def f(a=" + "-" * 9_000 + "1)", "f(" * 9_000, "assert f(" + "(" * 9_000, "def f(\x00)",
     "f(1) == " + "[" * 300, "1..2 " * 4_000, "f([" * 6_000, "f(1)" * 5_000, "Input: \n" * 2_000,
     "def f(n): ...\n" + "For n = 1" * 2_000, "def f(n): ...\n" + "f(1) = 1-" * 2_000,
     "Input: " + "a = 1, " * 2_000 + "\nOutput: 1", "f(1) == 1; " * 1_800,
     "f(1) -> " + "1 - " * 4_000, "Input: a\n" * 1_000 + "_" * 10_000,
     ">>> (" + "-" * 9_000, "f(1) == " * 2_000],
    ids=range(17),
)  # fmt: skip
def test_text_made_to_choke_a_parser_does_not(text: str) -> None:
    assert find(text)[0] is RUNS


def test_an_honest_answer_passes(box: sandbox.Sandbox) -> None:
    answer = """
def to_roman(n):
    if not 1 <= n <= 3999:
        raise ValueError(n)
    out = ""
    for value, sign in [(1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"),
                        (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")]:
        out += sign * (n // value)
        n %= value
    return out
"""
    got, results = judged(ROMAN, answer, box)
    assert got is Verdict.PASSED, results
    assert len(results) == 7


def test_a_wrong_answer_fails_with_what_it_gave(box: sandbox.Sandbox) -> None:
    got, results = judged("f(2) == 4", "def f(x): return x", box)
    assert got is Verdict.FAILED
    assert results[1] == Check("f(2) == 4", False, "AssertionError: got 2, expected 4")


def test_code_that_merely_runs_is_neither_right_nor_wrong(box: sandbox.Sandbox) -> None:
    assert judged("Say something nice.", "print('nice')", box)[0] is Verdict.NONE
    assert judged("def f(x): ...", "def f(x): return 1", box)[0] is Verdict.NONE
    assert judged("Say something nice.", "prin('nice')", box)[0] is Verdict.FAILED


def test_a_function_with_the_wrong_number_of_parameters_fails(box: sandbox.Sandbox) -> None:
    assert judged("def f(a, b): ...", "def f(a): return 1", box)[0] is Verdict.FAILED


def test_one_check_does_not_see_what_another_one_did(box: sandbox.Sandbox) -> None:
    text = ">>> x = 1\n>>> f()\n1\n\nassert f() == 1 and 'x' not in globals()"
    assert judged(text, "def f(): return 1", box)[0] is Verdict.PASSED


def test_a_wrong_doctest_shows_what_was_expected(box: sandbox.Sandbox) -> None:
    got, results = judged(">>> f(2)\n4\n", "def f(x): return 5", box)
    assert got is Verdict.FAILED
    assert "4" in results[-1].detail
    assert "5" in results[-1].detail


@pytest.mark.parametrize(
    "answer",
    [
        "import sys; sys.exit(0)",
        "import os; os._exit(0)",
        "raise KeyboardInterrupt",
        "raise BaseException",
        "x = (",
        "\x00",
        "print('\ud800')",
        "import os; os.kill(os.getpid(), 9)",
        "open('check_runner.py', 'w').write('')\nimport os; os._exit(0)",
        "print('0123456789abcdef [1, true, \"\"]')\nimport os; os._exit(0)",
        "def f(x):\n    raise ValueError('\\ud800')",
        "class E(Exception):\n    def __str__(self): 1 / 0\ndef f(x): raise E",
    ],
    ids=range(12),
)
def test_an_answer_that_ends_early_or_breaks_fails(answer: str, box: sandbox.Sandbox) -> None:
    got, results = judged("f(2) == 4", answer, box)
    assert got is Verdict.FAILED
    assert [result.name for result in results] == ["the code runs", "f(2) == 4"]
    "".join(result.detail for result in results).encode()


THIEF = """
import sys
frame = sys._getframe()
while "order" not in frame.f_locals:
    frame = frame.f_back
token = frame.f_locals["order"]["token"]
for line in ('x', '[', '[1]', '["a", true, ""]', '[1, true, 3, 4]', '[{}, 1, 2]',
             '[1e999, true, ""]', '[[], true, ""]', '[' * 5000, '[999999, true, ""]',
             '[1, "yes", "\\\\ud800"]', 'null'):
    print(token, line, file=sys.__stdout__, flush=True)
"""


def test_a_stolen_token_breaks_no_report(box: sandbox.Sandbox) -> None:
    got, results = judged("f(2) == 4", THIEF + "def f(x): return 5", box)
    assert got is Verdict.FAILED
    assert len(results) == 2


def test_an_endless_answer_is_timed_out(box: sandbox.Sandbox) -> None:
    found = find("f(2) == 4")
    results = run("while True: pass", found, sandbox=box, bounds=Bounds(wall_s=0.5))
    assert [(result.passed, result.detail) for result in results] == [(False, "timed out")] * 2


def test_a_flood_of_output_leaves_the_report_alone(box: sandbox.Sandbox) -> None:
    answer = "print('x' * 3_000_000)\ndef f(x): return 4"
    assert judged("f(2) == 4", answer, box)[0] is Verdict.PASSED


def test_every_example_of_a_line_is_a_check() -> None:
    assert names("For example inc(2) == 3, inc(-1) == 0 and `inc(0)` -> 1.") == [
        "inc(2) == 3",
        "inc(-1) == 0",
        "inc(0) == 1",
    ]


SHOWN = (
    "Complete this function.\n\n```python\nHELP = 1\n\n\ndef twice(x):\n"
    '    """ Twice x; a function twice() of the usual kind.\n'
    "    >>> twice(2)\n    4\n    >>> twice('a')\n    \"aa\"\n    >>> twice(3) == 6\n"
    '    """\n```\n'
)


def test_the_examples_of_a_docstring_end_where_it_ends() -> None:
    assert names(SHOWN) == [
        "defines twice for 1 argument",
        "doctest twice(2); twice('a'); twice(3) == 6",
    ]
    assert names(SHOWN.replace("```python", "").replace("```", ""))[1:] == names(SHOWN)[1:]


def test_a_session_in_a_block_of_its_own_ends_with_the_block(box: sandbox.Sandbox) -> None:
    text = "Like this:\n\n```\n>>> f(2)\n4\n```\nand >>> is Python's prompt.\n"
    assert names(text) == ["doctest f(2)"]
    assert judged(text, "def f(x): return 2 * x", box)[0] is Verdict.PASSED


def test_an_example_asks_for_a_value_and_not_for_its_spelling(box: sandbox.Sandbox) -> None:
    assert judged(SHOWN, "def twice(x): return 2 * x", box)[0] is Verdict.PASSED
    assert judged(SHOWN, "def twice(x): return 2 * x if x != 'a' else 'ab'", box)[0] is (
        Verdict.FAILED
    )
    assert judged(SHOWN, "def twice(x): return 2 * x if x != 3 else 7", box)[0] is Verdict.FAILED


def test_an_answer_may_define_dataclasses_with_late_annotations(box: sandbox.Sandbox) -> None:
    answer = (
        "from __future__ import annotations\nfrom dataclasses import dataclass\n\n\n"
        "@dataclass\nclass Point:\n    x: int\n"
    )
    assert judged(">>> Point(1).x\n1", answer, box)[0] is Verdict.PASSED
