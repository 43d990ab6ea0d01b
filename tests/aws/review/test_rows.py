"""The table of the review, read."""

from __future__ import annotations

import pytest

from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.review.rows import Clause, Row, read_rows


def row(access="write", permissions=None, **marks):
    return Row(access=access, permissions=permissions, marks=marks)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("Get read", row("read")),
        ("Get read vends exposes # vends: Token", row("read", vends=(), exposes=())),
        ("Get read secret?With", row("read", secret=(Clause(("With",), "given"),))),
        ("Get read secret?!Hide", row("read", secret=(Clause(("Hide",), "off"),))),
        ("Set write unguards?A.B=false,C", row(unguards=(Clause(("A", "B"), "equals", "false"), Clause(("C",), "given")))),
        ("Set write spends~", row(spends=UNKNOWN)),
        ("Set write permissions?Password", row(permissions=(Clause(("Password",), "given"),))),
    ],
)
def test_a_line_is_a_row(line, found):
    [(_, read)] = read_rows(f"# head\n{line}\n").items()
    assert read == found


@pytest.mark.parametrize("line", ["Get admin", "Get read opens", "Get read vend?Member"])
def test_a_line_that_is_none_is_a_fault(line):
    with pytest.raises(ValueError, match=r"no (mark|access level)"):
        list(read_rows(line).values())
