"""What a human reader would see of a web page, as plain text with its blocks kept."""

from __future__ import annotations

import re
import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bs4 import BeautifulSoup

_NOISE = (
    "script,style,noscript,template,nav,footer,form,iframe,object,svg,canvas,head,"
    "[hidden],[aria-hidden=true],[style*='display:none'],[style*='display: none']"
)
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_BLOCKS = (
    *_HEADINGS,
    *("p", "div", "section", "article", "main", "header", "aside", "blockquote", "figure"),
    *("ul", "ol", "dl", "table", "pre", "address", "details", "hr"),
)
_LINES = ("li", "dt", "dd", "tr", "caption", "figcaption", "summary")


def read_html(data: bytes) -> tuple[str, str]:
    """Return the title and the visible text; the encoding is taken from the page itself.

    lxml does the parsing: html.parser needs quadratic time for some broken pages.
    """
    from bs4 import BeautifulSoup

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        soup = BeautifulSoup(data, "lxml")
    title = _title(soup)
    for element in soup.select(_NOISE):
        element.extract()
    _mark_blocks(soup)
    lines = (" ".join(line.split()) for line in soup.get_text().split("\n"))
    return title, re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _title(soup: BeautifulSoup) -> str:
    for name in ("title", "h1"):
        element = soup.find(name)
        if element is not None and (text := element.get_text(" ", strip=True)):
            return text
    return ""


def _mark_blocks(soup: BeautifulSoup) -> None:
    """Write line breaks where a browser would show them, and only there."""
    for string in soup.find_all(string=_is_prose):
        string.replace_with(re.sub(r"\s+", " ", string))
    for element in soup.find_all("br"):
        element.replace_with("\n")
    for cell in soup.find_all(["td", "th"]):
        if cell.find_next_sibling(["td", "th"]) is not None:
            cell.append(" | ")
    for element in soup.find_all([*_BLOCKS, *_LINES]):
        gap = "\n" if element.name in _LINES else "\n\n"
        element.insert_before(gap)
        element.insert_after(gap)
        if element.name in _HEADINGS:
            element.insert(0, "#" * int(element.name[1]) + " ")
        elif element.name == "li":
            element.insert(0, "- ")


def _is_prose(string: str | None) -> bool:
    """Tell text from comments and declarations; that in `pre` keeps its line breaks."""
    from bs4.element import NavigableString

    return type(string) is NavigableString and string.find_parent("pre") is None
