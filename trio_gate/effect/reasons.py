"""Levels, and the reasons for them."""

from __future__ import annotations

from typing import Literal, get_args

from trio_gate.values import value_class

Level = Literal["danger", "caution", "fact"]
LEVELS: tuple[Level, ...] = get_args(Level)
"""The most serious first."""

Code = Literal[
    "accounts",
    "admin",
    "code",
    "passes_role",
    "public",
    "sets_credentials",
    "statement",
    "unguards",
    "vends",
    "cross_account",
    "interrupts",
    "irreversible",
    "networks",
    "newer",
    "permissions",
    "presigned",
    "secret",
    "spends",
    "starts",
    "task",
    "virtual",
    "cross_account_unknown",
    "exposes",
    "unknown",
    "unnamed",
    "recount",
    "sent",
    "unnotified",
]
"""What a reason is about. Prompts have them on the channel, so none is ever renamed."""


@value_class
class Reason:
    """One thing that a person should know before saying yes. `text` is safe to show."""

    level: Level
    code: Code
    text: str
