"""A policy held against another, and against the mixture hull, on the same tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sale.auction.calibration import Estimate
from sale.bench.samples import Sample
from sale.bench.statistics import hull
from sale.bench.statistics.bootstrap import Question, answers, ratio
from sale.bench.statistics.cells import Cells, Mask, cells
from sale.bench.statistics.results import Baseline, Comparison
from sale.bench.statistics.sentences import alone, hull_sentence, sentence

MIXTURE = "mixture"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two rows of cells, and the attempts on which they can be compared."""

    cells: Cells
    ours: int
    theirs: int
    known: Mask
    priced: Mask

    @staticmethod
    def of(found: Cells, ours: int, theirs: int) -> Pair:
        """Compare what both have."""
        rows = (ours, theirs)
        return Pair(found, ours, theirs, found.known(rows), found.priced(rows))

    def questions(self) -> dict[str, Question]:
        """Differences in quality and dollars, ours less theirs, and the share of theirs saved."""
        found, ours, theirs = self.cells, self.ours, self.theirs
        known, priced = found.counted(self.known), found.counted(self.priced)
        solved = found.solved[ours] - found.solved[theirs]
        usd = found.usd[ours] - found.usd[theirs]
        spent = found.column(found.usd[theirs], self.priced)
        return {
            "quality": ratio(found.column(solved, self.known), known, known),
            "usd": ratio(found.column(usd, self.priced), priced, priced),
            "saving": ratio(found.column(-usd, self.priced), spent, priced),
        }

    def comparison(
        self,
        told: Mapping[str, Estimate | None],
        *,
        names: tuple[str, str],
        baseline: Baseline | None = None,
    ) -> Comparison:
        """Put the answers together; `names` are those to show."""
        found = self.cells
        tasks = (_tasks(found, self.known), _tasks(found, self.priced))
        of = _tasks(found, found.there[self.ours])
        return Comparison(
            policy=names[0],
            against=names[1],
            baseline=baseline,
            tasks=tasks[0],
            usd_tasks=tasks[1],
            of=of,
            quality=told["quality"],
            usd=told["usd"],
            saving=told["saving"],
            sentence=sentence(
                alone(names[1]),
                quality=told["quality"],
                usd=told["usd"],
                saving=told["saving"],
                tasks=(*tasks, of),
            ),
        )


def hull_question(found: Cells, row: int, singles: Sequence[int]) -> Question:
    """How far a policy lies above the hull of single agents, where all of them are known."""
    mask = hull_mask(found, [row, *singles])
    counted = found.counted(mask)
    quality = [found.column(found.solved[one], mask) for one in (row, *singles)]
    usd = [found.column(found.usd[one], mask) for one in (row, *singles)]
    columns = (counted, quality[0], usd[0], *quality[1:], *usd[1:])
    return Question(columns, hull.gain, counted.sum())


def hull_comparison(
    found: Cells, row: int, singles: Sequence[int], gain: Estimate | None
) -> Comparison:
    """The gain over the hull; dollars are the same by definition."""
    tasks = _tasks(found, hull_mask(found, [row, *singles]))
    of = _tasks(found, found.there[row])
    return Comparison(
        policy=found.policies[row],
        against=MIXTURE,
        baseline=Baseline.HULL,
        tasks=tasks,
        usd_tasks=tasks,
        of=of,
        quality=gain,
        usd=None,
        saving=None,
        sentence=hull_sentence(gain, tasks=tasks, of=of),
    )


def hull_mask(found: Cells, rows: Sequence[int]) -> Mask:
    """The attempts whose outcome and dollars are known for all of some policies."""
    return np.asarray(found.known(rows) & found.priced(rows))


def compare(
    ours: Sequence[Sample],
    theirs: Sequence[Sample],
    *,
    names: tuple[str, str],
    seed: int = 0,
    draws: int = 10_000,
) -> Comparison:
    """Compare samples with others of the same tasks, such as a policy's of two runs.

    Each side is taken as one policy; `names` are those to show. Attempts that one side lacks are
    left out, and counted.
    """
    first = [one.model_copy(update={"policy": "0"}) for one in ours]
    second = [one.model_copy(update={"policy": "1"}) for one in theirs]
    found = cells([*first, *second])
    if len(found.policies) < 2:
        return _nothing(found, names)
    pair = Pair.of(found, 0, 1)
    told = answers(pair.questions(), draws=draws, seed=seed)
    return pair.comparison(told, names=names)


def _nothing(found: Cells, names: tuple[str, str]) -> Comparison:
    """One side has no sample, or neither."""
    return Comparison(
        policy=names[0],
        against=names[1],
        tasks=0,
        usd_tasks=0,
        of=len(found.tasks) if found.policies == ("0",) else 0,
        quality=None,
        usd=None,
        saving=None,
        sentence=f"no task in common with {alone(names[1])}",
    )


def _tasks(found: Cells, mask: Mask) -> int:
    return int(found.counted(mask).sum())
