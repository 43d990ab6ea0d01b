"""The members of a JSON object that an agent sends to the gateway, each of its form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trio_gate.aws.params.readers.json_body import read_json
from trio_gate.errors import Malformed

if TYPE_CHECKING:
    import re


def whole_number(found: object, name: str, most: int) -> int:
    """A member of JSON by this name, if it is a whole number from 1 to `most`. Raises Malformed."""
    if type(found) is not int or not 0 < found <= most:
        raise Malformed(f"`{name}` is not a whole number from 1 to {most}")
    return found


class Members:
    """The members of a JSON object, each of which is taken once. All methods raise Malformed."""

    def __init__(self, data: bytes) -> None:
        read = read_json(data)
        if not isinstance(read, dict):
            raise Malformed("the body is not a JSON object")
        self._left = read

    def text(self, name: str, form: re.Pattern[str], default: str | None = None) -> str:
        """A text of this form."""
        found = self._left.pop(name, default)
        if not isinstance(found, str) or not form.fullmatch(found):
            raise Malformed(f"`{name}` is missing, or not of its form")
        return found

    def number(self, name: str, most: int, default: int | None = None) -> int:
        """A whole number from 1 to `most`."""
        return whole_number(self._left.pop(name, default), name, most)

    def close(self) -> None:
        """Say that all are taken."""
        if self._left:
            raise Malformed("the body has a member that is not known here: see the gateway's page on agents")
