"""The published schema of the channel, to hold frames against."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema

import trio_gate.approval

SCHEMA = json.loads((Path(trio_gate.approval.__file__).parent / "channel" / "channel.schema.json").read_text())
_VALIDATORS = {
    side: jsonschema.Draft202012Validator({"$schema": SCHEMA["$schema"], "$defs": SCHEMA["$defs"], "$ref": f"#/$defs/{side}"})
    for side in ("client", "server")
}


def conforms(side: str, text: str) -> bool:
    """Whether a frame is one that this side may send."""
    return _VALIDATORS[side].is_valid(json.loads(text))
