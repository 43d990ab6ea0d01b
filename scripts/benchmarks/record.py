"""How many bytes each request adds on disk."""

from __future__ import annotations

import sqlite3
import time
from typing import TYPE_CHECKING

from scripts.benchmarks.load import Agents
from scripts.benchmarks.table import row, title

if TYPE_CHECKING:
    from pathlib import Path

    from scripts.benchmarks.proxies import Place
    from scripts.benchmarks.run import Effort

AGENTS = 16


def record(place: Place, effort: Effort) -> dict[str, float]:
    """Bytes that a read and a write add to the audit record and to the decision log."""
    title("bytes on disk for a request", "record", "log")
    figures = {}
    with place.all() as (gateway, *_):
        for kind in ("read", "write"):
            with Agents(gateway, kind, AGENTS) as agents:
                before = _sizes(gateway.folder)
                for _ in range(effort.times // AGENTS):
                    agents.again()
                after = _sizes(gateway.folder)
            added = [(now - then) / (effort.times // AGENTS * AGENTS) for then, now in zip(before, after, strict=True)]
            row(f"small {kind}", *added)
            figures[f"{kind} bytes"] = added[0]
    return figures


def _sizes(folder: Path) -> tuple[int, int]:
    """Bytes of the audit record, as its pages, and of the decision log, once the last answer's rows are there."""
    time.sleep(0.5)
    db = sqlite3.connect(f"file:{folder}/state/audit.db?mode=ro", uri=True)
    pages, size = (db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
    db.close()
    return pages * size, (folder / "decisions.jsonl").stat().st_size
