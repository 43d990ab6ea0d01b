"""A line of the log for each request, from a gateway that is asked for them, and from one that is not."""

from __future__ import annotations

import json
import re

from tests.kit.gateway import AGENT, running
from tests.kit.wire.raw import Raw, request

DENY = 'rule "nothing" { action = "deny" }\n'


def test_each_request_has_a_line_that_a_program_can_read(tmp_path):
    knobs = 'log_format = "json"\n  log_requests = true'
    with running(tmp_path, None, agent=AGENT, rules=DENY, knobs=knobs) as gate:
        with Raw(gate.doors["endpoint"]) as raw:
            answer = raw.send(request(host=gate.doors["endpoint"])).answer()
        lines = [json.loads(line) for line in gate.log.splitlines()]
    [line] = [one for one in lines if one["logger"] == "trio_gate.requests"]
    assert line.pop("milliseconds") >= 0
    assert line.pop("time")[-1] == "Z"
    assert line.pop("message").startswith(
        "request sts:GetCallerIdentity of ci at 127.0.0.1 for 222222222222: 403, deny by 'nothing', refused: denied by rule "
    )
    assert (line["request"] in answer.text, line["request"]) == (True, gate.records()[-1]["id"])
    assert {name: line[name] for name in ("level", "agent", "service", "operation", "decision", "rule", "end", "status")} == {
        "level": "info",
        "agent": "ci",
        "service": "sts",
        "operation": "GetCallerIdentity",
        "decision": "deny",
        "rule": "nothing",
        "end": "refused",
        "status": 403,
    }
    assert not [one for one in lines if one.get("message", "").startswith("refused ")]


def test_otherwise_refusals_alone_have_one(tmp_path):
    with running(tmp_path, None, agent=AGENT, rules=DENY) as gate, Raw(gate.doors["endpoint"]) as raw:
        raw.send(request(host=gate.doors["endpoint"])).answer()
        assert "request sts:GetCallerIdentity" not in gate.log
        assert re.search(
            r"(?m)^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z INFO refused sts:GetCallerIdentity for 127\.0\.0\.1", gate.log
        )
