"""What a text names by its form, in any member: an ARN, an image of a registry, a bucket for a service to use.

Rule: a text that names something in a form that is not parsed here is NOT_KNOWN; a text without such a form names nothing (None).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.resources.arns import NOT_KNOWN, CallerContext, Resource, given_arn, parse
from trio_gate.aws.resources.arns import key as kms_key
from trio_gate.aws.resources.place_facts import KEY_OF_AWS, called_bucket, called_key
from trio_gate.text.folding import fold

if TYPE_CHECKING:
    from trio_gate.aws.model.place import PlaceFacts

_BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_S3_URI = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/|\Z)")
_IMAGE = re.compile(r"([0-9]{12})\.dkr\.ecr(?:-fips)?\.([a-z0-9-]{1,63})\.[a-z.]{1,63}/([a-z0-9._/-]{1,256})")
_HEAD = 512
"""Characters of a text that are searched for a host or the beginning of an ARN; a host has at most 253."""

_PROSE = re.compile("[ \t\r\n{<]")
"""Characters in a text that is more than a name."""


def mentioned(service: str, facts: PlaceFacts, key: str | None, value: str, caller: CallerContext) -> Resource | None:
    """What a text names; None if its form does not show that it names something. `key` is its key in a map."""
    if ":" in value or "." in value:
        arn = parse(value)
        if arn is not None:
            return NOT_KNOWN if "arn:" in arn.resource else given_arn(arn, caller)
        image = _IMAGE.match(value)
        if image is not None:
            return caller.arn("ecr", f"repository/{image[3]}", region=image[2], account=image[1])
        if _says_more(value):
            return NOT_KNOWN
    if (facts.for_key if key is None else called_key(key)) and not value.startswith(KEY_OF_AWS):
        return kms_key(value, caller)
    if service == "s3":
        return None
    uri = _S3_URI.match(value)
    if uri is None and not ((facts.for_bucket if key is None else called_bucket(key)) and _BUCKET_NAME.fullmatch(value)):
        return None
    return Resource(arn=f"arn:{caller.partition}:s3:::{uri[1] if uri else value}", account=UNKNOWN)


def _says_more(value: str) -> bool:
    """Whether a text names something in a form that is not parsed here: an S3 object by URL, an image, a malformed ARN."""
    head = fold(value[:_HEAD].strip())
    scheme, mark, rest = head.partition("://")
    if mark and scheme.startswith("s3"):
        return _S3_URI.match(value) is None
    if head.startswith("arn:") or ("dkr" in head and "ecr" in head and " " not in head):
        return True
    if "arn:" in head and _PROSE.search(head) is None:
        return True
    return _is_s3_host((rest if mark else head).partition("/")[0])


def _is_s3_host(host: str) -> bool:
    """Whether a host name belongs to S3: a bucket, an access point, a website."""
    labels = host.partition(":")[0].split(".")
    return ("amazonaws" in labels or labels[-2:] == ["api", "aws"]) and any(label.startswith("s3") for label in labels)
