"""Passages that together speak of all that a question asks about."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sale.agents.search import Hit
from sale.agents.search.text import terms

MOST = 4
"""Passages that are cited together."""


def completed(question: str, cited: Sequence[Hit], shown: Sequence[Hit]) -> tuple[Hit, ...]:
    """The passages cited, and those shown that speak of what these don't.

    A question of several hops is answered by several passages, of which a small model cites the
    last.
    """
    chosen = list(cited)[:MOST]
    others = [hit for hit in shown if hit not in chosen]
    missing = set(terms(question)).difference(*map(_terms, chosen))
    while others and len(chosen) < MOST:
        best = max(others, key=lambda hit: len(missing.intersection(_terms(hit))))
        if missing.isdisjoint(_terms(best)):
            break
        chosen.append(best)
        others.remove(best)
        missing.difference_update(_terms(best))
    return tuple(chosen)


def _terms(hit: Hit) -> Collection[str]:
    return set(terms(f"{hit.title}\n{hit.text}"))
