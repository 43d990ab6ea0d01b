"""Secrets that texts give to programs, in rows and behind blanks, and ordinary texts that are none; and what a restart keeps of each."""

import base64
import json
from urllib.parse import quote

import pytest

from tests.kit.approvals.questions import asked, call
from tests.text import test_secret_commands, test_secret_members
from trio_gate.approval.param_tree import MAX_ITEMS
from trio_gate.approval.persistence import GONE, prompt_json
from trio_gate.approval.state import Prompt
from trio_gate.audit.redact import params_text
from trio_gate.text import secret_detection
from trio_gate.text.secret_commands import MAX_BEHIND
from trio_gate.text.secret_detection import looks_secret
from trio_gate.text.secret_readings import LAYERS
from trio_gate.text.secret_tables import JUDGING, MAX_LOOKED

TOLD = [
    # rows
    "password,tulip77",
    "Password;tulipfield",
    '"db_password","tulip77"',
    "('password', 'tulip77')",
    "name,password\napp,tulip77\n",
    "name;passwd;host\r\napp;;h\r\napp;tulip77;h",
    "name\tapi_key\napp\ttulip77",
    "| name | password |\n|---|---|\n| app | tulip77 |",
    '"name","secret"\n"Doe, J.","tulip77"',
    "\ufeffname,password,\napp,tulipfield,",
    "host;pw\nh;tulip field",
    # behind a blank
    "x-vault-token tulipField",
    "Your password is tulipField",
    "password for app: tulipfield",
    "SET PASSWORD FOR app = 'tulipfield'",
    "pass\u200bword=tulip77",
    "pwd tulipfield",
    "password tulipfield",
    "log in with passwd TulipField now",
    "requirepass tulipfield",
    "token tulip77",
    "x-vault-token tulip77",
    "x-api-key tulipfield",
    "curl -H 'X-Vault-Token: tulipfield' h",
    "X-Functions-Key: tulipfield",
    "ocp-apim-subscription-key tulip77",
    "enable secret 5 tulip77",
    # command lines
    "mysql -u app -p tulipfield",
    "mysqldump -ptulipfield db",
    "sshpass -p tulipfield ssh h",
    "PGPASSWORD=tulipfield psql -h h",
    "xfreerdp /u:app /p:tulipfield /v:h",
    "runas /password:tulipfield x",
    "sqlcmd -S h -U sa -P tulipfield",
    "bcp t in f -U sa -P tulip77",
    "net user app tulipfield",
    "curl -sSu app:tulipfield h",
    "curl -u app:12345678 h",
    "curl -u 'app':'tulipfield' h",
    "passwd --stdin app <<< tulipfield",
    "curl --user app:tulipfield h",
    "docker login -p tulipfield",
    "podman login -u app -p tulipfield r",
    "aws configure set aws_secret_access_key tulipfield",
    "aws configure --profile x set x.aws_session_token tulipfield",
    "npm config set //r/:_authToken tulipfield",
    "echo tulipfield | passwd --stdin app",
    "printf 'a\na' | sudo passwd app",
    "htpasswd -b f app tulipfield",
    "htpasswd -nbB app tulipfield",
    "useradd -m -p tulipfield app",
    "zip -P tulipfield a.zip f",
    "ssh-keygen -t ed25519 -N tulipfield -f k",
    "vault kv put kv/app x=tulipfield",
    "aws ssm put-parameter --name /db/password --value tulipfield",
    # files and libraries
    "*:*:*:app:tulipfield",
    "db.internal:6543:app:app:tulipfield",
    "app:$6$salt$tulipfield",
    "jdbc:oracle:thin:app/tulipfield@h:1521/x",
    "redis://tulipfield@h:6379",
    "AccountName=a;AccountKey=tulipfield",
    'variable "db_password" {\n  type    = string\n  default = "tulipfield"\n}',
    "password = <<EOT\ntulipfield\nEOT",
    "New-Object System.Net.NetworkCredential('app', 'tulipfield')",
    "Passwort: tulipfield",
    "the password is: tulip77",
    # a password on the standard input, whoever runs the program
    "echo tulipfield | sudo -u root passwd --stdin app",
    "echo tulipfield | chroot /mnt passwd --stdin root",
    "echo tulipfield | docker exec -i c passwd --stdin root",
    "echo tulipfield | ssh h passwd --stdin app",
    # a password for somebody
    "the password for root tulip77",
    "Password for app - tulipfield",
    "Password for app \u2192 tulipfield",
    "password for app -> tulipfield",
    'password for app "tulipfield"',
    "password for app\ntulipfield",
    "SET PASSWORD FOR app AS 'tulipfield'",
    "SET PASSWORD FOR 'app'@'%' TO 'tulipfield'",
    # rows whose value has a name's word, a sign or a longer head
    "user,password\napp,Passwordtulip7!",
    "login,passwd\napp,tulipPwd2026",
    "user,password\napp,$tulip99",
    "id,user,password (initial)\n1,app,tulip77",
    "user,password\n\napp,tulip77",
    "mysql -u app \\\n  -p tulipfield",
    "unzip -P tulipfield a.zip",
    "mysql -P 3306 -u app -p tulipfield -h h",
    "acl setuser app on >tulipfield ~*",
    "ssh-keygen -p -P tulipfield -f k",
    "password/tulip77",
    "id,pins\n1,tulip77",
    "x-app-key: tulipfield",
]


