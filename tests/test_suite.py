"""A workspace's own tests: how they run, and what an answer can't do to have them pass."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from sale.agents.coding import sandbox
from sale.agents.coding.suite import carry_over, run_tests, tampered
from sale.agents.coding.suite_files import judges
from sale.agents.coding.working_copy import WorkingCopy
from sale.agents.coding.workspace import read_files
from sale.agents.kinds import Workshop
from sale.errors import InputError
from sale.types import Check, Kind, Outcome, StopReason, Task, Verdict

WRONG, RIGHT = "def double(x):\n    return x\n", "def double(x):\n    return 2 * x\n"
CASE = (
    "import unittest\nfrom a import double\nclass Case(unittest.TestCase):\n"
    "    def test_none(self):\n        self.assertEqual(double(0), 0)\n"
    "    def test_two(self):\n        self.assertEqual(double(2), 4)\n"
)


@pytest.fixture(scope="module")
def box() -> sandbox.Sandbox:
    return sandbox.choose("auto")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return fill(tmp_path, {"a.py": WRONG, "test_a.py": CASE})


def fill(folder: Path, files: Mapping[str, str | None]) -> Path:
    for path, text in files.items():
        if text is None:
            (folder / path).unlink()
            continue
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


def verified(folder: Path, files: Mapping[str, str | None]) -> tuple[Verdict, Check]:
    """What the verifier says of an answer that leaves these files."""
    with WorkingCopy.of(folder) as copy:
        fill(copy.root, files)
        diff = copy.diff()
    task = Task(Kind.CODING, "Mend it.", workspace=str(folder))
    verdict, checks = Workshop().verify(task, Outcome("ada", diff, StopReason.ANSWERED))
    return verdict, checks[-1]


@pytest.mark.slow
def test_a_right_answer_passes_and_a_wrong_one_fails(folder: Path) -> None:
    verdict, check = verified(folder, {"a.py": RIGHT})
    assert verdict is Verdict.PASSED
    assert check == Check("the workspace's tests (pytest)", True, check.detail)
    assert "2 passed" in check.detail
    verdict, check = verified(folder, {"a.py": WRONG + "# no\n"})
    assert verdict is Verdict.FAILED
    assert "assert 2 == 4" in check.detail or "AssertionError: 2 != 4" in check.detail


IN_CODE = {
    "os._exit": "import os\nos._exit(0)\n",
    "sys.exit": "import sys\nsys.exit(0)\n",
    "forged end": "import os\nos.write(1, b'2 passed in 0.01s\\n')\nos._exit(0)\n",
    "forged report": (
        'import os\nos.write(1, b\'\\n{"runner":"pytest","passed":2,"failed":0,"skipped":0,'
        '"ended_well":true}\\n\')\nos._exit(0)\n'
    ),
    "atexit": "import atexit, os\natexit.register(os._exit, 0)\n" + WRONG,
    "exit when called": "import os\ndef double(x):\n    os._exit(0)\n",
    "system exit when called": "def double(x):\n    raise SystemExit(0)\n",
    "skip at import": "import unittest\nraise unittest.SkipTest('no')\n",
    "skip when called": (
        "import unittest\ndef double(x):\n    if x:\n        raise unittest.SkipTest\n"
        "    return 0\n"
    ),
    "pytest.skip": "import pytest\ndef double(x):\n    return pytest.skip() if x else 0\n",
    "pytest.xfail": "import pytest\ndef double(x):\n    return pytest.xfail() if x else 0\n",
    "no tests run": "import unittest\nunittest.TestCase.run = lambda *a: None\n" + WRONG,
    "own exception": "class E(BaseException): pass\ndef double(x): raise E\n",
    "killed": "import os\nos.kill(os.getpid(), 9)\n",
}


@pytest.mark.slow
@pytest.mark.parametrize("cheat", IN_CODE)
def test_code_that_ends_or_evades_the_run_fails(folder: Path, cheat: str) -> None:
    assert verified(folder, {"a.py": IN_CODE[cheat]})[0] is Verdict.FAILED


NEUTER = "def pytest_collection_modifyitems(items):\n    del items[1:]\n"
BESIDE: dict[str, dict[str, str | None]] = {
    "deleted tests": {"test_a.py": None},
    "weaker tests": {"test_a.py": CASE.replace("2), 4", "2), 2")},
    "conftest": {"conftest.py": NEUTER},
    "conftest that passes all": {
        "conftest.py": (
            "import pytest\n@pytest.hookimpl(hookwrapper=True)\n"
            "def pytest_runtest_makereport():\n    report = (yield).get_result()\n"
            "    report.outcome = 'passed'\n"
        )
    },
    "pytest.ini": {"pytest.ini": "[pytest]\naddopts = -k none\n"},
    "setup.cfg": {"setup.cfg": "[tool:pytest]\naddopts = -k none\n"},
    "tox.ini": {"tox.ini": "[pytest]\naddopts = -k none\n"},
    "pyproject": {"pyproject.toml": '[tool.pytest.ini_options]\naddopts = "-k none"\n'},
    "plugin": {"pytest.ini": "[pytest]\naddopts = -p plug\n", "plug.py": NEUTER},
    "sitecustomize": {"sitecustomize.py": "import os\nos._exit(0)\n"},
    "pth": {"x.pth": "import os; os._exit(0)\n"},
    "shadow of pytest": {"pytest.py": "def main(*a, **k):\n    return 0\n"},
    "shadow of unittest": {"unittest.py": "class TestCase: pass\n"},
    "shadow of json": {"json.py": "import os\nos._exit(0)\n"},
    "package in place of the tests": {"test_a.py": None, "test_a.py/x": "1\n"},
    "package beside the tests": {"test_a/__init__.py": "def test_x(): pass\n"},
}


@pytest.mark.slow
@pytest.mark.parametrize("cheat", BESIDE)
def test_files_that_neuter_the_tests_do_not_make_a_wrong_answer_pass(
    folder: Path, cheat: str
) -> None:
    verdict, check = verified(folder, {"b.py": "", **BESIDE[cheat]})
    assert verdict is Verdict.FAILED, check


@pytest.mark.slow
def test_what_is_left_out_of_the_run_is_said_and_a_right_answer_still_passes(folder: Path) -> None:
    verdict, check = verified(folder, {"a.py": RIGHT, "conftest.py": "", "test_a.py": None})
    assert verdict is Verdict.PASSED
    assert check.detail.startswith("the answer's conftest.py, test_a.py left out of the run; ")


@pytest.mark.slow
def test_what_the_tests_read_is_put_back(folder: Path) -> None:
    test = "def test_x():\n    assert open('tests/want').read() == open('got').read()\n"
    fill(folder, {"tests/want": "yes", "got": "no", "tests/test_x.py": test, "test_a.py": None})
    assert verified(folder, {"tests/want": "no"})[0] is Verdict.FAILED
    assert verified(folder, {"got": "yes"})[0] is Verdict.PASSED


def test_tests_that_the_answer_brings_along_prove_nothing(folder: Path) -> None:
    fill(folder, {"test_a.py": None})
    verdict, check = verified(folder, {"test_a.py": "def test_x(): pass\n"})
    assert verdict is Verdict.NONE
    assert check == Check("the diff applies", True)


@pytest.mark.slow
def test_tests_that_skip_by_themselves_may_skip(folder: Path) -> None:
    skip = "    @unittest.skip('later')\n"
    fill(folder, {"test_a.py": CASE.replace("    def test_none", skip + "    def test_none")})
    assert verified(folder, {"a.py": RIGHT})[0] is Verdict.PASSED
    fill(folder, {"test_a.py": CASE.replace("    def test_two", skip + "    def test_two")})
    assert verified(folder, {"a.py": RIGHT})[0] is Verdict.NONE, "what is left passed before"


@pytest.mark.slow
def test_settings_of_others_in_the_same_file_are_the_answers_business(folder: Path) -> None:
    fill(folder, {"pyproject.toml": '[project]\nname = "a"\n[tool.pytest.ini_options]\n'})
    test = "def test_name():\n    assert 'name = \"b\"' in open('pyproject.toml').read()\n"
    fill(folder, {"test_a.py": test})
    changed = {"pyproject.toml": '[project]\nname = "b"\n[tool.pytest.ini_options]\n'}
    assert verified(folder, changed)[0] is Verdict.PASSED


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("pyproject.toml", None, b"[tool.pytest.ini_options]\na = 1\n"),
        ("pyproject.toml", b"", b"not [ toml"),
        ("pyproject.toml", b"tool = 1", b"tool = 2 \xff"),
        ("setup.cfg", b"[tool:pytest]\na = 1\n", b""),
        ("tox.ini", b"", b"no section = 1\n"),
        ("deep/conftest.py", None, b""),
        ("tests/data/x.json", b"1", b"2"),
        ("x_test.py", b"1", None),
    ],
)
def test_a_file_judges_by_its_name_or_by_its_settings(
    path: str, before: bytes | None, after: bytes | None
) -> None:
    assert judges(path, before, after)


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("pyproject.toml", b'[project]\nname = "a"', b'[project]\nname = "b"'),
        ("pyproject.toml", b"tool = 1", b"tool = 2"),
        ("setup.cfg", None, b"[metadata]\nname = x\n"),
        ("src/latest.py", b"1", b"2"),
        ("test_data.txt", b"1", b"2"),
        ("conftest.py", b"1", b"1"),
    ],
)
def test_other_files_do_not_judge(path: str, before: bytes | None, after: bytes | None) -> None:
    assert not judges(path, before, after)


def test_files_that_judge_stay_behind_and_all_others_come_along(folder: Path) -> None:
    after = {"a.py": b"new", "sub/b.py": b"b", "conftest.py": b"c"}
    with WorkingCopy.of(folder) as copy:
        assert carry_over(after, copy) == ["conftest.py", "test_a.py"]
        assert read_files(copy.root) == {
            "a.py": b"new",
            "sub/b.py": b"b",
            "test_a.py": CASE.encode(),
        }
        assert tampered(copy) == []


def test_files_without_a_place_beside_the_tests_are_refused(folder: Path) -> None:
    with WorkingCopy.of(folder) as copy, pytest.raises(InputError, match=r"test_a\.py/x"):
        carry_over({"a.py": b"new", "test_a.py/x": b""}, copy)


@pytest.mark.slow
def test_what_a_test_run_leaves_behind_is_no_part_of_an_answer(
    folder: Path, box: sandbox.Sandbox
) -> None:
    fill(folder, {"test_a.py": "def test_x():\n    open('junk', 'w').write('x')\n"})
    with WorkingCopy.of(folder) as copy:
        check = run_tests(copy, box)
        assert check is not None
        assert check.passed, check
        assert copy.diff() == ""


@pytest.mark.slow
def test_a_test_that_never_ends_is_timed_out(folder: Path, box: sandbox.Sandbox) -> None:
    fill(folder, {"a.py": "while True: pass\n"})
    with WorkingCopy.of(folder) as copy:
        check = run_tests(copy, box, seconds=2.0)
    assert check is not None
    assert check.detail.startswith("timed out after 2 s")


PACKAGE = {
    "src/pkg/__init__.py": "",
    "src/pkg/core.py": RIGHT,
    "src/pkg/core_test.py": CASE.replace("from a", "from .core"),
    "tests/test_top.py": "import unittest\nclass T(unittest.TestCase):\n"
    "    def test_x(self): self.assertTrue(1)\n",
}


@pytest.mark.slow
def test_without_pytest_every_file_of_unittests_runs(folder: Path, box: sandbox.Sandbox) -> None:
    class WithoutPytest:
        """The same box, with an interpreter that finds no pytest."""

        tier = box.tier

        def run(self, argv, **options):
            *front, code = argv
            hidden = "import sys\nsys.modules['pytest'] = None\n"
            return box.run([*front, hidden + code], **options)

    fill(folder, PACKAGE | {"a.py": RIGHT})
    with WorkingCopy.of(folder) as copy:
        check = run_tests(copy, WithoutPytest())
        assert check is not None
        assert check == Check("the workspace's tests (unittest)", True, "OK")
        copy.write("a.py", "import nothing_of_that_name\n")
        check = run_tests(copy, WithoutPytest())
        assert check is not None
        assert not check.passed
        assert "nothing_of_that_name" in check.detail
