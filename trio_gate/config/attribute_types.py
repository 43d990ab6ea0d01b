"""What an attribute's value may be: each kind turns a `Value` into what `model` holds, or raises a `Flaw` with what it expects.

Rule: a message quotes only what is written in the file, never what `env` or `file` returned, and no part of a secret.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Generic, TypeVar

from trio_gate.config.expressions import Reference
from trio_gate.config.host_pattern import well_formed
from trio_gate.config.model import Address
from trio_gate.config.source import Flaw
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trio_gate.config.expressions import Value

T = TypeVar("T")
H = TypeVar("H", bound=Hashable)
S = TypeVar("S", bound=str)


@value_class
class Kind(Generic[T]):
    """A kind of values. Call it with a `Value` to get what `model` holds of it; raises Flaw.

    Attributes:
        form: how values are written, in a few words.
        read: what the kind is called for.
        shown: a value as the file would have it.
    """

    form: str
    read: Callable[[Value], T]
    shown: Callable[[T], str] = json.dumps

    def __call__(self, value: Value) -> T:
        """What `model` holds of a value. Raises Flaw."""
        return self.read(value)


DAY = 86_400.0
"""Seconds in a day."""

_DURATION = re.compile(r"([0-9]{1,9})(s|m|h)")
_SECONDS = {"s": 1, "m": 60, "h": 3600}
_SIZE = re.compile(r"([0-9]{1,15})(B|KiB|MiB|GiB)")
_BYTES = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
_SHA256 = re.compile(r"[0-9a-f]{64}")
_ACCOUNT = re.compile(r"[0-9]{12}")
_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_ADDRESS = re.compile(r"(?:\[([0-9A-Fa-f:.]{2,45})\]|([^:\[\]]{1,253})):([0-9]{1,5})")


def wrong(value: Value, wanted: str, hint: str | None = None) -> Flaw:
    """The flaw for a value of the wrong type. `wanted` says in words what was expected."""
    return Flaw(value.at, f"expected {wanted}, found {_name(value)}", hint)


def _name(value: Value) -> str:
    data = value.data
    if isinstance(data, Reference):
        return f"the name `{data.path}`"
    names = {bool: "true or false", int: "a number", float: "a number", str: "a string", tuple: "a list", dict: "a map"}
    return names[type(data)]


def _text(value: Value) -> str:
    if not isinstance(value.data, str):
        quoted = f'write "{value.data.path}"' if isinstance(value.data, Reference) else None
        raise wrong(value, "a string", quoted)
    if not value.data:
        raise Flaw(value.at, "the string is empty", "leave the attribute out instead")
    if not value.data.isprintable():
        raise Flaw(value.at, "the string holds a line break or another character that is not printable")
    return value.data


text = Kind(form="a string", read=_text)
"""A non-empty string of one line, all of it printable."""


file = Kind(form="a file's path", read=_text)
"""The path of a file or folder, as it is written."""


def short(limit: int) -> Kind[str]:
    """A string of one line with at most `limit` characters."""

    def read(value: Value) -> str:
        data = text(value)
        if len(data) > limit:
            raise Flaw(value.at, f"the string has {len(data)} characters, more than {limit}")
        return data

    return Kind(form=f"a string of at most {limit} characters", read=read)


def _flag(value: Value) -> bool:
    if not isinstance(value.data, bool):
        raise wrong(value, "true or false")
    return value.data


flag = Kind(form="`true` or `false`", read=_flag)
"""A boolean."""


def whole(low: int, high: int) -> Kind[int]:
    """A whole number from `low` to `high`, both included."""

    def read(value: Value) -> int:
        if not isinstance(value.data, int) or isinstance(value.data, bool):
            raise wrong(value, "a whole number")
        if not low <= value.data <= high:
            raise Flaw(value.at, f"expected a number from {low} to {high}")
        return value.data

    return Kind(form=f"a number from {low:,} to {high:,}", read=read)


def one_of(*choices: S) -> Kind[S]:
    """A string that is one of `choices`."""

    def read(value: Value) -> S:
        data = text(value)
        for choice in choices:
            if data == choice:
                return choice
        raise Flaw(value.at, "expected one of " + ", ".join(f'"{choice}"' for choice in choices))

    return Kind(form=" or ".join(f'`"{choice}"`' for choice in choices), read=read)


def matching(form: re.Pattern[str], wanted: str, hint: str | None = None) -> Kind[str]:
    """A string that `form` matches as a whole. Messages describe the form with `wanted`."""

    def read(value: Value) -> str:
        data = text(value)
        if not form.fullmatch(data):
            raise Flaw(value.at, f"expected {wanted}", hint)
        return data

    return Kind(form=wanted, read=read)


def sha256(of: str, hint: str | None = None) -> Kind[str]:
    """The SHA-256 of something, in the form of `sha256sum`."""
    return matching(_SHA256, f"the SHA-256 of {of}: 64 hexadecimal digits in lower case", hint)


def duration(low: float = 1, high: float = DAY) -> Kind[float]:
    """A duration in seconds from `low` to `high`, written "30s", "10m" or "12h"."""

    def read(value: Value) -> float:
        match = _DURATION.fullmatch(text(value)) if isinstance(value.data, str) else None
        if match is None:
            raise Flaw(value.at, "expected a duration", 'such as "30s", "10m" or "12h"')
        seconds = float(int(match[1]) * _SECONDS[match[2]])
        if not low <= seconds <= high:
            raise Flaw(value.at, f"expected a duration from {shown_seconds(low)} to {shown_seconds(high)}")
        return seconds

    return Kind(
        form=f"a duration from `{_quoted(low)}` to `{_quoted(high)}`",
        read=read,
        shown=_quoted,
    )


def _quoted(seconds: float) -> str:
    return f'"{shown_seconds(seconds)}"'


def shown_seconds(seconds: float) -> str:
    """A duration as it may be written in the file."""
    for unit in ("h", "m"):
        if seconds and seconds % _SECONDS[unit] == 0:
            return f"{seconds / _SECONDS[unit]:g}{unit}"
    return f"{seconds:g}s"


def size(low: int, high: int) -> Kind[int]:
    """A size in bytes from `low` to `high`, written "64KiB", "8MiB", "1GiB" or as a plain number."""

    def read(value: Value) -> int:
        if isinstance(value.data, int) and not isinstance(value.data, bool):
            data = value.data
        else:
            match = _SIZE.fullmatch(text(value)) if isinstance(value.data, str) else None
            if match is None:
                raise Flaw(value.at, "expected a size", 'such as "64KiB", "8MiB" or "1GiB", or a plain number of bytes')
            data = int(match[1]) * _BYTES[match[2]]
        if not low <= data <= high:
            raise Flaw(value.at, f"expected a size from {low} to {high} bytes")
        return data

    return Kind(form=f"a size from `{_shown_size(low)}` to `{_shown_size(high)}`", read=read, shown=_shown_size)


def _shown_size(size: int) -> str:
    """A size as it may be written in the file."""
    unit = next(unit for unit in reversed(_BYTES) if size % _BYTES[unit] == 0)
    return f'"{size // _BYTES[unit]}{unit}"'


def listing(item: Kind[H], *, or_one: bool = False) -> Kind[tuple[H, ...]]:
    """A non-empty list of distinct values; with `or_one`, a single value counts as a list of one."""

    def read(value: Value) -> tuple[H, ...]:
        if not isinstance(value.data, tuple):
            if or_one:
                return (item(value),)
            raise wrong(value, "a list", "write [ ] around it")
        if not value.data:
            raise Flaw(value.at, "the list is empty", "leave the attribute out instead")
        found: dict[H, None] = {}
        flaws: list[Flaw] = []
        for part in value.data:
            try:
                data = item(part)
            except Flaw as flaw:
                flaws.append(flaw)
                continue
            if data in found:
                flaws.append(Flaw(part.at, "this is in the list twice"))
            found[data] = None
        if flaws:
            raise Flaw(flaws[0].at, flaws[0].message, flaws[0].hint, also=flaws[1:])
        return tuple(found)

    return Kind(form=f"{item.form}, or a list of such" if or_one else f"a list, each {item.form}", read=read)


def _arguments(value: Value) -> tuple[str, ...]:
    if not isinstance(value.data, tuple):
        raise wrong(value, "a list: a program and its arguments", "write [ ] around it")
    words = tuple(map(text, value.data))
    if not (words and words[0].startswith("/")):
        raise Flaw(value.at, "expected a program's absolute path and its arguments", 'such as ["/usr/local/bin/page", "oncall"]')
    return words


arguments = Kind(form="a list: a program's absolute path and its arguments", read=_arguments)
"""A program and its arguments: a list of strings, the first of them an absolute path."""


def _account(value: Value) -> str:
    if isinstance(value.data, int) and not isinstance(value.data, bool):
        raise Flaw(value.at, "an account id is a string", "write it in quotes: as a number it would lose leading zeros")
    data = text(value)
    if not _ACCOUNT.fullmatch(data):
        raise Flaw(value.at, "expected an account id of 12 digits")
    return data


account = Kind(form="an account id", read=_account)
"""An account id: 12 ASCII digits, as a string."""


def _labelled_account(value: Value) -> tuple[str, str | None]:
    if not isinstance(value.data, str):
        return account(value), None
    number, equals, label = text(value).partition("=")
    if not _ACCOUNT.fullmatch(number):
        raise Flaw(value.at, "expected an account id of 12 digits, with or without a label", 'such as "111111111111=prod"')
    if equals and (label != label.strip() or not 1 <= len(label) <= 64):
        raise Flaw(value.at, "expected a label of at most 64 characters after `=`, without spaces around it")
    return number, label or None


labelled_account = Kind(form='an account id, as `"111111111111"` or with a label `"111111111111=prod"`', read=_labelled_account)
"""An account id and its label, None without one."""


COLORS = ("red", "orange", "yellow", "green", "blue", "purple")
"""The colors that an account may have on the approvals page, which has each of them in its light and its dark scheme."""


def _colors(value: Value) -> dict[str, str]:
    if not isinstance(value.data, dict):
        raise wrong(value, "a map of labels and colors", 'such as { prod = "red" }')
    return {name: one_of(*COLORS)(part) for name, part in value.data.items()}


colors = Kind(form=f"a map of labels or ids and colors: {', '.join(COLORS)}", read=_colors)
"""A map from an account's label or id to one of COLORS."""


