"""Coding at work: samples of a function, a copy of a folder and the diff that leaves it."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sale.agents.coding import sandbox
from sale.agents.coding.excerpts import OUTPUT_CHARACTERS, READ_CHARACTERS, span
from sale.agents.coding.function_work import FunctionWork
from sale.agents.coding.suite import run_tests
from sale.agents.coding.working_copy import WorkingCopy, snapshot
from sale.agents.coding.workspace import read_files
from sale.agents.coding.workspace_work import WorkspaceWork
from sale.agents.loop import Observation
from sale.agents.protocol import Action
from sale.errors import InputError
from sale.types import StopReason

RIGHT, WRONG = "def f(x):\n    return 2 * x\n", "def f(x):\n    return x\n"


@pytest.fixture(scope="module")
def box() -> sandbox.Sandbox:
    return sandbox.choose("auto")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A user's folder: two files, one of them with the line ends of Windows."""
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a.py").write_text("one = 1\ntwo = 2\n")
    (tmp_path / "dos.txt").write_bytes(b"one\r\ntwo\r\nthree\r\n")
    return tmp_path


@pytest.fixture
def copy(folder: Path) -> Iterator[WorkingCopy]:
    with WorkingCopy.of(folder) as copy:
        yield copy


@pytest.fixture
def work(copy: WorkingCopy, box: sandbox.Sandbox) -> WorkspaceWork:
    return WorkspaceWork(copy, box)


def python(code: str) -> Action:
    return Action("python", "", code)


def test_code_that_passes_its_checks_is_the_answer(box: sandbox.Sandbox) -> None:
    function = FunctionWork("f(2) == 4", box)
    assert function.answer() is None
    assert function.act(python(RIGHT)).stop is StopReason.ANSWERED
    got = function.answer()
    assert got is not None
    assert got.text == RIGHT


def test_after_a_failure_a_fresh_sample_is_drawn(box: sandbox.Sandbox) -> None:
    seen = FunctionWork("f(2) == 4", box).act(python(WRONG))
    assert seen.fresh
    assert seen.stop is None
    assert "1 of 2 checks failed:\n- f(2) == 4: AssertionError: got 2, expected 4" in seen.text


def test_the_best_sample_is_kept_the_earliest_of_equals(box: sandbox.Sandbox) -> None:
    function = FunctionWork("f(1) == 2\nf(2) == 4", box)
    samples = ["def f(x): 1 / 0\n", "def f(x): return 4\n", "def f(x): return 2\n", "x = (\n"]
    for code in samples:
        function.act(python(code))
    got = function.answer()
    assert got is not None
    assert got.text == samples[1]


def test_a_copy_leaves_the_users_folder_alone(folder: Path, copy: WorkingCopy) -> None:
    copy.write("src/a.py", "changed")
    assert (folder / "src" / "a.py").read_text() == "one = 1\ntwo = 2\n"


def test_an_empty_folder_can_be_worked_in(tmp_path: Path) -> None:
    with WorkingCopy.of(tmp_path) as copy:
        assert copy.diff() == ""
        copy.write("a/b.py", "x = 1\n")
        assert "+++ b/a/b.py" in copy.diff()


def test_a_copy_is_gone_afterwards(folder: Path) -> None:
    with WorkingCopy.of(folder) as copy:
        root = copy.root
    assert not root.exists()


paths = (
    st.text(
        st.characters(exclude_characters="/\x00", exclude_categories=["Cs"]),
        min_size=1,
        max_size=12,
    )
    .filter(lambda name: name not in {".", "..", ".git"} and len(name.encode()) < 200)
    .map(lambda name: f"d/{name}")
) | st.sampled_from(
    ["a", "b c", "ü/ñ.txt", 'q"uote', "back\\slash", "tab\there", "new\nline", "-x"]
)
lines = st.lists(
    st.sampled_from(
        ["x", "", "ü", "+", "-", "@@ -1 +1 @@", "\\ No newline", "\x0c", "a\rb", "\u2028"]
    )
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=5),
    max_size=8,
)
contents = st.builds(
    lambda parts, end, last: (end.join(parts) + (end if last and parts else "")).encode(),
    lines,
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
folders = st.dictionaries(paths, contents, max_size=4)


def fill(root: Path, files: Mapping[str, bytes]) -> None:
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=folders, after=folders, kept=st.booleans())
@example({"x": b"a"}, {"x": b"a\n"}, False)
@example({"x": b""}, {}, False)
@example({}, {"x": b""}, False)
@example({".gitattributes": b"* text eol=crlf ident\n", "x": b"a\n"}, {"x": b"$Id$\n"}, True)
@example({"x": b"a\r\nb\r\n"}, {"x": b"a\r\nc\r\n"}, False)
def test_a_diff_makes_of_a_fresh_copy_what_the_agent_left(
    tmp_path_factory: pytest.TempPathFactory,
    before: dict[str, bytes],
    after: dict[str, bytes],
    kept: bool,
) -> None:
    source = tmp_path_factory.mktemp("user")
    fill(source, before)
    with WorkingCopy.of(source) as copy, WorkingCopy.of(source) as fresh:
        if not kept:
            for path in before:
                (copy.root / path).unlink()
        fill(copy.root, after)
        diff = copy.diff()
        if diff:
            assert fresh.apply(diff) is None
        assert read_files(fresh.root) == read_files(copy.root)