@pytest.mark.parametrize("text", TOLD)
def test_a_secret_on_a_command_line_or_in_rows_masks_the_text(text):
    assert looks_secret(text)
    assert "tulip" not in params_text({"Text": text, "List": [text], "Blob": text.encode()})


@pytest.mark.parametrize(
    "text",
    [
        "password policy",
        "Password Lambda",
        "password is wrong",
        "x-amz-meta-key: v",
        "| Column | Type |\n|---|---|\n| password | varchar |",
        "password reset is required",
        "Change password for the account",
        "Password rotation every 90 days",
        "token expired",
        "secret rotation",
        "the x-api-key header is missing",
        "authorization failed",
        "username,password",
        "password,username,email",
        "Fields: user, password, email",
        "Enter user, password; then press OK",
        "password, please",
        "token,count\nthe,5\na,7",
        "user,password_enabled,password_last_used\nroot,not_supported,2026-01-01T00:00:00Z",
        "GRANT SELECT (id, password) ON t TO app",
        "pwd && ls -la",
        "cd $(pwd) ; ls",
        "mysql -h h -u app -p",
        "mysql -P 3306 -h h",
        "psql -h h -p 5432 -U app",
        "ssh -p 2222 h",
        "mkdir -p /data/out",
        "unzip -p a.zip f",
        "docker login registry",
        "docker run -p 8080:80 image",
        "msbuild /p:Configuration=Release",
        "GET /v1/projects/p:x",
        "dir /p",
        "curl -u app https://h",
        "curl --user-agent x:y h",
        "net user app /delete",
        "aws configure set region us-east-1",
        "htpasswd -c f app",
        "htpasswd -B f app",
        "passwd --stdin",
        "passwd -l app",
        "redis://h:6379",
        'variable "region" {\n  default = "us-east-1"\n}',
        "2026-01-01T10:20:30:x:y",
        "arn:aws:iam::111111111111:role/app",
        # names, paths and ARNs
        "/app/password/db7x",
        "/app/token/v3api",
        "secret/web2name",
        "reports/password/year2026.csv",
        "arn:aws:ssm:us-east-1:111111111111:parameter/app/password/db7/*",
        "GET /v1/password/2fa",
        "https://h/password/v2/new",
        "kubectl get secret web2app -o yaml",
        "delete secret websecret1",
        "rotate the secret web1db",
        # commands that tell none
        "docker run -d --name mysql -p 3306:3306 mysql:8",
        "docker run --name mysql -p 127.0.0.1:3306:3306/tcp mysql:8",
        "docker run --name influx -p 8086:8086 influxdb",
        "sudo -u mysql mkdir -p /srv/mysql/data",
        "yum install -y mysql\nmkdir -p /srv/app",
        "systemctl start mariadb\ncp -p a b",
        "wget https://h/agent.zip -P /srv",
        "ssh-keygen -s ca -I id -n admin k.pub",
        "git config set user.signingkey AB12CD34",
        "enable secret rotation",
        "Enable secret scanning for it",
        'variable "token_ttl" {\n  default = "3600"\n}',
        'variable "password_min_length" { default = "14" }',
        "creds: /etc/app/creds.json",
        "redis://cache@h",
        "the pw: see vault",
        "psk 128bit",
        "password\tchanged",
        "GROUP BY key, bucket1",
        "tokens,471147",
        "x-request-key: abc",
        "x-idempotency-key: ab12",
        "Change the password for the new account",
    ],
)
def test_ordinary_texts_stay(text):
    assert not looks_secret(text)


def _base64(text):
    return base64.b64encode(text.encode()).decode()


def _json(text):
    return json.dumps({"a": text})


@pytest.mark.parametrize("way", [(_base64,), (lambda text: quote(text, safe=""),), (_base64, _json), (quote, _base64, _json)])
@pytest.mark.parametrize("times", [1, LAYERS, LAYERS + 1, LAYERS + 2, 2 * LAYERS])
def test_a_secret_in_any_number_of_encodings_is_masked(way, times):
    text = "password=tulip77"
    for number in range(times):
        text = way[number % len(way)](text)
    assert looks_secret(text)


@pytest.mark.parametrize("times", range(1, LAYERS + 1))
def test_an_ordinary_text_in_encodings_that_are_read_stays(times):
    text = "one, two and three"
    for _ in range(times):
        text = _base64(text)
    assert not looks_secret(text)


def test_nested_json_of_any_depth_is_one_encoding():
    text = "plain"
    for _ in range(8):
        text = _json(text)
    assert not looks_secret(text)


