"""The vocabulary of rules as docs/facets.md shows it."""

from __future__ import annotations

from trio_gate.facet.schema import FACETS


def table() -> str:
    """A Markdown table of every facet, ending in a line break."""
    rows = [f"| `{facet.name}` | {facet.kind} | {facet.meaning} |" for facet in FACETS.values()]
    return "\n".join(["| facet | type | meaning |", "|---|---|---|", *rows]) + "\n"