def test_a_file_may_become_a_folder_and_a_folder_a_file(tmp_path: Path) -> None:
    fill(tmp_path, {"a": b"1\n", "b/c": b"2\n"})
    with WorkingCopy.of(tmp_path) as copy, WorkingCopy.of(tmp_path) as fresh:
        (copy.root / "a").unlink()
        (copy.root / "b" / "c").unlink()
        (copy.root / "b").rmdir()
        fill(copy.root, {"a/x": b"3\n", "b": b"4\n"})
        assert fresh.apply(copy.diff()) is None
        assert read_files(fresh.root) == {"a/x": b"3\n", "b": b"4\n"}


@pytest.mark.parametrize(
    "path",
    ["../out", "/etc/sale-test", "a/../../out", ".git/config", "link/x"],
)
def test_no_diff_reaches_out_of_the_copy(path: str, copy: WorkingCopy, tmp_path: Path) -> None:
    (copy.root / "link").symlink_to(tmp_path)
    diff = f"diff --git a/{path} b/{path}\nnew file mode 100644\n--- /dev/null\n+++ b/{path}\n"
    assert copy.apply(diff + "@@ -0,0 +1 @@\n+x\n")
    assert not (copy.root.parent / "out").exists()
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("diff", ["", "nonsense", "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-1\n+2\n"])
def test_a_diff_that_does_not_fit_says_why(diff: str, copy: WorkingCopy) -> None:
    assert copy.apply(diff)


def test_a_changed_binary_file_is_named_and_not_shown(copy: WorkingCopy) -> None:
    (copy.root / "data").write_bytes(b"\x00\xff")
    assert copy.diff() == "# binary file data changed; not shown\n"


def test_a_listing_shows_sizes_and_is_bounded() -> None:
    assert snapshot({"b": b"1\n2\n", "a": b""}) == "a (0 lines)\nb (2 lines)"
    assert snapshot({f"{n:03}": b"" for n in range(70)}).endswith("... and 10 more")


def test_a_file_is_read_with_numbers_and_without_the_ends_of_windows(work: WorkspaceWork) -> None:
    assert work.act(Action("read", "dos.txt", "")).text.startswith("   1 one\n   2 two\n")


def test_a_long_file_is_shown_as_far_as_it_goes_and_says_how_to_read_on(
    work: WorkspaceWork, copy: WorkingCopy
) -> None:
    copy.write("long", "".join(f"line {n}\n" for n in range(1, 1001)))
    text = work.act(Action("read", "long", "")).text
    assert len(text) < READ_CHARACTERS + 100
    *lines, last = text.split("\n")
    assert lines[-1].split() == [str(len(lines)), "line", str(len(lines))]
    following = len(lines) + 1
    assert last == f"... {1000 - len(lines)} more lines; to read on: ```read long {following}-"
    on = work.act(Action("read", f"long {following}-", "")).text
    assert on.startswith(f"{following:4} line {following}\n")


@pytest.mark.parametrize("words", ["src/a.py 2-2", "src/a.py:2-2", "src/a.py lines 2 to 2"])
def test_lines_of_a_file_are_read(work: WorkspaceWork, words: str) -> None:
    assert work.act(Action("read", words, "")).text == "   2 two = 2"


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("a.py", ("a.py", 1, None)),
        ("a b.py 4", ("a b.py", 4, None)),
        ("a.py 4-", ("a.py", 4, None)),
        ("a.py, lines 4-9", ("a.py", 4, 9)),
        ("v1.2", ("v1.2", 1, None)),
        ("a.py 0-9", ("a.py", 1, 9)),
        ("", ("", 1, None)),
    ],
)
def test_a_path_may_be_followed_by_a_span(text: str, read: tuple[str, int, int | None]) -> None:
    assert span(text) == read


