"""Botocore's providers: what one look finds, and that the next goes on with what the first had. Most is tested by `test_base_keys`."""

from __future__ import annotations

import pytest

from tests.kit.aws.sts import block
from trio_gate.shell.credentials.providers import NoBaseKey, look


def profile(folder, monkeypatch, name):
    (folder / "config").write_text(f"[profile {name}]\naws_access_key_id = AKIA1\naws_secret_access_key = SECRET\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(folder / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(folder / "none"))


def test_a_look_gives_the_key_and_what_the_next_look_goes_on_with(tmp_path, monkeypatch):
    profile(tmp_path, monkeypatch, "hub")
    source, key = look(block(profile="hub"), None, 1.0)
    (tmp_path / "config").unlink()
    assert look(block(profile="hub"), source, 1.0) == (source, key)
    assert key.access_key_id == "AKIA1"


def test_a_profile_that_is_not_there_is_the_operators_fault(tmp_path, monkeypatch):
    profile(tmp_path, monkeypatch, "hub")
    with pytest.raises(NoBaseKey, match="have no profile other"):
        look(block(profile="other"), None, 1.0)
