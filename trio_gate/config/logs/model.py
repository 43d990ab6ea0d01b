"""The log of a gateway, as values."""

from __future__ import annotations

from typing import Literal

from trio_gate.values import value_class


@value_class
class LogSettings:
    """The form of the log's lines, and whether each request has one."""

    form: Literal["text", "json"] = "text"
    requests: bool = False


DEFAULT_LOG = LogSettings()
"""That of a configuration which says nothing of it."""
