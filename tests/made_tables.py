"""Tables of executions for tests: small ones by hand, larger ones by chance."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from sale.bench.executions import Executions
from sale.types import Verdict

NAN = float("nan")
WORDS = ("sort", "list", "graph", "prime", "string", "matrix", "tree", "date")


def table(
    solved: Sequence[Sequence[float]], dollars: Sequence[Sequence[float]] | None = None, **more: Any
) -> Executions:
    """A table of agents a, b, ... at prices 1, 2, ...; every run costs its agent's price."""
    right = np.array(solved, dtype=float)
    prices = np.arange(1.0, right.shape[1] + 1)
    paid = np.tile(prices, (len(right), 1)) if dollars is None else np.array(dollars, dtype=float)
    given: dict[str, Any] = {
        "tasks": tuple(f"t{place}" for place in range(len(right))),
        "agents": tuple("abcdefgh"[: right.shape[1]]),
        "solved": right,
        "dollars": paid,
        "prices": prices,
    }
    return Executions(**(given | more))


def verdicts(rows: Sequence[str]) -> tuple[tuple[Verdict, ...], ...]:
    """Verdicts by letters: p passed, f failed, - none."""
    letters = {"p": Verdict.PASSED, "f": Verdict.FAILED, "-": Verdict.NONE}
    return tuple(tuple(letters[letter] for letter in row) for row in rows)


def chance(tasks: int, agents: int = 3, *, seed: int = 0, **more: Any) -> Executions:
    """A table with everything in it: dearer agents solve more, one word makes tasks hard."""
    rng = np.random.default_rng(seed)
    words = rng.choice(WORDS, (tasks, 4))
    hard = (words == "graph").any(axis=1)
    ease = np.linspace(0.4, 0.9, agents) - 0.3 * hard[:, None] * np.linspace(1, 0.2, agents)
    right = (rng.random((tasks, agents)) < ease).astype(float)
    passed = np.where(rng.random(right.shape) < 0.9, right, 1 - right)
    given: dict[str, Any] = {
        "dollars": np.geomspace(0.1, 1, agents) * rng.uniform(0.5, 1.5, right.shape),
        "texts": tuple(f"{' '.join(row)} {place}" for place, row in enumerate(words)),
        "suites": tuple("xy"[place % 2] for place in range(tasks)),
        "verified": verdicts(["".join("p" if one else "f" for one in row) for row in passed]),
        "answers": tuple(
            tuple(f"{'yes' if one else 'no'} {rng.integers(9)}" for one in row) for row in passed
        ),
        "minutes": rng.uniform(0.1, 60, tasks),
    }
    return table(right, **(given | more))
