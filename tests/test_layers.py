"""The one rule of the architecture: who may import whom, and what nobody imports at once."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = {"sale": "sale", "agents": "sale.agents", "memory": "sale.memory", "tasks": "sale.tasks"}
DATA = ROOT / "tasks" / "coding"
"""Python that is put up for auction, and no part of the program."""
HEAVY = {"torch", "vllm", "sentence_transformers", "transformers", "xllamacpp", "tantivy"}
INNER = {"sale.types", "sale.errors", "sale.embedding", "sale.graph"}
MAY_IMPORT = {
    "sale.types": {"sale.types"},
    "sale.errors": set(),
    "sale.embedding": {"sale.errors"},
    "sale.graph": set(),
    "sale.auction": {"sale.types", "sale.auction"},
    "sale.agents": INNER | {"sale.agents", "sale.auction"},
    "sale.memory": INNER | {"sale.memory"},
    "sale.tasks": INNER | {"sale.tasks"},
}
"""What each layer knows of the others; layers not named here may know all of them."""


def modules() -> dict[str, Path]:
    """Every module of the tree by its dotted name."""
    found = {}
    for folder, package in FOLDERS.items():
        for path in sorted((ROOT / folder).rglob("*.py")):
            if path.is_relative_to(DATA):
                continue
            parts = path.relative_to(ROOT / folder).with_suffix("").parts
            name = ".".join([package, *parts]).removesuffix(".__init__")
            found[name] = path
    return found


def imports(path: Path, *, at_once: bool = False) -> Iterator[str]:
    """The modules that a file imports; `at_once` leaves out what functions import when called."""
    pending: list[ast.AST] = [ast.parse(path.read_text())]
    while pending:
        node = pending.pop()
        if at_once and (isinstance(node, ast.FunctionDef) or _for_the_type_checker(node)):
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        pending += ast.iter_child_nodes(node)


def _for_the_type_checker(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def layer(name: str) -> str:
    return ".".join(name.split(".")[:2])


MODULES = modules()


@pytest.mark.parametrize("inner", MAY_IMPORT)
def test_a_layer_knows_only_the_layers_inside_it(inner: str) -> None:
    for name, path in MODULES.items():
        if layer(name) != inner:
            continue
        known = {layer(other) for other in imports(path) if other.startswith("sale")}
        assert known <= MAY_IMPORT[inner], f"{name} imports {known - MAY_IMPORT[inner]}"


NUMERICAL = {"sale", "numpy", "scipy", "sklearn"}


def test_the_auction_needs_nothing_but_numbers_and_the_standard_library() -> None:
    for name, path in MODULES.items():
        if layer(name) == "sale.auction":
            outside = {other.split(".")[0] for other in imports(path)} - NUMERICAL
            assert outside <= sys.stdlib_module_names, name


def test_the_market_knows_protocols_and_no_class_of_agents_memory_or_tasks() -> None:
    outer = {"sale.agents", "sale.memory", "sale.tasks", "sale.cli", "sale.pool"}
    for name in ("sale.market", "sale.draft", "sale.rules", "sale.config"):
        assert not {layer(other) for other in imports(MODULES[name])} & outer, name


def test_only_the_pool_imports_ray() -> None:
    users = [n for n, p in MODULES.items() if any(i.split(".")[0] == "ray" for i in imports(p))]
    assert {layer(name) for name in users} == {"sale.pool"}


def test_the_pool_is_imported_by_the_command_line_alone_and_only_when_it_is_needed() -> None:
    outside = {n: p for n, p in MODULES.items() if layer(n) != "sale.pool"}
    for name, path in outside.items():
        assert not any(other.startswith("sale.pool") for other in imports(path, at_once=True)), name
        if layer(name) not in {"sale.cli", "sale.bench", "sale.serve"}:
            assert not any(other.startswith("sale.pool") for other in imports(path)), name


def test_heavy_libraries_are_imported_by_functions_only() -> None:
    for name, path in MODULES.items():
        assert not {other.split(".")[0] for other in imports(path, at_once=True)} & HEAVY, name


@pytest.mark.slow
@pytest.mark.parametrize("name", ["sale", "sale.cli", "sale.cli.compose", "sale.memory.store"])
def test_importing_it_pulls_in_no_heavy_library(name: str) -> None:
    code = f"import sys, {name}; print(*{{m.split('.')[0] for m in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not set(done.stdout.split()) & (HEAVY | {"ray"})


@pytest.mark.slow
def test_no_command_pulls_in_a_heavy_library_before_it_runs() -> None:
    code = "import sys; from sale.cli.app import *; build(COMMANDS); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    assert not loaded & (HEAVY | {"ray"})
    assert {"sqlalchemy", "typer"} <= loaded


def test_no_file_is_longer_than_300_lines() -> None:
    long = {n: c for n, p in MODULES.items() if (c := len(p.read_text().splitlines())) > 300}
    assert long == {}


def test_a_command_loads_its_own_module_and_not_the_other_commands() -> None:
    code = "import sys; from sale.cli.app import build; build(['log']); print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True
    )
    modules = set(loaded.stdout.split())
    assert "sale.cli.history" in modules
    assert not {"sale.cli.bench", "sale.cli.submit", "sale.tasks", "ray", "scipy"} & modules
