"""A signature is not handed out where its agent was stopped while its intent was written."""

import json
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

from tests.integration.sessions.test_signed_away import PEOPLE, ROOT, RULES, raw
from tests.kit.approvals.channel import PATIENCE, Channel
from tests.kit.gateway import AGENT, running


def test_a_stop_while_the_disk_is_slow_counts(embedded_aws, tmp_path):
    body = json.dumps({"bucket": "staging-data", "key": "x", "method": "PUT"})
    with running(tmp_path, embedded_aws, rules=RULES, agent=AGENT, extra=PEOPLE) as gate, ThreadPoolExecutor(1) as agent:
        assert raw(gate, body=body)[0] == 200
        decided = (tmp_path / "decisions.jsonl").read_text().count("reports")
        with (
            Channel(gate, ROOT) as people,
            closing(sqlite3.connect(tmp_path / "state" / "audit.db", isolation_level=None)) as record,
        ):
            people.until("hello")
            record.execute("BEGIN IMMEDIATE")
            asked = agent.submit(raw, gate, body=body)
            deadline = time.monotonic() + PATIENCE
            while (tmp_path / "decisions.jsonl").read_text().count("reports") == decided:
                assert time.monotonic() < deadline
            people.say(type="stop", agent="ci", reason="enough")
            people.until("stopped")
            record.execute("COMMIT")
            status, said = asked.result()[:2]
        assert (status, "url" in said) == (403, False)
