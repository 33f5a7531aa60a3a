"""Records in files: JSONL, an auction a line, and Parquet, an auction a row with nested columns.

Both are written and read as a stream. Nothing that is read is ever run: both hold values alone.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from enum import StrEnum
from itertools import islice
from pathlib import PurePath
from typing import IO, TYPE_CHECKING, Any, Literal, get_args, get_origin, get_type_hints

from sale.errors import InputError
from sale.memory.records import SHAPE, Record, from_json, from_python, to_json, to_python

if TYPE_CHECKING:
    import pyarrow as pa

LINE = 64 * 1024 * 1024
"""Bytes of the longest line that is read; an auction of a thousand long steps has less."""

GROUP = 200
"""Auctions that are in memory at a time: a row group of a Parquet file."""

GROUP_BYTES = 2**31
"""Of the largest row group that is read."""

MARK = b"sale_memory"
"""The key under which a Parquet file says which shape its rows have."""


def write_jsonl(file: IO[bytes], records: Iterable[Record]) -> None:
    """Write a line for each record."""
    for record in records:
        file.write(to_json(record) + b"\n")


def read_jsonl(file: IO[bytes], *, name: str) -> Iterator[Record]:
    """Read a record a line; raises `InputError` that names the file, the line and the field."""
    number = 0
    while line := file.readline(LINE + 1):
        number += 1
        if len(line) > LINE:
            raise InputError(f"{name}: line {number}: is longer than {LINE >> 20} MiB")
        if line.strip():
            yield from_json(line, name=f"{name}: line {number}")


def write_parquet(file: IO[bytes], records: Iterable[Record]) -> None:
    """Write a row for each record, a few hundred at a time."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    struct = arrow_type(Record)
    schema = pa.schema(list(struct), metadata={MARK: str(SHAPE)})
    pending = iter(records)
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        while group := list(islice(pending, GROUP)):
            rows = pa.array([to_python(record) for record in group], struct)
            writer.write_batch(pa.RecordBatch.from_struct_array(rows).cast(schema))


def read_parquet(file: IO[bytes], *, name: str) -> Iterator[Record]:
    """Read a record a row; raises `InputError` that names the file, the row and the field."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    number = 0
    try:
        with pq.ParquetFile(file) as parquet:
            _expect_ours(parquet, name=name)
            for batch in parquet.iter_batches(batch_size=GROUP, use_threads=False):
                for row in batch.to_pylist(maps_as_pydicts="strict"):
                    number += 1
                    yield from_python(row, name=f"{name}: row {number}")
    except (pa.ArrowException, OSError, KeyError, UnicodeDecodeError) as error:
        raise InputError(
            f"{name}: after row {number}: no whole Parquet file ({type(error).__name__})"
        ) from error


@dataclass(frozen=True, slots=True)
class Format:
    """How records are written to a file, and read from one."""

    write: Callable[[IO[bytes], Iterable[Record]], None]
    read: Callable[..., Iterator[Record]]


FORMATS: Mapping[str, Format] = {
    ".jsonl": Format(write_jsonl, read_jsonl),
    ".parquet": Format(write_parquet, read_parquet),
}
"""By the ending of a file's name."""


def format_of(name: str) -> Format:
    """Find the format that a file's name asks for; `-` is JSONL."""
    suffix = ".jsonl" if name == "-" else PurePath(name).suffix.lower()
    if suffix not in FORMATS:
        raise InputError(f"{name}: unknown format {suffix!r}; end it in {' or '.join(FORMATS)}")
    return FORMATS[suffix]


def arrow_type(hint: Any) -> pa.DataType:
    """Give the Arrow type of a type annotation: records of dataclasses are structs."""
    import pyarrow as pa

    simple = {int: pa.int64(), float: pa.float64(), bool: pa.bool_(), str: pa.string()}
    if hint in simple:
        return simple[hint]
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Literal:
        return simple[type(inner[0])]
    if origin is types.UnionType:
        return arrow_type(inner[0])
    if origin is tuple:
        return pa.list_(arrow_type(inner[0]))
    if origin is Mapping:
        return pa.map_(arrow_type(inner[0]), arrow_type(inner[1]))
    if is_dataclass(hint):
        hints = get_type_hints(hint)
        return pa.struct([pa.field(f.name, arrow_type(hints[f.name])) for f in fields(hint)])
    if issubclass(hint, StrEnum):
        return pa.string()
    raise TypeError(f"no Arrow type for {hint!r}")


def _expect_ours(parquet: Any, *, name: str) -> None:
    mark = (parquet.schema_arrow.metadata or {}).get(MARK)
    if mark != str(SHAPE).encode():
        raise InputError(f"{name}: was not written by `sale export`, or by one of another shape")
    sizes = (parquet.metadata.row_group(n).total_byte_size for n in range(parquet.num_row_groups))
    if max(sizes, default=0) > GROUP_BYTES:
        raise InputError(f"{name}: has a row group of more than {GROUP_BYTES >> 30} GiB")
