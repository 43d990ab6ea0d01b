"""What people may open of a call, and which predicates hold for it."""

import gzip
import hashlib
from functools import partial

import pytest

from tests.content.test_archive import packed
from tests.kit.approvals.questions import NOW, call, parts
from tests.kit.wire.streams import spooling
from trio_gate.approval.param_tree import shown
from trio_gate.aws.call import UNKNOWN
from trio_gate.content.code import Code
from trio_gate.facet.extract import facets_of
from trio_gate.shell.exchange import prompt_details
from trio_gate.shell.exchange.prompt_details import KEPT, PromptDetails, StoredBody
from trio_gate.shell.worker_threads import WorkerThreads
from trio_gate.wire.head import StreamKind


def held(made=None, *, spooled=None, data=b"", bound=None, framed=None) -> PromptDetails:
    made = made or call()
    facets = facets_of(made, account_name="prod", agent="ci", agent_address="127.0.0.1", time=NOW)
    tree = shown(made.params, code=Code(service=made.service, operation=made.operation))
    return PromptDetails(
        made,
        facets,
        bound or parts(),
        tree.values,
        what=tree.kinds,
        body=StoredBody(data=data, spool=spooled, framed=framed),
        run=partial(WorkerThreads().run, "opened"),
    )


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ("params", '"Bucket": "reports"'),
        ("request", "POST /reports?delete=\nhost: s3.us-east-1.amazonaws.com"),
        ("resources", "arn:aws:s3:::reports/a"),
        ("body", "the body"),
    ],
)
async def test_the_parts_of_every_call(part, words):
    opened = await held(data=b"the body").open(part, 0)
    assert words in opened.text
    assert opened.length == len(opened.text)
    assert await held().open("p1", 0) is None
    assert await held().open("other", 0) is None


async def test_colors_are_made_only_if_they_are_wanted():
    made = held(call({"commands": ["ls # all"]}, service="ssm", operation="SendCommand"))
    assert (await made.open("p1", 0)).colors == []
    assert (await made.open("p1", 0, colors=True)).colors == [[3, "", 5, "c"]]


async def test_the_files_of_an_archive_open_one_by_one():
    long = "".join(map(str, range(20_000)))
    code = packed({"index.py": "import os\n", "logo\u202e.png": b"\0", "long.txt": long})
    made = held(call({"ZipFile": code}, service="lambda", operation="UpdateFunctionCode"))
    listed = await made.open("p1", 0)
    assert listed.files == [
        {"part": "p1f0", "name": "index.py", "size": 10, "said": ""},
        {"part": None, "name": "logo\\u{202e}.png", "size": 1, "said": f"binary, sha256 {hashlib.sha256(bytes(1)).hexdigest()}"},
        {"part": "p1f2", "name": "long.txt", "size": len(long), "said": ""},
    ]
    assert (await made.open("p1", listed.next)).files == []
    first = await made.open("p1f0", 0)
    assert (first.text, first.next, first.size) == ("import os\n", None, 10)
    assert first.sha256 == hashlib.sha256(b"import os\n").hexdigest()
    begun = await made.open("p1f2", 0)
    assert begun.text + (await made.open("p1f2", begun.next)).text == long
    for none in ("p1f1", "p1f3", "p2f0", "bodyf0"):
        assert await made.open(none, 0) is None


async def test_an_archive_with_too_many_long_names_is_one_text(monkeypatch):
    monkeypatch.setattr(prompt_details, "MAX_NAMES", 3)
    made = held(call({"ZipFile": packed({"ab": "x", "cd": "y"})}, service="lambda", operation="UpdateFunctionCode"))
    assert (await made.open("p1", 0)).files == []


async def test_an_upload_opens_file_by_file_where_it_is_read_whole(folder, monkeypatch):
    with spooling(folder) as store:
        await store.write(packed({"a": "text"}))
        await store.rewind()
        assert (await held(spooled=store).open("bodyf0", 0)).text == "text"
        monkeypatch.setattr(prompt_details, "WHOLE", 10)
        assert await held(spooled=store).open("bodyf0", 0) is None


async def test_resources_that_are_not_known():
    assert (await held(call(resources=UNKNOWN)).open("resources", 0)).text == "not known"


async def test_a_long_value_comes_piece_by_piece():
    value = "".join(map(str, range(40_000)))
    made, said, offset = held(call({"Password": value})), "", 0
    while offset is not None:
        opened = await made.open("p1", offset)
        said, offset = said + opened.text, opened.next
    assert said == value
    assert opened.sha256 == hashlib.sha256(value.encode()).hexdigest()


