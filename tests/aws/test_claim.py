"""Claims: what SDKs send is read exactly; every other form of signature is refused with what to do instead."""

from __future__ import annotations

import base64
import gzip
import json
import re
from dataclasses import replace
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kit.paths import SHARED
from trio_gate.aws.call import Claim
from trio_gate.aws.claim import read_claim, signed
from trio_gate.errors import GateError, Malformed, Unauthenticated
from trio_gate.wire.head import RequestHead, Target
from trio_gate.wire.parse import parse_request_head

KEY_ID = "AKIA111111111111CI01"
HEX = "0123456789abcdef" * 4
DATE = "20260115T120000Z"
SCOPE = "20260115/us-east-1/dynamodb/aws4_request"
HEADER = f"AWS4-HMAC-SHA256 Credential={KEY_ID}/{SCOPE}, SignedHeaders=host;x-amz-date, Signature={HEX}"
QUERY = {
    "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
    "X-Amz-Credential": f"{KEY_ID}/{SCOPE}",
    "X-Amz-Date": DATE,
    "X-Amz-Expires": "3600",
    "X-Amz-SignedHeaders": "host;x-amz-date",
    "X-Amz-Signature": HEX,
}
CLAIM = Claim(
    access_key_id=KEY_ID,
    account="111111111111",
    suffix="CI01",
    date="20260115",
    region="us-east-1",
    service="dynamodb",
    signed_headers=("host", "x-amz-date"),
    signature=HEX,
    amz_date=DATE,
)


def head(authorization: str | None = HEADER, *, query=(), **fields: str) -> RequestHead:
    headers = {"host": "agent.test", "x-amz-date": DATE} | {name.replace("_", "-"): value for name, value in fields.items()}
    if authorization is not None:
        headers["authorization"] = authorization
    target = Target(segments=("",), query=tuple(dict(query).items()) if isinstance(query, dict) else tuple(query))
    return RequestHead(method="POST", target=target, headers=tuple((name, value) for name, value in headers.items() if value))


def presigned(*more: tuple[str, str], without: str = "", **changed: str) -> RequestHead:
    query = {name: changed.get(name[6:].lower(), value) for name, value in QUERY.items() if name != without}
    return head(None, query=(*query.items(), *more), x_amz_date="")


def refused(request: RequestHead) -> GateError:
    with pytest.raises(GateError) as caught:
        read_claim(request)
    return caught.value


def test_the_header_form():
    assert read_claim(head()) == CLAIM
    assert read_claim(head(HEADER.replace(", ", ","))) == CLAIM


def test_the_presigned_form():
    assert read_claim(presigned()) == CLAIM
    assert read_claim(presigned(("X-Amz-Security-Token", "t"), ("versionId", "1"))) == CLAIM


def test_the_time_may_stand_in_date():
    assert read_claim(head(x_amz_date="", date=DATE)) == CLAIM
    other = "20260115T115900Z"
    assert read_claim(head(x_amz_date=DATE, date=other)).amz_date == DATE


@pytest.mark.parametrize(
    ("key_id", "account", "suffix"),
    [
        ("AKIA111111111111A", "111111111111", "A"),
        ("AKIA000000000001CI01", "000000000001", "CI01"),
        ("ABCD222222222222Z123456789ABCDEF", "222222222222", "Z123456789ABCDEF"),
        ("AKIA222222222222ABCD", "222222222222", "ABCD"),
    ],
)
def test_placeholders(key_id, account, suffix):
    claim = read_claim(head(HEADER.replace(KEY_ID, key_id)))
    assert (claim.access_key_id, claim.account, claim.suffix) == (key_id, account, suffix)


@pytest.mark.parametrize(
    "key_id",
    [
        "AKIA1111111111112XXX",
        "AKIA222222222222",
        "AKIA11111111111CI01",
        "AKIA111111111111222222222222",
        "AKI1111111111111CI01",
        "akia111111111111CI01",
        "AKIA111111111111ci01",
        "AKIA111111111111CI_1",
        "AKIA111111111111ABCDEFGHIJKLMNOPQ",
        "AKIA\N{SUPERSCRIPT ONE}11111111111CI01",
        "AKIA\N{ARABIC-INDIC DIGIT ONE}11111111111CI01",
        "AKIA111111111111CI01\N{ZERO WIDTH SPACE}",
        "\N{CYRILLIC CAPITAL LETTER A}KIA111111111111CI01",
        "XAKIA111111111111CI01",
        "test",
    ],
    ids=ascii,
)
def test_key_ids_of_another_shape(key_id):
    for request in (head(HEADER.replace(KEY_ID, key_id)), presigned(credential=f"{key_id}/{SCOPE}")):
        fault = refused(request)
        assert isinstance(fault, Unauthenticated)
        assert "as AKIA111111111111CI01" in fault.reason
        assert key_id not in fault.reason


