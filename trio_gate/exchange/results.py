"""What the steps of a request return, in their order: frozen values, each with what the next step needs of those before."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from trio_gate.sessions.session import proof_of
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trio_gate.aws.call import Call, Claim, Place
    from trio_gate.aws.ingress import Ingress
    from trio_gate.aws.model.shape import Shape
    from trio_gate.aws.resources.owned import Owned
    from trio_gate.config.model import Agent, Endpoint, OperationReview
    from trio_gate.exchange.presign import Presign
    from trio_gate.facet.extract import Facets
    from trio_gate.policy.decide import Decision
    from trio_gate.sessions.session import VirtualSession
    from trio_gate.signing.chunk_signatures import Chain
    from trio_gate.wire.head import Body, RequestHead


@value_class
class Claimed:
    """A request with the key id that it claims.

    `version_2` is whether it is a URL signed with signature version 2; that is read as the request that it stands for. `own` is whether
    it is one to the gateway itself.
    """

    arrived: RequestHead
    claim: Claim
    ingress: Ingress
    agent_address: str
    version_2: bool
    own: bool = False


@value_class
class Signer:
    """Who signed a request.

    Attributes:
        agent: its name; None while none is configured.
        session: the virtual session whose key it used; None for an agent's own key.
        secret: what it signed with; None while no agent is configured, so that this was not verified.
        unsigned: whether its connection or its token alone proved it, which is enough for AssumeRoleWithWebIdentity, and for what an
            agent asks of the gateway about itself.
    """

    agent: str | None
    session: VirtualSession | None = None
    secret: str | None = field(default=None, repr=False)
    unsigned: bool = False


@value_class
class Admitted:
    """Whose request it is, by its key id.

    Attributes:
        endpoint: the one that serves the key's account.
        agent: the one that has the key's suffix; None while no agent is configured.
        agent_name: its name in the configuration; None while no agent is configured.
        account_name: the account's name there; None without one.
        signer: who signed it. facts: what the connection proves besides, see `proofs.check_way`.
    """

    endpoint: Endpoint
    agent: Agent | None
    agent_name: str | None
    account_name: str | None
    signer: Signer
    facts: tuple[str, ...] = ()

    @property
    def session(self) -> VirtualSession | None:
        """The virtual session whose key it is; None for an agent's own key."""
        return self.signer.session

    @property
    def proof(self) -> str:
        """How the agent is proven, for the virtual sessions that the request makes; they are bound to what made the first of them."""
        return self.session.proof if self.session else proof_of(self.agent, self.signer.secret, self.facts)


@value_class
class Proven:
    """A request whose agent is proven and may use the account. A URL signed with version 2 declares its payload here."""

    claimed: Claimed
    arrived: RequestHead
    admitted: Admitted

    @property
    def asker(self) -> str:
        """Whom the work is charged to: the agent's name or, where no agent is configured, the address."""
        return self.admitted.agent_name or self.claimed.agent_address


@value_class
class Routed:
    """A request with its destination at AWS.

    Attributes:
        head: as AWS will see it, without any signature.
        expanded: as it arrived, with the query parameters of a presigned URL turned into fields.
        owned: what the configuration says is ours.
        reviews: what it says of operations, by service and operation.
        chain: the signatures that chunks must have; each reader takes a copy (`Chain.fresh`). None where chunks have no
            signatures, or without a secret.
        presign: the signature that is asked for; None where the request is to be sent.
    """

    proven: Proven
    head: RequestHead
    expanded: RequestHead
    place: Place
    owned: Owned
    reviews: Mapping[tuple[str, str], OperationReview]
    chain: Chain | None
    presign: Presign | None = None

    @property
    def services(self) -> list[str]:
        """The services whose models are needed to name the call."""
        return [] if self.presign and self.presign.call else [one.service for one in self.place.candidates]


@value_class
class Unframed:
    """A request with its body. A body that was read whole has lost its aws-chunked framing, and so has the head."""

    routed: Routed
    head: RequestHead
    body: Body


@value_class
class Identified:
    """A request that is named as one AWS call.

    Attributes:
        head: as AWS will see it, without any signature and without aws-chunked framing.
        body: what will be sent; without that framing where it was read whole.
        payload_hash: what stands for the body in the new signature.
        shape: of the operation's input; None where it has none.
        chain, presign: as in `Routed`.
        size: how many bytes of the body were read as parameters.
    """

    proven: Proven
    head: RequestHead
    body: Body
    payload_hash: str
    call: Call
    shape: Shape | None
    chain: Chain | None
    size: int
    presign: Presign | None = None


@value_class
class Judged:
    """What the rules decided, and the facets they decided by."""

    decision: Decision
    facets: Facets


@value_class
class Outbound:
    """What will be signed: the head, what stands for the payload, and the body (empty where it is streamed)."""

    head: RequestHead
    payload_hash: str
    data: bytes
