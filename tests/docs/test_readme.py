"""The README is short, and leads everywhere."""

from __future__ import annotations

import pytest

from tests.docs.pages import PAGES, links, name, text
from tests.kit.paths import ROOT
from trio_gate.cli.main import VERBS

README = ROOT / "README.md"


def test_it_is_read_in_a_few_minutes():
    assert len(text(README).splitlines()) <= 125


@pytest.mark.parametrize("verb", VERBS)
def test_it_names_every_verb(verb):
    assert f"trio-gate {verb}" in text(README)


def test_every_page_is_reached_from_it():
    reached, todo = set(), [README]
    while todo:
        page = todo.pop()
        if page not in reached:
            reached.add(page)
            targets = [(page.parent / link.partition("#")[0]).resolve() for link in links(page) if "://" not in link]
            todo += [target for target in targets if target in PAGES]
    assert [name(page) for page in PAGES if page not in reached] == []