def _host(value: Value) -> str:
    data = text(value).lower()
    if not (is_literal(data) or (_HOST.fullmatch(data) and len(data) <= 253)):
        raise Flaw(value.at, "expected a host name, without scheme or port")
    return data


host = Kind(form="a host name or an address", read=_host)
"""A host name or IP literal, in lower case."""


def _host_pattern(value: Value) -> str:
    data = text(value).lower()
    if not well_formed(data):
        hint = "a label is letters, digits and hyphens, or `*` for one or more labels: *.amazonaws.com"
        raise Flaw(value.at, "expected a host pattern", hint)
    return data


host_pattern = Kind(form='a host pattern, as `"*.amazonaws.com"`', read=_host_pattern)
"""A host pattern (see `host_pattern`), in lower case."""


def address(low: int) -> Kind[Address]:
    """A host and a port from `low` up: "127.0.0.1:8080", "[::1]:8080", "localhost:8080"."""

    def read(value: Value) -> Address:
        match = _ADDRESS.fullmatch(text(value))
        name = (match[1] or match[2]).lower() if match else ""
        if match is None or not (is_literal(name) if match[1] else _dialable(name)):
            hint = 'such as "127.0.0.1:8080" or "[::1]:8080"; "0.0.0.0:8080" for all interfaces'
            raise Flaw(value.at, "expected a host and a port", hint)
        if not low <= int(match[3]) <= 65_535:
            raise Flaw(value.at, f"expected a port from {low} to 65535")
        return Address(host=name, port=int(match[3]))

    return Kind(form='a host and a port, as `"127.0.0.1:8080"`', read=read, shown=str)


