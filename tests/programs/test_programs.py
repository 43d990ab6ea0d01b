"""Real programs sync a tree to S3 and back through the gateway, each by every way it knows, and find what they left there."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from tests.kit.gateway import running
from tests.programs.kit import Job, namespaces, no_namespaces, same, size_of_tree, ways
from tests.programs.programs import PROGRAMS
from tests.programs.tree import BIG, MIB, grow, hashes

RULES = 'rule "all" { action = "allow" }\n'
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
            if name == "transparent" and why_not is not None:
                pytest.skip(f"the transparent way cannot be tried here: {why_not}")
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
@pytest.mark.parametrize("way", ["proxy", "transparent", "endpoint"])
@pytest.mark.parametrize("program", PROGRAMS, ids=[program.name for program in PROGRAMS])
def test_a_tree_comes_back_as_it_went(program, way, way_in, source, fewer, tmp_path, request):
    if why := program.missing():
        pytest.skip(why)
    chosen = way_in(way)
    whole = FULL or way == ("proxy", "transparent", "endpoint")[PROGRAMS.index(program) % 3]
    folder, held = source if whole else fewer
    target = tmp_path / "target"
    target.mkdir()
    prefix = f"{program.name}-{way}"
    program.sync(Job(way=chosen, source=folder, target=target, prefix=prefix, folder=tmp_path))
    assert same(held, hashes(target)) == ""