@pytest.fixture
def folder(tmp_path):
    return str(tmp_path)


async def test_a_small_upload_is_made_readable(folder):
    with spooling(folder) as store:
        await store.write(gzip.compress(b"hello", mtime=0))
        await store.rewind()
        opened = await held(spooled=store).open("body", 0)
        assert (opened.text, opened.how) == ("hello", ("gzip",))
        assert await store.next_piece() == gzip.compress(b"hello", mtime=0)


async def test_a_large_upload_is_paged_through_in_full(folder, monkeypatch):
    monkeypatch.setattr(prompt_details, "WHOLE", 10)
    data = bytes(range(256)) * 130 + b"end"
    with spooling(folder) as store:
        await store.write(data)
        await store.rewind()
        made, said, offset = held(spooled=store), [], 0
        while offset is not None:
            opened = await made.open("body", offset)
            said, offset = [*said, opened.text], opened.next
            assert (opened.size, opened.sha256, opened.how) == (len(data), parts().payload_sha256, ("hex",))
        assert bytes.fromhex("\n".join(said).replace(" ", "").replace("\n", "")) == data
        assert len(said) == 2
    assert (await made.open("body", 0)).text == ""


@pytest.mark.parametrize(("length", "kept"), [(KEPT, True), (KEPT + 1, False)])
async def test_what_is_large_is_not_held_for_a_call_that_nobody_waits_for(length, kept):
    made = held(bound=parts(payload_length=length))
    made.leave()
    assert (await made.open("params", 0) is not None) is kept
    assert made.covers("aws.service == 's3'") is kept


@pytest.mark.parametrize(
    ("predicate", "holds"),
    [
        ("aws.service == 's3' && agent.name == 'ci'", True),
        ("aws.params.Bucket == 'reports'", True),
        ("aws.params.Bucket == 'other'", False),
        ("aws.params.NoSuch == 'x'", False),
        ("aws.account_name == 'prod' && request.time > timestamp('2026-01-01T00:00:00Z')", True),
        ("no such language", False),
    ],
)
def test_a_predicate_holds_only_where_it_is_true(predicate, holds):
    assert held().covers(predicate) is holds


class Leaving(PromptDetails):
    """Details whose attempt ends just after its facets were looked at first."""

    @property
    def _facets(self):
        facets, self.__dict__["_facets"] = self.__dict__["_facets"], None
        return facets


def test_a_call_may_leave_while_another_thread_looks_at_it():
    made = held()
    made.__class__ = Leaving
    assert made.covers("aws.service == 's3'")
    assert not made.covers("aws.service == 's3'")


CHUNKED = b"5;chunk-signature=" + b"a" * 64 + b"\r\nhello\r\n0;chunk-signature=" + b"b" * 64 + b"\r\n\r\n"


@pytest.mark.parametrize(
    ("body", "framed", "bound", "text"),
    [
        (b"5\r\nhello\r\n0\r\nx-amz-checksum-crc32: AAAAAA==\r\n\r\n", StreamKind.UNSIGNED_TRAILER, b"hello", "hello"),
        (CHUNKED, StreamKind.SIGNED, b"hello", "hello"),
        (b"5\r\nhello\r\n0\r\n\r\n", StreamKind.UNSIGNED_TRAILER, b"other", "5\\u{d}\nhello\\u{d}\n0\\u{d}\n\\u{d}\n"),
        (b"5\r\nhello", StreamKind.UNSIGNED_TRAILER, b"hello", "5\\u{d}\nhello"),
        (b"5\r\nhello\r\n0\r\n\r\nx", StreamKind.UNSIGNED_TRAILER, b"hello", None),
        (b"hello", None, b"hello", "hello"),
    ],
)
async def test_what_an_upload_stores_is_shown_with_the_hash_that_is_bound(tmp_path, body, framed, bound, text):
    sha256 = hashlib.sha256(bound).hexdigest()
    with spooling(str(tmp_path)) as store:
        await store.write(body)
        opened = await held(spooled=store, framed=framed, bound=parts(payload_sha256=sha256)).open("body", 0)
    assert text is None or opened.text == text
    assert (opened.sha256 == sha256) == (opened.text == bound.decode())


async def test_a_large_upload_says_that_it_is_shown_as_it_is_sent(tmp_path, monkeypatch):
    monkeypatch.setattr(prompt_details, "WHOLE", 4)
    with spooling(str(tmp_path)) as store:
        await store.write(CHUNKED)
        assert (await held(spooled=store, framed=StreamKind.SIGNED).open("body", 0)).how == ("framed", "hex")
