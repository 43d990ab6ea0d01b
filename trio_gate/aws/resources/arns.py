"""Parses ARNs strictly, builds them from names, and gives each resource one canonical form.

Rule: a form that leaves open which resource is meant (an alias, a partial ARN that fits two secrets) has no ARN, though the
account may be known. A qualifier (version, alias, stage) is not part of a resource's canonical ARN, so that a rule about the
resource covers all of them; the qualifier is among the parameters.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, TypeGuard

from trio_gate.aws.call import UNKNOWN
from trio_gate.text.folding import fold
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Callable

    from trio_gate.aws.call import Unknown

_ARN = re.compile(r"arn:(aws(?:-[a-z]+)*):([a-z0-9-]+):([a-z0-9-]*):([0-9]{12}|[a-z0-9-]*):([^\x00-\x20*?\x7f][^\x00-\x1f\x7f]*)")
MAX_ARN = 2048
"""Characters of an ARN; more than any service accepts."""

_DIGITS = 12
_ACCOUNT = re.compile(r"[0-9]{12}")
_NAME = re.compile(r"[A-Za-z0-9_.@+=,/#~!$&'() -]{1,1024}")
_QUEUE_PATH = re.compile(r"https?://([A-Za-z0-9.-]{1,253})(?::[0-9]{1,5})?/([0-9]{12})/([A-Za-z0-9_.-]{1,80})/?")
_UUID = re.compile(r"(?:mrk-[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")
_FUNCTION = re.compile(r"(?:([0-9]{12}):)?(?:function:)?([A-Za-z0-9_-]{1,140})(?::([A-Za-z0-9_$-]{1,140}))?")
_SECRET = re.compile(r"(secret:[^:]{1,512}?)(-[A-Za-z0-9]{6})?(?::.{0,512})?")
_BUCKET = re.compile(r"[A-Za-z0-9._-]{3,255}")
_OWN = frozenset({"apigateway", "route53", "cloudfront", "elasticbeanstalk"})
"""Services whose ARNs may leave out the account but always mean the caller's own."""


@value_class
class Arn:
    """The parts of an ARN; `account` is 12 digits, a word such as "aws", or empty."""

    partition: str
    service: str
    region: str
    account: str
    resource: str

    def __str__(self) -> str:
        return f"arn:{self.partition}:{self.service}:{self.region}:{self.account}:{self.resource}"


@value_class
class CallerContext:
    """The context of names that are not ARNs: the partition, the signing region and the caller's account.

    `configured` are the accounts of the configuration, in the same partition: no strangers either.
    """

    partition: str
    region: str
    account: str
    configured: frozenset[str] = frozenset()

    def is_ours(self, account: object) -> bool:
        """Whether an account is the caller's or a configured one."""
        return account == self.account or account in self.configured

    def arn(self, service: str, resource: str, *, region: str | None = None, account: str | None = None) -> Resource:
        """The resource with this name, in the caller's region and account unless others are given."""
        if account is not None and not is_account(account):
            return NOT_KNOWN
        owner = self.account if account is None else account
        where = self.region if region is None else region
        return Resource(arn=f"arn:{self.partition}:{service}:{where}:{owner}:{resource}", account=owner)


@value_class
class Resource:
    """One resource that a call names. `account` is None if AWS itself provides it, so that no account owns it.

    `readings` are all the ARNs that a text may mean, where `arn` is UNKNOWN because there are several.
    """

    arn: str | Unknown
    account: str | Unknown | None
    readings: tuple[str, ...] = ()


NOT_KNOWN = Resource(arn=UNKNOWN, account=UNKNOWN)


def parse(text: object) -> Arn | None:
    """Parse an ARN; None for anything else, wildcards and policy variables included."""
    if not (isinstance(text, str) and text.startswith("arn:") and len(text) <= MAX_ARN):
        return None
    found = _ARN.fullmatch(text)
    if found is None:
        return None
    partition, service, region, account, resource = found.groups()
    return Arn(partition=partition, service=service, region=region, account=account, resource=resource)


def is_account(text: object) -> TypeGuard[str]:
    """Whether `text` is 12 ASCII digits."""
    return isinstance(text, str) and len(text) == _DIGITS and _ACCOUNT.fullmatch(text) is not None


