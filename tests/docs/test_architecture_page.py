"""The page about the architecture shows what the code is: drawn parts are current, and the files that it names are there."""

from __future__ import annotations

import re

import pytest

from scripts.data.draw_architecture import drawn
from tests.kit.paths import ROOT

PAGES = [ROOT / "docs" / "architecture.md", ROOT / "CONTRIBUTING.md"]
_FILE = re.compile(r"`((?:[a-z_]+/)*[a-z_]+\.(?:py|json|txt|md))`")


def test_its_drawn_parts_are_current():
    page = PAGES[0].read_text("utf-8")
    assert drawn(page) == page, "run python -m scripts.data.draw_architecture docs/architecture.md"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_files_that_it_names_are_there(page):
    here = {path.name for path in (ROOT / "trio_gate").rglob("*") if path.is_file()}
    named = set(_FILE.findall(page.read_text("utf-8")))
    assert {
        name for name in named if not ((ROOT / name).exists() or (ROOT / "trio_gate" / name).exists() or name in here)
    } == set()
