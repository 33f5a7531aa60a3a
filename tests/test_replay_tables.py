"""Outcome tables as they come: read whole, with what is odd counted, or refused in one line."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_tables import NAN, table
from pyarrow import parquet

from sale.bench.table_prices import read_prices
from sale.bench.table_selection import Selection, whole
from sale.bench.tables import OutcomeTable, of_agents, read_table, with_prices
from sale.errors import InputError
from sale.types import Verdict

HEAD = "suite,task_id,agent,resolved,cost_usd\n"


@pytest.fixture
def write(tmp_path: Path) -> Any:
    def written(content: str | bytes, name: str = "table.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return written


def test_a_table_is_read_by_task_and_agent(write: Any) -> None:
    rows = "s,one,a,1,0.5\ns,one,b,0,2\ns,two,b,1,1\ns,two,a,0,0.25\n"
    read = read_table(write(HEAD + rows))
    held = read.executions
    assert (held.tasks, held.agents, held.suites) == (("one", "two"), ("a", "b"), ("s", "s"))
    assert held.solved.tolist() == [[1, 0], [0, 1]]
    assert held.dollars.tolist() == [[0.5, 2], [0.25, 1]]
    assert held.prices.tolist() == [0.375, 1.5]
    assert read.notices == ()
    assert (held.texts, held.verified, held.answers) == ((), (), ())
    assert (held.minutes, held.seconds) == (None, None)


def test_the_optional_columns_and_the_other_names_of_columns_are_known(write: Any) -> None:
    content = (
        "task,agent,solved,dollars,text,minutes,seconds,verified,answer,colour\n"
        't,a,TRUE,1e-3,"two\nlines, a comma",0.5,7,passed,42,red\n'
        "t,b,false,?,,,,0,,red\n"
    )
    read = read_table(write(content))
    held = read.executions
    assert held.solved.tolist() == [[1, 0]]
    assert held.dollars[0, 0] == 0.001
    assert np.isnan(held.dollars[0, 1])
    assert held.texts == ("two\nlines, a comma",)
    assert held.minutes is not None
    assert held.minutes.tolist() == [0.5]
    assert held.seconds is not None
    assert held.seconds[0, 0] == 7
    assert held.verified == ((Verdict.PASSED, Verdict.FAILED),)
    assert held.answers == (("42", ""),)
    assert held.suites == ()
    assert read.notices == (
        "runs without dollars: 1 (b 1)",
        "columns that are not used: colour",
    )


def test_parquet_says_the_same_as_csv(write: Any, tmp_path: Path) -> None:
    csv = read_table(write(HEAD + "s,t,a,1,0.5\ns,t,b,0,\n")).executions
    path = tmp_path / "table.parquet"
    columns = {
        "suite": pa.array(["s", "s"]).dictionary_encode(),
        "task_id": ["t", "t"],
        "agent": ["a", "b"],
        "resolved": [True, False],
        "cost_usd": [0.5, None],
        "extra": [[1, 2], [3]],
    }
    parquet.write_table(pa.table(columns), path)
    read = read_table(path)
    assert read.executions.tasks == csv.tasks
    assert read.executions.solved.tolist() == csv.solved.tolist()
    assert np.array_equal(read.executions.dollars, csv.dollars, equal_nan=True)
    assert "columns that are not used: extra" in read.notices


def test_whole_numbers_of_parquet_are_names_and_floats_are_outcomes(tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    columns = {"task": [1, 2], "agent": ["a", "a"], "resolved": [1.0, float("nan")]}
    parquet.write_table(pa.table(columns), path)
    held = read_table(path).executions
    assert held.tasks == ("1", "2")
    assert np.array_equal(held.solved, [[1.0], [NAN]], equal_nan=True)


def test_what_is_broken_or_missing_is_counted_and_blamed(write: Any) -> None:
    rows = [
        "s,t0,a,,0.5",  # no outcome
        "s,t0,b,1,",  # no dollars
        "s,t1,a,1,0",  # free, though a costs something elsewhere
        "s,t1,b,0,3",
        "s,t2,a,0,1",  # b was never run
        "s,t2,a,0,1",  # again, the same
        "s,t2,a,1,9",  # again, and other
    ]
    read = read_table(write(HEAD + "\n".join(rows)))
    assert read.notices == (
        "runs without an outcome, broken or unknown: 1 (a 1)",
        "runs without dollars: 1 (b 1)",
        "runs at $0 though others of their agent cost something, so taken as unknown dollars: 1 "
        "(a 1)",
        "runs that are missing, as the agent was never run on the task: 1 (b 1)",
        "rows that name a task and agent again, of which the first counts: 2; they say something "
        "else: 1",
    )
    held = read.executions
    assert np.array_equal(held.solved, [[NAN, 1], [1, 0], [0, NAN]], equal_nan=True)
    assert np.array_equal(held.dollars, [[0.5, NAN], [NAN, 3], [1, NAN]], equal_nan=True)


def test_an_agent_that_never_costs_anything_is_free(write: Any) -> None:
    read = read_table(write(HEAD + "s,t,a,1,0\ns,u,a,1,0\ns,t,b,1,2\ns,u,b,1,2\n"))
    assert read.executions.dollars[:, 0].tolist() == [0, 0]
    assert read.notices == ()


def test_a_task_with_two_texts_has_its_first(write: Any) -> None:
    read = read_table(write("task,agent,resolved,text\nt,a,1,\nt,b,1,one\nt,c,1,two\n"))
    assert read.executions.texts == ("one",)
    assert read.notices == (
        "runs without dollars: 3 (a 1, b 1, c 1)",
        "further values of text for a task, whose first counts: 1",
    )


def test_the_same_name_in_two_suites_is_two_tasks(write: Any) -> None:
    held = read_table(write(HEAD + "s,t,a,1,1\nu,t,a,0,1\n")).executions
    assert (held.tasks, held.suites) == (("t", "t"), ("s", "u"))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "can't be read: Empty CSV file"),
        ("a,b\n1,2\n", "there is no column task_id; a table needs task_id, agent, resolved"),
        ("task,agent\nt,a\n", "there is no column resolved"),
        ("task,agent,resolved\n", "has no rows"),
        ("task,agent,resolved\nt,a,maybe\n", ".csv:2, column resolved: 'maybe' is no outcome"),
        ("task,agent,resolved\nt,a,0.5\n", ".csv:2, column resolved: '0.5' is no outcome"),
        (HEAD + "s,t,a,1,-3\n", ".csv:2, column cost_usd: '-3' is no number from 0 to"),
        (HEAD + "s,t,a,1,inf\n", ".csv:2, column cost_usd: 'inf' is no number"),
        (HEAD + "s,t,a,1,1e400\n", "is no number"),
        (HEAD + 's,t,a,1,"$1"\n', "'$1' is no number"),
        (HEAD + "s,t,a,1,1\ns,t,,1,1\n", ".csv:3, column agent: it is empty"),
        (HEAD + "s,t,a,1\n", ".csv:2: the row has 4 columns and the heading 5"),
        (HEAD + "\n\ns,t,a,1\n", ".csv:4: the row has 4 columns"),
        ("task,task_id,agent,resolved\nt,t,a,1\n", "columns task and task_id say the same"),
        ("task,agent,agent,resolved\nt,a,a,1\n", "columns agent and agent say the same"),
        ('task,agent,resolved,text\nt,a,1,"x\n\ny"\n\nt,b,no,z\n', ".csv:6, column resolved"),
        ("task,agent,resolved,verified\nt,a,1,perhaps\n", "'perhaps' is no verdict"),
        (b"task,agent,resolved\nt,\xff\xfe,1\n", ".csv:2: it is not UTF-8 text"),
        ("task,agent,resolved\nt,a," + "9" * 500 + "\n", "column resolved: '9999"),
    ],
)
def test_a_table_that_can_not_be_used_is_refused_in_one_line(
    write: Any, content: str | bytes, words: str
) -> None:
    with pytest.raises(InputError) as caught:
        read_table(write(content))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("table.parquet", b"\x00garbage", "can't be read"),
        ("table.txt", b"task", "ends with .csv or .parquet"),
    ],
)
def test_a_file_of_another_kind_is_refused(
    write: Any, name: str, content: bytes, words: str
) -> None:
    with pytest.raises(InputError, match=words):
        read_table(write(content, name))


def test_a_file_that_is_not_there_and_a_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    for path in (tmp_path / "no.csv", tmp_path / "folder.csv"):
        with pytest.raises(InputError, match="there is no table"):
            read_table(path)


def test_a_row_of_parquet_is_named_by_its_number(tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    columns = {"task": ["t", "u"], "agent": ["a", "a"], "resolved": ["1", "maybe"]}
    parquet.write_table(pa.table(columns), path)
    with pytest.raises(InputError, match=r"table.parquet, row 2, column resolved: 'maybe'"):
        read_table(path)


def test_a_table_of_all_new_tasks_and_agents_takes_no_memory(write: Any) -> None:
    rows = "".join(f"t{row},a{row},1\n" for row in range(8_000))
    with pytest.raises(InputError, match="names 8,000 tasks and 8,000 agents"):
        read_table(write("task,agent,resolved\n" + rows))


def test_names_are_taken_as_they_are(write: Any) -> None:
    nasty = "'; DROP TABLE tasks; --,[bold]x[/],1\n<script>,../../etc/passwd,0\n"
    held = read_table(write("task,agent,resolved\n" + nasty)).executions
    assert held.tasks == ("'; DROP TABLE tasks; --", "<script>")
    assert held.agents == ("[bold]x[/]", "../../etc/passwd")


@given(st.binary(max_size=200))
@settings(max_examples=60, deadline=None)
def test_no_bytes_make_anything_but_a_table_or_a_line(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    folder = tmp_path_factory.mktemp("bytes")
    for name, lead in (("t.csv", b"task,agent,resolved,cost_usd\n"), ("t.parquet", b"")):
        (folder / name).write_bytes(lead + content)
        with suppress(InputError):
            read_table(folder / name)


cells = st.sampled_from(["0", "1", "", "true", "nan"])
rows = st.lists(st.tuples(st.sampled_from("xyz"), st.sampled_from("abc"), cells), min_size=1)


@given(rows)
@settings(max_examples=40, deadline=None)
def test_every_cell_is_the_first_row_that_names_it(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str, str]]
) -> None:
    path = tmp_path_factory.mktemp("rows") / "t.csv"
    path.write_text("task,agent,resolved\n" + "".join(f"{','.join(row)}\n" for row in rows))
    held = read_table(path).executions
    meant = {"0": 0.0, "1": 1.0, "true": 1.0, "": NAN, "nan": NAN}
    for place, task in enumerate(held.tasks):
        for column, agent in enumerate(held.agents):
            first = next((row[2] for row in rows if row[:2] == (task, agent)), "")
            assert held.solved[place, column] == pytest.approx(meant[first], nan_ok=True)


HOLES = table(
    [[1, 1, NAN], [0, 1, 1], [1, 1, 1], [1, 0, 0]],
    [[1, 1, 1], [1, 1, 1], [NAN, 1, 1], [1, 1, 1]],
    suites=("s", "s", "u", "u"),
)


def test_a_task_is_whole_where_every_outcome_and_all_dollars_are_known() -> None:
    assert whole(HOLES).tolist() == [False, True, False, True]
    assert whole(table([[1, 0]], [[NAN, 1]])).tolist() == [True]


def test_what_is_not_whole_is_left_out_with_a_word_on_whose_fault_it_is() -> None:
    kept = Selection().of(OutcomeTable(HOLES, ("before",)))
    assert kept.executions.tasks == ("t1", "t3")
    assert kept.notices == (
        "before",
        "2 of 4 tasks are left out, as the outcome or the dollars of some agent are unknown "
        "there; by one agent alone: a 1, c 1",
    )
    everything = Selection(incomplete=True).of(OutcomeTable(HOLES, ()))
    assert (everything.executions.tasks, everything.notices) == (HOLES.tasks, ())


def test_agents_suites_and_a_limit_choose_a_part() -> None:
    of_two = Selection(agents=("b", "a")).of(OutcomeTable(HOLES, ())).executions
    assert (of_two.agents, of_two.tasks) == (("a", "b"), ("t0", "t1", "t3"))
    of_suite = Selection(suites=("u",)).of(OutcomeTable(HOLES, ())).executions
    assert of_suite.tasks == ("t3",)
    first = Selection(limit=1, incomplete=True).of(OutcomeTable(HOLES, ())).executions
    assert first.tasks == ("t0", "t2")


@pytest.mark.parametrize(
    ("selection", "words"),
    [
        (Selection(agents=("a", "z")), "no agent 'z' in the table; choose from a, b, c"),
        (Selection(agents=("",)), "no agent ''"),
        (Selection(suites=("v",)), "no suite 'v' in the table; it has: s, u"),
    ],
)
def test_what_is_not_in_the_table_can_not_be_chosen(selection: Selection, words: str) -> None:
    with pytest.raises(InputError, match=words):
        selection.of(OutcomeTable(HOLES, ()))


def test_a_table_without_one_whole_task_names_the_two_ways_out() -> None:
    torn = table([[1, NAN], [NAN, 1]])
    with pytest.raises(InputError, match=r"2 of 2 tasks .*--agents .* --keep-incomplete"):
        Selection().of(OutcomeTable(torn, ()))


def test_some_agents_keep_all_that_is_theirs() -> None:
    held = table([[1, 0, 1]], answers=(("x", "y", "z"),))
    part = of_agents(held, ["c", "a"])
    assert (part.agents, part.answers) == (("a", "c"), (("x", "z"),))
    assert (part.solved.tolist(), part.prices.tolist()) == ([[1, 1]], [1, 3])


def test_a_price_list_has_numbers_or_what_models_cost(write: Any) -> None:
    listed = '{"a": 2.5, "b": {"output_price": 9, "size": "x"}, "c": null, "d": {}}'
    prices = read_prices(write(listed, "prices.json"))
    assert prices == {"a": 2.5, "b": 9.0}
    priced = with_prices(table([[1, 0, 1]]), prices).prices
    assert np.array_equal(priced, [2.5, 9.0, NAN], equal_nan=True)


@pytest.mark.parametrize(
    "content", ["", "[]", '{"a": "x"}', '{"a": -1}', '{"a": {"output_price": "1e999"}}', "\xff"]
)
def test_a_price_list_that_can_not_be_used_is_refused_in_one_line(write: Any, content: str) -> None:
    with pytest.raises(InputError, match=r"dollars per million output tokens") as caught:
        read_prices(write(content, "prices.json"))
    assert "\n" not in str(caught.value)
    with pytest.raises(InputError, match="can't be read"):
        read_prices(Path("no such file"))
