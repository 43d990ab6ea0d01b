"""Prints what pyproject.toml requires, of the given extras too, each at its lowest version, as a requirements file.

boto3 is printed with botocore's version: both are released together, and the range of the tests' boto3 has no room for the lowest botocore.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

PROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
LOWEST = re.compile(r"(?P<name>[\w-]+)(?P<extras>\[[\w,]+\])?>=(?P<version>[\w.]+)(?:,<[\w.]+)?")
OWN = re.compile(r"trio-gate\[([\w,]+)\]")


def required(*extras: str) -> list[str]:
    """The requirements of the project and of these extras, as they are written."""
    found = list(PROJECT["dependencies"])
    for requirement in (one for extra in extras for one in EXTRAS[extra]):
        own = OWN.fullmatch(requirement)
        found += [one for extra in own[1].split(",") for one in EXTRAS[extra]] if own else [requirement]
    return found


def lowest(requirements: list[str]) -> list[str]:
    """They at their lowest versions; ValueError for one that has none."""
    bounds = {one: LOWEST.fullmatch(one) for one in requirements}
    if without := [one for one, bound in bounds.items() if bound is None]:
        raise ValueError(f"without a lower bound: {', '.join(without)}")
    found = {bound["name"] + (bound["extras"] or ""): bound["version"] for bound in bounds.values() if bound}
    if "boto3" in found:
        found["boto3"] = found["botocore"]
    return [f"{name}=={version}" for name, version in found.items()]


if __name__ == "__main__":
    print("\n".join(lowest(required(*sys.argv[1:]))))
