"""The SDK for JavaScript at S3 Express. Given an endpoint it doubles the slash after the bucket, so it comes by the proxy."""

from __future__ import annotations

from tests.kit.gateway import running
from tests.kit.standins.issuing import EXPRESS_BUCKET, express_route, issuing
from tests.programs.kit import CLIENTS, Job, need, ways
from tests.programs.programs import MODULES, NODE


def test_javascript(tmp_path):
    need("the AWS SDK for JavaScript", NODE, MODULES / "@aws-sdk" / "client-s3")
    with (
        issuing(tmp_path) as aws,
        running(tmp_path, aws.aws, rules='rule "all" { action = "allow" }\n', first=express_route(aws.aws)) as gate,
    ):
        job = Job(way=ways(gate, ())["proxy"], source=tmp_path, target=tmp_path, prefix="", folder=tmp_path)
        env = {"NODE_EXTRA_CA_CERTS": job.way.ca_file}
        said = job.run(NODE, "--no-warnings", CLIENTS / "express.mjs", MODULES, EXPRESS_BUCKET, "one", **env)
        assert said.strip() == "by javascript"
        assert [name for name, _ in aws.calls] == ["AssumeRole", "CreateSession", "PUT", "GET"]
        assert aws.refused == []
