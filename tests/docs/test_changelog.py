"""The changelog keeps its form, and knows the version that the package has."""

from __future__ import annotations

import datetime
import re

from tests.docs.pages import text
from tests.kit.paths import ROOT
from trio_gate import __version__

LINES = text(ROOT / "CHANGELOG.md").splitlines()
KINDS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_it_begins_with_what_is_unreleased_and_then_has_this_version():
    first, *released = [line for line in LINES if line.startswith("## ")]
    found = [re.fullmatch(r"## \[(\d+\.\d+\.\d+)\] - (\d{4}-\d\d-\d\d)", line) for line in released]
    assert first == "## [Unreleased]"
    assert all(found)
    assert found[0][1] == __version__
    dates = [datetime.date.fromisoformat(one[2]) for one in found]
    assert dates == sorted(dates, reverse=True)


def test_changes_are_bullets_under_their_kind():
    assert {line[4:] for line in LINES if line.startswith("### ")} <= KINDS
    for version in "\n".join(LINES).split("\n## ")[1:]:
        changes = version.partition("\n### ")[2].splitlines()[1:]
        assert [line for line in changes if line and not line.startswith(("#", "- ", "  "))] == []
