"""Real programs sync a tree to S3 and back through the gateway, each by every way it knows, and find what they left there.

By default each program takes 300 files by one way and every name once by the others; with TRIO_GATE_PROGRAMS=full it is 300 files up
to 200 MiB by every way, and the S3 that verifies is asked by two ways. What is not installed is skipped by name.
"""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from scripts.embedded import s3 as embedded_s3
from scripts.embedded.aws import ACCOUNTS, assumed, client
from tests.kit.gateway import running
from tests.programs.kit import Job, namespaces, need_namespaces, no_namespaces, same, size_of_tree, ways
from tests.programs.programs import PROGRAMS
from tests.programs.tree import BIG, MIB, grow, hashes

RULES = 'rule "all" { action = "allow" }\n'
WAYS = ["proxy", "transparent", "endpoint"]
FULL = size_of_tree() == "full"


@pytest.fixture(scope="module")
def gate(embedded_aws, tmp_path_factory):
    with running(tmp_path_factory.mktemp("gate"), embedded_aws, rules=RULES) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def way_in(gate, tmp_path_factory):
    why_not = no_namespaces()
    with ExitStack() as kept:
        inside = kept.enter_context(namespaces(tmp_path_factory.mktemp("inside"), gate.doors["tls"])) if why_not is None else ()
        known = ways(gate, inside)

        def choose(name):
            if name == "transparent":
                need_namespaces(why_not)
            return known[name]

        yield choose


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """A tree and what it holds: 300 files."""
    folder = tmp_path_factory.mktemp("source")
    grow(folder, files=300, big=[*BIG, 200 * MIB] if FULL else BIG)
    return folder, hashes(folder)


@pytest.fixture(scope="module")
def fewer(tmp_path_factory):
    """Every name once."""
    folder = tmp_path_factory.mktemp("fewer")
    grow(folder, files=60, big=[])
    return folder, hashes(folder)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("program", PROGRAMS, ids=[program.name for program in PROGRAMS])
def test_a_tree_comes_back_as_it_went(program, way, gate, way_in, source, fewer, tmp_path):
    if why := program.why_not(way):
        pytest.skip(why)
    chosen = way_in(way)
    whole = FULL or (way == WAYS[PROGRAMS.index(program) % 3] and not program.slow)
    folder, held = source if whole else fewer
    target = tmp_path / "target"
    target.mkdir()
    prefix, before = f"{program.name}-{way}", len(gate.log)
    program.sync(Job(way=chosen, source=folder, target=target, prefix=prefix, folder=tmp_path))
    assert same(held, hashes(target)) == ""
    assert " refused " not in gate.log[before:], "a retry must not hide it"


@pytest.fixture(scope="module")
def strict(tmp_path_factory):
    """A gateway before an S3 that verifies signatures of chunks, hashes and checksums."""
    try:
        with (
            embedded_s3.start(tmp_path_factory.mktemp("swift")) as s3,
            running(tmp_path_factory.mktemp("gate"), s3, rules=RULES) as gate,
        ):
            yield gate
    except embedded_s3.CannotStartError as fault:
        pytest.skip(f"what programs send cannot be verified: {fault}")


@pytest.mark.timeout(900)
@pytest.mark.parametrize("way", ["proxy", "endpoint"] if FULL else ["endpoint"])
@pytest.mark.parametrize("program", PROGRAMS, ids=[program.name for program in PROGRAMS])
def test_an_s3_that_verifies_takes_it(program, way, strict, fewer, tmp_path):
    if why := program.why_not(way, "swift"):
        pytest.skip(why)
    if program.slow and not FULL:
        pytest.skip(f"{program.name} is slow: TRIO_GATE_PROGRAMS=full has it")
    folder, held = fewer
    target = tmp_path / "target"
    target.mkdir()
    prefix, before = f"{program.name}-{way}", len(strict.log)
    chosen = ways(strict, ())[way]
    program.sync(Job(way=chosen, source=folder, target=target, prefix=prefix, folder=tmp_path, others=False))
    assert same(held, hashes(target)) == ""
    assert " refused " not in strict.log[before:], "a retry must not hide it"


KEYS = [
    *("a//b", "//", "a/", "/a", "./a", "a/./b", "a/..", "../a", "a/../../b", ".", "..", "%2e%2e/a", "%2F", "a%2Fb"),
    *("tab\ttab", "bell\x07", "delete\x7f", " ", "+", "a?acl", "a#b", "ü" * 512, "k" * 1024),
]
"""moto refuses a path that begins with two slashes, so the bucket stands before it, and has no key with a line end."""


@pytest.mark.parametrize("by", ["proxy", "endpoint"])
def test_keys_that_no_file_can_have(gate, embedded_aws, by):
    s3 = gate.client("s3", by=by, s3={"addressing_style": "path"})
    direct = client("s3", embedded_aws, assumed(embedded_aws, ACCOUNTS["staging"]))
    direct.create_bucket(Bucket=f"keys-{by}")
    for number, key in enumerate(KEYS):
        s3.put_object(Bucket=f"keys-{by}", Key=key, Body=str(number).encode())
        assert direct.get_object(Bucket=f"keys-{by}", Key=key)["Body"].read() == str(number).encode()
        assert s3.get_object(Bucket=f"keys-{by}", Key=key)["Body"].read() == str(number).encode()
    assert sorted(one["Key"] for one in s3.list_objects_v2(Bucket=f"keys-{by}")["Contents"]) == sorted(KEYS)
    left = s3.delete_objects(Bucket=f"keys-{by}", Delete={"Objects": [{"Key": key} for key in KEYS if key.isprintable()]})
    assert len(left["Deleted"]) == len([key for key in KEYS if key.isprintable()])
