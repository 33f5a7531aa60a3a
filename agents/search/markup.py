"""What a human reader would see of a web page, as plain text with its blocks kept."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

_NOISE = frozenset(
    {"script", "style", "noscript", "template", "nav", "footer", "form", "iframe", "object"}
    | {"svg", "canvas", "head"}
)
_BLOCKS = (
    *("p", "div", "section", "article", "main", "header", "aside", "blockquote", "figure", "hr"),
    *("ul", "ol", "dl", "table", "pre", "address", "details"),
)
_FRAMES = {
    **{f"h{level}": ("\n\n" + "#" * level + " ", "\n\n") for level in range(1, 7)},
    **dict.fromkeys(_BLOCKS, ("\n\n", "\n\n")),
    **dict.fromkeys(("dt", "dd", "tr", "caption", "figcaption", "summary"), ("\n", "\n")),
    **dict.fromkeys(("td", "th"), ("", " | ")),
    "li": ("\n- ", "\n"),
    "br": ("\n", ""),
}
"""What stands before and after the text of an element."""


def read_html(data: bytes) -> tuple[str, str]:
    """Return the title and the visible text; the encoding is taken from the page itself.

    lxml does the parsing: html.parser needs quadratic time for some broken pages.
    """
    from bs4 import BeautifulSoup

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        soup = BeautifulSoup(data, "lxml")
    lines = (" ".join(line.split()) for line in "".join(_visible(soup)).split("\n"))
    text = "\n".join(line.removesuffix(" |") for line in lines)
    return _title(soup), re.sub(r"\n{3,}", "\n\n", text).strip()


def _title(soup: BeautifulSoup) -> str:
    for name in ("title", "h1"):
        element = soup.find(name)
        if element is not None and (text := element.get_text(" ", strip=True)):
            return text
    return ""


def _visible(soup: BeautifulSoup) -> Iterator[str]:
    """Walk the tree once; not by recursion, as a hostile page may be nested without end."""
    from bs4.element import NavigableString, Tag

    waiting: list[tuple[object, bool]] = [(soup, False)]
    while waiting:
        node, as_is = waiting.pop()
        if type(node) is NavigableString:
            yield node if as_is else re.sub(r"\s+", " ", node)
        elif type(node) is str:
            yield node
        elif isinstance(node, Tag) and not _is_unseen(node):
            before, after = _FRAMES.get(node.name, ("", ""))
            as_is = as_is or node.name == "pre"
            yield before
            waiting.append((after, as_is))
            waiting.extend((child, as_is) for child in reversed(node.contents))


def _is_unseen(element: Tag) -> bool:
    style = str(element.get("style", "")).replace(" ", "").lower()
    return element.name in _NOISE or element.has_attr("hidden") or "display:none" in style
