"""Sharing by naming accounts and principals only: shares, invitations, permissions, transfers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.sharing.who import principals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from trio_gate.aws.call import Unknown, Value
    from trio_gate.aws.resources.arns import CallerContext

    Found = Iterator[str | Unknown]
    Params = Mapping[str, Value]

_NAMED = """
    acm-pca.CreatePermission: Principal
    auditmanager.StartAssessmentFrameworkShare: destinationAccount
    codeguruprofiler.PutPermission: principals
    directconnect.CreateDirectConnectGatewayAssociationProposal: directConnectGatewayOwnerAccount
    ds.ShareDirectory: ShareTarget.Id
    ec2.AssociateCapacityReservationBillingOwner: UnusedReservationBillingOwnerId
    ec2.EnableAddressTransfer: TransferAccountId
    gamelift.CreateVpcPeeringAuthorization: GameLiftAwsAccountId
    globalaccelerator.CreateCrossAccountAttachment: Principals
    globalaccelerator.UpdateCrossAccountAttachment: AddPrincipals
    guardduty.CreateMembers: AccountDetails.AccountId
    guardduty.InviteMembers: AccountIds
    inspector2.AssociateMember: accountId
    license-manager.CreateGrant: Principals
    macie2.CreateMember: account.accountId
    macie2.CreateInvitations: accountIds
    organizations.InviteAccountToOrganization: Target.Id
    route53domains.TransferDomainToAnotherAwsAccount: AccountId
    securityhub.CreateMembers: AccountDetails.AccountId
    securityhub.InviteMembers: AccountIds
    servicecatalog.CreatePortfolioShare: AccountId OrganizationNode.Value
    signer.AddProfilePermission: principal
    wellarchitected.CreateLensShare: SharedWith
    wellarchitected.CreateProfileShare: SharedWith
    wellarchitected.CreateTemplateShare: SharedWith
    wellarchitected.CreateWorkloadShare: SharedWith
"""
"""`service.Operation: paths`; a path goes into structures and the items of lists."""


def _ways() -> Iterator[tuple[tuple[str, str], Callable[[Params, CallerContext], Found]]]:
    for row in _NAMED.strip().splitlines():
        where, _, paths = row.strip().partition(":")
        service, _, operation = where.partition(".")
        yield (service, operation), _at([tuple(path.split(".")) for path in paths.split()])


def _at(paths: list[tuple[str, ...]]) -> Callable[[Params, CallerContext], Found]:
    def way(params: Params, scene: CallerContext) -> Found:
        for path in paths:
            yield from principals(list(_values(dict(params), path)), scene)

    return way


def _values(value: Value, path: tuple[str, ...]) -> Iterator[Value]:
    if isinstance(value, list):
        for item in value:
            yield from _values(item, path)
    elif not path or value is None:
        yield value
    else:
        yield from _values(value.get(path[0]), path[1:]) if isinstance(value, dict) else (UNKNOWN,)


ACCOUNTS = dict(_ways())
"""By service and operation."""
