"""A run for the eyes: one page that loads nothing, and its figures as PNG."""

from __future__ import annotations

from pathlib import Path

from sale.bench.report.folder import RunFolder, read_run, read_samples
from sale.bench.report.tasks import Records
from sale.bench.statistics.results import Results
from sale.errors import InputError

PAGE = "report.html"

__all__ = ["PAGE", "Records", "RunFolder", "read_run", "read_samples", "write_report"]


def write_report(
    run: RunFolder,
    results: Results,
    *,
    out: Path | None = None,
    records: Records | None = None,
) -> tuple[Path, ...]:
    """Write the page and, beside it, its figures; the page first in what is returned.

    `records` has the auctions, so that the page shows their bids. Raises `InputError` where nothing
    can be written.
    """
    from sale.bench.report.curves import jurors
    from sale.bench.report.figures import draw, shades_of
    from sale.bench.report.page import render
    from sale.bench.report.tasks import by_task
    from sale.bench.statistics.signals import signals

    path = run.path / PAGE if out is None else out
    judged = jurors(run.trials)
    told = signals(run.trials, lengths=run.lengths, seed=results.seed, draws=results.draws)
    shades = shades_of(results, tuple(run.roster))
    pictures = draw(results, shades, judged)
    tasks = by_task(run.samples, tuple(run.roster), records=records)
    page = render(
        run, results, shades=shades, pictures=pictures, tasks=tasks, jurors=judged, signals=told
    )
    written = [path]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(page.encode(errors="replace"))
        for one in filter(None, pictures.values()):
            written.append(path.parent / f"{one.name}.png")
            written[-1].write_bytes(one.png)
    except OSError as error:
        raise InputError(
            f"the report {str(path)!r} can't be written: {error.strerror or error}; "
            "name another file with --out"
        ) from error
    return tuple(written)
