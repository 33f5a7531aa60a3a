"""What runs inside a Ray actor: one agent, whose calls are passed on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sale.types import AgentSpec, Bid, Outcome, Ratings, Step


class Actor:
    """An agent inside its own process; it begins to load its model at once."""

    def __init__(self, spec: AgentSpec, build: Callable[[AgentSpec], Any]) -> None:
        self._agent = build(spec)

    def bid(self, *arguments: Any, **options: Any) -> Bid:
        """One bid."""
        bid: Bid = self._agent.bid(*arguments, **options)
        return bid

    def rate(self, *arguments: Any, **options: Any) -> Ratings:
        """One set of ratings."""
        ratings: Ratings = self._agent.rate(*arguments, **options)
        return ratings

    def refine(self, *arguments: Any, **options: Any) -> Bid:
        """One refined bid."""
        bid: Bid = self._agent.refine(*arguments, **options)
        return bid

    def execute(self, *arguments: Any, **options: Any) -> Iterator[Step | Outcome]:
        """The steps of the work, and the outcome last."""
        yield from self._agent.execute(*arguments, **options)