def plain(text: object) -> TypeGuard[str]:
    """Whether `text` can be a name inside an ARN: without colon, wildcard or control character."""
    return isinstance(text, str) and _NAME.fullmatch(text) is not None


def given_arn(arn: Arn, caller: CallerContext) -> Resource:
    """The resource that a full ARN in the request names, in its canonical form."""
    owner: str | Unknown | None = arn.account
    if not is_account(arn.account):
        public = (arn.account, arn.service) == ("", "ssm") and arn.resource.startswith(f"parameter/{OF_AWS}")
        owner = None if arn.account == "aws" or public else (caller.account if arn.service in _OWN else UNKNOWN)
    return Resource(arn=_canonical(arn), account=owner, readings=_readings(arn))


def _readings(arn: Arn) -> tuple[str, ...]:
    """`secret:name-AbCdEf` is the secret `name`, or `name-AbCdEf`: Secrets Manager also takes an ARN without its random suffix."""
    found = _SECRET.fullmatch(arn.resource) if arn.service == "secretsmanager" else None
    if found is None or found[2] is None:
        return ()
    return str(replace(arn, resource=found[1])), str(replace(arn, resource=f"{found[1]}{found[2]}"))


def _canonical(arn: Arn) -> str | Unknown:
    shorten = _SHORTEN.get((arn.service, kind_of(arn.resource)))
    resource = shorten(arn.resource) if shorten else arn.resource
    if resource is UNKNOWN:
        return UNKNOWN
    return f"arn:{arn.partition}:{arn.service}:{arn.region}:{arn.account}:{resource}"


def kind_of(resource: str) -> str:
    """The type of a resource, before the first colon or slash."""
    return resource.partition(":")[0].partition("/")[0]


def _secret(resource: str) -> str | Unknown:
    """A secret without the key of its JSON, stage and version that ECS takes behind it; UNKNOWN with two readings."""
    found = _SECRET.fullmatch(resource)
    return UNKNOWN if found is None or found[2] else found[1]


def _folded(resource: str) -> str:
    """Lower-case a name that ignores case: Glue folds names for Hive, ElastiCache stores them folded (their API references)."""
    kind = kind_of(resource)
    return kind + fold(resource[len(kind) :])


_OF_RDS = ("cluster", "cluster-pg", "cluster-snapshot", "db", "es", "og", "pg", "secgrp", "snapshot", "subgrp")
"""Types of RDS, and of its twins, whose names are folded when something is made (their API references)."""

_SHORTEN: dict[tuple[str, str], Callable[[str], str | Unknown]] = {
    ("lambda", "function"): lambda text: ":".join(text.split(":")[:2]),
    ("lambda", "layer"): lambda text: ":".join(text.split(":")[:2]),
    ("states", "stateMachine"): lambda text: ":".join(text.split(":")[:2]),
    ("logs", "log-group"): lambda text: text.removesuffix(":*"),
    ("cloudformation", "stack"): lambda text: "/".join([*text.split("/")[:2], "*"]),
    ("cloudformation", "stackset"): lambda text: text.split(":")[0] + ":*",
    ("ssm", "parameter"): lambda text: text.split(":")[0],
    ("kms", "alias"): lambda _: UNKNOWN,
    ("secretsmanager", "secret"): _secret,
    **{("rds", kind): _folded for kind in _OF_RDS},
    **{("redshift", kind): _folded for kind in ("cluster", "parametergroup", "snapshot", "subnetgroup")},
    **{("memorydb", kind): _folded for kind in ("acl", "cluster", "parametergroup", "snapshot", "subnetgroup", "user")},
    **dict.fromkeys((("glue", "database"), ("glue", "table"), ("glue", "tableVersion")), _folded),
    **dict.fromkeys((("elasticache", "cluster"), ("elasticache", "replicationgroup"), ("elasticache", "subnetgroup")), _folded),
}
"""For each resource type, the function that makes its canonical form or UNKNOWN."""


def name_or_arn(service: str, kind: str, value: object, caller: CallerContext) -> Resource:
    """Read `value` as an ARN of `service`, or as a name after `kind` ("table/", "db:") in the caller's account and region."""
    if plain(value):
        return caller.arn(service, f"{kind}{value}")
    arn = parse(value)
    return given_arn(arn, caller) if arn is not None and arn.service == service else NOT_KNOWN


