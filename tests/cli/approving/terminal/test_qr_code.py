"""The QR code of a link: its quiet border, and that it is an extra."""

from __future__ import annotations

import sys

from trio_gate.cli.approving.terminal.qr_code import qr_code

URL = f"https://gate.example:9443/#link={'x' * 43}"


def test_a_link_is_drawn_in_as_many_rows_as_half_its_columns():
    rows = qr_code(URL).splitlines()
    [width] = {len(row) for row in rows}
    assert (width, len(rows)) == (37, 19)
    assert qr_code(URL.replace("x", "y")) != qr_code(URL)


def test_without_the_package_nothing_is_drawn(monkeypatch):
    monkeypatch.setitem(sys.modules, "segno", None)
    assert qr_code(URL) == ""
