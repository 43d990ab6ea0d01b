"""Members of JSON objects come once."""

import json

import pytest

from trio_gate.text.json_members import once


def test_a_member_comes_once():
    assert json.loads('{"a": {"b": 1, "B": 2}}', object_pairs_hook=once) == {"a": {"b": 1, "B": 2}}
    with pytest.raises(ValueError, match="given twice"):
        json.loads('{"a": {"b": 1, "b": 1}}', object_pairs_hook=once)
