"""Loading for these tests: no environment but a dict, no files but a dict, and a check of conditions that finds `BAD`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from trio_gate.config.condition import ConditionFault
from trio_gate.config.load import load as real_load
from trio_gate.config.source import ConfigFaults

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trio_gate.config.model import Config
    from trio_gate.config.source import Fault

HASH = "a" * 64
OTHER_HASH = "b" * 64
ENV = {
    "CREDENTIALS_DIRECTORY": "/run/credentials/gate.service",
    "KEY": "AKIAEXAMPLEEXAMPLE",
    "EMPTY": "",
    "SHORT": "hunter2",
    "LONG": "correct horse battery".replace(" ", "-"),
    "HASH": HASH,
}
FILES = {
    "/etc/gate/secret.txt": "a-secret-from-a-file\n",
    "/abs/secret": "another-secret-here",
    "/run/credentials/gate.service/base-key": "a-secret-of-the-unit\n",
}

BASE = 'credential "aws_account" "base" {}\n'
MAIN = """endpoint "aws_api" "main" {
  role = "gate"
  region = "us-east-1"
  credential = aws_account.base
  accounts = ["111111111111=prod", "222222222222"]
}
"""
PEOPLE = f"""person "alice" {{ token_sha256 = "{HASH}" }}
person "robot" {{
  kind = "bot"
  token_sha256 = "{OTHER_HASH}"
}}
approver "human" "oncall" {{ people = [person.alice] }}
"""


def read_file(path: str) -> str:
    if path == "/etc/gate/binary":
        return b"\xff".decode()
    if path not in FILES:
        raise FileNotFoundError(2, "No such file or directory", path)
    return FILES[path]


def check_condition(condition: str) -> Sequence[ConditionFault]:
    """Finds `BAD` (a fault), `ODD` (a note) and `END` (a fault past the end)."""
    faults = [ConditionFault(offset=condition.index("BAD"), message="bad word", hint="be good")] if "BAD" in condition else []
    if "ODD" in condition:
        faults.append(ConditionFault(offset=condition.index("ODD"), message="odd word", fatal=False))
    if "END" in condition:
        faults.append(ConditionFault(offset=len(condition), message="unexpected end"))
    return faults


def load(text: str, **given: Any) -> Config:
    own = {"env": ENV.get, "read_file": read_file, "base_dir": "/etc/gate", "check_condition": check_condition}
    return real_load(text, "gate.hcl", **{**own, **given})


def faults_of(text: str, **given: Any) -> tuple[Fault, ...]:
    with pytest.raises(ConfigFaults) as caught:
        load(text, **given)
    return caught.value.faults


def places(marked: str) -> tuple[str, list[tuple[int, int]]]:
    """A text without its `§` marks, and the line and column of each."""
    found = []
    for number, line in enumerate(marked.split("\n"), start=1):
        parts = line.split("§")[:-1]
        column = 1
        for part in parts:
            column += len(part)
            found.append((number, column))
    return marked.replace("§", ""), found


def check(marked: str, messages: list[str], **given: Any) -> None:
    """A text has these faults and no others, each at its mark."""
    text, expected = places(marked)
    assert [(fault.line, fault.column, fault.message) for fault in faults_of(text, **given)] == [
        (line, column, message) for (line, column), message in zip(expected, messages, strict=True)
    ]