def test_a_name_that_ends_with_a_number_is_a_name(work: WorkspaceWork, copy: WorkingCopy) -> None:
    copy.write("part 2", "whole\n")
    assert work.act(Action("read", "part 2", "")).text == "   1 whole"


def test_reading_behind_the_end_tells_where_the_end_is(work: WorkspaceWork) -> None:
    assert work.act(Action("read", "src/a.py 9-12", "")).text == "src/a.py ends with line 2."


def test_files_are_listed_whole_or_by_folder(work: WorkspaceWork) -> None:
    whole = "dos.txt (3 lines)\nsrc/a.py (2 lines)"
    assert [work.act(Action("list", path, "")).text for path in ("", ".", "/")] == [whole] * 3
    for path in ("src", "./src/", "src/"):
        assert work.act(Action("ls", path, "")).text == "src/a.py (2 lines)"
    assert work.act(Action("list", "sr", "")).text == "There are no files in 'sr'."


def test_a_snippet_of_python_runs_in_the_copy_and_changes_no_file_by_itself(
    work: WorkspaceWork, copy: WorkingCopy
) -> None:
    told = work.act(python("import src.a\nprint(src.a.two + 1)\n")).text
    assert told.startswith("3\n\n(exit code 0)\n(ran as a script: no file is changed")
    assert copy.diff() == ""


def test_a_flood_of_output_is_cut(work: WorkspaceWork) -> None:
    told = work.act(python("print('x' * 100_000)")).text
    assert len(told) < OUTPUT_CHARACTERS + 300
    assert "[cut]" in told


def test_a_folder_filled_beyond_its_caps_leaves_the_answer_that_there_was(
    work: WorkspaceWork,
) -> None:
    work.act(Action("write", "new.py", "x = 1\n"))
    before = work.answer()
    fill = "for n in range(5001): open(f'f{n}', 'w')"
    work.act(python(fill))
    assert "too large" in work.act(Action("list", "", "")).text
    assert work.answer() == before
    assert before is not None


def test_an_edit_replaces_one_passage(work: WorkspaceWork, copy: WorkingCopy) -> None:
    body = "<<<<\ntwo = 2\n====\ntwo = 3\n>>>>\n"
    assert work.act(Action("edit", "src/a.py", body)).text.startswith("Edited src/a.py.")
    assert copy.read("src/a.py") == "one = 1\ntwo = 3\n"


def test_an_edit_keeps_the_line_ends_of_windows(work: WorkspaceWork, copy: WorkingCopy) -> None:
    work.act(Action("edit", "dos.txt", "<<<<\ntwo\n====\n2\n2b\n>>>>\n"))
    assert (copy.root / "dos.txt").read_bytes() == b"one\r\n2\r\n2b\r\nthree\r\n"
    assert copy.diff().count("\n+") == 3


def test_an_edit_reaches_a_last_line_without_an_end(work: WorkspaceWork, copy: WorkingCopy) -> None:
    copy.write("x", "one\ntwo")
    work.act(Action("edit", "x", "<<<<\ntwo\n====\n2\n>>>>\n"))
    assert copy.read("x") == "one\n2"


@pytest.mark.parametrize(
    ("action", "words"),
    [
        (Action("edit", "src/a.py", "<<<<\nno\n====\nx\n>>>>"), "stand 0 times"),
        (Action("edit", "src/a.py", "<<<<\n\n====\nx\n>>>>"), "exactly once"),
        (Action("edit", "src/a.py", "two -> 3"), "an edit needs <<<<"),
        (Action("read", "", ""), "is not a path inside"),
        (Action("read", "nope", ""), "there is no file 'nope'"),
        (Action("read", "src", ""), "there is no file 'src'"),
        (Action("read", "../../etc/passwd", ""), "is not a path inside"),
        (Action("read", "/etc/passwd", ""), "is not a path inside"),
        (Action("write", "src", "x"), "is not a regular file"),
        (Action("write", "src/a.py/b/c", "x"), "can't be written: "),
        (Action("write", "x" * 5000, "x"), "can't be a path: File name too long"),
        (Action("write", "a\x00b", "x"), "can't be written: it is not valid text"),
        (Action("write", "ok", "\ud800"), "can't be written: it is not valid text"),
        (Action("run", "", "echo \x00"), "NUL"),
    ],
    ids=range(14),
)
def test_a_mistake_is_told_to_the_model(action: Action, words: str, work: WorkspaceWork) -> None:
    seen = work.act(action)
    assert seen.text.startswith("Error: ")
    assert words in seen.text
    assert seen.stop is None


