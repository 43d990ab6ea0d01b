"""A botocore that is newer than the packaged review: the installed one with few services, operations of its own, and one service more."""

from __future__ import annotations

import gzip
import json
import os
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import botocore
import pytest

from tests.kit.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

VERSION = "1.99.0"
KEPT = ("dynamodb", "sts", "endpoints.json", "partitions.json", "_retry.json", "sdk-default-configuration.json")
NEW_SERVICE = "newqueue"
"""SQS by another name."""

NEW_DOMAIN = "new-aws.test"
"""Where that service has hosts for IPv6."""

TEXTS = {"type": "structure", "members": {"Text": {"shape": "String"}, "Size": {"shape": "Integer"}}}
STREAM = {"type": "structure", "members": {"Body": {"shape": "StreamedBody"}}, "payload": "Body"}


def _changed(model: dict) -> None:
    """DynamoDB with a new operation, a new one that streams, and a new member in an old answer and an old input."""
    model["shapes"] |= {"NewTexts": TEXTS, "NewStream": STREAM, "StreamedBody": {"type": "blob", "streaming": True}}
    http = {"method": "POST", "requestUri": "/"}
    for name, output in (("GetNewThing", "NewTexts"), ("GetNewStream", "NewStream")):
        model["operations"][name] = {"name": name, "http": http, "input": {"shape": "NewTexts"}, "output": {"shape": output}}
    model["shapes"]["ListTablesOutput"]["members"]["Newcomer"] = {"shape": "String"}
    model["shapes"]["DescribeTableInput"]["members"]["Newcomer"] = {"shape": "String"}


def _read(file: Path) -> str:
    return gzip.decompress(file.read_bytes()).decode()


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(gzip.compress(text.encode()))


def make(folder: Path) -> Path:
    """Make it in a folder, to stand first in PYTHONPATH."""
    installed, made = Path(botocore.__file__).parent, folder / "botocore"
    shutil.copytree(installed, made, ignore=shutil.ignore_patterns("data", "__pycache__"))
    init = made / "__init__.py"
    init.write_text(init.read_text().replace(botocore.__version__, VERSION))
    (made / "data").mkdir()
    for one in (installed / "data").iterdir():
        if one.name.removesuffix(".gz") in KEPT:
            (shutil.copytree if one.is_dir() else shutil.copy)(one, made / "data" / one.name)
    (dynamodb,) = (made / "data" / "dynamodb").glob("*/service-2.json.gz")
    model = json.loads(_read(dynamodb))
    _changed(model)
    _write(dynamodb, json.dumps(model))
    for file in (installed / "data" / "sqs").glob("*/*.json.gz"):
        text = _read(file).replace("sqs", NEW_SERVICE).replace("AmazonSQS", "AmazonNewQueue")
        text = text.replace("{PartitionResult#dualStackDnsSuffix}", NEW_DOMAIN)
        _write(made / "data" / NEW_SERVICE / file.parent.name / file.name, text)
    return folder


@contextmanager
def first(folder: Path) -> Iterator[None]:
    """Programs that are started here get it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join((str(folder), str(ROOT))))
        yield
