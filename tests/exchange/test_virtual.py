"""What a virtual session will be, and who signs with it."""

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest

from tests.kit.aws.host_table import TABLE
from tests.kit.aws.operations import TABLES
from tests.kit.calls import make_call
from tests.kit.configs import BASE, MAIN, load
from tests.kit.records import NOW
from tests.kit.sessions import DEPLOY, SENT, placeholder, session
from trio_gate.config.model import Agent
from trio_gate.errors import Denied, Malformed, SessionOver
from trio_gate.exchange.results import Admitted, Outbound, Signer
from trio_gate.exchange.snapshot import compile_snapshot
from trio_gate.exchange.virtual import plan, request_for
from trio_gate.policy.decide import Decision
from trio_gate.ports import AssumeRole, SessionRequest
from trio_gate.sessions.session import MAX_SENT
from trio_gate.sessions.table import SessionTable
from trio_gate.wire.head import RequestHead, Target

GATEWAY = 'gateway {\n  state_dir = "/s"\n  listener "tls" { bind = "127.0.0.1:0" }\n}\n' + BASE
CHINA = MAIN.replace('"main"', '"cn"').replace("us-east-1", "cn-north-1").replace("111111111111", "333333333333")
SNAPSHOT = compile_snapshot(1, load(GATEWAY + MAIN + CHINA.replace("222222222222", "444444444444")))
CI = Agent(name="ci", key_suffix="CI01", secrets=("agent-secret-0123456789",), accounts=("111111111111",))
EVERYWHERE = replace(CI, accounts=())
ALLOWED = Decision(outcome="allow", rule="roles", reason="")
OUTBOUND = Outbound(head=SENT.head, payload_hash="0" * 64, data=SENT.body)


def identified(operation="AssumeRole", service="sts", used=None, agent=CI, signing_name="sts", **params):
    """The parts of a named request that these functions look at."""
    call = make_call(
        service=service,
        operation=operation,
        signing_name=signing_name,
        account=used.account if used else "111111111111",
        params=params,
    )
    admitted = Admitted(
        endpoint=SNAPSHOT.endpoints["111111111111"],
        agent=agent,
        agent_name=agent.name if agent else None,
        account_name=None,
        signer=Signer(agent="ci", session=used, secret=used.secret if used else CI.secrets[0]),
    )
    return SimpleNamespace(call=call, proven=SimpleNamespace(admitted=admitted))


def planned(*words, decision=ALLOWED, outbound=OUTBOUND, **more):
    return plan(identified(*words, **more), outbound, decision, SNAPSHOT, TABLE)[0]


def signer_of(request, sessions):
    return request_for(request, SNAPSHOT, sessions, None, TABLES)


def made(found, expires=NOW + timedelta(hours=1)):
    return found.session(placeholder(), NOW, expires)


def test_a_role_becomes_a_session_of_its_account_with_what_was_sent():
    found = made(planned(RoleArn=DEPLOY))
    assert (found.role, found.chain, found.account, found.agent) == (DEPLOY, (DEPLOY,), "111111111111", "ci")
    assert (found.parent, found.home) == (None, "111111111111")
    assert found.sent.body == SENT.body
    assert found.expires == NOW + timedelta(hours=1)


def test_a_session_that_assumes_a_role_is_the_way_to_it():
    way = session(1, home="222222222222")
    found = made(planned(RoleArn="arn:aws:iam::111111111111:role/a/path/deeper", used=way))
    assert (found.parent, found.home) == (way.key_id, "222222222222")
    assert found.chain == (DEPLOY, "arn:aws:iam::111111111111:role/a/path/deeper")


@pytest.mark.parametrize(
    ("arn", "why"),
    [
        ("arn:aws:iam::222222222222:role/deploy", "none that this agent may use"),
        ("arn:aws:iam::999999999999:role/deploy", "none that this agent may use"),
        ("arn:aws-cn:iam::111111111111:role/deploy", "none that this agent may use"),
        ("arn:aws:iam::333333333333:role/deploy", "none that this agent may use"),
        ("arn:aws:iam::111111111111:user/deploy", "not the ARN of a role"),
        ("arn:aws:iam::111111111111:role/", "not the ARN of a role"),
        ("arn:aws:iam::1111:role/deploy", "not the ARN of a role"),
        ("deploy", "not the ARN of a role"),
    ],
)
def test_a_role_elsewhere_is_refused(arn, why):
    with pytest.raises(Denied, match=why):
        planned(RoleArn=arn)


