#!/usr/bin/env python3
"""Prints trio_gate/aws/operations.txt: the names of every operation of the botocore that is installed, by service.

    python scripts/make_operations.py > trio_gate/aws/operations.txt

Only after a review: what is new in the diff counts from then on as harmless unless `aws/lists.py` and its kin say otherwise.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import botocore
from botocore.loaders import Loader

if TYPE_CHECKING:
    from collections.abc import Iterator

WIDTH = 120


def lines() -> Iterator[str]:
    """The file's."""
    loader = Loader([Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)
    yield f"# Operations of botocore {botocore.__version__} by service, made by scripts/make_operations.py."
    for service in loader.list_available_services("service-2"):
        names = " ".join(sorted(loader.load_service_model(service, "service-2")["operations"]))
        for line in textwrap.wrap(names, WIDTH - len(service), break_long_words=False, break_on_hyphens=False):
            yield f"{service}: {line}"


if __name__ == "__main__":
    print("\n".join(lines()))