def function(value: object, caller: CallerContext) -> Resource:
    """A Lambda function by name, `name:qualifier`, `account:function:name` or ARN."""
    arn = parse(value)
    if arn is not None:
        return given_arn(arn, caller) if arn.service == "lambda" and arn.resource.startswith("function:") else NOT_KNOWN
    found = _FUNCTION.fullmatch(value) if isinstance(value, str) else None
    return caller.arn("lambda", f"function:{found[2]}", account=found[1]) if found else NOT_KNOWN


def key(value: object, caller: CallerContext) -> Resource:
    """A KMS key by id or ARN. An alias means a key of its own account and region, but only a lookup could say which."""
    arn = parse(value)
    if arn is not None:
        return given_arn(arn, caller) if arn.service == "kms" else NOT_KNOWN
    if isinstance(value, str) and value.startswith("alias/"):
        return Resource(arn=UNKNOWN, account=caller.account)
    return caller.arn("kms", f"key/{value}") if isinstance(value, str) and _UUID.fullmatch(value) else NOT_KNOWN


def queue(value: object, caller: CallerContext) -> Resource:
    """An SQS queue by its URL, which names account and queue, or by its bare name, which SQS accepts too."""
    found = _QUEUE_PATH.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return caller.arn("sqs", str(value)) if plain(value) and "/" not in str(value) else NOT_KNOWN
    labels = fold(found[1]).split(".")
    region = {"sqs": labels[1:2], "queue": ["us-east-1"]}.get(labels[0], labels[:1] if labels[1:2] == ["queue"] else [])
    if region and "amazonaws" in labels and region != [caller.region]:
        return Resource(arn=UNKNOWN, account=found[2])
    return caller.arn("sqs", found[3], account=found[2])


def secret(value: object, caller: CallerContext) -> Resource:
    """A secret by name, partial ARN or ARN. All become `secret:name`, without the random suffix."""
    return name_or_arn("secretsmanager", "secret:", value, caller)


OF_AWS = "aws/service/"
"""The beginning of the names of Systems Manager's public parameters, which no account owns."""


def parameter(value: object, caller: CallerContext) -> Resource:
    """An SSM parameter by name, `name:version`, `name:label` or ARN; UNKNOWN for one that refers to a secret."""
    if parse(value) is None and isinstance(value, str):
        value = value.partition(":")[0].removeprefix("/")
    if isinstance(value, str) and "aws/reference/" in fold(value):
        return NOT_KNOWN
    if isinstance(value, str) and value.startswith(OF_AWS) and plain(value):
        return Resource(arn=f"arn:{caller.partition}:ssm:{caller.region}::parameter/{value}", account=None)
    return name_or_arn("ssm", "parameter/", value, caller)


def bucket(value: object, caller: CallerContext, *, owner: str | None = None) -> Resource:
    """An S3 bucket, directory bucket, or access point ARN. A bucket's name proves no account, but AWS checks `owner`."""
    arn = parse(value)
    if arn is not None:
        return given_arn(arn, caller) if arn.service.startswith("s3") else NOT_KNOWN
    account: str | Unknown = owner if is_account(owner) else UNKNOWN
    if not isinstance(value, str) or not _BUCKET.fullmatch(value):
        return Resource(arn=UNKNOWN, account=account)
    if value.endswith(("-s3alias", "--ol-s3", ".mrap", "--op-s3")):
        return Resource(arn=UNKNOWN, account=account)
    if value.endswith(("--x-s3", "--xa-s3")):
        kind = "bucket" if value.endswith("--x-s3") else "accesspoint"
        return Resource(arn=caller.arn("s3express", f"{kind}/{value}").arn, account=account)
    return Resource(arn=f"arn:{caller.partition}:s3:::{value}", account=account)


def inside(whole: Resource, kind: str, name: object) -> Resource:
    """An object in a bucket or access point, a stream in a log group: `whole`'s ARN, `kind`, then the name, verbatim."""
    if whole.arn is UNKNOWN or not isinstance(name, str) or not name or "\x00" in name:
        return Resource(arn=UNKNOWN, account=whole.account)
    return Resource(arn=f"{whole.arn}{kind}{name}", account=whole.account)
