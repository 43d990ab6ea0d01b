"""Routes of S3: the bucket from the host or the first segment, the key from the rest, the operation from the query.

Rule: the sub-resource in the query, the copy header and the level (service, bucket, object) select the operation, which must know
every query key; two sub-resources fit no operation. Keys are not paths: S3 normalises neither dots nor slashes (S3 API reference,
"Virtual hosting of general purpose buckets"), so neither does this file.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from trio_gate.errors import Malformed

if TYPE_CHECKING:
    from trio_gate.aws.call import Candidate, Place
    from trio_gate.aws.model.catalog import Operation, Service
    from trio_gate.wire.head import RequestHead

_BUCKET = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._\-]{1,254}")
"""Names of buckets, those made in us-east-1 before 2018 included; a path never holds an ARN."""

_OBJECT_LAMBDA = "s3-object-lambda"
_EXPRESS = "s3express"
_RESPONSE = "WriteGetObjectResponse"


def s3_labels(head: RequestHead, place: Place) -> dict[str, str]:
    """Bucket and key of a request, as `Bucket` and `Key`; absent if it names none.

    Raises:
        Malformed: the first segment cannot be a bucket.
    """
    segments = head.target.segments
    if place.bucket is not None:
        bucket, rest = place.bucket, segments
    elif segments == ("",):
        return {}
    else:
        bucket, rest = segments[0], segments[1:]
        if not _BUCKET.fullmatch(bucket):
            raise Malformed("the first segment of the path is not a bucket's name")
    key = "/".join(rest)
    return {"Bucket": bucket, "Key": key} if key else {"Bucket": bucket}


def at_level(service: Service, head: RequestHead, candidate: Candidate, place: Place, level: int) -> list[Operation]:
    """The operations of the request's method at a level: 0 for the service, 1 for a bucket, 2 for an object.

    A host of S3 Object Lambda without an access point has none of them.
    """
    if place.bucket is None and candidate.signing_name == _OBJECT_LAMBDA:
        return []
    found = [one for one in service.by_path.get((head.method, level), ()) if one.name != _RESPONSE]
    if level > 0:
        return found
    return [one for one in found if (one.name == "ListDirectoryBuckets") == (candidate.signing_name == _EXPRESS)]


def answers_object_lambda(head: RequestHead, candidate: Candidate) -> bool:
    """Whether the host and the path are those of WriteGetObjectResponse, the one operation that names no bucket."""
    return candidate.signing_name == _OBJECT_LAMBDA and head.method == "POST" and head.target.segments == (_RESPONSE,)
