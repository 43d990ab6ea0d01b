"""The log of a gateway, as values."""

from __future__ import annotations

from typing import Literal

from trio_gate.values import value_class


@value_class
class LogSettings:
    """The form of the log's lines, whether each request has one, and the URL of the collector that gets traces, None for none."""

    form: Literal["text", "json"] = "text"
    requests: bool = False
    traces: str | None = None


DEFAULT_LOG = LogSettings()
"""That of a configuration which says nothing of it."""
