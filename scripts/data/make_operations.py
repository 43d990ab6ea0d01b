#!/usr/bin/env python3
"""Writes trio_gate/aws/iam/members.txt and outputs.txt: the members that inputs and answers have in the installed botocore.

    python -m scripts.data.make_operations trio_gate/aws/iam

Only after a review: what is new in the diff counts as harmless from then on, unless the table of the review (make_review.py) says
otherwise.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import botocore
from botocore.loaders import Loader

from trio_gate.aws.iam.reviewed import HEADING, entries
from trio_gate.aws.model.shape import refs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from trio_gate.aws.iam.reviewed import Side

FROM = f"of botocore {botocore.__version__} by service, made by scripts/data/make_operations.py."


def models() -> Iterator[tuple[str, Any]]:
    """Every service of botocore, with its model."""
    loader = Loader([Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)
    for service in loader.list_available_services("service-2"):
        yield service, loader.load_service_model(service, "service-2")


def members() -> Iterator[str]:
    """The lines of members.txt."""
    yield f"# Structures that inputs reach, with their members, {FROM}"
    yield from structures("input")


def outputs() -> Iterator[str]:
    """The lines of outputs.txt."""
    yield f"# Structures that answers reach, with their members, {FROM}"
    yield from structures("output")


def structures(side: Side) -> Iterator[str]:
    """One line per structure that the "input" or "output" of an operation reaches, so that a diff shows what changed."""
    for service, model in models():
        yield f"{HEADING}{service}"
        for name, shape in sorted(reached(model, side).items()):
            if shape["type"] == "structure" and shape["members"]:
                yield f"{name}: {' '.join(sorted(entries(shape, model['shapes'], side)))}"


def reached(model: Mapping[str, Any], side: str) -> Mapping[str, Any]:
    """The shapes that the "input" or "output" of an operation reaches, by name."""
    shapes: dict[str, Any] = {}
    todo = [one[side]["shape"] for one in model["operations"].values() if side in one]
    while todo:
        name = todo.pop()
        if name not in shapes:
            shapes[name] = model["shapes"][name]
            todo.extend(ref["shape"] for _, ref in refs(shapes[name]))
    return shapes


def main() -> None:
    """Write members.txt and outputs.txt."""
    folder = Path(sys.argv[1])
    for name, lines in (("members", members()), ("outputs", outputs())):
        folder.joinpath(f"{name}.txt").write_text("\n".join(lines) + "\n", "ascii")


if __name__ == "__main__":
    main()
