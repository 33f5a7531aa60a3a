"""What a run came to: arrays in, numbers out; docs/statistics.md has every formula."""

from sale.bench.statistics.comparing import compare
from sale.bench.statistics.results import ALL, Baseline, Comparison, Results
from sale.bench.statistics.signals import Signal, signals
from sale.bench.statistics.summary import summarise

__all__ = [
    "ALL",
    "Baseline",
    "Comparison",
    "Results",
    "Signal",
    "compare",
    "signals",
    "summarise",
]
