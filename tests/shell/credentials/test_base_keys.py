"""Base keys: literal, from a profile, from the environment, from the machine's role, and the error when there are none."""

from __future__ import annotations

import json
import logging
import os
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import trio
import trio.testing

from tests.kit.aws.sts import block
from tests.kit.held import held
from tests.kit.shortages import no_thread
from trio_gate.errors import CredentialsUnavailable
from trio_gate.shell.clock import SystemClock
from trio_gate.shell.credentials import base_keys
from trio_gate.shell.credentials.base_keys import BaseKeys
from trio_gate.signing.sigv4 import Credentials

FAR, NEAR = "2099-01-01T00:00:00Z", "2000-01-01T00:00:00Z"


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A home without AWS files, an environment without AWS, and no metadata service."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    (tmp_path / ".aws").mkdir()
    return tmp_path


def write(home, name, text):
    (home / ".aws" / name).write_text(text)


def profile(key: str, name: str = "hub") -> str:
    return f"[{name}]\naws_access_key_id = {key}\naws_secret_access_key = SECRET-{key}\n"


def process(home, name: str = "hub", **fields) -> None:
    """Make a profile whose program prints what is in a file; `fields` go there now."""
    program(home, **fields)
    write(home, "config", f"[profile {name}]\ncredential_process = cat {home / 'key.json'}\n")


def program(home, **fields) -> None:
    key = {"Version": 1, "SecretAccessKey": "SECRET", "SessionToken": "TOKEN", **fields}
    (home / "key.json").write_text(json.dumps(key))


async def refusal(keys: BaseKeys) -> CredentialsUnavailable:
    with pytest.raises(CredentialsUnavailable) as caught:
        await keys.get("base")
    return caught.value


async def test_literal_keys_are_given_as_they_are():
    literal = block(access_key_id="AKIA1", secret_access_key="s", session_token="t")
    keys = BaseKeys([literal, block("other", access_key_id="AKIA2", secret_access_key="s")])
    assert await keys.get("base") == Credentials(access_key_id="AKIA1", secret_access_key="s", session_token="t")
    keys.forget("base")
    assert (await keys.get("base")) is keys.current("base")
    assert (await keys.get("other")).session_token is None


async def test_a_profile_of_the_credentials_file(home):
    write(home, "credentials", profile("AKIAHUB") + "aws_session_token = T\n" + profile("AKIADEFAULT", "default"))
    keys = BaseKeys([block(profile="hub")])
    assert keys.current("base") is None
    expected = Credentials(access_key_id="AKIAHUB", secret_access_key="SECRET-AKIAHUB", session_token="T")
    assert await keys.get("base") == keys.current("base") == expected


async def test_a_block_that_changes_has_another_key_and_one_that_stays_is_not_read_again(home):
    write(home, "credentials", profile("AKIAHUB") + profile("AKIAOTHER", "other"))
    keys = BaseKeys([block(profile="hub")])
    read = await keys.get("base")
    keys.change([block(profile="hub")])
    assert keys.current("base") is await keys.get("base") is read
    keys.change([block(profile="other")])
    assert keys.current("base") is None
    assert (await keys.get("base")).access_key_id == "AKIAOTHER"
    keys.change([block(access_key_id="AKIALITERAL", secret_access_key="s")])
    assert keys.current("base") is await keys.get("base")
    assert (await keys.get("base")).access_key_id == "AKIALITERAL"
    keys.change([])
    assert (await refusal(keys)).detail == "credential base was removed from the configuration"


async def test_an_empty_token_counts_as_absent(home):
    write(home, "credentials", profile("AKIAHUB") + "aws_session_token =\n")
    assert (await BaseKeys([block(profile="hub")]).get("base")).session_token is None


