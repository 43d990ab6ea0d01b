"""What botocore writes, we read back: operations of every service, in every protocol it lists, at the host that it is called at.

botocore's serializers are the oracle; none of the gateway's code is used to build the requests. Each is named among all services that
share its host.
"""

from __future__ import annotations

from tests.kit.aws.botocore_models import expected, inputs, pruned, service_model, wire
from tests.kit.aws.naming import catalog, claim, named
from tests.kit.aws.places import where
from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.routing.route import TWINS
from trio_gate.errors import GateError

DEPRECATED = {
    "GetBucketLifecycle": "GetBucketLifecycleConfiguration",
    "PutBucketLifecycle": "PutBucketLifecycleConfiguration",
    "GetBucketNotification": "GetBucketNotificationConfiguration",
    "PutBucketNotification": "PutBucketNotificationConfiguration",
}
"""They go by the name of what replaced them. Their bodies have another form, which S3 no longer documents: not sent here."""

EXCEPTIONS = {
    "it sends signed events, and its request is refused": (
        "bedrock-runtime:InvokeModelWithBidirectionalStream",
        "connecthealth:StartMedicalScribeListeningSession",
        "lexv2-runtime:StartConversation",
        "polly:StartSpeechSynthesisStream",
        "qbusiness:Chat",
    ),
    "texts travel in a header, and those of these tests go beyond ASCII": (
        "dataexchange:SendApiAsset",
        "entityresolution:BatchDeleteUniqueId",
    ),
    "a label that goes over slashes takes only ARNs of the model's pattern, which the texts of these tests are not": (
        "agent-registry-control:DisassociatePublisher",
        "agent-registry-control:UpdatePublisherAssociationApprovalStatus",
    ),
    "the content type is a member, and botocore sends one that the caller did not give": (
        "bedrock-agentcore:InvokeAgentRuntimeCommand",
    ),
    "it goes by greengrass's name, and greengrass spells its members in another case": (
        "greengrassv2:AssociateServiceRoleToAccount",
        "greengrassv2:GetConnectivityInfo",
        "greengrassv2:ListTagsForResource",
        "greengrassv2:TagResource",
        "greengrassv2:UntagResource",
        "greengrassv2:UpdateConnectivityInfo",
    ),
}
"""Reviewed: why, and which. An entry that is no longer needed fails the test of its service."""


def canonical(service, other):
    """The name that a service goes by where its operation is another's too."""
    family = next((family for family in TWINS if service in family), (service,))
    return other if other in family and family.index(other) < family.index(service) else service


def sent(model):
    return [{"Bucket": "amzn-s3-demo-bucket"}] if model.name in DEPRECATED else inputs(model)


def as_shown(service, shape, params):
    values = expected(params, shape) if shape else {}
    payload = shape.serialization.get("payload") if shape else None
    if payload and service == "s3" and shape.members[payload].serialization.get("streaming"):
        values[payload] = UNKNOWN
    return values


def right(service, model, protocol, params):
    at = where(service, model)
    own = next(one for one in at.candidates if one.service == service)
    try:
        call = named(*wire(model, params, protocol), at=at, as_=claim(own.signing_name, region=own.region))
    except GateError:
        return False
    name = DEPRECATED.get(model.name, model.name)
    right = (call.service, call.operation, call.protocol) == (canonical(service, call.service), name, protocol)
    return right and pruned(dict(call.params)) == as_shown(service, model.input_shape, params)


def test_botocore_requests_are_named_and_read_back(each_service):
    service = each_service
    models = service_model(service)
    wrong = set()
    for protocol in models.metadata.get("protocols") or [models.protocol]:
        for operation in models.operation_names:
            model = models.operation_model(operation)
            if not all(right(service, model, protocol, params) for params in sent(model)):
                wrong.add(f"{service}:{operation}")
    assert wrong == {name for names in EXCEPTIONS.values() for name in names if name.startswith(f"{service}:")}


def test_the_catalogue_holds_every_operation(each_service):
    catalog().ensure([each_service])
    assert list(catalog().service(each_service).operations) == list(service_model(each_service).operation_names)


def test_exceptions_name_operations_that_there_are():
    for names in EXCEPTIONS.values():
        for name in names:
            service, operation = name.split(":")
            assert operation in service_model(service).operation_names
