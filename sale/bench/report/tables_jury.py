"""The tables of what is known before the work: ratings, and the other features of a bid."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sale.auction.quality import JurorQuality
from sale.bench.report.cells import Cell, Table, agent_cell, number_cell
from sale.bench.report.words import number, plain
from sale.bench.statistics.signals import Signal


def jurors_table(found: Iterable[JurorQuality], agents: Sequence[str]) -> Table:
    """What ratings foretell, by juror."""
    rows = [
        (
            Cell("the jury") if one.juror is None else agent_cell(one.juror, agents),
            Cell(f"{one.labelled:,}"),
            Cell(number(one.mean_rating)),
            number_cell(one.auc),
            number_cell(one.correlation),
            Cell(number(one.brier, 3)),
            Cell(number(one.base_brier, 3)),
            Cell(number(one.calibration_error, 3)),
        )
        for one in found
    ]
    return Table(
        "Do ratings foretell outcomes?",
        (
            ("juror", ""),
            ("plans", "Rated, with a known outcome"),
            ("mean", "Mean rating, 0 to 5"),
            ("AUC", "How often a solved plan is rated above an unsolved one; chance is 0.5"),
            ("r", "Correlation with the outcome"),
            ("Brier", "Squared distance of rating / 5 and outcome; 0 is perfect"),
            ("base rate", "The Brier score of always saying the share that was solved"),
            ("ECE", "How far what was said lies from what came true"),
        ),
        tuple(rows),
    )


def signals_table(found: Iterable[Signal], agents: Sequence[str] = ()) -> Table:
    """Which features of a bid foretell that the work is right."""
    rows = [
        (
            Cell(plain(one.feature, limit=60)),
            Cell("within tasks") if one.agent is None else agent_cell(one.agent, agents),
            Cell(f"{one.tasks:,}"),
            Cell(f"{one.solved:,}"),
            Cell(f"{one.unsolved:,}"),
            number_cell(one.auc),
        )
        for one in found
    ]
    return Table(
        "Which features of a bid foretell that the work is right?",
        (
            ("feature", "Known before anybody works"),
            ("of", "Within tasks: does it point at the right agent? An auction needs this one"),
            ("tasks", "Within tasks: those that one agent solved and another did not"),
            ("solved", "Trials that were right"),
            ("unsolved", "Trials that were wrong"),
            ("AUC", "How often the feature is higher where the work was right; chance is 0.5"),
        ),
        tuple(rows),
        frozenset({0, 1}),
    )
