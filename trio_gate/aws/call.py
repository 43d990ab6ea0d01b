"""What a request means to AWS, as values.

A `Place` is what a host name says and a `Claim` what a signature says. A `NamedCall` joins both with the request, once they
agree, and a `Call` adds what it means to IAM. UNKNOWN means that a fact cannot be known (streamed, over a limit, not
derivable); None or absence means that it is known not to be there.
"""

from __future__ import annotations

from dataclasses import field
from enum import Enum
from typing import TYPE_CHECKING, Literal

from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Mapping


class Unknown(Enum):
    """The type of the one value UNKNOWN."""

    UNKNOWN = "unknown"

    __hash__ = object.__hash__  # in C, where an Enum's own is not: every call looks for it in sets and tables


UNKNOWN = Unknown.UNKNOWN

Value = None | bool | int | float | str | bytes | list["Value"] | dict[str, "Value"] | Unknown
"""A parameter's value. Timestamps are RFC 3339 text; blobs are bytes; members that are streamed or over a limit are UNKNOWN."""

Access = Literal["read", "list", "write", "permissions", "tagging"]


@value_class
class Candidate:
    """One service that a host may stand for.

    Attributes:
        service: botocore's name (`aws <service> …`).
        host: the host name that will be dialled, lower case, without a port.
        partition: botocore's partition id, such as "aws".
        region: the region of the signature's scope.
        signing_name: the service of the signature's scope.
    """

    service: str
    host: str
    partition: str
    region: str
    signing_name: str


@value_class
class Place:
    """What a host name means.

    Attributes:
        host: the name the agent asked for, lower case, without a port.
        candidates: the services it may stand for; never empty.
        bucket: the S3 bucket that the name holds; None for path style and for other services.
        account: the 12 digits that a label of the name holds (account endpoints); None without.
        scoped: whether it was found by the signature's scope, so that the two must not be compared again.
        names: the names in a certificate for the host: the host itself, or its base and everything one label below that.
        free: whether anyone can invent names like this one that no such certificate covers.
    """

    host: str
    candidates: tuple[Candidate, ...] = field(hash=False)  # they may be many, and the other fields nearly decide them
    bucket: str | None = None
    account: str | None = None
    scoped: bool = False
    names: tuple[str, ...] = field(default=(), compare=False)
    free: bool = field(default=False, compare=False)


@value_class
class Claim:
    """What a signature says about itself, parsed but not yet verified.

    `account` and `suffix` are the two parts of the placeholder key id: AKIA 111111111111 CI01. `expires` (seconds since 1970) is
    set only for a URL signed with SigV2, whose signature has no scope, no list of fields and no date of its own. `token` is set only for
    the key of a virtual session.
    """

    access_key_id: str
    account: str
    suffix: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str
    amz_date: str
    expires: int | None = None
    token: str | None = field(default=None, repr=False)


@value_class
class NamedCall:
    """One AWS call by name.

    Attributes:
        candidate: the service and host that the request is for.
        service: botocore's name; for twin services, the canonical one.
        operation: botocore's name for the operation.
        protocol: botocore's name for the protocol that it arrived in.
        params: by botocore's member names; streamed payloads are UNKNOWN.
        implied: members that were not sent but that the target names, such as an SQS queue in the path. They count for resources.
        account: the account of the placeholder key.
    """

    candidate: Candidate
    service: str
    operation: str
    protocol: str
    params: Mapping[str, Value]
    implied: Mapping[str, Value]
    account: str


@value_class
class Call:
    """A fully identified AWS call: all that rules, approvers and the record learn about a request.

    Attributes:
        params: by botocore's member names; a member that the agent did not send is absent.
        iam_action: the main IAM action, such as "s3:GetObject"; None if no table has one.
        iam_actions: every action that the call implies, or UNKNOWN.
        access: the access level; "write" if no table has one.
        resource: the main ARN; None if the operation names none, UNKNOWN if it cannot be derived.
        resources: every ARN that the call names, or UNKNOWN if the list would be incomplete.
        resource_accounts: the accounts of all those ARNs, or UNKNOWN.
        cross_account: whether one of them is neither `account` nor a configured one, or UNKNOWN.
        may_expose_secrets: whether the answer holds what people leave secrets in: environments, user data, arguments, templates.
        runs_code: whether the call carries code, a script, a command or a template that will run, or UNKNOWN.
        spends: whether the call costs money by its own work, or UNKNOWN.
        destroys: whether something is gone for good after it, or UNKNOWN.
        removes: whether it takes something away or stops it, in a way that can be undone, or UNKNOWN.
        unguards: whether it turns off a protection, or UNKNOWN.
        policies: the policy documents among the parameters, as rules read them (see `aws.policies`), or UNKNOWN.
        shares_with: accounts, organizations, principals and address blocks that the call gives access to; "*" is everybody.
        makes_public: whether somebody unknown gets access, or UNKNOWN.
        reviewed: whether the review has the operation and the members that were sent. If not, its silence proves nothing, and
            facts that depend on it are UNKNOWN.
        own_review: whether the operator reviewed the operation in an `operation` block.
        presigned: seconds for which a URL works that is signed for the call; None for a call that is sent.
        check_answer: whether only that review says that the answer has no credentials, so that the answer must be checked.
    """

    service: str
    operation: str
    protocol: str
    signing_name: str
    partition: str
    region: str
    account: str
    host: str
    method: str
    path: str
    params: Mapping[str, Value]
    iam_action: str | None
    iam_actions: tuple[str, ...] | Unknown
    access: Access
    reads_secret: bool | Unknown
    vends_credentials: bool | Unknown
    resource: str | Unknown | None
    resources: tuple[str, ...] | Unknown
    resource_accounts: tuple[str, ...] | Unknown
    cross_account: bool | Unknown
    may_expose_secrets: bool | Unknown
    runs_code: bool | Unknown
    spends: bool | Unknown
    destroys: bool | Unknown
    removes: bool | Unknown
    unguards: bool | Unknown
    policies: tuple[Value, ...] | Unknown
    shares_with: tuple[str, ...] | Unknown
    makes_public: bool | Unknown
    reviewed: bool
    own_review: bool = False
    check_answer: bool = False
    presigned: int | None = None