@pytest.mark.parametrize("key_id", ["AKIAIOSFODNN7EXAMPLE", "ASIAQWERTYUIOPASDFGH", "AKIA2222222222227ABC"])
def test_real_keys_are_called_so_and_not_repeated(key_id):
    fault = refused(head(HEADER.replace(KEY_ID, key_id)))
    assert isinstance(fault, Unauthenticated)
    assert "real AWS key" in fault.reason
    assert key_id not in fault.reason


@pytest.mark.parametrize(
    ("authorization", "reason"),
    [
        (None, "not signed.*unsigned operations are not served"),
        ("AWS AKIA111111111111CI01:frJIUN8DYpKDtOLCwo//yllqDzg=", "signature version 2.*signature_version"),
        (HEADER.replace("HMAC-SHA256", "ECDSA-P256-SHA256"), "AWS_AUTH_SCHEME_PREFERENCE=sigv4"),
        ("Bearer abcdef", "AWS_BEARER_TOKEN_"),
        ("bearer abcdef", "AWS_BEARER_TOKEN_"),
        ("Basic dXNlcjpwYXNz", "scheme of the Authorization field is not served"),
        ("", "scheme of the Authorization field is not served"),
    ],
)
def test_other_kinds_of_signature(authorization, reason):
    request = head(None)
    if authorization is not None:
        request = replace(request, headers=(*request.headers, ("authorization", authorization)))
    fault = refused(request)
    assert isinstance(fault, Unauthenticated)
    assert re.search(reason, fault.reason)
    for secret in ("abcdef", "AKIA111111111111CI01:", "dXNlcjpwYXNz"):
        assert secret not in fault.reason


V2 = {"AWSAccessKeyId": KEY_ID, "Signature": "frJIUN8DYpKDtOLCwo//yllqDzg=", "Expires": "1769860860"}


def test_version_2_in_the_query_of_a_url():
    claim = read_claim(head(None, query=V2))
    assert (claim.account, claim.suffix, claim.service, claim.expires) == ("111111111111", "CI01", "s3", 1769860860)
    assert read_claim(head()).expires is None


@pytest.mark.parametrize(
    "query",
    [{"SignatureVersion": "2"}, {**V2, "SignatureVersion": "2"}, {"AWSAccessKeyId": KEY_ID, "SignatureMethod": "HmacSHA256"}],
)
def test_version_2_of_other_services(query):
    assert "signature version 2 is served only in presigned URLs of S3" in refused(head(None, query=query)).reason


@pytest.mark.parametrize(
    "query",
    [
        *({**V2, "Signature": value} for value in ("", "x", "frJIUN8DYpKDtOLCwo//yllqDzg", V2["Signature"] * 2, "-" * 27 + "=")),
        *({**V2, "Expires": value} for value in ("", "0", "-1", "1.0", "17698608600", "\N{ARABIC-INDIC DIGIT ONE}")),
        *({name: value for name, value in V2.items() if name != gone} for gone in ("Signature", "Expires")),
        {**V2, "X-Amz-Signature": "0" * 64},
    ],
)
def test_version_2_of_another_form(query):
    assert "sign" in refused(head(None, query=query)).reason
    for secret in V2["Signature"], KEY_ID:
        assert secret not in refused(head(None, query=query)).reason


def test_version_2_and_another_signature():
    assert "more than one signature" in refused(head(query=V2)).reason
    assert "each once" in refused(head(None, query=(*V2.items(), ("Expires", "1")))).reason


def test_version_4a_in_the_query():
    assert "AWS_AUTH_SCHEME_PREFERENCE" in refused(presigned(algorithm="AWS4-ECDSA-P256-SHA256")).reason


