"""Single values: turns text and JSON scalars into the values that rules see.

Rule: a scalar is read exactly as its shape's type says, or the request is refused; nothing guesses that a text is a number. A
number beyond its type (32 or 64 bits, a float's range) is refused, because a reader that narrows it would see another. Timestamps
become RFC 3339 text in UTC, blobs become bytes, and the words NaN and Infinity stay text.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from trio_gate.aws.params.readers.cbor_body import Epoch
from trio_gate.aws.params.readers.pieces import from_base64
from trio_gate.errors import Malformed

if TYPE_CHECKING:
    from trio_gate.aws.call import Value
    from trio_gate.aws.model.shape import Member

_INTEGER = re.compile(r"-?[0-9]{1,20}")
_FLOAT = re.compile(r"[-+]?[0-9]{1,40}(?:\.[0-9]{1,40})?(?:[eE][-+]?[0-9]{1,3})?")
_DECIMAL = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,9})?(?:[eE]\+?[0-9]{1,2})?")
_ISO = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?(?:[Zz]|([+-])(0[0-9]|1[0-8]):?([0-5][0-9]))"
)
_HTTP = re.compile(
    r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), ([0-9]{2}) (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) ([0-9]{4})"
    r" ([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))? (?:GMT|UTC|\+0000)"
)
_DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_NOT_NUMBERS = ("NaN", "Infinity", "-Infinity")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EXACT = 2**53  # above it, a double cannot distinguish neighbouring integers
_INTEGERS = {"integer": 2**31, "long": 2**63}
_FLOATS = {"float": float.fromhex("0x1.fffffep+127"), "double": float.fromhex("0x1.fffffffffffffp+1023")}
_PADDED = (("==", "AQgw"), ("=", "AEIMQUYcgkosw048"))
"""The characters that may come before base64's padding: those whose unused bits are zero."""


def from_text(member: Member, text: str, *, timestamps: str) -> Value:
    """Read a scalar that was sent as text. `timestamps` is the format if the model gives none.

    Raises:
        Malformed: the text is not a value of the member's type.
    """
    kind = member.shape.type
    if kind == "string":
        return text
    if kind in _INTEGERS and _INTEGER.fullmatch(text):
        return _whole(member, int(text))
    if kind in _FLOATS and (text in _NOT_NUMBERS or _FLOAT.fullmatch(text)):
        return text if text in _NOT_NUMBERS else _real(member, float(text))
    if kind == "boolean" and text in ("true", "false"):
        return text == "true"
    if kind == "blob":
        return read_base64(member, text)
    if kind == "timestamp":
        return _timestamp(member, text, member.timestamp or member.shape.timestamp or timestamps)
    raise _wrong(member)


def from_tree(member: Member, value: Any, *, binary: bool) -> Value:
    """Read a scalar that was sent in JSON or, if `binary`, in CBOR.

    Raises:
        Malformed: it is of another type.
    """
    kind = member.shape.type
    if (kind == "string" and isinstance(value, str)) or (kind == "boolean" and isinstance(value, bool)):
        return value
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if kind in _INTEGERS and number and (isinstance(value, int) or (value.is_integer() and abs(value) < _EXACT)):
        return _whole(member, int(value))
    if kind in _FLOATS and isinstance(value, str) and value in _NOT_NUMBERS:
        return value
    if kind in _FLOATS and number:
        return _real(member, value) if math.isfinite(value) else _special(value)
    if kind == "blob" and isinstance(value, bytes if binary else str):
        return value if isinstance(value, bytes) else read_base64(member, value)
    if kind == "timestamp":
        return _tree_timestamp(member, value, number=number, binary=binary)
    raise _wrong(member)


def _tree_timestamp(member: Member, value: Any, *, number: bool, binary: bool) -> str:
    if binary and isinstance(value, Epoch):
        return _from_epoch(member, str(value.seconds))
    if not binary and number:
        return _from_epoch(member, str(value))
    if not binary and isinstance(value, str):
        return _timestamp(member, value, member.timestamp or member.shape.timestamp or "iso8601")
    raise _wrong(member)


def _special(value: float) -> Value:
    # CBOR sends them as floats; rules see the words that JSON must use.
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def _whole(member: Member, value: int) -> int:
    limit = _INTEGERS[member.shape.type]
    if not -limit <= value < limit:
        raise _wrong(member)
    return value


def _real(member: Member, value: float) -> float:
    if abs(value) > _FLOATS[member.shape.type]:
        raise _wrong(member)
    return value if abs(value) < _EXACT else float(value)


def read_base64(member: Member, text: str) -> bytes:
    """Decode base64 with its padding.

    Raises:
        Malformed: it is not base64, or its last bits, which some readers drop, are not zero.
    """
    ends = next((letters for padding, letters in _PADDED if text.endswith(padding)), None)
    if ends is not None and text.rstrip("=")[-1:] not in ends:
        raise Malformed(f"`{member.name}` is not base64: its unused bits are not zero")
    try:
        return from_base64(text)
    except ValueError:
        raise Malformed(f"`{member.name}` is not base64") from None


def _timestamp(member: Member, text: str, form: str) -> str:
    weekday = None
    if form == "unixtimestamp":
        return _from_epoch(member, text)
    if form == "iso8601" and (found := _ISO.fullmatch(text)):
        year, month, day, hour, minute, second, fraction, sign, hours, minutes = found.groups()
        offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0)) * (-1 if sign == "-" else 1)
    elif form == "rfc822" and (found := _HTTP.fullmatch(text)):
        weekday, day, name, year, hour, minute, second, fraction = found.groups()
        month, offset = _MONTHS.index(name) + 1, timedelta(0)
    else:
        raise _wrong(member)
    try:
        when = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second), tzinfo=UTC) - offset
    except (ValueError, OverflowError):
        raise _wrong(member) from None
    if weekday is not None and _DAYS[when.weekday()] != weekday:
        raise _wrong(member)
    return _rfc3339(when, fraction or "")


def _from_epoch(member: Member, text: str) -> str:
    if not _DECIMAL.fullmatch(text):
        raise _wrong(member)
    whole, _, fraction = f"{Decimal(text):f}".partition(".")
    seconds = int(whole)
    if whole.startswith("-") and fraction.strip("0"):
        seconds, fraction = seconds - 1, f"{10 ** len(fraction) - int(fraction):0{len(fraction)}}"
    try:
        return _rfc3339(_EPOCH + timedelta(seconds=seconds), fraction)
    except OverflowError:
        raise _wrong(member) from None


def _rfc3339(when: datetime, fraction: str) -> str:
    kept = fraction.rstrip("0")
    return f"{when.replace(tzinfo=None).isoformat()}{'.' + kept if kept else ''}Z"


def _wrong(member: Member) -> Malformed:
    return Malformed(f"`{member.name}` is not of type {member.shape.type}")
