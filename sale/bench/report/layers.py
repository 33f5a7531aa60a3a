"""Shares of agents, one upon the other: the same order and colours wherever they are stacked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sale.bench.report.drawing import REST, UNSEEN
from sale.bench.report.words import plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

OTHERS, NOBODY = "(others)", "(nobody)"
_NAME = 24
_WIDTH = 92
"""Letters that fit beside each other in a legend above a figure; a name needs six more."""
_LEAST = 1e-6


@dataclass(frozen=True, slots=True)
class Layer:
    """The part of one agent in every bar, in per cent."""

    name: str
    colour: str
    starts: tuple[float, ...]
    values: tuple[float, ...]

    @property
    def ends(self) -> tuple[float, ...]:
        """Where the next layer begins."""
        return tuple(start + value for start, value in zip(self.starts, self.values, strict=True))


def layers(shares: Sequence[Mapping[str, float]], colours: Mapping[str, str]) -> list[Layer]:
    """Stack the shares of each bar: agents that have a colour, all others, nobody."""
    seen = [agent for agent in colours if any(share.get(agent, 0.0) > 0 for share in shares)]
    own = [agent for agent in seen if colours[agent] != REST]
    parts = [(agent, colours[agent], [share.get(agent, 0.0) for share in shares]) for agent in own]
    others = [sum(part for agent, part in share.items() if agent not in own) for share in shares]
    idle = [max(1.0 - sum(share.values()), 0.0) for share in shares]
    parts += [(OTHERS, REST, others), (NOBODY, UNSEEN, idle)]
    found: list[Layer] = []
    starts = (0.0,) * len(shares)
    for name, colour, values in parts:
        if max(values, default=0.0) > _LEAST:
            found.append(Layer(name, colour, starts, tuple(100 * value for value in values)))
            starts = found[-1].ends
    return found


def legend(where: Figure | Axes, entries: Sequence[tuple[str, str]]) -> None:
    """(name, colour), above a figure or beside a plot; a name may be any text."""
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    patches = [Patch(facecolor=colour) for _, colour in entries]
    blanks = [str(place) for place in range(len(entries))]  # a leading _ would hide a name
    place: dict[str, Any]
    if isinstance(where, Figure):
        place = {"loc": "outside upper center", "ncols": _columns(entries)}
    else:
        place = {"loc": "upper left", "bbox_to_anchor": (1.0, 1.0), "fontsize": 8.5}
    shown = where.legend(patches, blanks, handlelength=1, handleheight=1, **place)
    for text, (name, _) in zip(shown.get_texts(), entries, strict=True):
        text.set_text(plain(name, limit=_NAME))


def legend_height(parts: Sequence[Layer]) -> float:
    """Inches that a legend above a figure takes."""
    return 0.22 * -(-len(parts) // _columns([(one.name, one.colour) for one in parts])) + 0.1


def _columns(entries: Sequence[tuple[str, str]]) -> int:
    longest = max((min(len(name), _NAME) for name, _ in entries), default=0)
    return max(1, min(len(entries), _WIDTH // (longest + 6)))
