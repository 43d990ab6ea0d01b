"""The variables of an agent: which, and that each format is read back as it was meant."""

from __future__ import annotations

import json
import os
import shlex
import subprocess

import pytest

from trio_gate.cli.wiring.variables import ADD_ROOTS, FOREIGN, PROXY_ROOTS, REPLACE_ROOTS, Wiring, no_proxy, variables, written

DOMAINS = ("amazonaws.com", "api.aws", "amazonaws.com.cn")
ODD = "a$b`c\"d\\e'f#g;h|i"


def wiring(way, bundle="/b.pem", authority="/a.pem"):
    url = {"proxy": "http://127.0.0.1:8080", "endpoint": "http://127.0.0.1:8081"}[way]
    return Wiring(
        key_id="AKIA111111111111CI01", secret="s", region="us-east-1", way=way, url=url, bundle=bundle, authority=authority
    )


def test_a_proxy_is_trusted_by_a_bundle_where_roots_are_replaced_and_alone_where_they_are_added():
    found = variables(wiring("proxy"), "localhost")
    assert {found[name] for name in REPLACE_ROOTS} == {"/b.pem"}
    assert {found[name] for name in ADD_ROOTS} == {"/a.pem"}
    assert found["HTTPS_PROXY"] == found["https_proxy"] == "http://127.0.0.1:8080"
    assert found["NO_PROXY"] == found["no_proxy"] == "localhost"
    assert found["AWS_ENDPOINT_URL"] is None
    assert not found.keys() & set(PROXY_ROOTS)


def test_a_plain_endpoint_needs_no_proxy_and_no_roots():
    found = variables(wiring("endpoint", None, None), "")
    assert found["AWS_ENDPOINT_URL"] == "http://127.0.0.1:8081"
    assert not {"HTTPS_PROXY", "https_proxy", *REPLACE_ROOTS, *ADD_ROOTS} & found.keys()


OTHER_KEYS = [
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_ACCOUNT_ID",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_ACCESS_KEY",
    "AWS_SECRET_KEY",
    "AWS_CREDENTIAL_FILE",
    "AMAZON_ACCESS_KEY_ID",
    "AMAZON_SECRET_ACCESS_KEY",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
]


@pytest.mark.parametrize("name", OTHER_KEYS)
@pytest.mark.parametrize("way", ["proxy", "endpoint"])
def test_nothing_that_brings_other_keys_stays(way, name):
    assert variables(wiring(way), "")[name] is None


def test_each_of_them_is_written_here_too():
    assert {*FOREIGN} == {*OTHER_KEYS}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("", ""),
        ("intranet.example, .corp.example", "intranet.example,.corp.example,"),
        ("*", ""),
        ("intranet.example amazonaws.com\t.corp.example", "intranet.example,.corp.example,"),
        (".com,com", ""),
        ("amazonaws.com,.amazonaws.com,*.amazonaws.com,.API.aws", ""),
        ("s3.amazonaws.com,sts.us-east-1.amazonaws.com:443", ""),
        ("notamazonaws.com,10.0.0.1,fd00::1,::2,169.254.169.254", "notamazonaws.com,10.0.0.1,fd00::1,::2,169.254.169.254,"),
    ],
)
def test_no_entry_leads_aws_past_the_proxy(given, kept):
    registries = ".dkr.ecr.eu-west-1.amazonaws.com,.d.codeartifact.eu-west-1.amazonaws.com"
    made = no_proxy(given, ["model.example"], DOMAINS, "eu-west-1.amazonaws.com")
    assert made == f"{kept}localhost,127.0.0.1,::1,{registries},model.example"


def test_a_shell_reads_what_is_written():
    text = written({"A": ODD, "B": None}, "shell") + 'printf %s "$A${B-gone}"'
    done = subprocess.run(
        ["sh", "-euc", text], env={"B": "kept", "PATH": os.environ["PATH"]}, capture_output=True, text=True, check=True
    )
    assert done.stdout == f"{ODD}gone"


def test_json_says_what_to_remove():
    assert json.loads(written({"A": ODD, "B": None}, "json")) == {"A": ODD, "B": None}


def test_the_file_of_a_unit_is_quoted_as_systemd_reads_it():
    line = written({"A": ODD, "B": None}, "systemd")
    assert line == 'A="a\\$b\\`c\\"d\\\\e\'f#g;h|i"\n'
    assert shlex.split(line) == [f"A={ODD}".replace("$", "\\$").replace("`", "\\`")]  # the shell's rules for the rest


def test_dotenv_has_no_quotes_where_none_are_needed():
    assert written({"A": "http://127.0.0.1:8081", "C": "a b$c", "B": None}, "dotenv") == "A=http://127.0.0.1:8081\nC='a b$c'\n"
    with pytest.raises(ValueError, match="single quote"):
        written({"A": "it's"}, "dotenv")
