"""Prints tables, a row as soon as it is measured."""

from __future__ import annotations

from itertools import zip_longest

NAME, WIDTH = 20, 8
"""Twelve columns fit on a page of 120."""


def title(name: str, *columns: str) -> None:
    """The heading of a table; a column's has two lines."""
    print(f"\n{name}")
    for line in zip_longest(*(column.split("\n") for column in columns), fillvalue=""):
        print("".join([" " * NAME, *(f" {word:>{WIDTH}}" for word in line)]).rstrip())


def row(name: str, *values: float | str | None) -> None:
    """A row: numbers with three digits or more; None for what was not measured."""
    print(f"{name:{NAME}}" + "".join(f" {_cell(value):>{WIDTH}}" for value in values), flush=True)


def _cell(value: float | str | None) -> str:
    if value is None or isinstance(value, str):
        return value or "-"
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def part(ours: float | None, theirs: float | None) -> float | None:
    """How many times theirs ours is; None where one of them was not measured."""
    return ours / theirs if ours is not None and theirs else None
