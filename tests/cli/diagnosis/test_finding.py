"""How findings are printed."""

from __future__ import annotations

import json

from trio_gate.cli.diagnosis.finding import fail, lines, note, ok

FOUND = [ok("disk", "much"), note("clock", "late"), fail("proxy", "taken")]


def test_a_line_each():
    assert lines(FOUND, as_json=False) == "ok    disk: much\nnote  clock: late\nfail  proxy: taken\n"


def test_json_for_programs():
    rows = [json.loads(line) for line in lines(FOUND, as_json=True).splitlines()]
    assert rows[2] == {"level": "fail", "what": "proxy", "said": "taken"}
