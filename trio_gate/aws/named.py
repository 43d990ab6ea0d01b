"""A request with a name: what `identify` knows before the meaning of the call is looked up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trio_gate.aws.call import Candidate, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedCall:
    """One AWS call by name.

    Attributes:
        candidate: the service and host that the request is for.
        service: botocore's name, canonical where models are twins.
        operation: botocore's name of the operation.
        protocol: the protocol it arrived in, botocore's name.
        params: by botocore's member names; streamed payloads are UNKNOWN.
        implied: members that the target names though nobody sent them: a queue of SQS in the path. Resources are found by
            these too.
        account: the account of the placeholder key.
    """

    candidate: Candidate
    service: str
    operation: str
    protocol: str
    params: Mapping[str, Value]
    implied: Mapping[str, Value]
    account: str
