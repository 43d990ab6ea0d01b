"""AWS host names that no endpoint rule set contains: aliases of known hosts, and names that are not served.

Rule: an alias means exactly what the name in the table means. Names under AWS's domains that belong to customers get no
credentials, because their owner would receive a signature made with the role's token.

Sources: the S3 user guide ("Legacy endpoints", "AWS PrivateLink for Amazon S3"), the VPC guide ("DNS hostnames of interface
endpoints"), `sslCommonName` in botocore's endpoints.json, the CloudSearch guide ("Submitting search requests") and the endpoints
that DescribeEndpoints and GetDataEndpoint return. A search domain belongs to a customer, but AWS answers there.
"""

from __future__ import annotations

from trio_gate.text.late_patterns import late

_REGION = r"[a-z]{2}(?:-[a-z]+)+-[0-9]"
_SUFFIX = r"amazonaws\.com(?:\.cn)?"

_OTHER = [
    (late(pattern), first)
    for pattern, first in (
        (r"((?:.+\.)?)s3-external-1\.amazonaws\.com", r"\1s3.us-east-1.amazonaws.com"),
        (rf"((?:.+\.)?)s3-({_REGION})\.amazonaws\.com", r"\1s3.\2.amazonaws.com"),
        (r"queue\.amazonaws\.com", r"sqs.us-east-1.amazonaws.com"),
        (r"rds\.amazonaws\.com", r"rds.us-east-1.amazonaws.com"),
        (rf"({_REGION})\.queue\.({_SUFFIX})", r"sqs.\1.\2"),
        (rf"({_REGION})\.elasticmapreduce\.({_SUFFIX})", r"elasticmapreduce.\1.\2"),
        (r"(ingest|query)-cell[0-9]{1,4}\.(timestream\..+)", r"\1.\2"),
        (r"b-[0-9a-f]{8}\.(kinesisvideo\..+)", r"\1"),
        (r"realtime\.(machinelearning\..+)", r"\1"),
        (r"[0-9a-z]{8,16}\.(mediaconvert\..+)", r"\1"),
        (
            rf"(?:search|doc)-[a-z][a-z0-9-]{{2,27}}-[a-z0-9]{{26}}\.({_REGION})\.cloudsearch\.({_SUFFIX})",
            r"cloudsearchdomain.\1.\2",
        ),
    )
]

_VPCE = late(rf"(?:(.+)\.)?vpce-[0-9a-f]+-[0-9a-z]+(?:-[0-9a-z-]+)?\.([^.].*)\.({_REGION})\.vpce\.({_SUFFIX})")
_VPCE_S3 = {"bucket": "s3", "accesspoint": "s3-accesspoint", "control": "s3-control"}
"""The label before `vpce-…` at S3's interface endpoints, and the host that each stands for."""

_OWNED = "belongs to a customer and not to an AWS service: such names are not served"
_SIGV4A = "needs SigV4A, which is not served"

_REFUSED = [
    (late(pattern), reason)
    for pattern, reason in (
        (
            r".+\.accesspoint\.s3-global\..+",
            f"is a multi-region access point and {_SIGV4A}: use a bucket or access point of one region",
        ),
        (r".+\.endpoint\.events\..+", f"is a global endpoint of EventBridge and {_SIGV4A}: leave EndpointId out"),
        (r".+\.endpoints\.email\..+", f"is a global endpoint of SES and {_SIGV4A}: leave EndpointId out"),
        (r".+\.cloudfront-kvs\..+", f"{_SIGV4A}: CloudFront KeyValueStore cannot be called through this gateway"),
        (r"(?:.+\.)?s3-website[.-].+", "is a website, which takes no signed request: use the bucket's s3 host"),
        (r".+\.iot\..+", "is one account's IoT endpoint and is not served: use data-ats.iot.REGION of the same domain"),
        (r".+\.dkr[.-]ecr(?:-fips)?\..+", "is a container registry, which takes no AWS signature: pull images past this gateway"),
        (
            r".+\.(?:execute-api|lambda-url|appsync-api|appsync-realtime-api|es|aoss|aos|cloudsearch|mediastore|neptune|docdb"
            r"|rds|cache|redshift|redshift-serverless|elb|elasticbeanstalk|compute(?:-1)?|vpce-svc-[0-9a-f]+)\..+",
            _OWNED,
        ),
        (r"(?:.+\.)?vpce-.+", "is not an interface endpoint of an AWS service that this gateway knows"),
    )
]


def first_name(host: str) -> str | None:
    """The name in the table that `host` is an alias of; None if it is no alias."""
    for pattern, first in _OTHER:
        found = pattern.fullmatch(host)
        if found:
            return found.expand(first)
    found = _VPCE.fullmatch(host)
    return _behind_endpoint(*found.groups()) if found else None


def _behind_endpoint(front: str | None, service: str, region: str, suffix: str) -> str | None:
    """The public host name of the service behind an interface endpoint; None if unknown."""
    if service == "s3":
        before, _, kind = (front or "").rpartition(".")
        stem = _VPCE_S3.get(kind)
        return f"{before}{'.' if before else ''}{stem}.{region}.{suffix}" if stem else None
    return None if front or service.endswith(".s3") else f"{service}.{region}.{suffix}"


def why_refused(host: str) -> str:
    """Why a name that is not in the table is refused, as the words that follow the host in the message."""
    return next((reason for pattern, reason in _REFUSED if pattern.fullmatch(host)), "is not an AWS host that this gateway knows")
