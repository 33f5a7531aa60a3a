"""What a run came to: arrays in, numbers out; docs/statistics.md has every formula."""

from sale.bench.statistics.results import Results

__all__ = ["Results"]
