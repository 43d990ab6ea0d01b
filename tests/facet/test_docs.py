"""The vocabulary of rules as documentation shows it."""

from __future__ import annotations

from trio_gate.facet.docs import table
from trio_gate.facet.schema import FACETS


def test_the_readme_s_table_has_a_row_for_each_facet():
    head, rule, *rows = table().splitlines()
    assert (head, rule) == ("| facet | type | meaning |", "|---|---|---|")
    assert [row.split(" | ")[0] for row in rows] == [f"| `{name}`" for name in FACETS]
    assert "| `aws.account` | string | the 12 digits of the target account |" in rows
    assert table().endswith(" |\n")
