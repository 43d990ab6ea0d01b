"""Checksums against their published check values, and against the polynomial division that defines them."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_gate.errors import Malformed
from trio_gate.wire.checksums import Sums, declared_in, encoded_size, known
from trio_gate.wire.head import RequestHead, Target

# https://reveng.sourceforge.io/crc-catalogue: width, reflected polynomial, check value of "123456789".
CRCS = {
    "crc32": (32, 0xEDB88320, 0xCBF43926),
    "crc32c": (32, 0x82F63B78, 0xE3069283),
    "crc64nvme": (64, 0x9A6C9329AC4BC9B5, 0xAE8B14860A799888),
}


def divided(algorithm: str, data: bytes) -> int:
    width, polynomial, _ = CRCS[algorithm]
    ones = (1 << width) - 1
    value = ones
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (polynomial if value & 1 else 0)
    return value ^ ones


def holds(algorithm: str, pieces: list[bytes], value: int) -> None:
    name = f"x-amz-checksum-{algorithm}"
    sums = Sums([name])
    for piece in pieces:
        sums.update(piece)
    sums.check(name, base64.b64encode(value.to_bytes(CRCS[algorithm][0] // 8, "big")).decode())


@pytest.mark.parametrize("algorithm", CRCS)
def test_the_published_check_values(algorithm):
    assert divided(algorithm, b"123456789") == CRCS[algorithm][2]
    holds(algorithm, [b"123456789"], CRCS[algorithm][2])
    with pytest.raises(Malformed):
        holds(algorithm, [b"123456788"], CRCS[algorithm][2])


@given(st.sampled_from(sorted(CRCS)), st.lists(st.binary(max_size=100), max_size=4))
def test_however_it_is_cut(algorithm, pieces):
    holds(algorithm, pieces, divided(algorithm, b"".join(pieces)))


def test_which_fields_declare_one():
    fields = (
        ("x-amz-checksum-sha1", "a"),
        ("content-md5", "b"),
        ("x-amz-checksum-type", "FULL_OBJECT"),
        ("x-amz-checksum-algorithm", "CRC32"),
        ("x-amz-sdk-checksum-algorithm", "CRC32"),
    )
    assert declared_in(RequestHead(method="PUT", target=Target(segments=()), headers=fields)) == fields[:2]
    assert [known(name) for name, _ in fields] == [True, False, False, False, False]


@pytest.mark.parametrize("name", ["content-md5", "x-amz-checksum-crc32", "x-amz-checksum-crc64nvme", "x-amz-checksum-sha512"])
def test_the_size_of_a_value(name):
    sizes = {"content-md5": 16, "x-amz-checksum-crc32": 4, "x-amz-checksum-crc64nvme": 8, "x-amz-checksum-sha512": 64}
    assert encoded_size(name) == len(base64.b64encode(bytes(sizes[name])))
