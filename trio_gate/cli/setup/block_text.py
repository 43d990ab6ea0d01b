"""Blocks of the configuration as text, for people to put into it, and the secrets that they name.

Rule: nothing here is written anywhere, and a secret stands in no block: an agent's is named by a variable or a file, a person's is hashed.
"""

from __future__ import annotations

import hashlib
import itertools
import re
from typing import TYPE_CHECKING

from trio_gate.cli.wiring.reading import suffix_for

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

SECRET_BYTES = 30
"""Of an agent's secret: 40 characters, as AWS's own have."""

LONGEST_SUFFIX = 16
"""Characters of what ends an agent's key ids."""

TOKEN_BYTES = 32
"""Of a person's token: 256 bits cannot be guessed, so the configuration may hold their plain SHA-256."""


def token_of(random: str) -> str:
    """A person's token, of random text."""
    return f"tg_{random}"


def hashed(token: str) -> str:
    """A token as the configuration has it."""
    return hashlib.sha256(token.encode("ascii")).hexdigest()


def free_suffix(name: str, taken: Collection[str]) -> str:
    """A suffix of key ids that reminds of an agent's name and that no other agent has."""
    stem = suffix_for(name)[:-2]
    numbered = (f"{stem[: LONGEST_SUFFIX - len(f'{number:02}')]}{number:02}" for number in itertools.count(1))
    return next(one for one in numbered if one not in taken)


def free_variable(name: str, taken: Collection[str]) -> str:
    """A variable of the environment for an agent's secret that the configuration does not read yet."""
    first = "TRIO_GATE_AGENT_" + re.sub(r"[^A-Z0-9]", "_", name.upper())
    return next(one for one in (first, *(f"{first}_{number}" for number in range(2, 1000))) if one not in taken)


def agent_block(name: str, suffix: str, secret: str, accounts: Sequence[str]) -> str:
    """A block of an agent; `secret` is an expression, such as `env("NAME")`."""
    lines = [f'key_suffix = "{suffix}"', f"secret     = {secret}"]
    if accounts:
        lines.append("accounts   = [" + ", ".join(f'"{one}"' for one in accounts) + "]")
    return _block(f'agent "{name}"', lines)


def person_block(name: str, token_sha256: str, rights: Sequence[str] = ()) -> str:
    """A block of a person."""
    names = ("token_sha256", *rights)
    width = max(map(len, names))
    values = (f'"{token_sha256}"', *("true" for _ in rights))
    return _block(f'person "{name}"', [f"{one:<{width}} = {value}" for one, value in zip(names, values, strict=True)])


def _block(head: str, lines: Sequence[str]) -> str:
    return head + " {\n" + "".join(f"  {line}\n" for line in lines) + "}\n"
