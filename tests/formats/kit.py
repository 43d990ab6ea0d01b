"""What older gateways wrote, as tests read it: with other times, or with all that is another in each run left out."""

from __future__ import annotations

import re
import zlib
from datetime import UTC, datetime

from tests.formats.record import OLDER, WRITTEN

ROW = re.compile(r"INSERT INTO \"kept\" VALUES\('(\w+)','([^']+)','(.*)'\);")
"""A row of approvals in a dump: kind, id and value."""

_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:(\.\d+)?(?:Z|\+00:00))?")
_MADE = re.compile(r'"(?:asked_at|made_at|at)":"([^"]+)"')

_MASKS = [
    (_TIME, "TIME"),
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "ID"),
    (re.compile(r"\b[qgt][0-9a-f]{16}\b"), "ID"),
    (re.compile(r"\b(?:[0-9a-f]{64}|[0-9A-F]{64})\b"), "SHA-256"),
    (re.compile(r"TGVS(\d{12})S[A-Z2-7]{15}"), r"TGVS\1SESSION"),
    (re.compile(r'("access_key_suffix":\s*)"S[A-Z2-7]{15}"'), r'\1"SESSION"'),
    (re.compile(r"127\.0\.0\.1:\d{2,}"), "ADDRESS"),
    (re.compile(r'("aws_request_id":\s*)"[^"]*"'), r'\1"ID"'),
    (re.compile(r'("bytes_out":\s*)\d{3,4}(?=,)'), r"\1SIZE"),  # of a URL, whose token may have more characters to escape
    (re.compile(r'("version":\s*)"[^"]*"'), r'\1"VERSION"'),
    (
        re.compile(
            r'("(?:spends|runs_code|may_expose_secrets|reads_secret|vends_credentials)":\s*)(?:true|false|\{"\$unknown":\s*true\})'
        ),
        r"\1REVIEWED",
    ),
    (re.compile(r'("code":)"[A-Za-z0-9_-]{43}"'), r'\1"CODE"'),
    (re.compile(r'("seconds":)[\d.e-]+'), r"\1SECONDS"),
    (re.compile(r'("seq":|"next":|VALUES\()\d+'), r"\1ROW"),
]
_SECONDS = re.compile(r'"seconds":\s*\{[^}]*\}')
_DICTIONARY = re.compile(r"INSERT INTO \"dictionary\" VALUES\(X'([0-9A-F]+)'\);")
_PACKED = re.compile(r"(?m)(?<=,)X'([0-9A-F]+)'\);$")
"""The last value of a row of the record in a dump."""

_NUMBER = re.compile(r":\s*[\d.e-]+")


def written(name: str, *, older: bool = False) -> str:
    """A file that a gateway of then wrote; `older`: one of before that."""
    return ((OLDER if older else WRITTEN) / name).read_text()


def kept(text: str, kind: str) -> dict[str, str]:
    """The rows of a kind in a dump of approvals."""
    return {name: value for of, name, value in ROW.findall(text) if of == kind}


def masked(text: str) -> list[str]:
    """The lines of a text without times, ids, hashes, row numbers and what the review of operations decides.

    They are sorted: what is written side by side has no order.
    """
    text = _SECONDS.sub(lambda found: _NUMBER.sub(":SECONDS", found[0]), text)
    for pattern, word in _MASKS:
        text = pattern.sub(word, text)
    return sorted(text.splitlines())


def unpacked(text: str) -> str:
    """A dump of a record with the text of each row in place of what it is packed as."""
    dictionary = bytes.fromhex(_DICTIONARY.findall(text)[0])

    def plain(found: re.Match[str]) -> str:
        return f"'{zlib.decompressobj(zdict=dictionary).decompress(bytes.fromhex(found[1])).decode()}');"

    return _PACKED.sub(plain, text)


def as_if_now(text: str) -> str:
    """A dump of approvals, moved in time so that what was kept last was kept now."""
    made = max(map(datetime.fromisoformat, _MADE.findall(text)))
    moved = datetime.now(UTC) - made  # noqa: TID251 - a prompt lives a day by the gateway's clock

    def later(found: re.Match[str]) -> str:
        return (datetime.fromisoformat(found[0]) + moved).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    return _TIME.sub(later, text)
