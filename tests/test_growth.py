"""What an agent sends costs as much as it is long, however it is made: no reader walks it again for each of its parts."""

from __future__ import annotations

import json
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from tests.content.test_archive import packed
from tests.kit.approvals.questions import call
from tests.kit.aws.naming import catalog, claim, named, place, target
from tests.kit.growth import TIMES, grows
from trio_gate.aws.iam.implied import implied, implied_of
from trio_gate.aws.params.rest import _split
from trio_gate.aws.refusal import guess_protocol
from trio_gate.aws.resources.templates import _fits
from trio_gate.content.colors import MAX_LINE, colored
from trio_gate.content.readable import readable
from trio_gate.effect.dangers import dangers
from trio_gate.effect.effect import effect_of
from trio_gate.errors import GateError
from trio_gate.signing.presigned import with_fields
from trio_gate.signing.sigv2 import spoken
from trio_gate.wire.fields import HeadBuffer
from trio_gate.wire.head import RequestHead, Target

if TYPE_CHECKING:
    from collections.abc import Callable

    Row = tuple[Callable[[int], Any], Callable[[Any], object], int]

ROLE = "arn:aws:iam::111111111111:role/of-a-job"


def _octet_by_octet(data: bytes) -> None:
    buffer = HeadBuffer(len(data) + 1)
    for octet in data:
        buffer.data.append(octet)
        buffer.take()


def _listed(text: str) -> list[str]:
    place("s3")
    shape = catalog().service("s3").operations["GetObjectAttributes"].input
    assert shape is not None
    return _split(shape.members["ObjectAttributes"], text)


def _asked(query: tuple[tuple[str, str], ...]) -> RequestHead:
    return RequestHead(method="PUT", target=Target(segments=("b", "k"), query=query), headers=(("host", "h"),))


def _wide(name: str, value: str) -> Callable[[int], dict[str, Any]]:
    """One long name over many values, a table and its item."""
    return lambda size: {"TableName": "t", "Item": {name * size: {"SS": [value] * size}}}


def _put(item: dict[str, Any]) -> object:
    return named("POST /", target("DynamoDB_20120810.PutItem"), json.dumps(item).encode(), at=place("dynamodb"))


def _implied(params: dict[str, Any]) -> object:
    return implied(implied_of("apprunner", "CreateService", None, reads=False), params)


def _effect(call: Any) -> object:
    return effect_of(call, dict(call.params))


