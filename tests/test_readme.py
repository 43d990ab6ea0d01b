"""What the README says about the program is what the program says."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from trio_gate.cli.main import VERBS
from trio_gate.facet.docs import table

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")


def test_its_facets_are_those_of_the_schema():
    shown = README.partition("<!-- facets: made by trio_gate.facet.docs -->\n")[2].partition("<!-- /facets -->")[0]
    assert shown == table()


def test_it_gives_a_reason_for_every_dependency():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    listed = set(re.findall(r"^\| ([a-z0-9-]+) \|", README, re.MULTILINE))
    assert {re.match(r"[a-z0-9-]+", line)[0] for line in project["dependencies"]} <= listed


@pytest.mark.parametrize("verb", VERBS)
def test_it_names_every_verb(verb):
    assert f"trio-gate {verb}" in README


def test_the_scripts_it_names_exist():
    assert all((ROOT / name).exists() for name in re.findall(r"scripts/[a-z]+(?:\.py)?", README))
