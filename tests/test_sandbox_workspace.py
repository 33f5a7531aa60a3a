"""Folders that untrusted programs write to, and what is taken from them."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sale.agents.coding.interpreter import without
from sale.agents.coding.sandbox import copy_in, fresh_workspace, read_files, remove
from sale.agents.coding.workspace import MAX_DEPTH, give, size
from sale.errors import InputError

NAMES = st.text("abc.", min_size=1, max_size=4).filter(lambda name: name not in {".", ".."})


@given(st.dictionaries(NAMES, st.binary(max_size=50), max_size=5))
def test_what_is_copied_in_is_what_is_read(files):
    with fresh_workspace() as source, fresh_workspace() as copy:
        for name, content in files.items():
            (source / name).write_bytes(content)
        copy_in(source, copy)
        assert read_files(copy) == files


def test_the_folders_of_tools_are_left_out(tmp_path):
    for name in (".git", ".venv", "node_modules", "__pycache__", "src"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text("x")
    assert list(read_files(tmp_path)) == ["src/file"]


def test_links_and_special_files_are_left_out(tmp_path):
    (tmp_path / "secret").write_text("x")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "file").symlink_to(tmp_path / "secret")
    (folder / "above").symlink_to("..")
    (folder / "loop").symlink_to(".")
    os.mkfifo(folder / "pipe")
    copy = tmp_path / "copy"
    copy_in(folder, copy)
    assert not copy.exists()
    assert read_files(folder) == {}


def test_a_script_stays_executable_and_nothing_else_of_its_mode_stays(tmp_path):
    source, copy = tmp_path / "source", tmp_path / "copy"
    source.mkdir()
    (source / "script").touch(mode=0o755)
    (source / "script").chmod(0o4755)
    copy_in(source, copy)
    assert (copy / "script").stat().st_mode & 0o7777 == 0o711


@pytest.mark.parametrize("caps", [{"max_bytes": 5}, {"max_files": 1}])
def test_too_much_is_refused(tmp_path, caps):
    for name in "ab":
        (tmp_path / name).write_text("123")
    with pytest.raises(InputError, match="too large"):
        read_files(tmp_path, **caps)
    with pytest.raises(InputError, match="too large"):
        copy_in(tmp_path, tmp_path / "copy", **caps)


def test_a_sparse_file_is_refused_and_not_read_whole(tmp_path):
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(InputError, match="too large"):
        read_files(tmp_path, max_bytes=1000)


@pytest.mark.parametrize("source", ["missing", "file"])
def test_only_a_folder_is_copied(tmp_path, source):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="is not a folder; give an existing folder"):
        copy_in(tmp_path / source, tmp_path / "copy")


def test_names_that_are_not_text_are_left_out(tmp_path):
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff")).write_text("x")
    assert read_files(tmp_path) == {}


def make_deep(folder: Path, depth: int) -> None:
    here = os.open(folder, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=here))
    os.close(here)


def test_a_folder_a_thousand_deep_is_read_measured_and_removed():
    with fresh_workspace() as folder:
        make_deep(folder, 3000)
        assert read_files(folder) == {}
        assert size(folder) >= MAX_DEPTH * 4096
        if os.geteuid() == 0:
            give(folder, 65534)
    assert not folder.exists()


def test_a_folder_that_forbids_everything_is_removed(tmp_path):
    folder = tmp_path / "folder"
    (folder / "closed").mkdir(parents=True)
    (folder / "closed" / "file").touch()
    (folder / "closed").chmod(0)
    remove(folder)
    assert not folder.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_what_has_a_name_elsewhere_is_not_given_away(tmp_path):
    outside, folder = tmp_path / "outside", tmp_path / "folder"
    outside.touch()
    folder.mkdir()
    (folder / "inside").touch()
    (folder / "link").symlink_to(outside)
    (folder / "hard").hardlink_to(outside)
    give(folder, 65534)
    assert (folder / "inside").stat().st_uid == 65534
    assert outside.stat().st_uid == 0


def test_a_hidden_folder_is_cut_out_and_all_else_stays(tmp_path):
    for name in ("a/hidden/x", "a/b", "c"):
        (tmp_path / name).mkdir(parents=True)
    paths = set(without(tmp_path, tmp_path / "a" / "hidden"))
    assert paths == {tmp_path / "a" / "b", tmp_path / "c"}
