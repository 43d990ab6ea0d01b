"""The operations that were there when the lists of what calls hand out were made: `operations.txt` beside this file.

Rule: an operation that is not among them is newer than every list here, so that none says anything of it by its silence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def packaged() -> Mapping[str, frozenset[str]]:
    """Operations by botocore's service. Reads the file."""
    from importlib.resources import files  # noqa: PLC0415 - it is only wanted where files may be read

    return read(files("trio_gate.aws").joinpath("operations.txt").read_text("ascii"))


def read(text: str) -> Mapping[str, frozenset[str]]:
    """Lines of `service: Operation Operation …`; a line that begins with `#` says nothing."""
    found: dict[str, set[str]] = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            service, _, names = line.partition(":")
            found.setdefault(service, set()).update(names.split())
    return {service: frozenset(names) for service, names in found.items()}
