#!/usr/bin/env python3
"""Writes trio_gate/aws/iam/operations.txt and members.txt: what the botocore that is installed knows of operations and their inputs.

    python -m scripts.data.make_operations trio_gate/aws/iam

Only after a review: what is new in the diff counts from then on as harmless unless `aws/iam/sensitive_operations.py` and its kin say otherwise.
"""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import botocore
from botocore.loaders import Loader

from trio_gate.aws.iam.reviewed import HEADING
from trio_gate.aws.model.catalog import pruned

if TYPE_CHECKING:
    from collections.abc import Iterator

WIDTH = 120
FROM = f"of botocore {botocore.__version__} by service, made by scripts/data/make_operations.py."


def models() -> Iterator[tuple[str, Any]]:
    """Every service of botocore with its model."""
    loader = Loader([Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)
    for service in loader.list_available_services("service-2"):
        yield service, loader.load_service_model(service, "service-2")


def operations() -> Iterator[str]:
    """The lines of operations.txt."""
    yield f"# Operations {FROM}"
    for service, model in models():
        names = " ".join(sorted(model["operations"]))
        for line in textwrap.wrap(names, WIDTH - len(service), break_long_words=False, break_on_hyphens=False):
            yield f"{service}: {line}"


def members() -> Iterator[str]:
    """The lines of members.txt: one for a structure, however long, so that a diff shows what changed."""
    yield f"# Structures that inputs reach, with their members, {FROM}"
    for service, model in models():
        yield f"{HEADING}{service}"
        for name, shape in sorted(pruned(model)["shapes"].items()):
            if shape["type"] == "structure" and shape["members"]:
                yield f"{name}: {' '.join(sorted(shape['members']))}"


def main() -> None:
    """Write operations.txt and members.txt."""
    folder = Path(sys.argv[1])
    for name, lines in (("operations", operations()), ("members", members())):
        folder.joinpath(f"{name}.txt").write_text("\n".join(lines) + "\n", "ascii")


if __name__ == "__main__":
    main()
