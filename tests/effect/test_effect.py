"""What calls do, held to a table of levels and sentences, to the corpus, and to every operation of the model."""

from __future__ import annotations

import base64
import gzip
import json
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.effect.reviewed_calls import CALLS
from tests.kit.aws import places
from tests.kit.aws.botocore_models import inputs, service_model
from tests.kit.aws.clients import request_of
from tests.kit.aws.effects import call_of, effect
from tests.kit.aws.meanings import meaning
from tests.kit.long import one_in
from tests.kit.paths import CORPUS
from trio_gate.audit.redact import masked
from trio_gate.aws.call import UNKNOWN
from trio_gate.cli.judging.explain_run import Explainer
from trio_gate.effect.effect import CLUSTER, effect_of, level_facet, level_of
from trio_gate.effect.names import own_name
from trio_gate.effect.reasons import LEVELS
from trio_gate.effect.sentence import MAX_SENTENCE
from trio_gate.exchange.presign import CLUSTER_FIELD
from trio_gate.text.visible import visible

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)
IDENTIFIES = re.compile(
    r"(?:(?<!Request)Id|[Nn]ame|ID|[Aa]rn|ARN|[Ii]dentifier|[Uu]rl|[Kk]ey|[Pp]ath)\Z"
    r"|\A(?:[Ss]tatement|[Qq]ueryString|[Ss]ql|Target|Rule|family|taskDefinition)\Z"
)
"""Names of members that say which object is meant."""

UNNAMED = {
    "ec2.AllocateAddress": "an address, not its pool",
    "events.PutEvents": "the default bus",
    "kms.CreateKey": "a key that has no name yet, not its store",
    "transfer.CreateServer": "a server that has no name yet, not its security policy",
}
"""Calls whose sentence has none of the names that they send, or imply, and why."""

BELOW = 4
"""Characters at the end of a name that even its shortest form shows."""


def explained(service, operation, params):
    """The call that a real client sends, as `explain` shows it."""
    host, raw = request_of(service, operation, params, key_id="AKIA111111111111CI01", secret="x" * 40, at=NOON)
    (answer,) = Explainer(None, NOON, "gateway.test").connection({"sni": host}, raw)
    return answer["call"]


@pytest.mark.parametrize(("service", "operation", "params", "level", "sentence"), CALLS)
def test_a_call_has_the_level_that_an_engineer_gives_it_and_is_told_in_one_sentence(service, operation, params, level, sentence):
    call = explained(service, operation, params)
    assert (call["level"], call["sentence"]) == (level, sentence)


def test_a_level_has_a_reason_and_a_fact_needs_none():
    for service, operation, params, level, _ in CALLS:
        found = [reason["level"] for reason in explained(service, operation, params)["reasons"]]
        assert found == sorted(found, key=LEVELS.index)
        assert level == "fact" or found[0] == level


def test_a_session_that_the_gateway_keeps_is_no_credential():
    role = {"RoleArn": "arn:aws:iam::111111111111:role/app", "RoleSessionName": "ci"}
    assert effect("sts.AssumeRole", role, virtual=True).level == "caution"
    assert effect("sts.AssumeRole", role).level == "danger"


def test_a_call_newer_than_the_review_has_no_level_for_rules_unless_it_is_dangerous_anyway():
    newer = replace(call_of("s3.GetObject", {"Bucket": "b", "Key": "k"}), reviewed=False)
    assert (level_of(newer), level_facet(newer)) == ("caution", UNKNOWN)
    assert level_facet(replace(newer, own_review=True)) == "caution"
    assert level_facet(replace(newer, vends_credentials=True)) == "danger"


def test_what_the_record_masks_is_in_no_sentence():
    said = effect("iam.UpdateAccessKey", {"AccessKeyId": "AKIAIOSFODNN7EXAMPLE", "Status": "Active", "UserName": "ci"})
    assert said.sentence == 'Set access key (masked) of user "ci" to "Active"'


def test_what_is_signed_for_later_says_so_and_for_which_cluster_a_token_is():
    read = replace(call_of("s3.GetObject", {"Bucket": "b-1", "Key": "k-1"}), presigned=60)
    assert effect_of(read, read.params).sentence == "Sign for 60 s: Read k-1 from b-1"
    assert [one.code for one in effect_of(read, read.params).reasons][:1] == ["presigned"]
    assert "chooses the content" not in effect_of(read, read.params).reasons[0].text
    written = replace(call_of("s3.PutObject", {"Bucket": "b-1", "Key": "k-1"}), presigned=60, method="PUT")
    assert "chooses the content" in effect_of(written, written.params).reasons[0].text
    token = replace(call_of("sts.GetCallerIdentity"), presigned=900, params={CLUSTER: "web-1"}, vends_credentials=True)
    assert effect_of(token, token.params).sentence == "Sign for 900 s: Sign in to Kubernetes cluster web-1"
    assert CLUSTER == CLUSTER_FIELD


def check(call, shown):
    """Raise unless a sentence is there, is short, and says which object is meant; unless the level is that of rules."""
    said = effect_of(call, shown)
    assert 0 < len(said.sentence) <= MAX_SENTENCE
    assert said.sentence.isprintable()
    assert said.level == level_of(call)
    told = " ".join((said.sentence, *said.names))
    resources = call.resources if isinstance(call.resources, tuple) else ()
    named = [arn for arn in resources if not arn.endswith(("*", "/"))]
    sent = [text for name, text in shown.items() if isinstance(text, str) and text and IDENTIFIES.search(name)]
    known = [visible(own_name(one, call.account, call.region))[-BELOW:] for one in (*named, *sent)]
    assert not known or f"{call.service}.{call.operation}" in UNNAMED or any(end in told for end in known), (
        call.service,
        call.operation,
        said.sentence,
    )


@one_in(20, "a whole corpus")
def test_every_call_of_the_corpus_is_told(one_in, monkeypatch):
    path = CORPUS / "botocore.jsonl.gz"
    if not path.exists():
        pytest.skip(f"{path.name} is not beside this checkout")  # reason: the corpus is no part of the project
    seen = []
    explainer = Explainer(None, NOON, "gateway.test")
    monkeypatch.setattr(explainer, "_call", lambda identified: seen.append(identified) or {})
    with gzip.open(path) as rows:
        for row in map(json.loads, [line for number, line in enumerate(rows) if number % one_in == 0]):
            list(explainer.connection({"sni": row["host"]}, base64.b64decode(row["request_b64"])))
    assert len(seen) > 34_000 / one_in
    for identified in seen:
        check(identified.call, masked(identified.call.params, identified.shape))


def test_every_operation_is_told(each_service):
    models = service_model(each_service)
    for operation in models.operation_names:
        for params in inputs(models.operation_model(operation)):
            at = places.where(each_service, models.operation_model(operation)).candidates[0]
            call = meaning(each_service, operation, params, signing_name=at.signing_name)
            check(call, masked(call.params, None))
