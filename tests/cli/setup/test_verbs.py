"""What the verbs for agents and people have in common."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.wiring.kit import status_of
from trio_gate.cli.setup import verbs


@pytest.mark.parametrize(
    "words", [("agent", "list"), ("person", "list"), ("agent", "rotate", "ci"), ("person", "remove", "alice")]
)
def test_without_a_configuration_there_is_nothing_to_look_at(monkeypatch, capsys, words):
    monkeypatch.setenv("TRIO_GATE_CONFIG", "")
    assert status_of(*words) == 2
    assert capsys.readouterr().err.startswith("trio-gate: no configuration: ")


def test_a_configuration_that_cannot_be_read_is_said(config, capsys):
    assert status_of("agent", "list", "--config", f"{config}.none") == 2
    assert capsys.readouterr().err == f"trio-gate agent list: cannot read {config}.none: No such file or directory\n"
    Path(config).write_text("agent {")
    assert status_of("agent", "list", "--config", config) == 2
    assert "agent" in capsys.readouterr().err


@pytest.mark.parametrize(("end", "between"), [("", "\n\n"), ("\n", "\n"), ("\n\n", "")])
def test_what_is_added_leaves_the_rest_as_it_is(tmp_path, end, between):
    file = tmp_path / "g.hcl"
    file.write_bytes(b"\xef\xbb\xbf# odd\r\n\tgateway {}" + end.encode())
    before = file.read_bytes()
    verbs.append(str(file), "person {}\n")
    assert file.read_bytes() == before + between.encode() + b"person {}\n"


def test_a_secret_is_written_once_and_for_its_owner(tmp_path):
    verbs.write_secret(tmp_path / "secrets" / "x", "one")
    with pytest.raises(FileExistsError):
        verbs.write_secret(tmp_path / "secrets" / "x", "two")
    assert (tmp_path / "secrets" / "x").read_text() == "one\n"
    assert [path.stat().st_mode & 0o777 for path in (tmp_path / "secrets", tmp_path / "secrets" / "x")] == [0o700, 0o600]
