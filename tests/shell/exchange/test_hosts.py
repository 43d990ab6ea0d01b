"""Which hosts are known with a botocore that is not the packaged table's: what is computed, what is kept, and what is not believed."""

from __future__ import annotations

import gc
import json
import logging
import os
import sys
import tracemalloc

import botocore
import pytest
import trio

from tests.kit.shortages import no_thread
from trio_gate.aws.hosts.merged import limited
from trio_gate.errors import Unidentified
from trio_gate.shell.exchange import host_rules
from trio_gate.shell.exchange import hosts as module
from trio_gate.shell.exchange.hosts import FILE, Hosts
from trio_gate.shell.models.packaged_data import packaged_hosts

SQS, STS = "sqs.eu-west-1.amazonaws.com", "sts.eu-west-1.amazonaws.com"
SHELL = "#!/bin/sh\n{}\n"


def known(hosts, name):
    try:
        return bool(hosts.table.place(name).candidates)
    except Unidentified:
        return False


@pytest.fixture
def older(monkeypatch):
    """A package that was made when SQS was not there yet, with a service that is not there any more."""
    services = dict(packaged_hosts()["services"])
    del services["sqs"]
    services["gone"] = {"signing_name": "gone", "hosts": {"gone.{r}.{s}": {"aws": "*"}}, "default": {"*": "gone.{r}.{s}"}}
    monkeypatch.setattr(module, "packaged_hosts", lambda: {**packaged_hosts(), "botocore": "0.0.1", "services": services})


@pytest.fixture
def python(tmp_path, monkeypatch):
    """Have a program of the test's own run in Python's place."""

    def use(script):
        path = tmp_path / "python"
        path.write_text(SHELL.format(script))
        path.chmod(0o700)
        monkeypatch.setattr(sys, "executable", str(path))

    return use


def made():
    """What the process writes: it is tested where every version is."""
    return json.dumps(limited(packaged_hosts(), {"sqs", "sts"}))


ANOTHER = packaged_hosts()["botocore"] != botocore.__version__
"""Whether the installed botocore is not the packaged table's."""


def told(python, tmp_path):
    (tmp_path / "made").write_text(made())
    python(f'echo "$*" >>{tmp_path}/asked; exec cat {tmp_path}/made')


@pytest.mark.skipif(ANOTHER, reason="another botocore is installed")  # reason: then it is computed, which other tests show
async def test_with_the_packaged_tables_own_botocore_nothing_is_computed(tmp_path, python):
    python("exit 1")
    hosts = Hosts(tmp_path)
    assert hosts.complete
    await hosts.complete_table()
    assert not (tmp_path / FILE).exists()


@pytest.mark.skipif(
    ANOTHER, reason="another botocore is installed"
)  # reason: the table is then computed, and is not the packaged one that this test measures
def test_the_table_is_small_and_what_it_was_read_from_is_not_kept(tmp_path):
    Hosts(tmp_path)  # imports and caches
    tracemalloc.start()
    try:
        hosts = Hosts(tmp_path)
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] < 1_000_000, hosts
    finally:
        tracemalloc.stop()


@pytest.mark.usefixtures("older")
async def test_the_packaged_table_serves_at_once_and_grows(tmp_path, python):
    told(python, tmp_path)
    hosts = Hosts(tmp_path)
    assert (known(hosts, STS), known(hosts, SQS), known(hosts, "gone.eu-west-1.amazonaws.com")) == (True, False, False)
    await hosts.complete_table()
    assert (known(hosts, STS), known(hosts, SQS), hosts.complete) == (True, True, True)
    assert (tmp_path / "asked").read_text() == f"-P -m {host_rules.__name__}\n"
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600


@pytest.mark.usefixtures("older")
async def test_what_was_computed_is_kept_for_the_next_start(tmp_path, python):
    told(python, tmp_path)
    await Hosts(tmp_path).complete_table()
    python("exit 1")
    hosts = Hosts(tmp_path)
    assert hosts.complete
    assert known(hosts, SQS)


def damaged(file):
    data = bytearray(file.read_bytes())
    data[-20] ^= 1
    file.write_bytes(bytes(data))


CHANGES = {
    "damaged": damaged,
    "cut off": lambda file: os.truncate(file, 1000),
    "empty": lambda file: file.write_bytes(b""),
    "a folder": lambda file: (file.unlink(), file.mkdir()),
    "readable by others": lambda file: file.chmod(0o644),
    "of another botocore": lambda file: file.write_bytes(file.read_bytes().replace(botocore.__version__.encode(), b"1.2.3", 1)),
    "no table": lambda file: file.write_bytes(module.first_line(b"[]") + b"[]"),
    "another form": lambda file: file.write_bytes(module.first_line(b'{"services": 1}') + b'{"services": 1}'),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.usefixtures("older")
async def test_a_copy_that_is_not_ours_is_not_believed_and_made_again(tmp_path, python, change):
    told(python, tmp_path)
    await Hosts(tmp_path).complete_table()
    whole = (tmp_path / FILE).read_bytes()
    CHANGES[change](tmp_path / FILE)
    hosts = Hosts(tmp_path)
    assert (hosts.complete, known(hosts, SQS)) == (False, False)
    await hosts.complete_table()
    assert known(hosts, SQS)
    if change != "a folder":
        assert (tmp_path / FILE).read_bytes() == whole
        assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo no such module >&2; exit 3", "ended with 3: 'no such module"),
        ("echo [", "Expecting value"),
        ("echo {}", "'services'"),
        ("echo []", "list indices"),
    ],
)
@pytest.mark.usefixtures("older")
async def test_where_it_cannot_be_computed_the_packaged_table_stays_and_the_log_says_so(tmp_path, python, caplog, script, said):
    python(script)
    hosts = Hosts(tmp_path)
    with caplog.at_level(logging.WARNING):
        await hosts.complete_table()
    assert (hosts.complete, known(hosts, STS), known(hosts, SQS)) == (False, True, False)
    assert said in caplog.text
    assert not (tmp_path / FILE).exists()


@pytest.mark.usefixtures("older")
async def test_a_process_that_takes_too_long_is_ended(tmp_path, python, monkeypatch, caplog):
    python("exec sleep 1000")
    monkeypatch.setattr(module, "MAKING", 0.05)
    await Hosts(tmp_path).complete_table()
    assert "took more than" in caplog.text


@pytest.mark.usefixtures("older")
async def test_the_process_is_given_no_secret(tmp_path, python, monkeypatch):
    monkeypatch.setenv("BASE_SECRET_ACCESS_KEY", "not to be handed on")
    python(f"env >{tmp_path}/env; exit 1")
    await Hosts(tmp_path).complete_table()
    assert "BASE_SECRET_ACCESS_KEY" not in (tmp_path / "env").read_text()


@pytest.mark.usefixtures("older")
async def test_without_a_thread_the_table_stays_as_it_is(tmp_path, python, monkeypatch, caplog):
    told(python, tmp_path)
    hosts = Hosts(tmp_path)
    with no_thread():
        await hosts.complete_table()
    assert "cannot be made" in caplog.text
    assert (hosts.complete, known(hosts, SQS)) == (False, False)

    async def computed():
        await trio.lowlevel.checkpoint()
        return made().encode()

    monkeypatch.setattr(module, "_made", computed)
    with no_thread():
        await hosts.complete_table()
    assert "no thread just now" in caplog.text
    assert not hosts.complete
    await hosts.complete_table()
    assert known(hosts, SQS)
