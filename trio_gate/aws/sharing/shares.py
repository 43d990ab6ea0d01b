"""Whom a call gives access to, from every way that AWS has to share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from trio_gate.aws.call import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trio_gate.aws.call import Unknown, Value
    from trio_gate.aws.policies.documents import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """Accounts, organizations, principals and address blocks ("*" is everybody), and whether somebody unknown gets access."""

    shares_with: tuple[str, ...] | Unknown
    makes_public: bool | Unknown


def shared_by(service: str, operation: str, params: Mapping[str, Value], documents: tuple[Document, ...] | None) -> Shares:
    """What a call shares, and with whom."""
    del service, operation, params, documents
    return Shares(shares_with=UNKNOWN, makes_public=UNKNOWN)
