"""Reads the labels before a host of the table: an account, an identifier, or an S3 bucket and the like.

Rule: these labels (the front) are read only by the slot of the pattern that they precede, as a whole or not at all. For an
access point, an object lambda or an outpost they give the ARN that the SDK built the host from, so that `Bucket` is the same
whichever form the caller used.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_ACCOUNT = re.compile(r"[0-9]{12}")
_OWNED = re.compile(r"([a-z0-9](?:[a-z0-9-]*[a-z0-9])?)-([0-9]{12})")
_OUTPOST = re.compile(r"op-[0-9a-z]{1,32}")
_DIRECTORIES = ("x-s3", "xa-s3")
_OUTPOST_ALIAS = "--op-s3"


@value_class
class Where:
    """The rest of the host: its partition, its region, and the zone that an S3 Express host names (else empty)."""

    partition: str
    region: str
    zone: str


@value_class
class Front:
    """What the labels before the host mean."""

    bucket: str | None = None
    account: str | None = None


NOTHING = Front()


def read_front(slot: str, labels: Sequence[str], where: Where) -> Front | None:
    """Read the labels as `slot` does; None if they do not have its form."""
    return _READERS[slot](labels, where)


def _none(labels: Sequence[str], _where: Where) -> Front | None:
    return None if labels else NOTHING


def _account(labels: Sequence[str], _where: Where) -> Front | None:
    return Front(account=labels[0]) if len(labels) == 1 and _ACCOUNT.fullmatch(labels[0]) else None


def _label(labels: Sequence[str], _where: Where) -> Front | None:
    return NOTHING if len(labels) == 1 else None


def _two_labels(labels: Sequence[str], _where: Where) -> Front | None:
    return NOTHING if len(labels) == 2 else None


def _bucket(labels: Sequence[str], _where: Where) -> Front | None:
    return Front(bucket=".".join(labels)) if labels else None


def _access_point(labels: Sequence[str], where: Where, service: str = "s3") -> Front | None:
    found = _OWNED.fullmatch(labels[0]) if len(labels) == 1 else None
    if found is None:
        return None
    arn = f"arn:{where.partition}:{service}:{where.region}:{found[2]}:accesspoint/{found[1]}"
    return Front(bucket=arn, account=found[2])


def _object_lambda(labels: Sequence[str], where: Where) -> Front | None:
    return _access_point(labels, where, "s3-object-lambda")


def _outpost(labels: Sequence[str], where: Where) -> Front | None:
    """`NAME-ACCOUNT.op-ID`, or an alias, which names neither the account nor the outpost."""
    if len(labels) != 2 or not (labels[1] == "ec2" or _OUTPOST.fullmatch(labels[1])):
        return None
    if labels[0].endswith(_OUTPOST_ALIAS):
        return Front(bucket=labels[0])
    found = _OWNED.fullmatch(labels[0])
    if found is None or labels[1] == "ec2":
        return None
    arn = f"arn:{where.partition}:s3-outposts:{where.region}:{found[2]}:outpost/{labels[1]}/accesspoint/{found[1]}"
    return Front(bucket=arn, account=found[2])


def _directory(labels: Sequence[str], where: Where) -> Front | None:
    """`NAME--ZONE--x-s3`, or an access point's; both in the zone that the host names."""
    if len(labels) != 1 or not where.zone:
        return None
    endings = tuple(f"--{where.zone}--{kind}" for kind in _DIRECTORIES)
    return Front(bucket=labels[0]) if labels[0].endswith(endings) and labels[0] not in endings else None


_READERS: dict[str, Callable[[Sequence[str], Where], Front | None]] = {
    "": _none,
    "{a}.": _account,
    "{ap}.": _access_point,
    "{ol}.": _object_lambda,
    "{op}.": _outpost,
    "{x}.": _directory,
    "{b}.": _bucket,
    "{l}.": _label,
    "{l}.{l}.": _two_labels,
}

SLOTS = tuple(_READERS)
"""Every slot, narrower ones before those that would match their labels too."""
