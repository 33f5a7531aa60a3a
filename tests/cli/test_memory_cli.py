"""`sale memory`, `sale export` and `sale import` as their users meet them."""

import json
import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from auctions import held

from sale.memory.privacy import Privacy
from sale.memory.recording import record
from sale.memory.store import Store
from sale.types import Auction, Bid, Outcome, Step, StopReason

pytestmark = pytest.mark.slow

DAY = 86_400.0


def auction(name: str, *, age: float = 0.0, **changes: Any) -> Auction:
    """An auction of `age` days ago."""
    parts = {
        "started": time.time() - age * DAY,
        "bids": (Bid("small", 1, "a plan", 3, None),),
        "outcome": Outcome("small", "an answer", StopReason.ANSWERED),
        "steps": (Step(1, "think", "", "r" * 1_000, ""),),
    }
    return held(name, f"task of {name}", **(parts | changes))


@pytest.fixture
def memory(sale: Any) -> Iterator[Store]:
    """The memory that the command line reads, with an old and a new auction."""
    with Store.open(sale.environment["SALE_DB"]) as store:
        store.record(auction("aa", age=40))
        store.record(auction("bb", age=1))
        yield store


def test_a_memory_is_counted_pruned_and_compacted(sale: Any, memory: Store):
    counted = sale.json("memory", "stats")
    assert counted["rows"]["auctions"] == 2
    assert counted["step_bytes"] == 2_000
    assert "texts of steps" in sale("memory", "stats").stdout
    tried = sale.json("memory", "prune", "--older-than", "30d", "--dry-run")
    assert tried == {"auctions": 1, "bytes": 1_000, "dry_run": True}
    done = sale("memory", "prune", "--older-than", "30d")
    assert done.stdout.startswith("dropped the step texts of 1 auctions, 1.0 KB")
    assert [memory.get(name).steps[0].reply[:8] for name in ("aa", "bb")] == ["[pruned]", "r" * 8]
    assert "[pruned]" in sale("show", "aa").stdout
    assert sale.json("memory", "prune", "--keep-size", "1kB")["auctions"] == 0
    assert sale.json("memory", "prune", "--keep-size", "0")["auctions"] == 1
    assert set(sale.json("memory", "compact")) == {"before", "after"}


def test_secrets_that_lie_in_a_memory_are_counted_and_masked(sale: Any, memory: Store):
    key = "sk-" + "ant-api03-" + "a1B2c3D4e5F6g7H8" * 3
    with memory._database.write() as session:
        record(session, [replace(memory.get("aa"), id="cc", error=f"refused {key}")])
    tried = sale.json("memory", "mask", "--dry-run")
    assert tried == {"auctions": 3, "masked": 1, "dry_run": True}
    assert key in sale("show", "cc", "--json").stdout
    done = sale("memory", "mask")
    assert done.stdout == "1 of 3 auctions held secrets, which are masked now\n"
    assert "sale memory compact" in done.stderr
    assert key not in sale("show", "cc", "--json").stdout
    assert sale.json("memory", "mask")["masked"] == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "give --older-than, --keep-size, or both"),
        (("--older-than", "old"), "--older-than 'old' is no moment"),
        (("--keep-size", "big"), "--keep-size 'big' is no size"),
        (("--keep-size", "-5"), "is no size"),
        (("--keep-size", "nan"), "is no size"),
        (("--keep-size", "9" * 400 + "GB"), "is no size"),
    ],
)
def test_prune_says_what_it_wants(sale: Any, arguments: tuple[str, ...], told: str):
    done = sale("memory", "prune", *arguments)
    assert done.returncode == 2
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("name", ["out.jsonl", "out.parquet"])
def test_what_is_exported_is_imported_into_another_memory(sale: Any, memory: Store, name: str):
    assert sale.json("export", name) == {"file": name, "auctions": 2}
    assert sorted(path.name for path in sale.folder.glob("*out*")) == [name]
    other = f"sqlite:///{sale.folder / 'other.db'}"
    assert sale.json("import", name, "--db", other)["new"] == 2
    assert sale("import", name, "--db", other).stdout == "0 new, 2 here already\n"
    with Store.open(other) as store:
        assert [store.get(one) for one in ("aa", "bb")] == [memory.get("aa"), memory.get("bb")]


