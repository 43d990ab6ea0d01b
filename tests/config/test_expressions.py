"""Expressions that are plain values: strings and lists."""

from __future__ import annotations

import pytest

from tests.kit.configs import BASE, ENV, FILES, MAIN, PEOPLE, faults_of, load


def rule(body: str):
    return load(BASE + MAIN + PEOPLE + 'rule "x" {\n' + body + "\n}\n").rules[0]


def test_lists_take_comments_and_a_last_comma():
    text = MAIN.replace('"222222222222"]', '# two\n "222222222222", // three\n /* four */ ]')
    assert list(load(BASE + text).endpoints[0].accounts) == ["111111111111", "222222222222"]


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (r'"a\"b\\c\u00e9\U0001F600"', 'a"b\\cé😀'),
        ('"$${x} %%{y} $x %"', "${x} %{y} $x %"),
        ("<<X\n  indented\nX", "  indented"),
        ("<<-X\n    indented\n  X", "indented"),
        ("<<X\r\nwith \\n and CRLF\r\nX\r", "with \\n and CRLF"),
        ('env("LONG")', "correct-horse-battery"),
        ('file("/abs/secret")', "another-secret-here"),
        ('file( "secret.txt" )', "a-secret-from-a-file"),
        ('systemd_credential("base-key")', "a-secret-of-the-unit"),
    ],
)
def test_strings(written: str, text: str):
    assert rule(f'action = "deny"\nreason = {written}\n').reason == text


@pytest.mark.parametrize("name", ["", ".", "..", ".hidden", "a/b", "../secret", "a b", "a" * 256])
def test_a_credential_of_the_unit_is_a_plain_name(name: str):
    (fault,) = faults_of(f'agent "a" {{\n  key_suffix = "A1"\n  secret = systemd_credential("{name}")\n}}\n')[:1]
    assert fault.message in (
        f"`{name}` is not a valid name of a systemd credential",
        "`systemd_credential` takes one string that is not empty",
    )


@pytest.mark.parametrize(
    ("folder", "said"),
    [
        (None, "there are no systemd credentials"),
        ("", "there are no systemd credentials"),
        ("credentials", "CREDENTIALS_DIRECTORY is not an absolute path"),
    ],
)
def test_without_credentials_of_a_unit_the_hint_says_how_to_get_one(
    monkeypatch: pytest.MonkeyPatch, folder: str | None, said: str
):
    monkeypatch.setitem(ENV, "CREDENTIALS_DIRECTORY", folder)
    monkeypatch.setitem(FILES, "/key", "not-of-the-unit")
    monkeypatch.setitem(FILES, "/etc/gate/credentials/key", "not-of-the-unit")
    (fault,) = faults_of('agent "a" {\n  key_suffix = "A1"\n  secret = systemd_credential("key")\n}\n')[:1]
    assert (fault.message, "LoadCredential=key:PATH" in fault.hint) == (said, True)
