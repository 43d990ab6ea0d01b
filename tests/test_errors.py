"""What an agent's client sees of each kind of error, and who reads which of its texts."""

from __future__ import annotations

import pytest

from trio_gate import errors

SEEN = {
    errors.Malformed: (400, "InvalidRequest"),
    errors.Unidentified: (403, "AccessDenied"),
    errors.Unauthenticated: (403, "AccessDenied"),
    errors.WrongSignature: (403, "AccessDenied"),
    errors.SessionOver: (403, "SessionOver"),
    errors.Unproven: (403, "AccessDenied"),
    errors.Denied: (403, "AccessDenied"),
    errors.TooMuchAtOnce: (403, "AccessDenied"),
    errors.Overloaded: (503, "ServiceUnavailable"),
    errors.CredentialsUnavailable: (503, "ServiceUnavailable"),
    errors.IssuerUnavailable: (503, "ServiceUnavailable"),
    errors.UpstreamError: (502, "ServiceUnavailable"),
    errors.AnswerWithheld: (403, "AccessDenied"),
    errors.StorageUnavailable: (503, "ServiceUnavailable"),
    errors.AuditUnavailable: (503, "ServiceUnavailable"),
    errors.CertificatesUnavailable: (500, "InternalFailure"),
}


def test_every_kind_is_looked_at():
    kinds = {one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, errors.GateError)}
    assert kinds == {errors.GateError, *SEEN}


@pytest.mark.parametrize("kind", SEEN, ids=lambda kind: kind.__name__)
def test_status_and_code(kind):
    fault = kind("the disk is full")
    assert (fault.status, fault.code) == SEEN[kind]


def test_the_record_is_one_of_the_things_on_disk():
    assert issubclass(errors.AuditUnavailable, errors.StorageUnavailable)


def test_the_operator_reads_the_detail_and_a_status_and_a_condition_may_be_given():
    fault = errors.StorageUnavailable("tell your operator", detail="no space left in /state")
    assert (str(fault), fault.reason) == ("no space left in /state", "tell your operator")
    fault = errors.Malformed("the body is too large", status=413, condition="TooLarge")
    assert (fault.status, fault.code) == (413, "TooLarge")


def test_the_kind_must_be_said():
    with pytest.raises(TypeError, match="subclass"):
        errors.GateError("something")
