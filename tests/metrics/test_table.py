"""The table of metrics, and that of the docs."""

from __future__ import annotations

import re

from tests.docs.pages import text
from tests.kit.paths import ROOT
from trio_gate.metrics.table import FIRST, LAST, METRICS, PREFIX, table


def test_names_are_those_of_prometheus():
    names = [one.full for one in METRICS]
    assert len(set(names)) == len(names)
    assert [name for name in names if not re.fullmatch(rf"{PREFIX}[a-z_]+", name)] == []
    assert [one.full for one in METRICS if one.full.endswith("_total") != (one.kind == "counter")] == []


def test_the_table_of_the_docs_is_made_of_it():
    assert text(ROOT / "docs" / "operation.md").partition(f"{FIRST}\n")[2].partition(LAST)[0] == table()