def _dialable(name: str) -> bool:
    """Whether this is a host name or an IPv4 literal. What ends in a number must be an address (RFC 3986 §3.2.2)."""
    if re.fullmatch(r"[0-9]+", name.rpartition(".")[2]):
        return is_literal(name)
    return _HOST.fullmatch(name) is not None


def is_literal(name: str) -> bool:
    """Whether a name is an IP address, without brackets."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def is_loopback(name: str) -> bool:
    """Whether only this machine can reach a listener on this host: 127.0.0.0/8, ::1, localhost; not ::ffff:127.0.0.1."""
    if not is_literal(name):
        return name == "localhost"
    ip = ipaddress.ip_address(name)
    return ip.is_loopback and (ip.version == 4 or ip.ipv4_mapped is None)  # Python versions differ about mapped addresses


def reference(declared: Mapping[str, str], kind: str, nearest: Callable[[str, list[str]], str | None]) -> Kind[str]:
    """The id of a declared block of this kind. `declared` maps ids to kinds; `nearest` suggests an id for an unknown one."""

    def read(value: Value) -> str:
        if not isinstance(value.data, Reference):
            quoted = isinstance(value.data, str)
            raise wrong(value, f"a reference to {_a(kind)}", "write it without quotes" if quoted else None)
        path = value.data.path
        if path not in declared:
            raise Flaw(
                value.at, f"there is no `{path}`", nearest(path, [name for name, is_a in declared.items() if is_a == kind])
            )
        if declared[path] != kind:
            raise Flaw(value.at, f"`{path}` is {_a(declared[path])}, not {_a(kind)}")
        return path

    return Kind(form=f"a reference to {_a(kind)}", read=read)


def _a(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"
