"""A program whose SDK gives up after 3 s hears that its call waits for a person, and is served when it is run again."""

from __future__ import annotations

from tests.kit.approvals.approver import Person, detached
from tests.kit.gateway import running
from tests.programs.kit import BUCKET, CLIENTS, Job, Way, need
from tests.programs.programs import ARROW, OWN

RULES = """\
rule "uploads" { match = aws.action in ["CreateMultipartUpload", "PutObject"]  action = "approve"  approvers = [human.oncall] }
rule "rest"    { action = "allow" }
"""


def test_the_sdk_for_cpp_hears_that_its_call_waits(embedded_aws, tmp_path):
    need("pyarrow", ARROW)
    with running(tmp_path, embedded_aws, rules=RULES) as gate:
        way = Way(name="endpoint", ca_file="", endpoint=f"http://{gate.doors['endpoint']}")
        job = Job(way=way, source=tmp_path, target=tmp_path, prefix="", folder=tmp_path)
        words = (OWN / "python", CLIENTS / "arrow_sync.py", "write", BUCKET, "short-limits")
        said = job.run(*words)
        assert "is pending, open until " in said
        assert len(Person(gate).state().prompts) == 1, "it was not asked again and again"
        Person(gate).answer(ready=detached)
        assert job.run(*words).splitlines()[-1] == "written"
