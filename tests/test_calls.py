"""Model calls are made once: the key, the store, the cached back end, and `sale calls`."""

import json
import lzma
import math
import multiprocessing
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sale.agents.backends.scripted import Scripted
from sale.agents.calls import carry
from sale.agents.calls.cached import CachedBackend
from sale.agents.calls.key import key, revision
from sale.agents.calls.store import CallStore, Kept
from sale.agents.calls.written import read, write
from sale.agents.protocol import Tool
from sale.errors import BackendError, InputError, StoreError
from sale.types import AgentSpec, Completion, Message, TokenChoice, ToolCall

SPEC = AgentSpec("ada", "script", "scripted", None, options={"rules": '[{"replies": ["1", "2"]}]'})
ASK = [Message("user", "go")]


@pytest.fixture
def calls(tmp_path: Path):
    with closing(CallStore(tmp_path / "calls.db")) as store:
        yield store


def other(**changes):
    return replace(SPEC, **changes)


def test_a_call_is_made_once_and_answered_alike_for_ever(calls: CallStore):
    backend = CachedBackend(SPEC, calls)
    first = backend.complete(ASK, max_tokens=9, logprobs=3)
    assert first.text == "1"
    assert backend.complete(ASK, max_tokens=9, logprobs=3) == first
    assert CachedBackend(SPEC, calls).complete(ASK, max_tokens=9, logprobs=3) == first
    assert backend.complete(ASK, max_tokens=8, logprobs=3).text == "2"


def test_a_model_is_not_loaded_for_calls_that_are_there(calls: CallStore):
    CachedBackend(SPEC, calls).complete(ASK, max_tokens=9)

    def refuse(spec):
        raise AssertionError("loaded")

    assert CachedBackend(SPEC, calls, load=refuse).complete(ASK, max_tokens=9).text == "1"


def test_a_failure_is_not_kept(calls: CallStore):
    rules = json.dumps([{"error": "overloaded"}])
    backend = CachedBackend(other(options={"rules": rules}), calls)
    with pytest.raises(BackendError, match="overloaded"):
        backend.complete(ASK, max_tokens=9)
    assert calls.size().calls == 0


def test_a_seed_counts_where_something_is_drawn_and_nowhere_else():
    assert key("m", ASK, seed=1) == key("m", ASK, seed=2)
    warm = [key("m", ASK, seed=seed, temperature=0.8) for seed in (1, 2)]
    assert len({*warm, key("m", ASK, seed=1)}) == 3


@pytest.mark.parametrize(
    "changed",
    [
        {"messages": [Message("system", "go")]},
        {"messages": [*ASK, Message("assistant", "")]},
        {"messages": [Message("user", "go", (ToolCall("look", "{}"),))]},
        {"max_tokens": 10},
        {"logprobs": 20},
        {"schema": {"type": "object"}},
        {"stop": ("\n",)},
        {"temperature": 0.1},
        {"tools": [Tool("look", "Look.")]},
    ],
)
def test_whatever_is_asked_differently_is_another_call(changed):
    asked = {"messages": ASK, "max_tokens": 9, "logprobs": 0, "schema": None, "stop": ()}
    both = [dict(asked), asked | changed]
    assert len({key("m", one.pop("messages"), **one) for one in both}) == 2


def test_the_revision_is_the_content_of_a_model_and_not_its_path(tmp_path: Path):
    for name, body in (("a.gguf", b"GGUF1"), ("b.gguf", b"GGUF1"), ("c.gguf", b"GGUF2")):
        (tmp_path / name).write_bytes(body)
    a, b, c = (revision(other(model=str(tmp_path / f"{name}.gguf"))) for name in "abc")
    assert a == b != c
    (tmp_path / "a.gguf").write_bytes(b"GGUF22")
    assert revision(other(model=str(tmp_path / "a.gguf"))) != a


def test_the_revision_minds_what_changes_replies_and_nothing_else():
    plain = revision(SPEC)
    assert revision(other(name="bob", price=None, slots=4)) == plain
    assert revision(other(options={**SPEC.options, "threads": 3})) == plain
    assert revision(other(options={"rules": "[]"})) != plain
    assert revision(other(backend="openai")) != plain
    assert revision(other(adapter="lora")) != plain
    assert revision(other(model="\0" * 5)) != plain