def test_no_tool_follows_a_link_that_a_program_made(
    work: WorkspaceWork, copy: WorkingCopy, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "secret").write_text("secret")
    (copy.root / "link").symlink_to(outside)
    (copy.root / "file").symlink_to(outside / "secret")
    for path in ("link/secret", "file"):
        assert "symbolic link" in work.act(Action("read", path, "")).text
        assert "symbolic link" in work.act(Action("write", path, "x")).text
    assert "No line contains" in work.act(Action("find", "secret", "")).text
    assert (outside / "secret").read_text() == "secret"
    assert work.answer() is None


def test_writing_to_a_pipe_that_a_program_made_does_not_hang(
    work: WorkspaceWork, copy: WorkingCopy
) -> None:
    os.mkfifo(copy.root / "pipe")
    assert "is not a regular file" in work.act(Action("write", "pipe", "x")).text


def test_a_file_that_is_no_text_is_not_mangled_by_an_edit(
    work: WorkspaceWork, copy: WorkingCopy
) -> None:
    (copy.root / "latin").write_bytes(b"caf\xe9 one\n")
    edit = Action("edit", "latin", "<<<<\n one\n====\n two\n>>>>")
    assert "is not UTF-8 text" in work.act(edit).text
    assert (copy.root / "latin").read_bytes() == b"caf\xe9 one\n"


def test_lines_are_found_in_all_files(work: WorkspaceWork) -> None:
    assert work.act(Action("find", "two", "")).text == "dos.txt:2: two\nsrc/a.py:2: two = 2"
    assert work.act(Action("find", "", "")).text == "No line contains ''."


def test_a_command_runs_in_the_copy_and_tells_how_it_ended(work: WorkspaceWork) -> None:
    assert work.act(Action("run", "", "ls src; exit 3")).text == "a.py\n\n(exit code 3)"


def test_work_is_done_when_something_is_changed(work: WorkspaceWork) -> None:
    assert work.act(Action("done", "", "ready")).text.startswith("Nothing is changed yet.")
    work.act(Action("write", "new.py", "x = 1\n"))
    assert work.act(Action("done", "", "ready")).stop is StopReason.ANSWERED
    answer = work.answer()
    assert answer is not None
    assert "+x = 1" in answer.text


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    tool=st.sampled_from(["read", "list", "find", "write", "edit", "done"]),
    argument=st.text(max_size=20),
    body=st.text() | st.sampled_from(["<<<<\n====\n>>>>", "<<<<\na\n====\n"]),
)
def test_no_action_raises(work: WorkspaceWork, tool: str, argument: str, body: str) -> None:
    assert isinstance(work.act(Action(tool, argument, body)), Observation)


def test_a_folder_without_tests_has_nothing_to_run(copy: WorkingCopy, box: sandbox.Sandbox) -> None:
    assert run_tests(copy, box) is None


@pytest.mark.slow
@pytest.mark.parametrize("passes", [True, False])
def test_the_tests_of_a_folder_decide(
    passes: bool, copy: WorkingCopy, box: sandbox.Sandbox
) -> None:
    copy.write("test_a.py", CASE.format(right=2 if passes else 3))
    check = run_tests(copy, box)
    assert check is not None
    assert check.passed is passes


CASE = """
import unittest
class Case(unittest.TestCase):
    def test_two(self):
        self.assertEqual(1 + 1, {right})
"""


def test_a_folder_that_is_none_can_not_be_copied(tmp_path: Path) -> None:
    with (
        pytest.raises(InputError, match="is not a folder"),
        WorkingCopy.of(tmp_path / "missing"),
    ):
        pass


def test_python_goes_to_the_file_that_its_first_comment_names(
    work: WorkspaceWork, copy: WorkingCopy
) -> None:
    work.act(python("# src/a.py\none = 2\n"))
    assert copy.read("src/a.py") == "one = 2\n"


def test_writing_what_is_there_is_told_as_no_change(work: WorkspaceWork) -> None:
    assert "already holds" in work.act(Action("write", "src/a.py", "one = 1\ntwo = 2\n")).text
