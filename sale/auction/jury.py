"""The jury: how plans are put before a juror, and how its answer becomes ratings.

A juror rates all plans of a round in one call. The plans stand under letters whose order is
drawn from the auction's seed, another one for each juror: nobody knows whose plan is whose,
and a liking for the first letter averages out.
"""

from __future__ import annotations

import json
import re
import string
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from sale.auction.signals import HIGHEST, LOWEST, expected_digit
from sale.types import Completion, TokenChoice

_OBJECT = re.compile(r"\{[^{}]*\}")

MAX_PLANS = len(string.ascii_uppercase)


def letters(agents: Sequence[str], *, seed: int, juror: str, round: int) -> dict[str, str]:
    """Letter -> agent, shuffled by the auction's seed, the juror and the round.

    Whichever plan came in first, the letters are the same: they can be told from the record.
    """
    rng = np.random.default_rng([seed, zlib.crc32(juror.encode()), round])
    names, order = sorted(agents), rng.permutation(len(agents))
    alphabet = string.ascii_uppercase[: len(names)]
    return {letter: names[index] for letter, index in zip(alphabet, order, strict=True)}


def schema(names: Sequence[str]) -> dict[str, Any]:
    """The JSON schema of a juror's answer: one digit for each letter, and nothing else."""
    digit = {"type": "integer", "enum": list(range(LOWEST, HIGHEST + 1))}
    return {
        "type": "object",
        "properties": dict.fromkeys(names, digit),
        "required": list(names),
        "additionalProperties": False,
    }


def read(completion: Completion, names: Sequence[str]) -> Mapping[str, float]:
    """Letter -> rating; the expected digit where there are log-probabilities.

    Raises ValueError when a letter is missing: an answer counts whole or not at all.
    """
    digits = _digits(completion.text)
    missing = [name for name in names if name not in digits]
    if missing:
        raise ValueError(f"no rating for plan {', '.join(missing)} in {completion.text[:80]!r}")
    places = _places(completion.choices or ())
    ratings = {name: float(digits[name]) for name in names}
    for name in names:
        expected = expected_digit(places[name]) if name in places else None
        ratings[name] = ratings[name] if expected is None else expected
    return ratings


def _digits(text: str) -> dict[str, int]:
    """Read the JSON object of a reply, tolerating words and fences around it."""
    match = _OBJECT.search(text)
    try:
        value = json.loads(match.group()) if match else {}
    except (ValueError, RecursionError):
        return {}
    return {
        key: rating
        for key, rating in value.items()
        if type(rating) is int and LOWEST <= rating <= HIGHEST
    }


def _places(choices: Sequence[TokenChoice]) -> dict[str, TokenChoice]:
    """Letter -> the generated token that holds its digit, inside the object alone."""
    text = "".join(choice.token for choice in choices)
    owner = list(_owners(choices))
    span = match.span() if (match := _OBJECT.search(text)) else (0, 0)
    found = re.compile(r'"([A-Z])"\s*:\s*([0-5])').finditer(text, *span)
    return {match[1]: owner[match.start(2)] for match in found}


def _owners(choices: Sequence[TokenChoice]) -> Iterator[TokenChoice]:
    for choice in choices:
        yield from (choice for _ in choice.token)
