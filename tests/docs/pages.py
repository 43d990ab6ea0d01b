"""The pages of the documentation as tests read them: fenced examples, headings with their anchors, links, code in prose."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.kit.paths import ROOT

if TYPE_CHECKING:
    from pathlib import Path

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
USERS = [page for page in PAGES if page.parent.name == "docs" and "On this page" in page.read_text("utf-8")]

_FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INDENTED = re.compile(r"^    .*$", re.MULTILINE)
_HEADING = re.compile(r"^(#+) (.*)$", re.MULTILINE)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_SPAN = re.compile(r"`([^`]+)`")
_COMMENT = re.compile(r"<!--.*?-->")


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A fenced block. `kind` is all that stands behind its first fence."""

    page: Path
    line: int
    kind: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}"


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def text(page: Path) -> str:
    return page.read_text("utf-8")


def examples(*kinds: str) -> list[Example]:
    """All examples of these kinds, of all pages."""
    found = [
        Example(page=page, line=text(page)[: fence.start()].count("\n") + 1, kind=fence[1], text=fence[2])
        for page in PAGES
        for fence in _FENCE.finditer(text(page))
        if fence[1] in kinds
    ]
    assert found, f"no page has an example of {kinds}: its test would be skipped"
    return found


def prose(page: Path) -> str:
    """A page without its examples."""
    return _COMMENT.sub("", _INDENTED.sub("", _FENCE.sub("", text(page))))


def spans(page: Path) -> list[str]:
    """Code in the prose."""
    return _SPAN.findall(prose(page))


def links(page: Path) -> list[str]:
    return _LINK.findall(prose(page))


def anchors(page: Path, *, level: str = "") -> list[str]:
    """What headings are called in links, by GitHub's rule; of one level, as "##", or of all."""
    found = _HEADING.findall(_FENCE.sub("", text(page)))
    return [re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for marks, title in found if level in ("", marks)]


def kinds(page: Path) -> set[str]:
    """What stands behind the fences of a page."""
    return {found[1] for found in _FENCE.finditer(text(page))}


def section(page: Path, heading: str) -> str:
    """What stands below a heading of the second level."""
    below = text(page).partition(f"\n## {heading}\n")[2]
    return below.partition("\n## ")[0]


def rows(table: str) -> list[list[str]]:
    """The cells of a table's rows, its head left out."""
    lines = [line.strip("|").split("|") for line in table.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in cells] for cells in lines[2:]]