def test_without_agents_every_configured_account_of_the_partition_will_do():
    assert planned(RoleArn="arn:aws:iam::222222222222:role/deploy", agent=None).account == "222222222222"
    with pytest.raises(Denied):
        planned(RoleArn="arn:aws:iam::333333333333:role/deploy", agent=None)


def test_a_rule_that_vends_hands_out_the_real_thing_wherever_it_is():
    assert planned(RoleArn="arn:aws:iam::999999999999:role/x", decision=replace(ALLOWED, vends=True)) is None


@pytest.mark.parametrize("operation", ["GetFederationToken", "AssumeRoot"])
@pytest.mark.parametrize("vends", [True, False])
def test_what_no_session_can_stand_for_is_refused_whatever_a_rule_says(operation, vends):
    with pytest.raises(Denied, match=f"sts:{operation} is not served: "):
        planned(operation, decision=replace(ALLOWED, vends=vends))


@pytest.mark.parametrize(
    ("params", "note"),
    [
        ({"DurationSeconds": 3601}, "at most 3600 seconds"),
        ({"DurationSeconds": 3600}, None),
        ({}, None),
        ({"SerialNumber": "arn:aws:iam::111111111111:mfa/x"}, "no MFA device"),
        ({"TokenCode": "123456"}, "no MFA device"),
    ],
)
def test_what_an_agent_should_know_if_aws_refuses(params, note):
    found = planned(RoleArn=DEPLOY, **params).note
    assert found == note if note is None else note in found


def test_a_request_that_aws_would_not_take_is_not_kept():
    assert planned(RoleArn=DEPLOY, outbound=replace(OUTBOUND, data=bytes(MAX_SENT)))
    with pytest.raises(Denied, match="longer than"):
        planned(RoleArn=DEPLOY, outbound=replace(OUTBOUND, data=bytes(MAX_SENT + 1)))


def test_other_calls_are_left_alone():
    assert planned("GetCallerIdentity") is None


def test_an_answer_is_asked_for_that_can_be_read():
    head = RequestHead(method="POST", target=Target(segments=("",)), headers=(("accept-encoding", "gzip"), ("host", "h")))
    _, outbound = plan(identified(RoleArn=DEPLOY), replace(OUTBOUND, head=head), ALLOWED, SNAPSHOT, TABLE)
    assert outbound.head.headers == (("host", "h"),)


@pytest.mark.parametrize(
    ("asked", "life"), [(None, timedelta(hours=12)), (900, timedelta(minutes=15)), (129_600, timedelta(hours=36))]
)
def test_a_session_of_the_same_power_lives_as_long_as_aws_says(asked, life):
    found = planned("GetSessionToken", **({} if asked is None else {"DurationSeconds": asked}))
    assert (found.life, found.sent, found.role) == (life, None, None)


@pytest.mark.parametrize("asked", [899, 129_601, -1, 10**18, -(10**18), "900"])
def test_a_life_that_aws_would_not_take_is_refused(asked):
    with pytest.raises(Malformed, match="DurationSeconds of GetSessionToken is 900 to 129600"):
        planned("GetSessionToken", DurationSeconds=asked)


@pytest.mark.parametrize("name", ["SerialNumber", "TokenCode"])
def test_no_session_is_said_to_have_mfa_that_has_none(name):
    with pytest.raises(Denied, match="no MFA device"):
        planned("GetSessionToken", **{name: "123456"})


def test_a_way_has_an_end():
    long = session(1, chain=(DEPLOY,) * 10)
    with pytest.raises(Denied, match="too many steps"):
        planned(RoleArn=DEPLOY, used=long)
    assert len(planned(RoleArn=DEPLOY, used=session(1, chain=(DEPLOY,) * 9)).chain) == 10
    with pytest.raises(Denied, match="too many steps"):
        planned("GetSessionToken", used=session(1, sent=None))
    assert planned(RoleArn=DEPLOY, used=session(1, sent=None))


