"""The columns of an outcome table as text, with the place of each value for what is wrong in it."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from sale.errors import InputError

BLOCK = 1 << 26
"""Bytes that one row of a CSV file may have."""
SHOWN = 40
"""Characters of a wrong value that a message shows."""
Value = TypeVar("Value")


class Column(StrEnum):
    """What a table tells; the first three it has to."""

    TASK = "task_id"
    AGENT = "agent"
    RESOLVED = "resolved"
    DOLLARS = "cost_usd"
    SUITE = "suite"
    TEXT = "text"
    MINUTES = "minutes"
    SECONDS = "seconds"
    VERIFIED = "verified"
    ANSWER = "answer"


ALIASES = {"task": Column.TASK, "solved": Column.RESOLVED, "dollars": Column.DOLLARS}
NEEDED = (Column.TASK, Column.AGENT, Column.RESOLVED)


@dataclass(frozen=True, slots=True)
class Columns:
    """The known columns of a file, a text for each row."""

    path: Path
    texts: dict[Column, list[str]]
    headings: dict[Column, str]
    """What the file calls them."""
    unused: tuple[str, ...]
    """Headings that mean nothing here."""

    @property
    def count(self) -> int:
        """How many rows there are."""
        return len(self.texts[Column.TASK])

    def get(self, column: Column) -> list[str] | None:
        """A column as it stands; None where the file has none."""
        return self.texts.get(column)

    def names(self, column: Column) -> list[str]:
        """A column of names; `InputError` where one is empty."""

        def named(text: str) -> str:
            if not text.strip():
                raise ValueError("it is empty; name it")
            return text.strip()

        return self.read(column, named) or []

    def read(self, column: Column, convert: Callable[[str], Value]) -> list[Value] | None:
        """A column converted value by value; `InputError` names the line of a `ValueError`."""
        texts = self.texts.get(column)
        if texts is None:
            return None
        values = []
        for row, text in enumerate(texts):
            try:
                values.append(convert(text))
            except ValueError as error:
                raise InputError(
                    f"{self.place(row)}, column {self.headings[column]}: {error}"
                ) from error
        return values

    def place(self, row: int) -> str:
        """Where a row stands; in CSV it is the line it begins on."""
        if self.path.suffix != ".csv":
            return f"{self.path}, row {row + 1}"
        for number, line in enumerate(_lines(self.path)):
            if number == row + 1:
                return f"{self.path}:{line}"
        return f"{self.path}, row {row + 1}"


def shown(text: str) -> str:
    """A wrong value, quoted and cut."""
    return repr(text if len(text) <= SHOWN else text[:SHOWN] + "…")


def read_columns(path: Path) -> Columns:
    """Read the known columns of a CSV or Parquet file.

    Raises `InputError` where it can't be read, is empty, or lacks a column.
    """
    import pyarrow as pa

    if path.suffix not in {".csv", ".parquet"}:
        raise InputError(f"table {str(path)!r}: give a file whose name ends with .csv or .parquet")
    if not path.is_file():
        raise InputError(f"there is no table {str(path)!r}; name a .csv or .parquet file")
    try:
        table = _csv(path) if path.suffix == ".csv" else _parquet(path)
        headings = _headings(path, table.column_names)
        texts = {column: _texts(table.column(name)) for column, name in headings.items()}
    except (pa.ArrowException, OSError) as error:
        said = " ".join(str(error).split())[:200]
        raise InputError(f"table {str(path)!r} can't be read: {said}") from error
    if not texts[Column.TASK]:
        raise InputError(f"table {str(path)!r} has no rows; give a row for each task and agent")
    unused = tuple(name for name in table.column_names if name not in headings.values())
    return Columns(path, texts, headings, unused)


def _csv(path: Path) -> Any:
    from pyarrow import BufferReader, string
    from pyarrow import csv as arrow

    def refuse(row: Any) -> str:
        wrong.append((row.expected_columns, row.actual_columns, row.number))
        return "error"

    content = path.read_bytes()
    _check_utf8(path, content)
    wrong: list[tuple[int, int, int | None]] = []
    read = arrow.ReadOptions(block_size=BLOCK, use_threads=False)
    parse = arrow.ParseOptions(newlines_in_values=True, invalid_row_handler=refuse)
    convert = arrow.ConvertOptions(
        column_types={**dict.fromkeys(Column, string()), **dict.fromkeys(ALIASES, string())},
        strings_can_be_null=False,
    )
    try:
        return arrow.read_csv(
            BufferReader(content),
            read_options=read,
            parse_options=parse,
            convert_options=convert,
        )
    except ValueError as error:
        if wrong:
            expected, actual, row = wrong[0]
            line = next((at for n, at in enumerate(_lines(path), start=1) if n == row), row)
            raise InputError(
                f"{path}:{line}: the row has {actual} columns and the heading {expected}; "
                "quote texts that hold commas"
            ) from error
        raise


def _check_utf8(path: Path, content: bytes) -> None:
    try:
        content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(f"{path}:{line}: it is not UTF-8 text; save it as UTF-8") from error


def _parquet(path: Path) -> Any:
    from pyarrow import parquet

    file = parquet.ParquetFile(path)
    known = [name for name in file.schema_arrow.names if name in {*Column, *ALIASES}]
    others = [name for name in file.schema_arrow.names if name not in known]
    table = file.read(columns=known)
    for name in others:
        table = table.append_column(name, [[None] * table.num_rows])
    return table


def _headings(path: Path, names: Sequence[str]) -> dict[Column, str]:
    found: dict[Column, str] = {}
    for name in names:
        column = ALIASES.get(name) or next((one for one in Column if one == name), None)
        if column is None:
            continue
        if column in found:
            raise InputError(
                f"{path}: the columns {found[column]} and {name} say the same; keep one of them"
            )
        found[column] = name
    missing = [column for column in NEEDED if column not in found]
    if missing:
        raise InputError(
            f"{path}: there is no column {missing[0]}; a table needs {', '.join(NEEDED)} and may "
            f"have {', '.join(one for one in Column if one not in NEEDED)}"
        )
    return found


def _texts(column: Any) -> list[str]:
    from pyarrow import compute, string

    return [one or "" for one in compute.cast(column, string()).to_pylist()]


def _lines(path: Path) -> Iterator[int]:
    """The lines on which the rows of a CSV file begin, the heading first; empty lines are none."""
    csv.field_size_limit(BLOCK)
    with path.open(newline="", encoding="utf-8-sig", errors="replace") as file:
        rows, before = csv.reader(file), 0
        for row in rows:
            if row:
                yield before + 1
            before = rows.line_num
