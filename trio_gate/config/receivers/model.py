"""Where people are told of calls that wait, as values.

Rule: a URL may be a secret, as the address of a Slack webhook is: it is in no repr, and messages have only its host.
"""

from __future__ import annotations

import re
from dataclasses import field
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote, unquote

from trio_gate.values import value_class

if TYPE_CHECKING:
    from typing import Self

_HOST = r"[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){0,31}"
_TARGET = r"/(?:[a-z0-9._~:/?@!$&'()*+,;=-]|%[0-9a-f]{2}){0,2000}"
_URL = re.compile(rf"(?ai)https://({_HOST})(?::443)?({_TARGET})?")  # RFC 3986, without user, fragment and IPv6
_PARTS = re.compile(r"/[^?&=]*(?:\?[^?&=/]+=[^?&=/]*(?:&[^?&=/]+=[^?&=/]*)*)?")
"""A path, and a query of parameters that all have a name and `=`."""


@value_class
class Url:
    """An https URL with port 443, which is the only one that is dialled: its host in lower case, and the request's target."""

    host: str
    target: str = field(repr=False)

    @classmethod
    def read(cls, text: str) -> Self | None:
        """The URL that a text is; None if it is none, or has a user, another port or a fragment."""
        match = _URL.fullmatch(text)
        return None if match is None else cls(host=match[1].lower(), target=match[2] or "/")

    @property
    def canonical(self) -> bool:
        """Whether the target is spelled as requests are sent: in its parts, all but letters, digits and -._~ percent-encoded."""
        parts = re.split("[/?&=]", self.target)
        spelled = all(quote(unquote(part), safe="") == part for part in parts)
        return spelled and "%00" not in self.target and _PARTS.fullmatch(self.target) is not None


@value_class
class Program:
    """A program and its arguments."""

    command: tuple[str, ...]


@value_class
class Webhook:
    """A URL that takes messages in JSON, each signed with `secret`."""

    url: Url
    secret: bytes = field(repr=False)


@value_class
class Slack:
    """An incoming webhook of Slack; who knows its URL may write to its channel."""

    url: Url


@value_class
class Receiver:
    """Someone or something that is told of calls which wait for an approver.

    Attributes:
        name: the label of its block; empty for a program in an attribute.
        to: what takes the messages.
        level: it is told of calls that are at least so serious; None for all.
        when_absent: it is told of a call only if none of the approver's people is connected.
    """

    name: str
    to: Program | Webhook | Slack
    level: Literal["caution", "danger"] | None = None
    when_absent: bool = False