def _nested(size: int) -> dict[str, Any]:
    """Members in members, and many on each level."""
    inner: dict[str, Any] = {}
    for _ in range(10):
        inner = {f"Name{number}": "x" for number in range(size // 10)} | {"Inner": inner}
    return inner


def _deep(size: int) -> dict[str, Any]:
    """Members in members, each with a list beside it."""
    inner: dict[str, Any] = {}
    for _ in range(size):
        inner = {"Inner": [inner], "Beside": ["x"] * 100}
    return inner


def _quoted(text: str) -> str:
    for _ in range(6):
        text = json.dumps([text])
    return text


def _lines(unit: str, size: int) -> str:
    """Lines of one unit again and again, as long as they are colored."""
    line = unit * (MAX_LINE // len(unit))
    return "\n".join([line] * (size // 20))


def _here_documents(size: int) -> str:
    """One on each line, none of which ends."""
    return "\n".join(f"<<{chr(0x4E00 + number)}" for number in range(size))


def _colored(name: str, text: str) -> object:
    return colored(text.split("\n"), name, "script")


ROWS: dict[str, Row] = {
    "a head, octet by octet": (lambda size: b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * (size // 6), _octet_by_octet, 1000),
    "a list in a header": (lambda size: "a," * size, _listed, 1000),
    "quoted items in a header": (lambda size: '"a\\"" ,' * size, _listed, 1000),
    "one quoted item": (lambda size: '"' + "\\a" * size + '"', _listed, 1000),
    "fields in a presigned query": (
        lambda size: _asked(tuple((f"x-amz-meta-{number}", "") for number in range(size))),
        lambda asked: with_fields(asked, claim("s3")),
        300,
    ),
    "a query signed with version 2": (
        lambda size: _asked(tuple((f"x-amz-meta-{number}", "") for number in range(size))),
        spoken,
        300,
    ),
    "the shape of a refusal": (
        lambda size: RequestHead(method="GET", target=Target(segments=("",)), headers=(("authorization", "a" * size),)),
        guess_protocol,
        4000,
    ),
    "a name that ends as a role's over many values": (_wide("r", "a"), _implied, 1000),
    "a role's word far in a name over many roles": (_wide("a", ROLE[4:]), _implied, 1000),
    "a text that begins many roles": (lambda size: {"a": "arn:aws:iam::" * size}, _implied, 1000),
    "JSON that says role in every member": (lambda size: {"a": '{"roles":"\\u0061' * size + '"}' * size}, _implied, 1000),
    "a text in a text in a text": (lambda size: {"a": _quoted("role" * size)}, _implied, 1000),
    "a long name over many values": (_wide("bucket", "bucket"), _put, 500),
    "a name among the ARNs of a template": (
        lambda size: "arn:aws:s3:::" + "a/a/" * size,
        lambda arn: _fits("arn:${Partition}:s3:::${Bucket}/a/${Key}/a/${Version}/b", arn),
        1000,
    ),
    "a long name in a sentence": (
        lambda size: call({"Bucket": "b", "Delete": {"Objects": [{"Key": "\u202e" * size}]}}),
        _effect,
        1000,
    ),
    "many names in a sentence": (
        lambda size: call({"Delete": {"Objects": [{"Key": f"k-{n}"} for n in range(size)]}}),
        _effect,
        300,
    ),
    "members that may make a call worse, deep down": (
        lambda size: call(_deep(size), operation="Do", destroys=True, runs_code=True, unguards=True),
        lambda made: list(dangers(made, virtual=False)),
        30,
    ),
    "many resources in a sentence": (
        lambda size: call({}, operation="Do", resources=tuple(f"arn:aws:s3:::b/{number}" for number in range(size))),
        _effect,
        300,
    ),
    "members in members of a call without a template": (lambda size: call(_nested(size), operation="Do"), _effect, 100),
    "verbs in a statement": (
        lambda size: call({"sql": "update " * size}, service="rds-data", operation="ExecuteStatement"),
        _effect,
        300,
    ),
    "white space that could be base64": (lambda size: "\t" * size + "!", readable, 250),
    "letters that could be base64": (lambda size: "a" * size + "!", readable, 1000),
    **{
        f"{name} in lines of {unit!r}": (partial(_lines, unit), partial(_colored, name), 300)
        for name in ("json", "yaml", "shell", "sql", "python", "javascript")
        for unit in (
            "`",
            "@",
            "&",
            "!",
            "%",
            '"',
            "'",
            "$(",
            "${",
            "<<E ",
            "[",
            "- ",
            "/*",
            "a: '",
            "| ",
            "rm ",
            "{",
            '"""',
            "\\",
        )
    },
    "here-documents": (_here_documents, partial(_colored, "shell"), 500),
    "long words of here-documents": (
        lambda size: "\n".join([f"<<{''.join(map(chr, range(0x4E00, 0x4E00 + MAX_LINE - 2)))}"] * size),
        partial(_colored, "shell"),
        5,
    ),
    "JSON that is deep and wide": (lambda size: "[" * size + "1," * size * 10 + "1" + "]" * size, readable, 30),
    "a script in one line": (lambda size: "@" * size, partial(_colored, "yaml"), 3000),
    "members of a template in YAML": (lambda size: "a:\n  b: c\n" * size, partial(_colored, "yaml"), 300),
    "an archive of many files": (lambda size: packed({f"{n}": "x\n" * 20 for n in range(size)}), readable, 50),
    "base64 in lines": (lambda size: "YWFh\n" * size, readable, 1000),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_work_grows_as_the_input_does(row: Row) -> None:
    make, use, size = row

    def tried(given: Any) -> None:
        with suppress(GateError):
            use(given)

    assert not grows(tried, make(size), make(size * TIMES))


def test_work_that_does_not_is_found() -> None:
    assert grows(lambda items: [item in items for item in items], [object() for _ in range(300)], [object() for _ in range(2400)])
