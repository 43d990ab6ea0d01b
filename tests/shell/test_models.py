"""Models and tables: loaded off the loop, once, from botocore's own folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
import trio
import trio.testing

from trio_gate.shell import models as module
from trio_gate.shell.clock import SystemClock
from trio_gate.shell.models import Models

EPOCH, MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)


async def test_what_was_ensured_can_be_read():
    models = Models()
    await models.ensure(name for name in ("sts", "sqs"))
    assert models.catalog.service("sts").api_version == "2011-06-15"
    assert models.tables.action("sqs", "SendMessage").access == "write"
    assert models.tables.loaded(["sqs", "sts"])


async def test_the_newest_api_version_is_taken():
    models = Models()
    await models.ensure(["cloudfront"])
    folder = os.path.join(module.Loader.BUILTIN_DATA_PATH, "cloudfront")
    assert models.catalog.service("cloudfront").api_version == max(os.listdir(folder))


async def test_the_loop_goes_on_while_ec2_is_loaded():
    models = Models()
    turns = 0

    async def count():
        nonlocal turns
        while not models.catalog.loaded(["ec2"]):
            await trio.lowlevel.checkpoint()
            turns += 1

    async with trio.open_nursery() as nursery:
        nursery.start_soon(count)
        await models.ensure(["ec2"])
    assert turns > 2


async def test_what_is_loaded_costs_no_checkpoint():
    models = Models()
    await models.ensure(["sts"])
    with trio.testing.assert_no_checkpoints():
        await models.ensure(["sts"])
        await models.ensure([])


@pytest.fixture
def loads(monkeypatch):
    """What is loaded and whether by the main thread; the events that loading began, and that it may go on."""
    loaded, busy, go, load = [], threading.Event(), threading.Event(), module.load_model

    def slow(name):
        loaded.append((name, threading.current_thread() is threading.main_thread()))
        busy.set()
        go.wait()
        return load(name)

    monkeypatch.setattr(module, "load_model", slow)
    yield loaded, busy, go
    go.set()


async def test_those_who_ask_together_wait_for_one_load(loads):
    loaded, busy, go = loads
    models = Models()
    async with trio.open_nursery() as nursery:
        for names in (["sts"], ["sts"], ["sqs", "sts"], ["sts"]):
            nursery.start_soon(models.ensure, names)
        await trio.to_thread.run_sync(busy.wait)
        await trio.testing.wait_all_tasks_blocked()
        go.set()
    assert sorted(loaded) == [("sqs", False), ("sts", False)]


async def test_who_leaves_spoils_nothing(loads):
    loaded, busy, go = loads
    models = Models()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(models.ensure, ["sts"])
        nursery.start_soon(models.ensure, ["sts"])
        await trio.to_thread.run_sync(busy.wait)
        nursery.cancel_scope.cancel()
        go.set()
    await models.ensure(["sts"])
    assert loaded == [("sts", False)]


def test_models_of_the_user_are_not_read(tmp_path):
    folder = tmp_path / ".aws" / "models" / "sts" / "2099-01-01"
    folder.mkdir(parents=True)
    metadata = {"apiVersion": "2099-01-01", "protocol": "query", "endpointPrefix": "sts", "serviceId": "STS"}
    (folder / "service-2.json").write_text(json.dumps({"metadata": metadata, "operations": {}, "shapes": {}}))
    script = """
import trio
from trio_gate.shell.models import Models
models = Models()
trio.run(models.ensure, ["sts"])
print(models.catalog.service("sts").api_version)
"""
    # The path is made when botocore is imported, so this needs a process of its own.
    environment = {"HOME": str(tmp_path), "AWS_DATA_PATH": str(tmp_path / ".aws" / "models")}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "2011-06-15\n"


def test_the_clock_is_the_systems_and_aware():
    before, now, after = time.time_ns(), SystemClock().now(), time.time_ns()
    assert now.tzinfo is UTC
    assert before // 1000 * 1000 <= (now - EPOCH) / MICROSECOND * 1000 <= after