def test_a_session_of_the_same_power_ends_with_the_one_that_asked():
    used = session(1)
    assert made(planned("GetSessionToken", used=used), NOW + timedelta(hours=12)).expires == used.expires
    assert made(planned("GetSessionToken"), NOW + timedelta(hours=12)).expires == NOW + timedelta(hours=12)


def test_the_role_of_the_account_signs_for_an_agent_s_own_key():
    found = request_for(identified("GetObject"), SNAPSHOT, SessionTable(), None, TABLES)
    assert isinstance(found, AssumeRole)
    assert (found.role_arn, found.session_name) == ("arn:aws:iam::111111111111:role/gate", "trio-gate@ci")


def test_the_whole_way_signs_for_a_session():
    first = session(1, home="222222222222")
    same = session(2, parent=first.key_id, sent=None, home="222222222222")
    second = session(3, parent=same.key_id, role=f"{DEPLOY}2", home="222222222222")
    found = signer_of(identified("GetObject", used=second, agent=EVERYWHERE), SessionTable([first, same, second]))
    assert isinstance(found, SessionRequest)
    assert (found.key_id, found.role_arn) == (second.key_id, f"{DEPLOY}2")
    assert isinstance(found.signer, SessionRequest)
    assert (found.signer.key_id, found.signer.signer) == (first.key_id, found.root)
    assert found.root.account == "222222222222"


def test_a_session_of_the_same_power_is_signed_for_by_what_asked():
    same = session(2, sent=None, role=None)
    assert isinstance(request_for(identified("GetObject", used=same), SNAPSHOT, SessionTable([same]), None, TABLES), AssumeRole)


READS = 'rule "reads" {\n  action = "allow"\n  role = "reader"\n}\nrule "rest" { action = "allow" }\n'
RULED = compile_snapshot(1, load(GATEWAY + MAIN + READS))


def test_a_rule_says_which_role_signs():
    first, second = (request_for(identified("GetObject"), RULED, SessionTable(), rule, TABLES) for rule in ("reads", "rest"))
    assert (first.role_arn, second.role_arn) == ("arn:aws:iam::111111111111:role/reader", "arn:aws:iam::111111111111:role/gate")
    assert request_for(identified("ListQueues"), RULED, SessionTable(), None, TABLES) is second


def test_a_rule_cannot_say_so_of_a_session_that_the_agent_assumed():
    used, same = session(1), session(2, sent=None, role=None, rule=None)
    with pytest.raises(Denied, match='rule "reads" says how a role is assumed'):
        request_for(identified("GetObject", used=used), RULED, SessionTable([used]), "reads", TABLES)
    found = request_for(identified("GetObject", used=same), RULED, SessionTable([same]), "reads", TABLES)
    assert found.role_arn == "arn:aws:iam::111111111111:role/reader"


def test_a_session_is_asked_for_again_as_it_was_at_first():
    used = session(1, rule="reads")
    found = request_for(identified("GetObject", used=used), RULED, SessionTable([used]), "rest", TABLES)
    assert found.root.role_arn == "arn:aws:iam::111111111111:role/reader"
    assert planned(RoleArn=DEPLOY).rule == "roles"


@pytest.mark.parametrize("changes", [{"home": "999999999999"}, {"home": "222222222222"}])
def test_a_session_goes_with_an_account_on_the_way_to_it(changes):
    used = session(1, **changes)
    with pytest.raises(SessionOver, match="may not use any more"):
        signer_of(identified("GetObject", used=used), SessionTable([used]))
    way = session(2, account="222222222222")
    used = session(1, parent=way.key_id)
    with pytest.raises(SessionOver, match="may not use any more"):
        signer_of(identified("GetObject", used=used), SessionTable([way, used]))


def test_a_session_whose_way_is_not_known_is_signed_for_by_nobody():
    used = session(1, parent=session(2).key_id)
    with pytest.raises(SessionOver, match="no longer known"):
        signer_of(identified("GetObject", used=used), SessionTable([used]))
