"""A signature that an agent asks for, and the call that it lets its holder make.

Rule: what its holder may still add to it is UNKNOWN. A token is a credential, whatever the call is.

Theory: S3 refuses `x-amz-*` fields and parameters that the signature does not cover, and takes all other fields (Amazon S3 API Reference,
"Authenticating requests: using query parameters").
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from trio_gate.aws.call import UNKNOWN
from trio_gate.signing.sigv4 import NO_BODY
from trio_gate.values import value_class
from trio_gate.wire.head import Empty, Streamed, StreamKind

if TYPE_CHECKING:
    from trio_gate.aws.call import Call, Place
    from trio_gate.aws.model.shape import Shape
    from trio_gate.wire.head import Body, RequestHead

MOST_SECONDS = 900
"""How long a URL of S3 may work, and how long a token of RDS does: AWS allows a URL a week, and a token this."""

CLUSTER_FIELD = "x-k8s-aws-id"
"""The field that names the cluster of a token."""


@value_class
class Presign:
    """A signature that is asked for.

    Attributes:
        kind: of an object's URL, of a cluster's or a database's token.
        head: the request that it stands for, unsigned, with all fields that its holder must send.
        place: where that goes.
        seconds: as in `X-Amz-Expires`.
        payload: what stands for the body in the signature.
        call: the call, where no service of AWS has it; None where `head` names it.
    """

    kind: Literal["object", "cluster", "database"]
    head: RequestHead
    place: Place
    seconds: int
    payload: str = NO_BODY
    call: Call | None = None

    @property
    def works(self) -> int:
        """Seconds for which the signature is taken: those of its text, but by EKS."""
        return MOST_SECONDS if self.kind == "cluster" else self.seconds

    @property
    def body(self) -> Body:
        """What is known of the body of the request."""
        if self.head.method == "PUT":
            return Streamed(kind=StreamKind.UNSIGNED, length=None, decoded_length=None)
        return Empty()


def as_signed(call: Call, shape: Shape | None, presign: Presign) -> Call:
    """The call as its signature allows it; `shape` is of the operation's input."""
    call = replace(call, presigned=presign.works)
    if presign.kind == "cluster":
        params = {**call.params, CLUSTER_FIELD: presign.head.first[CLUSTER_FIELD]}
        return replace(
            call, params=params, access="write", vends_credentials=True, resource_accounts=UNKNOWN, cross_account=UNKNOWN
        )
    free = [one.name for one in (shape.at("header") if shape else ()) if not one.wire.startswith("x-amz-")]
    return replace(call, params={**dict.fromkeys(free, UNKNOWN), **call.params})