async def test_the_environment_does_not_outdo_a_profile(home, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAENV")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    write(home, "credentials", profile("AKIAHUB"))
    assert (await BaseKeys([block(profile="hub")]).get("base")).access_key_id == "AKIAHUB"


async def test_the_chain_begins_with_the_environment(home, monkeypatch):
    write(home, "credentials", profile("AKIADEFAULT", "default"))
    assert await BaseKeys([block()]).get("base") == Credentials(
        access_key_id="AKIADEFAULT", secret_access_key="SECRET-AKIADEFAULT"
    )
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAENV")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "t")
    assert await BaseKeys([block()]).get("base") == Credentials(access_key_id="AKIAENV", secret_access_key="s", session_token="t")


@pytest.mark.parametrize(
    ("fields", "files", "status", "says"),
    [
        ({"profile": "hub"}, {}, 403, "credential base: the AWS config files have no profile hub"),
        (
            {"profile": "hub"},
            {"config": "[profile hub]\nregion = x\n"},
            403,
            "credential base: profile hub of the AWS config files",
        ),
        (
            {"profile": "hub"},
            {"credentials": "[hub]\naws_access_key_id = AKIACANARY\n"},
            403,
            "half a base key in shared-credentials-file, aws_secret_access_key is missing",
        ),
        ({"profile": "hub"}, {"credentials": profile("AKIACANARY x")}, 403, "holds spaces"),
        ({"profile": "hub"}, {"credentials": profile("AKIA") + "aws_session_token = CANARY x\n"}, 403, "holds spaces"),
        ({"profile": "hub"}, {"config": "CANARY"}, 503, "could not be read (ConfigParseError)"),
        ({"profile": "hub"}, {"config": "[profile hub]\ncredential_process = false\n"}, 503, "(CredentialRetrievalError)"),
        ({"profile": "hub"}, {"config": "[profile hub]\ncredential_process = no-such-program\n"}, 503, "(FileNotFoundError)"),
        ({"profile": "hub"}, {"config": '[profile hub]\ncredential_process = echo "CANARY"\n'}, 503, "(JSONDecodeError)"),
        ({"profile": "hub"}, {"config": "[profile hub]\ncredential_process = echo []\n"}, 503, "(AttributeError)"),
        ({}, {}, 503, "no base key in the AWS_ variables, the profiles of the AWS config files or the machine's role"),
    ],
)
async def test_no_key_says_where_it_was_looked_for_and_nothing_more(home, caplog, fields, files, status, says):
    for name, text in files.items():
        write(home, name, text)
    with caplog.at_level(logging.INFO, "trio_gate"):
        fault = await refusal(BaseKeys([block(**fields)]))
    assert says in fault.detail
    assert (fault.status, fault.code) == (status, "AccessDenied" if status == 403 else "ServiceUnavailable")
    assert "CANARY" not in fault.detail + caplog.text


async def test_a_key_that_appears_later_is_found(home):
    keys = BaseKeys([block(profile="hub")])
    await refusal(keys)
    write(home, "credentials", profile("AKIAHUB"))
    assert (await keys.get("base")).access_key_id == "AKIAHUB"


async def test_a_file_is_read_once_until_aws_refuses_the_key(home, mock_clock):
    write(home, "credentials", profile("AKIAOLD"))
    keys = BaseKeys([block(profile="hub")])
    await keys.get("base")
    write(home, "credentials", profile("AKIANEW"))
    assert (await keys.get("base")).access_key_id == "AKIAOLD"
    keys.forget("base")
    assert (await keys.get("base")).access_key_id == "AKIAOLD"
    mock_clock.jump(base_keys.REREAD_PAUSE)
    keys.forget("base")
    assert keys.current("base").access_key_id == "AKIAOLD"
    assert (await keys.get("base")).access_key_id == "AKIANEW"
    assert keys.current("base").access_key_id == "AKIANEW"


async def test_a_key_is_read_again_before_it_ends(home):
    process(home, AccessKeyId="ASIA1", Expiration=soon())
    keys = BaseKeys([block(profile="hub")])
    assert await keys.get("base") == Credentials(access_key_id="ASIA1", secret_access_key="SECRET", session_token="TOKEN")
    program(home, AccessKeyId="ASIA2", Expiration=FAR)
    assert (await keys.get("base")) == keys.current("base")
    assert keys.current("base").access_key_id == "ASIA2"
    program(home, AccessKeyId="ASIA3", Expiration=FAR)
    assert (await keys.get("base")).access_key_id == "ASIA2"


def soon() -> str:
    """A time so near that botocore asks again, and so far that it does not mind if it gets no answer."""
    return (SystemClock().now() + timedelta(minutes=12)).strftime("%Y-%m-%dT%H:%M:%SZ")


async def test_a_key_at_its_end_is_not_given(home):
    process(home, AccessKeyId="ASIA1", Expiration=NEAR)
    assert "could not be read" in (await refusal(BaseKeys([block(profile="hub")]))).detail


class Hanging:
    """A profile whose program hangs once it is asked, until it is let go or another takes its place."""

    def __init__(self, home):
        self.home = home
        os.mkfifo(home / "fifo")
        self.end = os.open(home / "fifo", os.O_RDWR)

    def hang(self):
        (self.home / "fifo").rename(self.home / "key.json")

    def let_go(self):
        """End the programs: one that has not opened the pipe yet finds none, and cannot wait for a writer for ever."""
        (self.home / "key.json").unlink()
        os.close(self.end)

    def replace(self, **fields):
        (self.home / "new").mkdir()
        program(self.home / "new", **fields)
        (self.home / "new" / "key.json").rename(self.home / "key.json")


@pytest.fixture
def hanging(home):
    made = Hanging(home)
    process(home, AccessKeyId="ASIA1", Expiration=soon())
    yield made
    made.let_go()


async def given_up(keys: BaseKeys) -> None:
    fault = await refusal(keys)
    assert (fault.status, fault.detail) == (503, "credential base: no base key within 10 seconds: try again later")


async def test_programs_that_hang_are_given_up_and_only_a_few_run(home, hanging, mock_clock):
    hanging.hang()
    keys = BaseKeys([block(profile="hub")])
    for _ in range(base_keys.MAX_THREADS + 1):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(given_up, keys)
            nursery.start_soon(given_up, keys)
            await trio.testing.wait_all_tasks_blocked()
            mock_clock.jump(base_keys.DEADLINE)
    assert keys._limiter.borrowed_tokens == base_keys.MAX_THREADS


async def test_after_one_that_hangs_the_next_look_starts_from_nothing(home, hanging, mock_clock):
    keys = BaseKeys([block(profile="hub")])
    await keys.get("base")
    hanging.hang()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(given_up, keys)
        await trio.testing.wait_all_tasks_blocked()
        mock_clock.jump(base_keys.DEADLINE)
    assert keys.current("base").access_key_id == "ASIA1"
    hanging.replace(AccessKeyId="ASIA2", Expiration=FAR)
    assert (await keys.get("base")).access_key_id == "ASIA2"


DIRECT = "[profile hub]\ncredential_process = {0}/program\n"
BEHIND_A_ROLE = "[profile hub]\nrole_arn = arn:aws:iam::111111111111:role/x\nsource_profile = low\nregion = us-east-1\n"


@pytest.mark.parametrize("config", [DIRECT, BEHIND_A_ROLE + DIRECT.replace("hub", "low")], ids=["direct", "behind a role"])
async def test_a_program_that_hangs_is_killed_with_all_that_it_started(home, monkeypatch, config):
    monkeypatch.setattr(base_keys, "DEADLINE", 1.0)
    write(home, "config", config.format(home))
    keys = BaseKeys([block(profile="hub")])
    with held(home) as pipe:
        (home / "program").write_text(f"#!/bin/sh\n{pipe.lines}\nwait\n")
        (home / "program").chmod(0o700)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(refusal, keys)
            await pipe.begun()
        await pipe.ended()


class Machine(BaseHTTPRequestHandler):
    """A metadata service (IMDSv2): each reading of the role gives the next key."""

    def do_PUT(self):
        self.answer("IMDS-TOKEN")

    def do_GET(self):
        assert self.headers["x-aws-ec2-metadata-token"] == "IMDS-TOKEN"
        if self.path.endswith("/security-credentials/"):
            self.answer("machine")
            return
        self.server.given += 1
        key = {"AccessKeyId": f"ASIA{self.server.given}", "SecretAccessKey": "s", "Token": "t", "Expiration": FAR}
        self.answer(json.dumps({"Code": "Success", **key}))

    def answer(self, text):
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


@pytest.fixture
def machine(monkeypatch):
    with ThreadingHTTPServer(("127.0.0.1", 0), Machine) as server:
        server.given = 0
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "false")
        monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
        yield server
        server.shutdown()


async def test_the_machines_role_ends_the_chain(machine):
    keys = BaseKeys([block()])
    assert await keys.get("base") == Credentials(access_key_id="ASIA1", secret_access_key="s", session_token="t")
    assert (await keys.get("base")).access_key_id == "ASIA1"


async def test_a_profile_without_a_key_does_not_fall_back_to_the_machine(home, machine):
    write(home, "config", "[profile hub]\nregion = us-east-1\n")
    assert "profile hub" in (await refusal(BaseKeys([block(profile="hub")]))).detail
    assert machine.given == 0


async def test_those_who_ask_together_make_botocore_look_once(machine):
    keys = BaseKeys([block()])
    async with trio.open_nursery() as nursery:
        for _ in range(20):
            nursery.start_soon(keys.get, "base")
    assert machine.given == 1


async def test_without_a_thread_a_key_is_read_later(home):
    write(home, "credentials", profile("AKIAHUB"))
    keys = BaseKeys([block(profile="hub")])
    with no_thread():
        assert "no thread" in (await refusal(keys)).detail
    assert (await keys.get("base")).access_key_id == "AKIAHUB"