BROKEN = {
    "lower-case scheme": HEADER.replace("AWS4-HMAC", "aws4-hmac"),
    "two spaces": HEADER.replace("256 C", "256  C"),
    "tab": HEADER.replace("256 C", "256\tC"),
    "leading space": " " + HEADER,
    "trailing space": HEADER + " ",
    "trailing comma": HEADER + ",",
    "second credential": HEADER.replace(", Signed", f", Credential={KEY_ID}/{SCOPE}, Signed"),
    "second signature": f"{HEADER}, Signature={HEX}",
    "another order": f"AWS4-HMAC-SHA256 SignedHeaders=host, Credential={KEY_ID}/{SCOPE}, Signature={HEX}",
    "no credential": f"AWS4-HMAC-SHA256 SignedHeaders=host, Signature={HEX}",
    "no names": f"AWS4-HMAC-SHA256 Credential={KEY_ID}/{SCOPE}, Signature={HEX}",
    "no signature": f"AWS4-HMAC-SHA256 Credential={KEY_ID}/{SCOPE}, SignedHeaders=host",
    "empty names": HEADER.replace("host;x-amz-date", ""),
    "empty name": HEADER.replace("host;", "host;;"),
    "upper-case name": HEADER.replace("host;", "Host;"),
    "comma names": HEADER.replace("host;x", "host,x"),
    "short signature": HEADER[:-1],
    "long signature": HEADER + "0",
    "upper-case signature": HEADER.replace(HEX, HEX.upper()),
    "signature not ascii": HEADER[:-1] + "\N{FULLWIDTH DIGIT ONE}",
    "six parts": HEADER.replace("/aws4_request", "/x/aws4_request"),
    "four parts": HEADER.replace("/dynamodb", ""),
    "empty region": HEADER.replace("us-east-1", ""),
    "region with a dot": HEADER.replace("us-east-1", "evil.example"),
    "region with a fragment": HEADER.replace("us-east-1", "evil#"),
    "region with an at sign": HEADER.replace("us-east-1", "x@y"),
    "region not ascii": HEADER.replace("us-east-1", "us-e\N{CYRILLIC SMALL LETTER A}st-1"),
    "service with a percent": HEADER.replace("/dynamodb/", "/dynamo%64b/"),
    "date of nine digits": HEADER.replace("/20260115/", "/202601150/"),
    "date not ascii": HEADER.replace("/20260115/", "/2026011\N{ARABIC-INDIC DIGIT FIVE}/"),
    "date with a sign": HEADER.replace("/20260115/", "/+2026011/"),
    "longer end": HEADER.replace("aws4_request", "aws4_requests"),
    "other end": HEADER.replace("aws4_request", "aws5_request"),
    "key id with a slash": HEADER.replace(KEY_ID, f"{KEY_ID}/x"),
    "line end": HEADER + "\n",
}


@pytest.mark.parametrize("authorization", BROKEN.values(), ids=BROKEN)
def test_headers_that_are_not_exact(authorization):
    assert isinstance(refused(head(authorization)), Unauthenticated)


@pytest.mark.parametrize("name", QUERY)
def test_presigned_parameters_are_all_needed_once_in_one_spelling(name):
    assert isinstance(refused(presigned(without=name)), Unauthenticated)
    assert isinstance(refused(presigned((name, QUERY[name]))), Malformed)
    for spelling in (name.lower(), name.upper(), name.replace("Amz", "amz")):
        assert isinstance(refused(presigned((spelling, QUERY[name]))), Malformed)
        assert isinstance(refused(presigned((spelling, QUERY[name]), without=name)), Malformed)
    if name != "X-Amz-Expires":  # its value is the verifier's to judge
        assert isinstance(refused(presigned(**{name[6:].lower(): ""})), Unauthenticated)


@pytest.mark.parametrize(
    "changed",
    [
        {"algorithm": "AWS4-HMAC-SHA1"},
        {"date": "2026-01-15T12:00:00Z"},
        {"date": "Thu, 15 Jan 2026 12:00:00 GMT"},
        {"signature": HEX[:-1]},
        {"signature": HEX.upper()},
        {"signedheaders": "host,x-amz-date"},
        {"signedheaders": "Host"},
        {"credential": KEY_ID},
        {"credential": f"{KEY_ID}%2F{SCOPE.replace('/', '%2F')}"},
    ],
    ids=str,
)
def test_presigned_values_that_are_not_exact(changed):
    assert isinstance(refused(presigned(**changed)), Unauthenticated)


@pytest.mark.parametrize("name", [*QUERY, *(name.lower() for name in QUERY)])
def test_head_and_query_may_not_both_sign(name):
    assert isinstance(refused(head(query={name: QUERY.get(name, "x")})), Malformed)


def test_head_and_query_are_both_refused_with_both_reasons():
    assert "sign it once" in refused(head(query=QUERY)).reason


@pytest.mark.parametrize(
    "date", ["", "Thu, 15 Jan 2026 12:00:00 GMT", "2026-01-15T12:00:00Z", f"{DATE} ", f"{DATE[:-2]}\N{ARABIC-INDIC DIGIT ONE}Z"]
)
def test_a_signed_head_has_its_time(date):
    assert "x-amz-date" in refused(head(x_amz_date=date)).reason
    assert "x-amz-date" in refused(head(x_amz_date="", date=date)).reason


