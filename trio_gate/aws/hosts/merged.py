"""Merges the host tables of two versions of botocore.

Rule: the newer one takes precedence; what only the older one has is kept, so that no agent loses a host that it uses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    Data = Mapping[str, Any]


def limited(data: Data, services: Container[str]) -> Data:
    """The data, for these services only."""
    return {**data, "services": {name: one for name, one in data["services"].items() if name in services}}


def merged(older: Data, newer: Data) -> Data:
    """Both, merged by partition, service and pattern; if a service's signing name differs, the newer entry is used."""
    services = {name: _service(older["services"].get(name), one) for name, one in newer["services"].items()}
    partitions = {name: _partition(older["partitions"].get(name), one) for name, one in newer["partitions"].items()}
    return {
        "botocore": newer["botocore"],
        "partitions": {**older["partitions"], **partitions},
        "services": {**older["services"], **services},
    }


def _partition(older: Data | None, newer: Data) -> Data:
    regions = older["regions"] if older else ()
    return {**newer, "regions": list(dict.fromkeys((*newer["regions"], *regions)))}


def _service(older: Data | None, newer: Data) -> Data:
    if older is None or older["signing_name"] != newer["signing_name"]:
        return newer
    hosts = {pattern: {**older["hosts"].get(pattern, {}), **found} for pattern, found in newer["hosts"].items()}
    return {**newer, "hosts": {**older["hosts"], **hosts}}
