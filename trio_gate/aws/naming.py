"""Names a request: finds the one operation and its parameters that head, body, place and claim agree on.

Rule: everything must agree (host, scope of the signature, protocol, path, query, body, account) or the request is refused;
nothing is guessed, and nothing in the request that could mean something else is left over.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from trio_gate.aws.call import NamedCall
from trio_gate.aws.forwarded_headers import forwarded_headers
from trio_gate.aws.hosts.arn_hosts import owners
from trio_gate.aws.model.catalog import CBOR
from trio_gate.aws.params.query import queue_of_path, structure_from_query, with_source_region
from trio_gate.aws.params.readers.cbor_body import read_cbor
from trio_gate.aws.params.readers.form_body import once, read_form
from trio_gate.aws.params.readers.inflate import gunzip
from trio_gate.aws.params.readers.json_body import read_json
from trio_gate.aws.params.readers.pieces import let_go, release
from trio_gate.aws.params.rest import rest_params
from trio_gate.aws.params.tree import structure_from_tree
from trio_gate.aws.routing.route import Asked, Match, find
from trio_gate.aws.routing.rpc import FORM, media_type
from trio_gate.errors import Malformed, Unidentified
from trio_gate.text.folding import fold
from trio_gate.wire.aws_chunked import framing_of, streamed_body, unframed_head
from trio_gate.wire.body_checkers import checker_for
from trio_gate.wire.head import Empty, Held, Streamed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trio_gate.aws.call import Candidate, Claim, Place, Value
    from trio_gate.aws.model.catalog import Catalog
    from trio_gate.wire.body_checkers import Chain
    from trio_gate.wire.head import Body, RequestHead

_OUTPOSTS = "s3-outposts"
"""The signing name of S3 Control's hosts without an account label; only a header names the account."""

_SEARCH = "cloudsearchdomain"
"""SDKs send this service's Search as a form (botocore.handlers.change_get_to_post); the model has only the GET."""

UPLOADING = ("POST", "PUT")
"""The methods of those operations of S3 whose payload is a streaming blob."""

_NOTHING: Mapping[str, str] = {}


def body_mode(head: RequestHead, *, place: Place, claim: Claim, catalog: Catalog) -> Literal["held", "streamed"]:
    """How to read the body: streamed only if the head names an S3 operation whose payload is a streaming blob.

    Raises:
        Unidentified: the claim's scope is not one of the host's.
    """
    if "s3" not in [candidate.service for candidate in _in_scope(place, claim)] or head.method not in UPLOADING:
        return "held"
    found = _by_head(head, place, claim, catalog)
    return "streamed" if found and all(one.service.name == "s3" and one.operation.streams for one in found) else "held"


def takes_blob(head: RequestHead, *, place: Place, claim: Claim, catalog: Catalog) -> bool:
    """Whether the head alone names an operation, of any service, whose body is one blob of any size."""
    found = _by_head(head, place, claim, catalog)
    return bool(found) and all(one.operation.streams for one in found)


def _by_head(head: RequestHead, place: Place, claim: Claim, catalog: Catalog) -> list[Match]:
    asked = Asked(head=head, place=place, empty=False, form=lambda: _NOTHING)
    found = []
    for candidate in _in_scope(place, claim):
        with contextlib.suppress(Malformed, Unidentified):
            found.append(find(asked, (candidate,), catalog))
    return found


def unframed(head: RequestHead, body: Held | Empty, place: Place, chain: Chain | None = None) -> tuple[RequestHead, Held | Empty]:
    """Remove aws-chunked framing from a held request to S3 and check its content; any other is returned as it is.

    Raises GateError.
    """
    kind = framing_of(head)
    if kind is None or all(candidate.service != "s3" for candidate in place.candidates):
        return head, body
    data = body.data if isinstance(body, Held) else b""
    content = bytearray()
    checker = checker_for(streamed_body(head, len(data)), content.extend, chain)
    checker.feed(data)
    checker.finish()
    return unframed_head(head, checker.trailers), Held(data=bytes(content), framed=kind)


def name_call(head: RequestHead, body: Body, *, place: Place, claim: Claim, catalog: Catalog) -> NamedCall:
    """The call by name and parameters, before its meaning is looked up. The catalogue must have loaded every candidate's model.

    Raises:
        Malformed: the request breaks its protocol.
        Unidentified: it is not exactly one call.
    """
    candidates = _in_scope(place, claim)
    content = _content(head, body, candidates, catalog)
    if candidates[0].service == _SEARCH and _searches_by_form(head, candidates):
        head, content = _as_get(head, content or b""), b""
    form = _FormReader(head, content or b"")
    match = find(Asked(head=head, place=place, empty=content == b"", form=form.read), candidates, catalog)
    if content is None and not match.operation.streams:
        raise Malformed(f"{match.operation.name} does not take a streamed body")
    framed = _check_encoding(head, match)
    params = _params(match, head, None if framed else content, form)
    _check_account(match, place, claim, params)
    _check_outpost(head, params)
    forwarded_headers(head, match.service, match.operation, match.protocol)
    return NamedCall(
        candidate=match.candidate,
        service=match.service.name,
        operation=match.operation.name,
        protocol=match.protocol,
        params=params,
        implied=queue_of_path(params, match.operation.input, head) if match.service.name == "sqs" else {},
        account=claim.account,
    )


