"""Examples do what they say: configurations load, conditions compile, frames are frames, commands parse and run."""

from __future__ import annotations

import hashlib
import json
import re
import shlex
import subprocess

import pytest
import trustme

from tests.docs.pages import examples
from tests.kit.paths import ROOT
from trio_gate.approval.channel.codec import decode_client, decode_server
from trio_gate.cli.approving.terminal.program import consult
from trio_gate.cli.main import VERBS, main, module_of
from trio_gate.errors import Malformed
from trio_gate.policy.cel import check

PIECES = {
    'credential "aws_account" "base"': "{}",
    'endpoint "aws_api" "main"': '{ role = "r" region = "us-east-1" credential = aws_account.base accounts = ["222222222222"] }',
    'person "alice"': '{ token_sha256 = env("ALICE_SHA256") }',
    'person "bob"': '{ token_sha256 = env("BOB_SHA256") }',
    'approver "human" "oncall"': "{ people = [person.alice] }",
}
"""What completes a fragment, where the fragment does not declare it itself."""


FORMS = {"_URL": "https://hooks.example/{}", "_WEBHOOK_SECRET": "whsec_{}"}
"""The forms of values of variables by how their names end; of any other it is a hash."""


def loads(text, folder, monkeypatch):
    for variable in re.findall(r'env\("(\w+)"\)', text):
        form = next((form for end, form in FORMS.items() if variable.endswith(end)), "{}")
        monkeypatch.setenv(variable, form.format(hashlib.sha256(variable.encode()).hexdigest()))
    made = trustme.CA().issue_cert("localhost")
    for name in re.findall(r'"\./([a-z-]+\.(?:pem|key))"', text):
        blob = made.private_key_pem if name.endswith("key") else made.cert_chain_pems[0]
        blob.write_to_path(str(folder / name))
    file = folder / "gateway.hcl"
    file.write_text(text)
    return main(["check", str(file)]) == 0


@pytest.mark.parametrize("example", examples("hcl"), ids=str)
def test_a_configuration_loads(example, tmp_path, monkeypatch, capsys):
    assert loads(example.text, tmp_path, monkeypatch), capsys.readouterr().err


@pytest.mark.parametrize("example", examples("hcl fragment"), ids=str)
def test_a_fragment_loads_with_what_it_refers_to(example, tmp_path, monkeypatch, capsys):
    rest = [f"{header} {body}" for header, body in PIECES.items() if header not in example.text]
    assert loads("\n".join([example.text, *rest]), tmp_path, monkeypatch), capsys.readouterr().err


@pytest.mark.parametrize("example", examples("cel"), ids=str)
def test_conditions_compile(example):
    for condition in example.text.strip().split("\n\n"):
        assert [fault.message for fault in check(condition) if fault.fatal] == []


def objects(example):
    return [json.loads(line) for line in example.text.splitlines()]


def is_frame(text):
    for decode in (decode_client, decode_server):
        try:
            decode(text)
        except Malformed:
            continue
        return True
    return False


@pytest.mark.parametrize("example", examples("json"), ids=str)
async def test_json_is_what_it_stands_for(example, tmp_path):
    for value in objects(example):
        if "type" in value:
            assert is_frame(json.dumps(value).replace("DIGEST", "0" * 64))
        elif "verdict" in value:
            program = tmp_path / "program"
            program.write_text(f"#!/bin/sh\ncat >/dev/null\necho {shlex.quote(json.dumps(value))}\n")
            program.chmod(0o700)
            prompt = {"asked_at": "2026-01-15T12:00:00Z", "expires_at": "2026-01-15T12:10:00Z"}
            assert await consult(str(program), prompt) == (value["verdict"], value["reason"])
        else:
            assert value.keys() == {"Effect", "Principal", "Action"}, "a statement of a trust policy"


def commands(example):
    """The commands of the program that an example runs, as arguments."""
    for line in example.text.splitlines():
        words = shlex.split(line, comments=True)
        for at in (at for at, word in enumerate(words) if word == "trio-gate"):
            end = next((at for at, word in enumerate(words[at:], at) if word in (">", ">>", "|", "&&")), len(words))
            yield words[at + 1 : end]


@pytest.mark.parametrize("example", examples("sh"), ids=str)
def test_commands_are_taken(example, monkeypatch):
    for verb in VERBS:
        monkeypatch.setattr(f"{module_of(verb)}.run", lambda _: 0)
    subprocess.run(["sh", "-n"], input=example.text, check=True, text=True)
    for arguments in commands(example):
        assert main(arguments) == 0


def test_the_first_steps_run(tmp_path, monkeypatch, capsys):
    steps = next(example for example in examples("sh") if "pipx install ." in example.text and example.page.name == "README.md")
    typed = ["--offline", "--account", "111111111111=prod", "--principal", "arn:aws:iam::999999999999:user/gateway"]
    monkeypatch.chdir(tmp_path)
    ran = []
    for arguments in commands(steps):
        if arguments[0] == "doctor":  # from here on, ports and AWS are needed
            break
        assert main(arguments + typed * (arguments == ["init"])) == 0, capsys.readouterr().err
        ran += arguments
    assert ran == ["init", "check"]
    assert "111111111111" in capsys.readouterr().out


def test_what_explain_prints_is_what_the_page_shows(tmp_path, monkeypatch, capsys):
    [configuration], [request] = examples("hcl"), examples("http")
    [shown] = [one for one in examples("text") if one.page == request.page]
    call = next(arguments for one in examples("sh") if one.page == request.page for arguments in commands(one))
    (tmp_path / "gateway.hcl").write_text(configuration.text)
    (tmp_path / "request.http").write_bytes(f"{request.text}\n".replace("\n", "\r\n").encode())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRIO_GATE_ALICE_SHA256", "a" * 64)
    assert main(call) == 0
    assert capsys.readouterr().out.strip() == shown.text.strip()


def test_the_annotated_configuration_loads(tmp_path, monkeypatch):
    assert loads((ROOT / "config.example.hcl").read_text(), tmp_path, monkeypatch)