numbers = st.floats(min_value=-50, max_value=0) | st.just(-math.inf)
tops = st.lists(st.tuples(st.text(max_size=5), numbers), max_size=3).map(tuple)
choices = st.lists(st.builds(TokenChoice, st.text(max_size=5), numbers, tops), max_size=4)


@given(
    st.builds(
        Completion,
        text=st.text(),
        prompt_tokens=st.integers(0, 10**6),
        cached_tokens=st.integers(0, 10**6),
        completion_tokens=st.integers(0, 10**6),
        truncated=st.booleans(),
        wall_s=st.floats(0, 1e4),
        choices=st.none() | choices.map(tuple),
        tool_calls=st.lists(st.builds(ToolCall, st.text(), st.text(), st.text())).map(tuple),
    )
)
def test_what_is_written_reads_the_same_but_for_digits_that_say_nothing(completion):
    kept = read(write(completion))
    assert write(kept) == write(completion)
    assert kept == read(write(kept))
    assert (kept.text, kept.tool_calls) == (completion.text, completion.tool_calls)
    assert (kept.choices is None) is (completion.choices is None)
    for ours, theirs in zip(kept.choices or (), completion.choices or (), strict=True):
        assert ours.token == theirs.token
        assert ours.logprob == pytest.approx(theirs.logprob, abs=6e-4)


def test_half_a_surrogate_pair_is_kept_as_a_question_mark(calls: CallStore):
    half = other(options={"reply": "a\ud800b"})

    class Odd:
        def complete(self, *_: object, **__: object) -> Completion:
            return Completion("a\ud800b", 1, 0, 1, False, 0.0)

    assert (
        CachedBackend(half, calls, load=lambda _: Odd()).complete(ASK, max_tokens=9).text == "a?b"
    )


def race(path: str, text: str) -> str:
    with closing(CallStore(Path(path))) as calls:
        spec = other(options={"rules": json.dumps([{"reply": text}])})
        backend = CachedBackend(SPEC, calls, load=lambda _: Scripted(spec))
        return backend.complete(ASK, max_tokens=9).text


@pytest.mark.slow
def test_processes_that_race_for_a_call_all_get_the_first_answer(tmp_path: Path):
    path = str(tmp_path / "calls.db")
    with multiprocessing.get_context("fork").Pool(4) as pool:
        said = pool.starmap(race, [(path, f"said by {n}") for n in range(8)])
    assert len(set(said)) == 1


def test_threads_share_a_store(calls: CallStore):
    backend = CachedBackend(other(options={"rules": "[]", "reply": "yes"}), calls)
    ask = [[Message("user", str(n % 5))] for n in range(40)]
    with ThreadPoolExecutor(8) as threads:
        said = list(threads.map(lambda one: backend.complete(one, max_tokens=9).text, ask))
    assert set(said) == {"yes"}
    assert calls.size().calls == 5


def test_a_damaged_completion_is_made_again(calls: CallStore, tmp_path: Path):
    CachedBackend(SPEC, calls).complete(ASK, max_tokens=9)
    with closing(sqlite3.connect(tmp_path / "calls.db")) as file, file:
        file.execute("UPDATE calls SET completion = x'00'")
    assert CachedBackend(SPEC, calls).complete(ASK, max_tokens=9).text == "1"


def test_a_cache_that_is_lost_on_the_way_costs_its_use_and_nothing_else(tmp_path: Path):
    calls = CallStore(tmp_path / "calls.db")
    with closing(sqlite3.connect(tmp_path / "calls.db")) as file, file:
        file.execute("DROP TABLE calls")
    assert CachedBackend(SPEC, calls).complete(ASK, max_tokens=9).text == "1"


@pytest.mark.parametrize("body", [b"not a database" * 90, b"SQLite format 3\0" + b"\1" * 3000])
def test_what_is_no_cache_is_refused_in_one_line(tmp_path: Path, body: bytes):
    (tmp_path / "calls.db").write_bytes(body)
    with pytest.raises(StoreError, match="--calls") as caught:
        CallStore(tmp_path / "calls.db")
    assert "\n" not in str(caught.value)
    assert (tmp_path / "calls.db").read_bytes() == body


