"""How figures are made: with matplotlib, off any screen, each as PNG and as SVG for the page.

Nothing here uses pyplot, so there is no state that figures share. Names are drawn as they are:
matplotlib would take a dollar sign for the beginning of a formula.
"""

from __future__ import annotations

import base64
import io
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INK, FAINT, GRID, PAPER, ACCENT = "#1b1c1f", "#6a6d75", "#dcdee3", "#fefefe", "#c8501c"
"""Colours of the light page; the SVG names them by variable, so that a dark page has its own."""
_DARK = {INK: "#e8e9ec", FAINT: "#9b9fa9", GRID: "#363941", PAPER: "#17181b", ACCENT: "#ff8a52"}
_NAMES = {INK: "ink", FAINT: "faint", GRID: "grid", PAPER: "paper", ACCENT: "accent"}
_PALETTE = (
    "#0072b2",
    "#e69f00",
    "#009e73",
    "#cc79a7",
    "#56b4e9",
    "#882255",
    "#999933",
    "#6a5acd",
    "#44aa99",
    "#8c6d46",
)
"""For agents: of Okabe and Ito and of Paul Tol, who chose them for all kinds of colour vision."""
REST, UNSEEN = "#8a8d95", "#c9cbd1"
"""For the agents beyond the palette, and where nobody answered."""
_STYLE: Any = {
    "font.family": "sans-serif",
    "font.size": 9.5,
    "text.parse_math": False,
    "text.color": INK,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.facecolor": "none",
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
    "figure.facecolor": PAPER,
    "svg.fonttype": "none",
    "svg.hashsalt": "sale",
}


def colours(agents: Sequence[str], first: Sequence[str] = ()) -> dict[str, str]:
    """The colour of each agent, the same in every figure, in the order of the roster.

    Where there are more agents than colours, those named `first` get one before the others.
    """
    ranked = agents if len(agents) <= len(_PALETTE) else list(dict.fromkeys([*first, *agents]))
    lucky = set(ranked[: len(_PALETTE)])
    palette = iter(_PALETTE)
    return {agent: next(palette) if agent in lucky else REST for agent in agents}


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure, ready to be written and to be shown."""

    name: str
    """Of its file, without the ending."""
    title: str
    alt: str
    """What it shows, for who can't see it."""
    png: bytes
    svg: str

    @property
    def uri(self) -> str:
        """The SVG as an address that needs no network; as an image it can run nothing."""
        return "data:image/svg+xml;base64," + base64.b64encode(self.svg.encode()).decode()


@contextmanager
def sheet(width: float = 7.4, height: float = 4.2) -> Iterator[Figure]:
    """An empty figure of so many inches, in the style of the report."""
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    layout = ConstrainedLayoutEngine(w_pad=0.09, h_pad=0.07)
    with mpl.rc_context(_STYLE), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a letter that the font of the PNG lacks
        figure = Figure(figsize=(width, height), layout=layout)
        FigureCanvasAgg(figure)
        yield figure


def picture(figure: Figure, name: str, title: str, alt: str) -> Picture:
    """Draw a figure, inside its `sheet`, so that the same figure gives the same bytes."""
    png, svg = io.BytesIO(), io.StringIO()
    figure.savefig(png, format="png", dpi=160, metadata={"Software": None})
    figure.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
    return Picture(name, title, alt, png.getvalue(), _themed(svg.getvalue()))


def _themed(svg: str) -> str:
    """The SVG with colours by name, light and dark."""
    for colour, name in _NAMES.items():
        svg = svg.replace(colour, f"var(--{name})")
    start = svg.index("<svg")
    body = svg[start:].replace("'DejaVu Sans'", "system-ui, 'DejaVu Sans'")
    end = body.index(">") + 1
    light = "".join(f"--{name}:{colour};" for colour, name in _NAMES.items())
    dark = "".join(f"--{_NAMES[colour]}:{other};" for colour, other in _DARK.items())
    style = (
        f"<style>:root{{{light}}}"
        f"@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}</style>"
    )
    return body[:end] + style + body[end:]
