"""Every form of upload, through the gateway, into an S3 that verifies: whole ones are stored, others are refused and leave nothing."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import shutil
import subprocess
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from scripts.embedded.aws import ACCOUNTS, client
from scripts.embedded.s3 import BUCKET, KEY, CannotStartError, start
from tests.kit.approvals.approver import Person
from tests.kit.gateway import SECRET, running
from tests.kit.wire.raw import Raw
from tests.kit.wire.uploads import CHECKSUMS, FORMS, HASHED, SIGNED, SIGNED_TRAILER, UNSIGNED, UNSIGNED_TRAILER, Upload

pytestmark = pytest.mark.long("an S3 that verifies, Swift")

MIB = 1024 * 1024
LONG = 700_000
"""More than what is read before AWS is called."""

PATH = f"/{BUCKET}/k"


@pytest.fixture(scope="module")
def swift(tmp_path_factory):
    try:
        with start(tmp_path_factory.mktemp("swift")) as s3:
            yield s3
    except CannotStartError as fault:
        pytest.skip(f"no test of what a verifying S3 takes from the gateway: {fault}")


@pytest.fixture(scope="module")
def gate(swift, tmp_path_factory):
    with running(tmp_path_factory.mktemp("gate"), swift) as gateway:
        yield gateway
    assert gateway.process.returncode == 0
    assert "Traceback" not in gateway.log


@pytest.fixture
def direct(swift):
    """Swift without the gateway, and nothing at the path."""
    s3 = client("s3", swift, KEY)
    s3.delete_object(Bucket=BUCKET, Key="k")
    return s3


def stored(direct) -> bytes | None:
    try:
        return direct.get_object(Bucket=BUCKET, Key="k")["Body"].read()
    except direct.exceptions.NoSuchKey:
        return None


def upload(gateway, form: str, data: bytes, **more) -> Upload:
    return Upload(host=gateway.doors["endpoint"], path=PATH, data=data, form=form, **more)


def send(made: Upload, step: int | None = None):
    """The answer to it; with a step, it is sent in pieces of that size."""
    head, body = made.made
    with Raw(made.host) as raw:
        raw.send(*pieces(head, step))
        if made.expect and body:
            assert raw.head()[0] == 100
        with suppress(ConnectionError):  # it was refused before all of it was there
            raw.send(*pieces(body, step))
        return raw.answer()


def pieces(data: bytes, step: int | None) -> list[bytes]:
    return [data[at : at + step] for at in range(0, len(data), step)] if step else [data]


@pytest.mark.parametrize("expect", [False, True], ids=["", "expect"])
@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
@pytest.mark.parametrize("size", [0, 1000, LONG])
@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_stored(gate, direct, form, size, chunked, expect):
    data = os.urandom(size)
    answer = send(upload(gate, form, data, chunked=chunked, expect=expect))
    assert (answer.status, answer.body) == (200, b"")
    assert stored(direct) == data


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
@pytest.mark.parametrize("form", FORMS)
def test_every_form_byte_by_byte(gate, direct, form, chunked):
    data = os.urandom(500)
    assert send(upload(gate, form, data, chunked=chunked), 1).status == 200
    assert stored(direct) == data


@pytest.mark.parametrize("form", [HASHED, UNSIGNED])
def test_a_length_that_a_chunked_body_declares_goes_on_as_its_length(gate, direct, form):
    data = os.urandom(LONG)
    made = upload(gate, form, data, chunked=True)
    lengths = (("X-Amz-Decoded-Content-Length", str(LONG)), declared("crc32", data))
    assert send(made(fields=lengths)).status == 200  # which Swift takes with a length only
    assert stored(direct) == data
    assert send(made(fields=lengths, sent=data + b"0")).status == 400


@pytest.mark.parametrize("size", [100, 8 * 1024, 64 * 1024, 128 * 1024, MIB])
@pytest.mark.parametrize("form", [SIGNED, SIGNED_TRAILER])
def test_signed_chunks_of_any_size_are_framed_again(gate, direct, form, size):
    data = os.urandom(LONG)
    assert send(upload(gate, form, data, chunk=size)).status == 200
    assert stored(direct) == data


@pytest.mark.parametrize("algorithm", CHECKSUMS)
@pytest.mark.parametrize("form", [UNSIGNED_TRAILER, SIGNED_TRAILER])
def test_checksums_in_trailers_arrive(gate, direct, form, algorithm):
    data = os.urandom(20_000)
    assert send(upload(gate, form, data, algorithm=algorithm)).status == 200
    assert stored(direct) == data


@pytest.mark.parametrize("algorithm", [*CHECKSUMS, "md5"])
@pytest.mark.parametrize("form", [HASHED, UNSIGNED, SIGNED])
def test_checksums_in_heads_arrive(gate, direct, form, algorithm):
    data = os.urandom(20_000)
    assert send(upload(gate, form, data, fields=(declared(algorithm, data),))).status == 200
    assert stored(direct) == data


def declared(algorithm: str, data: bytes) -> tuple[str, str]:
    if algorithm == "md5":
        return "Content-MD5", base64.b64encode(hashlib.md5(data).digest()).decode()
    return f"x-amz-checksum-{algorithm}", base64.b64encode(CHECKSUMS[algorithm](data)).decode()


@pytest.mark.parametrize("form", [UNSIGNED_TRAILER, SIGNED, SIGNED_TRAILER])
def test_the_content_keeps_its_own_coding(gate, direct, form):
    assert send(upload(gate, form, b"zipped", fields=(("Content-Encoding", "gzip,aws-chunked"),))).status == 200
    assert direct.get_object(Bucket=BUCKET, Key="k")["ContentEncoding"] == "gzip"


def flipped(data: bytes, at: int = -1) -> bytes:
    changed = bytearray(data)
    changed[at] ^= 1
    return bytes(changed)


WRONG = base64.b64encode(bytes(4)).decode()
TAMPERED = {
    "another last byte": (FORMS[:1] + FORMS[2:], lambda made: {"sent": flipped(made.data)}),
    "another first byte": (FORMS[:1] + FORMS[2:], lambda made: {"sent": flipped(made.data, 0)}),
    "another byte than its crc32 says": ((UNSIGNED,), lambda made: {**summed(made, "crc32"), "sent": flipped(made.data)}),
    "another byte than its crc64nvme says": ((UNSIGNED,), lambda made: {**summed(made, "crc64nvme"), "sent": flipped(made.data)}),
    "another byte than its md5 says": ((UNSIGNED,), lambda made: {**summed(made, "md5"), "sent": flipped(made.data)}),
    "a wrong checksum in the head": (FORMS[:2] + FORMS[3:4], lambda _: {"fields": (("x-amz-checksum-crc32", WRONG),)}),
    "a forged first chunk": ((SIGNED, SIGNED_TRAILER), lambda _: {"forged": (0,)}),
    "a forged second chunk": ((SIGNED, SIGNED_TRAILER), lambda _: {"forged": (1,)}),
    "a forged last chunk": ((SIGNED, SIGNED_TRAILER), lambda _: {"forged": (-1,)}),
    "forged trailers": ((SIGNED_TRAILER,), lambda _: {"forged": ("trailer",)}),
    "a wrong trailer": ((UNSIGNED_TRAILER, SIGNED_TRAILER), lambda _: {"checksum": WRONG}),
    "a decoded length too small": (FORMS[2:], lambda made: decoded(made, -1)),
    "a decoded length too large": (FORMS[2:], lambda made: decoded(made, 1)),
    "no last chunk": (FORMS[2:], lambda _: {"body": lambda raw: raw[: raw.rindex(b"\r\n0") + 2]}),
    "no end": (FORMS[2:], lambda _: {"body": lambda raw: raw[:-2]}),
    "more after the end": (FORMS[2:], lambda _: {"body": lambda raw: raw + b"0\r\n\r\n"}),
    "another chunk after the end": (FORMS[2:], lambda _: {"body": lambda raw: raw + raw}),
    "a chunk left out": ((SIGNED, SIGNED_TRAILER), lambda _: {"body": without_first}),
    "more than was hashed": ((HASHED,), lambda made: {"sent": made.data + b"0"}),
    "less than was hashed": ((HASHED,), lambda made: {"sent": made.data[:-1]}),
    "bare framing": ((SIGNED, SIGNED_TRAILER), lambda _: {"body": lambda _: b"3e8\r\n" + bytes(1000) + b"\r\n0\r\n\r\n"}),
}


def summed(made: Upload, algorithm: str) -> dict:
    return {"fields": (declared(algorithm, made.data),)}


def decoded(made: Upload, more: int) -> dict:
    return {"fields": (("X-Amz-Decoded-Content-Length", str(len(made.data) + more)),)}


def without_first(raw: bytes) -> bytes:
    size, _, _ = raw.partition(b";")
    return raw[len(size) + len(";chunk-signature=") + 64 + 2 + int(size, 16) + 2 :]


def lies():
    """Each lie in each form that can tell it. Swift trips over a checksum in the head of a body without any length."""
    for name, (forms, _) in TAMPERED.items():
        for form in forms:
            yield name, form, False
            if form not in (HASHED, UNSIGNED) or ("says" not in name and "checksum" not in name):
                yield name, form, True


@pytest.mark.parametrize(("size", "chunk"), [(1000, 400), (LONG, 64 * 1024)], ids=["before it is sent", "on its way"])
@pytest.mark.parametrize(("name", "form", "chunked"), list(lies()))
def test_every_lie_is_refused_and_leaves_nothing(gate, direct, name, form, chunked, size, chunk):
    made = upload(gate, form, os.urandom(size), chunk=chunk, chunked=chunked)
    answer = send(made(**TAMPERED[name][1](made)))
    assert answer.status in (400, 403)
    assert b"<Error><Code>" in answer.body
    assert stored(direct) is None


def test_a_forged_chunk_too_long_to_wait_for_leaves_nothing(gate, direct):
    answer = send(upload(gate, SIGNED, os.urandom(2 * MIB), chunk=2 * MIB, forged=(0,)))
    assert (answer.status, b"chunk" in answer.body) == (403, True)
    assert stored(direct) is None


@pytest.mark.parametrize("form", [SIGNED, UNSIGNED_TRAILER])
def test_a_huge_chunk_costs_no_memory(gate, direct, form):
    send(upload(gate, form, bytes(4 * MIB), chunk=4 * MIB))
    before = peak(gate)
    size = 128 * MIB
    assert send(upload(gate, form, bytes(size), chunk=size)).status == 200
    assert peak(gate) - before < 16 * MIB
    assert direct.head_object(Bucket=BUCKET, Key="k")["ContentLength"] == size


def peak(gateway) -> int:
    """The most memory that the process has had."""
    status = Path(f"/proc/{gateway.process.pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024


def test_signatures_of_agents_without_a_secret_are_not_read(swift, direct, tmp_path):
    with running(tmp_path, swift, agent="") as gateway:
        for form in (SIGNED, SIGNED_TRAILER):
            data = os.urandom(1000)
            made = upload(gateway, form, data, forged=(0, -1, "trailer"))
            assert send(made).status == 200
            assert stored(direct) == data
            direct.delete_object(Bucket=BUCKET, Key="k")
            assert send(made(sent=flipped(data))).status == (200 if form == SIGNED else 400)
            assert (stored(direct) is None) == (form == SIGNED_TRAILER)


@pytest.mark.parametrize("form", FORMS)
def test_an_upload_that_a_person_approves_is_stored(gate, direct, form):
    data = os.urandom(300_000)
    answers = []
    made = upload(gate, form, data, account="prod", fields=(declared("md5", data),))
    asking = threading.Thread(target=lambda: answers.append(send(made)))
    asking.start()
    prompt = Person(gate).answer()
    asking.join()
    assert (prompt["payload_length"], prompt["payload_sha256"]) == (300_000, hashlib.sha256(data).hexdigest())
    assert [answer.status for answer in answers] == [200]
    assert stored(direct) == data


@pytest.mark.parametrize("form", FORMS)
def test_what_a_call_says_is_read_in_every_form(gate, direct, form):
    direct.put_object(Bucket=BUCKET, Key="k", Body=b"x")
    asked = b"<Delete><Object><Key>k</Key></Object></Delete>"
    made = upload(gate, form, asked, fields=() if form.endswith("TRAILER") else (declared("sha256", asked),))
    answer = send(made(method="POST", path=f"/{BUCKET}?delete="))
    assert (answer.status, b"<Deleted><Key>k</Key></Deleted>" in answer.body) == (200, True)
    assert stored(direct) is None


@pytest.mark.parametrize("form", FORMS[2:])
def test_what_a_call_does_not_say_is_refused_in_every_form(gate, direct, form):
    direct.put_object(Bucket=BUCKET, Key="k", Body=b"x")
    made = upload(gate, form, b"<Delete><Object><Key>k</Key></Object></Delete>", method="POST", chunk=10)
    lie = made(path=f"/{BUCKET}?delete=", sent=made.data.replace(b">k<", b">l<"))
    assert send(lie).status in (400, 403)
    assert stored(direct) == b"x"


@pytest.mark.parametrize("checksums", ["when_supported", "when_required"])
@pytest.mark.parametrize("by", ["proxy", "endpoint"])
def test_boto3_as_it_comes(gate, direct, by, checksums):
    data = os.urandom(LONG)
    gate.client("s3", by=by, request_checksum_calculation=checksums).put_object(Bucket=BUCKET, Key="k", Body=data)
    assert stored(direct) == data
    assert gate.client("s3", by=by).get_object(Bucket=BUCKET, Key="k")["Body"].read() == data


@pytest.mark.skipif(shutil.which("restic") is None, reason="restic, which signs its chunks over plain http, is not installed")
def test_restic_keeps_and_restores_a_tree(gate, direct, tmp_path):
    tree, back = tmp_path / "tree", tmp_path / "back"
    tree.mkdir()
    for number, size in enumerate([0, 1, 100_000, 3 * MIB]):
        (tree / f"a b {number}+ü").write_bytes(os.urandom(size))
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "RESTIC_PASSWORD": "p",
        "AWS_ACCESS_KEY_ID": f"AKIA{ACCOUNTS['staging']}CI01",
    }
    env |= {"AWS_SECRET_ACCESS_KEY": SECRET, "RESTIC_REPOSITORY": f"s3:http://{gate.doors['endpoint']}/{BUCKET}/restic"}
    for words in (["init"], ["backup", str(tree)], ["check", "--read-data"], ["restore", "latest", "--target", str(back)]):
        done = subprocess.run(["restic", *words], env=env, capture_output=True, text=True, check=False, timeout=100)
        assert done.returncode == 0, done.stderr
    found = {path.name: path.read_bytes() for path in back.rglob("a b*")}
    assert found == {path.name: path.read_bytes() for path in tree.iterdir()}
    keys = [item["Key"] for item in direct.list_objects_v2(Bucket=BUCKET)["Contents"]]
    direct.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": key} for key in keys]})
