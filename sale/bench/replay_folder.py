"""The run folder of a replay: how it was made, every sample, and the figures."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import sale
from sale.bench.run import RESULTS, RUN, SAMPLES
from sale.bench.samples import Sample
from sale.bench.statistics import Results
from sale.errors import InputError


def check_folder(folder: Path) -> None:
    """Raise `InputError` where a run can't begin: it needs a new or an empty folder."""
    try:
        taken = folder.exists() and (not folder.is_dir() or any(folder.iterdir()))
    except OSError as error:
        raise _unwritable(folder, error) from error
    if taken:
        raise InputError(f"--out {str(folder)!r} holds something already; name a new folder")


def settings(table: Path, roster: Mapping[str, float | None], **chosen: Any) -> dict[str, Any]:
    """What `run.json` says: the version, the table by its content, the agents, what was chosen."""
    with table.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {
        "sale": sale.__version__,
        "table": {"name": table.name, "sha256": digest},
        "agents": [{"name": name, "price": price} for name, price in roster.items()],
        **chosen,
    }


def write_folder(
    folder: Path, made_by: Mapping[str, Any], samples: Iterable[Sample], results: Results
) -> None:
    """Write the folder; `run.json` is the last, so that a run that has one is whole."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lines = "".join(sample.model_dump_json() + "\n" for sample in samples)
        (folder / SAMPLES).write_text(lines, encoding="utf-8")
        for name, value in ((RESULTS, results.lm_eval()), (RUN, made_by)):
            (folder / name).write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise _unwritable(folder, error) from error


def _unwritable(folder: Path, error: OSError) -> InputError:
    return InputError(
        f"--out {str(folder)!r} can't be written: {error.strerror or error}; name another"
    )