def filled(calls: CallStore, sizes: list[int]) -> None:
    kept = [Kept(bytes([n]) * 32, f"m{n % 2}", 0.0, b"x" * size) for n, size in enumerate(sizes)]
    calls.add(kept)


def test_pruning_drops_what_is_longest_unused(calls: CallStore, tmp_path: Path):
    filled(calls, [10, 10, 10])
    with closing(sqlite3.connect(tmp_path / "calls.db")) as file, file:
        file.execute("UPDATE calls SET used = used - 9e6 WHERE key = ?", (b"\0" * 32,))
    assert calls.prune(keep_bytes=25) == 1
    assert [one.key[0] for one in calls.all()] == [1, 2]
    assert calls.prune(unused_s=1e6) == 0


@given(sizes=st.lists(st.integers(0, 50), max_size=12), room=st.integers(0, 400))
def test_pruning_leaves_no_more_than_was_allowed(tmp_path_factory, sizes, room):
    with closing(CallStore(tmp_path_factory.mktemp("c") / "calls.db")) as calls:
        filled(calls, sizes)
        dropped = calls.prune(keep_bytes=room)
        left = calls.size()
        assert left.bytes <= room
        assert left.calls == len(sizes) - dropped
        assert dropped == 0 or sum(sizes) > room


def test_an_export_leaves_damaged_calls_out_and_nothing_half_written(calls, tmp_path: Path):
    filled(calls, [3])
    CachedBackend(SPEC, calls).complete(ASK, max_tokens=9)
    assert carry.pack(calls, tmp_path / "calls.xz") == 1
    with pytest.raises(InputError, match="can't be written"):
        carry.pack(calls, tmp_path / "gone" / "calls.xz")
    assert sorted(path.name for path in tmp_path.glob("*.part")) == []


def test_exported_calls_answer_on_another_machine(calls: CallStore, tmp_path: Path):
    made = CachedBackend(SPEC, calls).complete(ASK, max_tokens=9, logprobs=2)
    assert carry.pack(calls, tmp_path / "calls.xz") == 1
    with closing(CallStore(tmp_path / "there.db")) as there:
        assert carry.unpack(tmp_path / "calls.xz", there) == (1, 1)
        assert carry.unpack(tmp_path / "calls.xz", there) == (1, 0)
        assert CachedBackend(SPEC, there).complete(ASK, max_tokens=9, logprobs=2) == made


BODY = '{"text":"a","prompt":1,"cached":-1,"completion":1,"truncated":false,"wall_s":0,"tools":[]}'
LINES = [
    json.dumps(["00" * 32, "m", 0, BODY]),
    f'["{"00" * 32}", "m", 1{"0" * 400}, {json.dumps(BODY.replace("-1", "0"))}]',
    json.dumps(["00" * 32, "m\x1b[31m", 0, BODY.replace("-1", "0")]),
    json.dumps(["00" * 32, "m", 0, "[]"]),
    "[" * 100_000,
    "{}",
    "[1, 2, 3, 4]",
    '["00", "m", 0, "{}"]',
    json.dumps(["00" * 32, "m", 0, "{}"]),
    "x",
]


@pytest.mark.parametrize("line", LINES)
def test_a_file_that_holds_no_calls_is_refused_with_its_line(calls, tmp_path: Path, line: str):
    with lzma.open(tmp_path / "calls.xz", "wt") as file:
        file.write(line + "\n")
    with pytest.raises(InputError, match=r"calls\.xz:1: not a file of calls"):
        carry.unpack(tmp_path / "calls.xz", calls)
    assert calls.size().calls == 0


def test_a_file_that_is_cut_off_or_no_xz_is_refused(calls: CallStore, tmp_path: Path):
    filled(calls, [])
    CachedBackend(SPEC, calls).complete(ASK, max_tokens=9)
    carry.pack(calls, tmp_path / "calls.xz")
    whole = (tmp_path / "calls.xz").read_bytes()
    for name, body in (("cut", whole[:-20]), ("junk", b"junk"), ("twisted", whole[:40] + whole)):
        (tmp_path / name).write_bytes(body)
        with pytest.raises(InputError, match="not a file of calls"):
            carry.unpack(tmp_path / name, calls)