def _in_scope(place: Place, claim: Claim) -> tuple[Candidate, ...]:
    if place.scoped:
        return place.candidates
    # S3 still accepts "US", its first name for us-east-1, and s3cmd sends it.
    region = "us-east-1" if claim.region == "US" and claim.service == "s3" else claim.region
    kept = tuple([one for one in place.candidates if one.signing_name == claim.service and one.region == region])
    if claim.expires is not None and not kept:  # a signature without a scope: the host has the region
        kept = tuple(one for one in place.candidates if one.signing_name == claim.service)
    if not kept:
        first = place.candidates[0]
        raise Unidentified(
            f"the signature's scope says {claim.region}/{claim.service}, the host {first.region}/{first.signing_name}: sign for the host"
        )
    return kept


def _searches_by_form(head: RequestHead, candidates: tuple[Candidate, ...]) -> bool:
    return head.method == "POST" and media_type(head) == FORM and all(one.service == _SEARCH for one in candidates)


def _as_get(head: RequestHead, content: bytes) -> RequestHead:
    """The GET that a search by POST stands for, with the form as its query."""
    query = (*head.target.query, *read_form(content).items())
    kept = head.where(lambda name: name != "content-type")
    return replace(kept, method="GET", target=replace(head.target, query=query))


class _FormReader:
    """Reads the parameters of a query request, from the URL or the form as its method says, at most once."""

    __slots__ = ("_content", "_form", "_head")

    def __init__(self, head: RequestHead, content: bytes) -> None:
        self._head = head
        self._content = content
        self._form: Mapping[str, str] | None = None

    def read(self) -> Mapping[str, str]:
        if self._form is None:
            if self._head.method == "GET" and self._content:
                raise Malformed("a GET of the query protocol has no body")
            self._form = once(self._head.target.query) if self._head.method == "GET" else read_form(self._content)
        return self._form


def _content(head: RequestHead, body: Body, candidates: tuple[Candidate, ...], catalog: Catalog) -> bytes | None:
    """The content of a held body, inflated where a candidate takes gzip; None for a streamed one."""
    match body:
        case Streamed():
            return None
        case Empty():
            return b""
        case Held(data=data):
            if head.one("content-encoding") != "gzip":
                return data
            operations = (one for item in candidates for one in catalog.service(item.service).operations.values())
            return gunzip(data) if any(one.compressed for one in operations) else data


def _check_encoding(head: RequestHead, match: Match) -> bool:
    """Whether the body has aws-chunked framing. Any other encoding must be S3 metadata or one that the model allows."""
    encoding = head.one("content-encoding")
    if encoding is None:
        return False
    if len(head.all("content-encoding")) > 1:
        raise Malformed("the field `content-encoding` came more than once")
    operation = match.operation
    framed = "aws-chunked" in (fold(token.strip(" \t")) for token in encoding.split(","))
    s3_upload = match.service.name == "s3" and operation.streams
    if framed and not s3_upload:
        raise Malformed(f"{operation.name} takes no aws-chunked body")
    modelled = operation.input is not None and any(member.wire == "content-encoding" for member in operation.input.at("header"))
    if not (modelled or s3_upload or (operation.compressed and encoding == "gzip")):
        raise Malformed(f"{operation.name} takes no content-encoding")
    return framed


def _params(match: Match, head: RequestHead, content: bytes | None, form: _FormReader) -> dict[str, Value]:
    try:
        return _read(match, head, content, form)
    except Malformed as fault:
        let_go(fault)
        raise


def _read(match: Match, head: RequestHead, content: bytes | None, form: _FormReader) -> dict[str, Value]:
    operation = match.operation
    if match.protocol in ("rest-json", "rest-xml"):
        shown = _unframed(head) if content is None else head
        return rest_params(operation, shown, match.labels, content, xml=match.protocol == "rest-xml")
    if match.protocol in ("query", "ec2"):
        values = structure_from_query(operation.input, form.read(), ec2=match.protocol == "ec2")
        return with_source_region(operation.input, values)
    if not content:
        return {}
    binary = match.protocol == CBOR
    tree = read_cbor(content) if binary else read_json(content)
    if operation.input is None:
        if tree != {}:
            raise Malformed("the operation takes no parameters")
        return {}
    values = structure_from_tree(operation.input, tree, binary=binary)
    release(tree, content)
    return values


def _unframed(head: RequestHead) -> RequestHead:
    """The head as it would be without aws-chunked: its length becomes that of the object."""
    decoded = head.one("x-amz-decoded-content-length")
    if decoded is None or head.one("content-length") is None:
        return head
    kept = head.where(lambda name: name != "content-length")
    return replace(kept, headers=(*kept.headers, ("content-length", decoded)))


def _check_account(match: Match, place: Place, claim: Claim, params: Mapping[str, Value]) -> None:
    """Check that an account or resource in the host name equals the one in the key or the parameters."""
    known = place.account is None or place.account == claim.account
    if not known and place.account not in owners(match.service.name, params):
        raise Unidentified(f"the host names account {place.account}, the key {claim.account}: use the same one")
    shape = match.operation.input
    if shape is None or "{" not in match.operation.host_prefix:
        return
    for member in shape.members.values():
        value = params.get(member.name)
        if member.host_label and isinstance(value, str):
            prefix = match.operation.host_prefix.replace(f"{{{member.name}}}", value)
            if match.candidate.signing_name != _OUTPOSTS and not match.candidate.host.startswith(fold(prefix)):
                raise Unidentified(f"the host does not begin with `{member.name}`, as this operation requires")


def _check_outpost(head: RequestHead, params: Mapping[str, Value]) -> None:
    """Check that an outpost in the header equals the one in an ARN, as some SDKs of S3 on Outposts send both."""
    outpost = head.one("x-amz-outpost-id")
    if outpost is None:
        return
    for value in params.values():
        if isinstance(value, str) and ":outpost/" in value and f":outpost/{outpost}/" not in value:
            raise Malformed("x-amz-outpost-id and an ARN name different outposts")
