"""How sure a model was of its words, told by the probabilities of its tokens.

A small model that is asked whether its answer is right says anything; how likely it found its own
words while it wrote them tells more (docs/search.md has the figures), and costs nothing.
"""

from __future__ import annotations

import math
from itertools import accumulate

from sale.types import Completion


def confidence(completion: Completion, text: str) -> float | None:
    """The geometric mean of the probabilities of the tokens that a part of a reply stands in.

    None where the back end tells none, or the part is not in the reply.
    """
    choices = completion.choices or ()
    ends = list(accumulate(len(choice.token) for choice in choices))
    start = "".join(choice.token for choice in choices).find(text) if text else -1
    if start < 0:
        return None
    inside = [
        choice.logprob
        for choice, end in zip(choices, ends, strict=True)
        if end > start and end - len(choice.token) < start + len(text)
    ]
    return math.exp(sum(inside) / len(inside)) if inside else None
