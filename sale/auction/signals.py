"""What a plan and a rating reveal through their log-probabilities: entropy and expected digit."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sale.types import TokenChoice

LOWEST, HIGHEST = 0, 5


def entropy(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """Entropy in nats of truncated distributions, shape (tokens, k) -> (tokens,).

    A row holds the k likeliest probabilities of one place. What they leave of 1 is counted as
    one further symbol, so the figure is a lower bound of the true entropy that grows with k.
    """
    tail = np.clip(1.0 - probabilities.sum(axis=1, keepdims=True), 0.0, 1.0)
    mass = np.hstack([probabilities, tail])
    logs = np.log(mass, out=np.zeros_like(mass), where=mass > 0)
    return np.asarray(-(mass * logs).sum(axis=1))


def mean_entropy(choices: Sequence[TokenChoice] | None) -> float | None:
    """H(s): the mean entropy in nats of the tokens of a plan.

    None where the back end gave no log-probabilities. Source: arXiv 2602.02751, section 3.
    """
    rows = [[logprob for _, logprob in choice.top] for choice in choices or () if choice.top]
    if not rows:
        return None
    width = max(map(len, rows))
    logprobs = np.full((len(rows), width), -np.inf)
    for index, row in enumerate(rows):
        logprobs[index, : len(row)] = row
    return float(entropy(np.exp(logprobs)).mean())


def expected_digit(choice: TokenChoice) -> float | None:
    """The expectation of a rating under the juror's log-probabilities at the digit's place.

    Back ends report them before the constraint, so they are renormalised over the digits
    0 to 5. None when not one of the digits is among the likeliest tokens, or when the digit
    shares its token with other signs: lone digits are then not what the juror chose among.
    """
    weights = np.zeros(HIGHEST - LOWEST + 1)
    for token, logprob in choice.top:
        if (digit := _digit(token)) is not None:
            weights[digit] += np.exp(logprob)
    if _digit(choice.token) is None or weights.sum() <= 0:
        return None
    return float(weights @ np.arange(LOWEST, HIGHEST + 1) / weights.sum())


def _digit(token: str) -> int | None:
    """The rating that a token is, spaces aside."""
    digit = token.strip()
    return int(digit) if re.fullmatch(f"[{LOWEST}-{HIGHEST}]", digit) else None
