"""Models and tables: loaded off the loop, once, from botocore's own folder."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta

import botocore
import pytest
import trio
import trio.testing
from botocore.loaders import Loader

from trio_gate.aws.model.catalog import KNOWN_ANSWER, compile_service
from trio_gate.aws.model.shape import Shape
from trio_gate.shell.clock import SystemClock
from trio_gate.shell.models import model_loader as module
from trio_gate.shell.models.model_loader import Models
from trio_gate.shell.models.packaged_data import known_outputs

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
    assert models.catalog.service("cloudfront").api_version == max(os.listdir(module.DATA / "cloudfront"))


BOTOCORES = Loader([Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)
"""Its own loader, which ours must agree with."""


def test_services_and_versions_are_those_of_botocores_loader():
    services = BOTOCORES.list_available_services("service-2")
    assert sorted(module.installed_services()) == services
    newest = {service: BOTOCORES.determine_latest_version(service, "service-2") for service in services}
    assert {service: module._newest(module.DATA / service).name for service in services} == newest


@pytest.mark.parametrize("service", ["sts", "ec2", "bedrock-agentcore"])
def test_a_model_is_what_botocores_loader_reads(service, monkeypatch):
    monkeypatch.setattr(module, "with_known_answers", lambda model, _: model)
    assert module.load_model(service) == BOTOCORES.load_service_model(service, "service-2")


@pytest.mark.parametrize("service", ["sts", "s3"])
def test_the_answers_of_the_version_that_was_reviewed_are_known(service, monkeypatch):
    monkeypatch.setattr(module, "reviewed_botocore", lambda: module.INSTALLED)
    assert known_answers(service) == set(module.load_model(service)["operations"])


def test_the_answers_of_another_version_are_known_if_the_lists_have_all_their_members(monkeypatch):
    lists = {name: members - {"Account?", "SourceIdentity?"} for name, members in known_outputs("sts").items()}
    monkeypatch.setattr(module, "reviewed_botocore", lambda: "1.0.0")
    monkeypatch.setattr(module, "known_outputs", lambda service: lists)
    assert set(module.load_model("sts")["operations"]) - known_answers("sts") >= {"AssumeRole", "GetCallerIdentity"}
    assert "GetSessionToken" in known_answers("sts")


def known_answers(service):
    return {name for name, one in module.load_model(service)["operations"].items() if KNOWN_ANSWER in one}


@pytest.mark.parametrize("packed", [False, True])
def test_what_botocore_adds_to_a_model_is_added(tmp_path, monkeypatch, packed):
    files = {
        "demo/2020-01-01/service-2": {"metadata": {"a": 1}, "operations": {}, "shapes": {}},
        "demo/2021-01-01/service-2": {"metadata": {"a": {"b": 1}, "c": 1}, "operations": {}, "shapes": {}},
        "demo/2021-01-01/service-2.sdk-extras": {"version": 1, "merge": {"metadata": {"a": {"d": 2}, "c": {"e": 3}, "f": 4}}},
        "demo/2022-01-01/paginators-1": {},
        "none/2022-01-01/paginators-1": {},
    }
    for name, content in files.items():
        path, data = tmp_path / f"{name}.json", json.dumps(content).encode()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(data)) if packed else path.write_bytes(data)
    monkeypatch.setattr(module, "DATA", tmp_path)
    theirs = Loader([str(tmp_path)], include_default_search_paths=False)
    assert module.load_model("demo") == theirs.load_service_model("demo", "service-2")
    assert module.load_model("demo")["metadata"] == {"a": {"b": 1, "d": 2}, "c": {"e": 3}, "f": 4}
    assert module.installed_services() == {"demo"}


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


async def test_what_naming_needs_is_kept_and_read_the_next_time(tmp_path, monkeypatch):
    cache = tmp_path / "models"
    await Models(cache).ensure(["sts", "s3"])
    (folder,) = cache.iterdir()
    assert botocore.__version__ in folder.name
    assert {path.name for path in folder.iterdir()} == {"sts.jsonl", "s3.jsonl"}
    assert [path.stat().st_mode & 0o77 for path in (folder, *folder.iterdir())] == [0, 0, 0]
    monkeypatch.setattr(module, "load_model", lambda name: pytest.fail(f"{name} was loaded again"))
    models = Models(cache)
    await models.ensure(["s3"])
    operations = models.catalog.service("s3").operations
    assert operations["PutObject"].streams
    monkeypatch.setattr(json, "loads", lambda _: pytest.fail("an operation was read to know whether it is there"))
    assert ("GetObject" in operations, "PutNothing" in operations) == (True, False)


@pytest.mark.parametrize(
    "damage",
    [
        lambda _: b"",
        lambda _: b"{",
        lambda _: b"\xff",
        lambda _: b"[]\n",
        lambda whole: whole[:-1],
        lambda whole: whole[:-20] + b"x" + whole[-19:],
        lambda whole: whole.replace(b'"sha256"', b'"sha1"', 1),
    ],
)
async def test_a_damaged_copy_is_made_again(tmp_path, damage):
    await Models(tmp_path / "m").ensure(["sts"])
    (path,) = (tmp_path / "m").glob("*/sts.jsonl")
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    await Models(tmp_path / "m").ensure(["sts"])
    assert path.read_bytes() == whole


async def test_copies_for_another_botocore_go(tmp_path, monkeypatch):
    await Models(tmp_path / "m").ensure(["sts"])
    monkeypatch.setattr(botocore, "__version__", "9.9.9")
    await Models(tmp_path / "m").ensure(["sqs"])
    assert [path.name for path in (tmp_path / "m").glob("*/*")] == ["sqs.jsonl"]


async def test_without_a_place_for_copies_models_are_loaded(tmp_path):
    (tmp_path / "m").write_text("in the way")
    models = Models(tmp_path / "m" / "deeper")
    await models.ensure(["sts"])
    assert models.catalog.loaded(["sts"])


@pytest.mark.parametrize("service", ["ec2", "s3", "sesv2", "quicksight", "cloudwatch", "glacier"])
def test_a_copy_says_the_same_as_the_model(service):
    whole, copy = module.load_model(service), module.load_pruned(service)
    assert described(compile_service(service, copy)) == described(compile_service(service, whole))


def described(service):
    """All of a compiled service, its shapes by name."""

    def shape(one):
        members = {name: tuple(plain(value) for value in fields(member)) for name, member in one.members.items()}
        return (
            one.name,
            one.type,
            sorted(one.required),
            one.payload,
            one.root,
            sorted(one.by_wire),
            sorted(one.by_query),
            members,
        )

    def fields(one):
        return [getattr(one, name) for name in type(one).__slots__ if name != "_inside"]

    def plain(value):
        return shape(value) if isinstance(value, Shape) and value.name not in seen and not seen.add(value.name) else str(value)

    seen = set()
    return [[plain(value) for value in fields(one)] for one in service.operations.values()], sorted(service.by_path)


def test_models_of_the_user_are_not_read(tmp_path):
    folder = tmp_path / ".aws" / "models" / "sts" / "2099-01-01"
    folder.mkdir(parents=True)
    metadata = {"apiVersion": "2099-01-01", "protocol": "query", "endpointPrefix": "sts", "serviceId": "STS"}
    (folder / "service-2.json").write_text(json.dumps({"metadata": metadata, "operations": {}, "shapes": {}}))
    script = """
import trio
from trio_gate.shell.models.model_loader import Models
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