def test_an_export_flows_through_a_pipe(sale: Any, memory: Store):
    done = sale("export", "-", "--since", "7d")
    assert done.stderr == "1 auctions written\n"
    assert json.loads(done.stdout)["auction"]["id"] == "bb"
    other = sale.environment | {"SALE_DB": f"sqlite:///{sale.folder / 'other.db'}"}
    command = ["sale", "import", "-"]
    path = os.pathsep.join([str(Path(os.sys.executable).parent), os.environ["PATH"]])
    taken = subprocess.run(
        command,
        input=done.stdout,
        env=other | {"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert taken.stdout == "1 new, 0 here already\n"


@pytest.mark.parametrize("form", ["{}", "sqlite:///{}"])
def test_two_memories_become_one(sale: Any, memory: Store, form: str):
    path = sale.folder / "other.db"
    with Store.open(f"sqlite:///{path}") as other:
        other.record(memory.get("bb"))
        other.record(auction("cc"))
    assert sale("import", form.format(path)).stdout == "1 new, 1 here already\n"
    assert {entry["auction_id"] for entry in sale.json("log")} == {"aa", "bb", "cc"}


def test_what_differs_is_refused_by_name_and_taken_when_asked(sale: Any, memory: Store):
    sale("export", "out.jsonl")
    memory.record(auction("bb", seed=7))
    done = sale("import", "out.jsonl")
    assert done.returncode == 2
    assert done.stdout == "0 new, 1 here already, 1 refused\n"
    assert "stayed as they are: bb; take the incoming ones with --replace" in done.stderr
    assert memory.get("bb").seed == 7
    assert sale("import", "out.jsonl", "--replace").returncode == 0
    assert memory.get("bb").seed == 0


def test_a_broken_line_is_one_line_that_names_it(sale: Any, memory: Store):
    sale("export", "out.jsonl")
    lines = (sale.folder / "out.jsonl").read_text().splitlines()
    lines[1] = lines[1].replace('"seed":0', '"seed":"x"')
    (sale.folder / "out.jsonl").write_text("\n".join(lines))
    done = sale("import", "out.jsonl")
    assert done.returncode == 2
    assert done.stderr.startswith("sale: out.jsonl: line 2: auction.seed: Input should be a valid")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("export", "out.csv"), "unknown format '.csv'; end it in .jsonl or .parquet"),
        (("export", "-", "--json"), "both write to stdout"),
        (("export", "no/such/folder/out.jsonl"), "can't be written"),
        (("export", "folder.jsonl"), "is no plain file"),
        (("import", "none.jsonl"), "none.jsonl: can't be read (No such file"),
        (("import", "none.db"), "there is no such memory"),
        (("import", "sqlite:///none.db"), "there is no such memory"),
        (("import", "mysql://me:pw@host/x"), "unknown database 'mysql'"),
        (("import", "folder.jsonl"), "can't be read (Is a directory)"),
    ],
)
def test_a_file_that_cant_be_used_is_one_line(sale: Any, arguments: tuple[str, ...], told: str):
    (sale.folder / "folder.jsonl").mkdir()
    done = sale(*arguments)
    assert done.returncode == 2
    assert told in done.stderr
    assert "pw" not in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (sale.folder / "none.db").exists()


def test_a_failed_export_leaves_the_file_as_it_was(sale: Any, memory: Store):
    (sale.folder / "out.jsonl").write_text("mine")
    assert sale("export", "out.jsonl", "--since", "never").returncode == 2
    assert (sale.folder / "out.jsonl").read_text() == "mine"
    assert sorted(path.name for path in sale.folder.glob("*out*")) == ["out.jsonl"]


def test_hashes_are_shown_as_redacted(sale: Any):
    with Store.open(sale.environment["SALE_DB"], privacy=Privacy.HASH) as store:
        store.record(auction("aa"))
    assert "coding: (redacted)" in sale("log").stdout
    shown = sale("show", "aa").stdout
    assert "(redacted)" in shown
    assert "sha256:" not in shown
    assert sale.json("log")[0]["text"].startswith("sha256:")


def test_a_market_file_asks_for_hashes(sale: Any):
    market = sale.market(
        {"small": [sale.plan(), sale.work()]}, more='privacy = "hash"\n[auction]\njury = []\n'
    )
    text = "Write add(a, b) that adds two numbers."
    assert sale("submit", text, "--market", market).returncode == 0
    assert text.encode() not in b"".join(p.read_bytes() for p in sale.folder.glob("memory.db*"))
    assert "(redacted)" in sale("log").stdout
