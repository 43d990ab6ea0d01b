"""What the blocks of listeners say: what they are for, which names they answer to, and whose certificate they have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trio_gate.config.attribute_types import is_loopback
from trio_gate.config.gateway_block import EVERY_ADDRESS
from trio_gate.config.model import Admin, Listener, bracketed

if TYPE_CHECKING:
    from trio_gate.config.model import Config

Block = Listener | Admin

LOCAL = ("localhost", "127.0.0.1", "::1")


def page_address(block: Admin | None) -> str:
    """The URL of the approvals page, empty without an `admin` block."""
    if block is None:
        return ""
    return f"https://{block.names[0] if block.names else bracketed(block.bind.host)}:{block.bind.port}/"


def names_of(block: Block) -> tuple[str, ...]:
    """The names that a listener answers to: its configured ones, its address, and on loopback the local ones."""
    host = block.bind.host
    every = host in EVERY_ADDRESS
    local = LOCAL if every or is_loopback(host) else ()
    return tuple(dict.fromkeys([*block.names, *([] if every else [host]), *local]))


def own_names(config: Config) -> tuple[str, ...]:
    """The names of the listeners without a certificate of the operator's, and the local names."""
    return tuple(dict.fromkeys([*LOCAL, *(name for block in signed(config) for name in names_of(block))]))


def signed(config: Config) -> list[Block]:
    """The listeners that have their certificate from the gateway's own CA."""
    return [
        block
        for block in blocks(config)
        if not block.certificate and (isinstance(block, Admin) or (block.tls and block.kind != "tls"))
    ]


def kind_of(block: Block) -> str:
    """What a block's listeners are for: one of `KINDS`."""
    return "admin" if isinstance(block, Admin) else block.kind


def blocks(config: Config) -> list[Block]:
    """The blocks of all listeners."""
    return [*config.gateway.listeners, *(one for one in (config.gateway.admin, config.gateway.metrics) if one)]
