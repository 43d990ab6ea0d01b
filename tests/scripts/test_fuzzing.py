"""The differential fuzz: it finds no difference in our readers, and finds one that is planted, made small."""

from __future__ import annotations

import dataclasses
import random
import sys

import pytest

from scripts.fuzzing import readers as fuzz
from trio_gate.aws.params.readers.form_body import read_form


@pytest.fixture(scope="module")
def peers(tmp_path_factory):
    found = fuzz.installed(tmp_path_factory.mktemp("peers"))
    if not found:
        pytest.skip("neither go nor node is installed")
    return found


@pytest.mark.long("readers of other languages")
@pytest.mark.parametrize("name", ["json", "form", "xml", "answer", "request"])
def test_our_readers_read_as_others_do(peers, name, capsys):
    assert fuzz.compare([name], peers, seed=7, seconds=60, batches=1) == 0
    assert "none is read differently" in capsys.readouterr().out


def test_a_planted_difference_is_found_and_made_small(capsys, monkeypatch):
    """Beside our own reader, as it is without what is planted."""
    right = fuzz.KINDS["form"].read

    def plus_is_plus(raw):
        pairs = read_form(raw.replace(b"+", b"%2B")).items()
        return "form " + "&".join(sorted(f"{name.encode().hex()}={value.encode().hex()}" for name, value in pairs))

    monkeypatch.setitem(fuzz.KINDS, "form", dataclasses.replace(fuzz.KINDS["form"], read=plus_is_plus))
    peers = {"node": lambda name, inputs: [right(data) for data in inputs]}
    assert fuzz.compare(["form"], peers, seed=7, seconds=60, batches=50) == 1
    said = capsys.readouterr().out
    assert "form is read differently by" in said
    assert "\n  hex   2b\n" in said


def test_a_seed_makes_the_same_inputs():
    first, second = (fuzz.mutated(random.Random(3), fuzz.KINDS["xml"]) for _ in range(2))
    assert first == second


def test_node_is_found_where_the_programs_are_installed(tmp_path, monkeypatch):
    (tmp_path / "node").symlink_to(sys.executable)
    monkeypatch.setattr(fuzz, "NODE", tmp_path)
    monkeypatch.setenv("PATH", "/nowhere")
    assert fuzz.installed(tmp_path).keys() == {"node"}
