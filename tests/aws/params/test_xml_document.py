"""Parameters of XML documents: namespaces, attributes, and elements that the model does not have."""

from __future__ import annotations

import pytest

from tests.kit.aws.naming import catalog, named, place
from trio_gate.errors import GateError, Malformed

# --- rest ---------------------------------------------------------------------------------------------------------------

S3 = {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}


def delete(xml, **headers):
    return named("POST /bucket?delete", {**S3, **headers}, xml.encode(), at=place("s3")).params["Delete"]


def test_xml_bodies_whatever_white_space_and_namespace():
    body = (
        '<?xml version="1.0"?>\n<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/">\n <Object>\n  <Key> a é </Key></Object>'
    )
    assert delete(body + "<Object><Key>b</Key><VersionId>v</VersionId></Object><Quiet>true</Quiet></Delete>") == {
        "Objects": [{"Key": " a é "}, {"Key": "b", "VersionId": "v"}],
        "Quiet": True,
    }


S3_SPACES = ["http://s3.amazonaws.com/doc/2006-03-01/", "http://doc.s3.amazonaws.com/2006-03-01"]


@pytest.mark.parametrize("space", ["", *S3_SPACES])
def test_an_xml_body_in_the_models_namespace_or_in_none(space):
    assert delete(f'<Delete xmlns="{space}"><Object><Key>a</Key></Object></Delete>') == {"Objects": [{"Key": "a"}]}


@pytest.mark.parametrize(
    "space", ["u", S3_SPACES[0].rstrip("/"), S3_SPACES[0].upper(), "http://awss3control.amazonaws.com/doc/2018-08-20/"]
)
@pytest.mark.parametrize(
    ("service", "line", "document"),
    [
        ("s3", "POST /bucket?delete", "<Delete{}><Object><Key>a</Key></Object></Delete>"),
        ("s3", "PUT /bucket?tagging", "<Tagging{}><TagSet/></Tagging>"),
        ("route53", "POST /2013-04-01/tags/hostedzone/Z1", "<ChangeTagsForResourceRequest{}/>"),
        ("cloudfront", "POST /2020-05-31/tagging?Operation=Tag&Resource=r", "<Tags{}><Items/></Tags>"),
    ],
)
def test_an_xml_body_in_another_namespace_is_refused(service, line, document, space):
    """What AWS's readers make of it is unknown: one that knows namespaces sees none of its elements."""
    headers = S3 if service == "s3" else None
    named(line, headers, document.format("").encode(), at=place(service))
    with pytest.raises(Malformed, match="namespace other than"):
        named(line, headers, document.format(f' xmlns="{space}"').encode(), at=place(service))


def test_every_xml_body_of_the_models_has_a_namespace():
    """So that no document passes for want of one to compare with."""
    for name in ("s3", "s3control", "route53", "cloudfront"):
        catalog().ensure([name])
        for operation in catalog().service(name).operations.values():
            payload = operation.payload
            if payload is not None and payload.shape.type == "structure":
                assert payload.namespace, operation.name
            elif payload is None and operation.input is not None and operation.input.at(None):
                assert operation.namespace, operation.name


@pytest.mark.parametrize(
    "xml",
    [
        "<delete><Object><Key>a</Key></Object></delete>",
        "<Delete><Object><Key>a</Key><Key>b</Key></Object></Delete>",
        "<Delete><Quiet>true</Quiet><Quiet>false</Quiet></Delete>",
        "<Delete><object><Key>a</Key></object></Delete>",
        "<Delete><Object><Nonsense/></Object></Delete>",
        "<Delete><Object><Key><b/></Key></Object></Delete>",
        "<Delete><Object Key='a'/></Delete>",
        "<Delete><Object><Key a='b'>k</Key></Object></Delete>",
        "<Delete>text</Delete>",
        "<Delete><Quiet>1</Quiet></Delete>",
        "<Delete><s3:Object xmlns:s3='u'><s3:Key>a</s3:Key></s3:Object></Delete>",
        "{}",
    ],
)
def test_xml_bodies_that_the_shape_does_not_have(xml):
    with pytest.raises(Malformed):
        delete(xml)


def test_an_xml_body_is_no_form():
    with pytest.raises(GateError):
        delete("<Delete/>", **{"Content-Type": "application/x-www-form-urlencoded"})


def test_xml_attributes_of_the_model():
    grantee = '<Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="Group"><URI>u</URI></Grantee>'
    body = f"<AccessControlPolicy><AccessControlList><Grant>{grantee}<Permission>READ</Permission></Grant></AccessControlList>"
    params = named("PUT /bucket?acl", S3, (body + "</AccessControlPolicy>").encode(), at=place("s3")).params
    assert params["AccessControlPolicy"] == {"Grants": [{"Grantee": {"URI": "u", "Type": "Group"}, "Permission": "READ"}]}