ODD = st.text(st.sampled_from([*"AKIaz019/=;,.-_% \t\n", "é", "\N{KELVIN SIGN}", "\N{ARABIC-INDIC DIGIT ONE}"]), max_size=30)


@given(text=ODD, at=st.integers(0, len(HEADER)), length=st.integers(0, 8))
def test_a_changed_header_is_refused_or_is_read_as_it_stands(text, at, length):
    changed = HEADER[:at] + text + HEADER[at + length :]
    try:
        claim = read_claim(head(changed))
    except (Unauthenticated, Malformed):
        return
    parts = (claim.access_key_id, claim.date, claim.region, claim.service)
    names = ";".join(claim.signed_headers)
    again = f"AWS4-HMAC-SHA256 Credential={'/'.join(parts)}/aws4_request, SignedHeaders={names}, Signature={claim.signature}"
    assert changed.replace(", ", ",") == again.replace(", ", ",")
    assert changed.isascii()
    assert claim.access_key_id[4:] == claim.account + claim.suffix


@given(
    st.lists(
        st.tuples(st.sampled_from([*QUERY, "x-amz-date", "X-AMZ-DATE", "Action"]), ODD | st.sampled_from(sorted(QUERY.values())))
    )
)
def test_any_query_is_read_or_refused(pairs):
    try:
        claim = read_claim(head(None, query=pairs))
    except (Unauthenticated, Malformed):
        return
    assert len(pairs) - sum(name == "Action" for name, _ in pairs) == len(QUERY)
    assert dict(pairs)["X-Amz-Signature"] == claim.signature


# --- recorded and adversarial requests ----------------------------------------------------------------------------------


def lines(*path: str) -> list[dict]:
    file = SHARED.joinpath(*path)
    if not file.exists():
        pytest.skip(f"{file.name} is not beside this checkout")
    raw = file.read_bytes()
    return [json.loads(line) for line in (gzip.decompress(raw) if file.suffix == ".gz" else raw).splitlines()]


def read(row: dict) -> RequestHead:
    raw = base64.b64decode(row["request_b64"])
    return parse_request_head(raw[: raw.index(b"\r\n\r\n") + 4])


@pytest.mark.parametrize("name", ["clients.sample", "jsv3.sample", "botocore_variants.sample"])
def test_what_real_clients_send(name):
    kinds = {"v2": "version 2|not signed", "v4a": "SigV4A", "bearer": "bearer", "none": "not signed"}
    for row in lines("corpus", f"{name}.jsonl.gz"):
        if row.get("variant") == "absolute":
            continue
        if row["auth"] in ("v4", "v4-query"):
            claim = read_claim(read(row))
            assert (claim.account, claim.service, claim.region) == ("111111111111", row["signing_name"], row["signing_region"])
        elif row["auth"] in kinds:
            assert re.search(kinds[row["auth"]], refused(read(row)).reason), row["id"]


def test_adversarial_claims():
    refused_here, read_here = set(), set()
    for row in lines("cases", "cases-public.jsonl"):
        if not row["id"].startswith("auth-") or row["id"] == "auth-02-two-authorization":
            continue
        try:
            read_claim(read(row))
        except (Unauthenticated, Malformed):
            assert row["expect"] == "reject"
            refused_here.add(row["id"])
        else:
            assert row["expect"] != "reject"
            read_here.add(row["id"])
    assert refused_here == {"auth-01-none", "auth-07-no-digits", "auth-13-header-and-query"}
    assert read_here == {"auth-14-presigned-get"}


def test_a_presigned_url_through_the_strict_reader():
    text = "&".join(f"{name}={quote(value, safe='')}" for name, value in QUERY.items())
    assert read_claim(parse_request_head(f"GET /b/k?{text} HTTP/1.1\r\nHost: agent.test\r\n\r\n".encode())) == CLAIM


def test_version_2_and_the_key_of_a_session():
    key = "TGVS111111111111" + "A" * 16
    assert "signs with version 4 alone" in refused(head(None, query={**V2, "AWSAccessKeyId": key})).reason


@pytest.mark.parametrize(
    "made",
    [
        head(),
        head("Bearer x"),
        presigned(),
        *(head(None, query={name.lower(): "x"}) for name in (*QUERY, "AWSAccessKeyId", "Signature", "SignatureMethod")),
        head(None, query={"X-Amz-Security-Token": "x"}),
        head(None, x_amz_security_token="x"),
        head(None, x_amz_s3session_token="x"),
    ],
)
def test_a_part_of_a_signature_is_a_signature(made):
    assert signed(made)


def test_a_request_without_any_part_of_one_is_not_signed():
    assert not signed(head(None, query={"Action": "x"}))
