"""The parts of the page: which figures and tables stand together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sale.auction.quality import JurorQuality
from sale.bench.report import tables
from sale.bench.report.cells import Table
from sale.bench.report.drawing import Picture
from sale.bench.report.folder import RunFolder
from sale.bench.report.plane import alone
from sale.bench.report.tables_jury import jurors_table, signals_table
from sale.bench.report.words import count, plain
from sale.bench.statistics.results import Results, SuiteResult
from sale.bench.statistics.signals import Signal

_CAPTIONS = {
    "plane": "Up and to the left is better. Dashed: what random mixing of single agents reaches; a "
    "policy below it has no skill. Whiskers: 95 % intervals. Circle: an agent alone; square: an "
    "auction; triangle: a router or cascade; diamond: the oracle, which chooses after the fact.",
    "frontier": "Nobody is both cheaper and better than those named here; faint: all others.",
    "allocation": "Whose answer was kept.",
    "bins": "By the minutes that the task takes a human; ? where it isn't known.",
    "learning": "Above: the share solved up to there, the mean of all orders. Below: who worked.",
    "overhead": "Everything that was paid, by stage. Bids, ratings and refinement are the auction.",
    "calibration": "On the dashed line a rating is the chance of success. Size: number of plans.",
}


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the page: its figures, then its tables."""

    id: str
    title: str
    figures: tuple[tuple[Picture | None, str], ...] = ()
    tables: tuple[Table, ...] = ()
    folded_title: str = ""
    folded: tuple[Table, ...] = ()

    @property
    def filled(self) -> bool:
        """Whether there is anything to show."""
        return any(shown for shown, _ in self.figures) or any(
            one.rows for one in (*self.tables, *self.folded)
        )


def parts(
    run: RunFolder,
    results: Results,
    pictures: Mapping[str, Picture | None],
    jurors: Sequence[JurorQuality],
    signals: Sequence[Signal],
) -> Iterator[Part]:
    """The parts of the page, from what matters most to what is behind it."""
    whole, agents = results.suites[-1], tuple(run.roster)

    def drawn(*names: str) -> tuple[tuple[Picture | None, str], ...]:
        return tuple((pictures.get(name), _CAPTIONS[name]) for name in names)

    several = [one for one in results.suites[:-1] if len(results.suites) > 2]
    yield Part(
        "quality",
        "Cost and quality",
        drawn("plane"),
        (tables.policies_table(whole, agents),),
        "Suite by suite",
        tuple(_of_suite(one, agents) for one in several),
    )
    yield Part(
        "differences",
        "Differences",
        (),
        (tables.differences_table([one for one in whole.policies if not alone(one)], agents),),
        "Agents alone",
        (tables.differences_table([one for one in whole.policies if alone(one)], agents),),
    )
    yield Part(
        "frontier",
        "The frontier",
        drawn("frontier"),
        (tables.curves_table(whole),) if whole.curves else (),
    )
    yield Part(
        "allocation",
        "Who got the work",
        drawn("allocation", "bins"),
        (tables.agents_table(whole, agents, results.prices),),
        "By policy and agent",
        (tables.allocation_table(whole, agents),),
    )
    yield Part("learning", "Over the stream of tasks", drawn("learning"))
    yield Part(
        "overhead",
        "What each stage costs",
        drawn("overhead"),
        (),
        "In tokens, dollars and seconds",
        (tables.overhead_table(whole, agents),),
    )
    yield Part(
        "jurors",
        "Can the jurors be believed?",
        drawn("calibration"),
        (jurors_table(jurors, agents), signals_table([s for s in signals if s.agent is None])),
        "The features of a bid, agent by agent",
        (signals_table([s for s in signals if s.agent is not None], agents),),
    )


def _of_suite(suite: SuiteResult, agents: Sequence[str]) -> Table:
    table = tables.policies_table(suite, agents)
    name = plain(suite.suite) or "no suite"
    return Table(f"{name}: {count(suite.tasks, 'task')}", table.columns, table.rows)