@pytest.mark.parametrize(("more", "told"), [(0, False), (1, True)])
def test_more_cells_than_are_looked_at_hold_a_secret_for_all_that_is_known(more, told):
    text = "\n".join(f"keys of {number} here and there, x y" for number in range(MAX_LOOKED // 2 + more))
    assert looks_secret(text) is told


@pytest.mark.parametrize(("more", "told"), [(0, False), (1, True)])
def test_a_cell_that_is_judged_as_a_name_takes_more_of_the_bound(more, told):
    text = "\n".join(f"keys of {number}, x y" for number in range(MAX_LOOKED // (2 + JUDGING) + more))
    assert looks_secret(text) is told


@pytest.mark.parametrize("row", ["a," * 58 + "key%2525252d\n", "a;b,c\td|" * 8 + "key1\n", "api_key," * 64 + "\n"])
def test_the_rows_of_all_readings_share_what_is_judged(row, monkeypatch):
    asked_for = []
    names = secret_detection._own
    monkeypatch.setattr(secret_detection, "_own", lambda name: asked_for.append(name) or names(name))
    looks_secret("".join(row.replace("key", f"key{number}") for number in range(500)))
    assert len(asked_for) <= MAX_LOOKED // JUDGING


@pytest.mark.parametrize(("more", "told"), [(0, False), (1, True)])
def test_more_names_before_blanks_than_are_looked_at_tell_a_secret_for_all_that_is_known(more, told):
    assert looks_secret("token of it, " * (MAX_BEHIND + more)) is told


def test_many_ordinary_rows_stay():
    tags = [{"Key": f"team-{number}", "Value": "web, api"} for number in range(500)]
    assert not looks_secret(json.dumps(tags, indent=1))
    assert not looks_secret("name,count\n" + "monkey,7\n" * 1900)


def test_a_line_end_that_is_shown_ends_a_command_too():
    members = {"Text": "yum install -y mysql\nmkdir -p /srv/app"}
    question = asked(call(members))
    assert prompt_json(Prompt(question=question), "s")["question"]["params"] == question.params


def _kinds(test):
    return [item for mark in test.pytestmark for item in mark.args[1] if "members" in mark.args[0]]


def _as_own(members):
    """A pair where it can be no list of a model's: in another list, under a name that an agent made up."""
    return {"Rows": [pair], "my_pair": pair} if (pair := members.get("Pair")) else members


MADE = next(
    mark.args[1]
    for mark in test_secret_members.test_a_name_that_an_agent_made_up_hides_its_value.pytestmark
    if mark.args[0] == "made"
)
TEXTS = test_secret_commands.test_a_secret_that_a_program_is_given_masks_the_text.pytestmark[0].args[1]
KINDS = [
    *_kinds(test_secret_members.test_a_secret_is_masked_by_a_name_beside_it),
    *_kinds(test_secret_members.test_a_secret_is_masked_by_its_place),
    *(_as_own(made(name)) for made in MADE for name in test_secret_members.OWN_NAMES),
    *({"Text": text} for text in (*TEXTS, *TOLD)),
    {"Item": {"name": "pin", "value": 4711471147}},
]


@pytest.mark.parametrize("members", KINDS, ids=lambda members: str(members)[:60])
def test_a_restart_keeps_no_secret_that_the_record_masks(members):
    kept = json.dumps(prompt_json(Prompt(question=asked(call(members))), "s")["question"]["params"])
    for secret in (test_secret_members.CANARY, "hunter22", "tulip", "4711471147"):
        assert secret not in kept
        assert secret not in params_text(members)


@pytest.mark.parametrize(
    "members",
    [
        {"Pair": ["password", "email"]},
        {"Item": {"name": "region", "value": 4711471147}},
        {"Command": ["docker", "run", "-p", "8080:80"]},
        {"Names": ["APP_PASSWORD", "APP_HOST"]},
        {"SecretIdList": ["web-password", "web-api-key"]},
        {"Filters": [{"Name": "tag-key", "Values": ["secret", "owner"]}]},
        {"PasswordReusePrevention": 7},
        {"maxTokens": 300, "max_tokens": 300, "TokenTtlSeconds": 60},
    ],
)
def test_a_restart_keeps_ordinary_values_as_they_were_shown(members):
    question = asked(call(members))
    assert prompt_json(Prompt(question=question), "s")["question"]["params"] == question.params


def test_a_restart_hides_of_a_pair_its_value_alone():
    kept = prompt_json(Prompt(question=asked(call({"Rows": [["password", "tulip"]]}))), "s")["question"]["params"]
    assert kept == {"Rows": [["password", {"$unknown": GONE}]]}


@pytest.mark.parametrize("members", [{"password": 47114711}, {"pin": 4711}, {"MfaCode": 471147}, {"Rows": [["otp", 471147]]}])
def test_a_restart_keeps_no_number_that_a_person_would_type(members):
    assert "4711" not in json.dumps(prompt_json(Prompt(question=asked(call(members))), "s")["question"]["params"])


def test_a_restart_keeps_how_much_a_hidden_list_had():
    kept = prompt_json(Prompt(question=asked(call({"Passwords": ["tulip"] * (MAX_ITEMS + 2)}))), "s")["question"]["params"]
    assert kept["Passwords"][-1] == {"$more": {"items": 2, "part": "params"}}
