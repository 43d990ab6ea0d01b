"""A table of hosts made by hand, with an example of each form of name."""

from __future__ import annotations

from trio_gate.aws.hosts.table import HostTable

ACCOUNT = "111111111111"
EVERYWHERE = {"aws": "*", "aws-cn": "*", "aws-us-gov": "*"}
ALL_OF_AWS = ["eu-west-1", "us-east-1", "us-west-2"]
DATA = {
    "botocore": "0",
    "partitions": {
        "aws": {"suffix": "amazonaws.com", "dual": "api.aws", "regions": ALL_OF_AWS},
        "aws-cn": {"suffix": "amazonaws.com.cn", "dual": "api.amazonwebservices.com.cn", "regions": ["cn-north-1"]},
        "aws-us-gov": {"suffix": "amazonaws.com", "dual": "api.aws", "regions": ["us-gov-west-1"]},
    },
    "services": {
        "budgets": {
            "signing_name": "budgets",
            "hosts": {"budgets-fips.{s}": {"aws": {"": ["us-east-1"]}, "aws-us-gov": {"": ["us-gov-west-1"]}}},
            "default": {},
        },
        "dynamodb": {
            "signing_name": "dynamodb",
            "hosts": {
                "dynamodb.{r}.{s}": EVERYWHERE,
                "dynamodb-fips.{r}.{s}": EVERYWHERE,
                "dynamodb.{r}.{d}": EVERYWHERE,
                "{a}.ddb.{r}.{s}": EVERYWHERE,
            },
            "default": {"*": "dynamodb.{r}.{s}"},
        },
        "elb": {
            "signing_name": "elasticloadbalancing",
            "hosts": {"elasticloadbalancing.{r}.{s}": EVERYWHERE},
            "default": {"*": "elasticloadbalancing.{r}.{s}"},
        },
        "elbv2": {
            "signing_name": "elasticloadbalancing",
            "hosts": {"elasticloadbalancing.{r}.{s}": EVERYWHERE},
            "default": {"*": "elasticloadbalancing.{r}.{s}"},
        },
        "health": {
            "signing_name": "health",
            "hosts": {"health.{r}.{s}": {"aws": {"eu-west-1": ["us-east-1", "eu-west-1"], "us-east-1": ["us-east-1"]}}},
            "default": {"*": "health.{r}.{s}"},
        },
        "iam": {
            "signing_name": "iam",
            "hosts": {
                "iam.{s}": {"aws": {"": ["us-east-1"]}},
                "iam.{r}.{s}": {"aws-cn": "*"},
                "iam.us-gov.{s}": {"aws-us-gov": {"": ["us-gov-west-1"]}},
            },
            "default": {"*": "iam.{s}", "aws-cn": "iam.{r}.{s}", "aws-us-gov": "iam.us-gov.{s}"},
        },
        "kinesis": {
            "signing_name": "kinesis",
            "hosts": {
                "{a}.data-kinesis.{r}.{s}": EVERYWHERE,
                "{l}.data-kinesis.{r}.{s}": EVERYWHERE,
                "{l}.{l}.data-kinesis.{r}.{s}": EVERYWHERE,
            },
            "default": {},
        },
        "networkmanager": {
            "signing_name": "networkmanager",
            "hosts": {"networkmanager.{r}.{s}": {"aws": {"us-west-2": ["us-west-2"]}}},
            "default": {"*": "networkmanager.us-west-2.{s}", "aws-cn": "", "us-west-2": "networkmanager.{r}.{s}"},
        },
        "s3": {
            "signing_name": "s3",
            "hosts": {
                "s3.{r}.{s}": EVERYWHERE,
                "s3.{s}": {"aws": {"": ["us-east-1"]}},
                "{b}.s3.{s}": {"aws": {"": ALL_OF_AWS}},
                **{
                    f"{front}s3{form}.{{r}}.{{s}}": EVERYWHERE
                    for front in ("", "{b}.")
                    for form in ("", "-fips", ".dualstack", "-fips.dualstack")
                },
                "{b}.s3-accelerate.{s}": {"aws": {"": ALL_OF_AWS}},
                "{ap}.s3-accesspoint.{r}.{s}": EVERYWHERE,
                "{ap}.s3-accesspoint-fips.dualstack.{r}.{s}": EVERYWHERE,
                "{ol}.s3-object-lambda.{r}.{s}": dict.fromkeys(EVERYWHERE, "*/s3-object-lambda"),
                "{l}.s3-object-lambda.{r}.{s}": dict.fromkeys(EVERYWHERE, "*/s3-object-lambda"),
                "{op}.s3-outposts.{r}.{s}": dict.fromkeys(EVERYWHERE, "*/s3-outposts"),
                "s3express-control.{r}.{s}": dict.fromkeys(EVERYWHERE, "*/s3express"),
                "{x}.s3express-{z}.{r}.{s}": dict.fromkeys(EVERYWHERE, "*/s3express"),
                "{x}.s3express-fips-{z}.dualstack.{r}.{s}": dict.fromkeys(EVERYWHERE, "*/s3express"),
            },
            "default": {"*": "s3.{r}.{s}"},
        },
        "s3control": {
            "signing_name": "s3",
            "hosts": {
                "s3-control.{r}.{s}": EVERYWHERE,
                "{a}.s3-control.{r}.{s}": EVERYWHERE,
                "s3-outposts.{r}.{s}": dict.fromkeys(EVERYWHERE, "*/s3-outposts"),
                "s3express-control.{r}.{s}": dict.fromkeys(EVERYWHERE, "*/s3express"),
            },
            "default": {"*": "s3-control.{r}.{s}"},
        },
        "cloudsearchdomain": {"signing_name": "cloudsearch", "hosts": {"cloudsearchdomain.{r}.{s}": EVERYWHERE}, "default": {}},
        "machinelearning": {"signing_name": "machinelearning", "hosts": {"machinelearning.{r}.{s}": EVERYWHERE}, "default": {}},
        "signin": {"signing_name": "signin", "hosts": {"{r}.oauth.signin.aws": {"aws": "*"}}, "default": {}},
        "sqs": {"signing_name": "sqs", "hosts": {"sqs.{r}.{s}": EVERYWHERE}, "default": {"*": "sqs.{r}.{s}"}},
        "stepfunctions": {
            "signing_name": "states",
            "hosts": {"states.{r}.{s}": EVERYWHERE, "sync-states.{r}.{s}": EVERYWHERE},
            "default": {"*": "states.{r}.{s}"},
        },
        "timestream-query": {
            "signing_name": "timestream",
            "hosts": {"query.timestream.{r}.{s}": EVERYWHERE},
            "default": {"*": "query.timestream.{r}.{s}"},
        },
    },
}
TABLE = HostTable(DATA)
