"""`trio-gate person new` makes tokens, and `person link` sign-ins for another device."""

from __future__ import annotations

import hashlib
import json
import re

import pytest

from trio_gate.cli.main import main


def test_a_token_is_new_each_time_and_its_hash_is_for_the_configuration(capsys):
    made = set()
    for _ in range(2):
        assert main(["person", "new", "alice"]) == 0
        out = capsys.readouterr().out
        token = re.search(r"^tg_[A-Za-z0-9_-]{43}$", out, re.MULTILINE)[0]
        assert f'token_sha256 = "{hashlib.sha256(token.encode()).hexdigest()}"' in out
        made.add(token)
    assert len(made) == 2


@pytest.mark.parametrize("name", ["", "1a", "a b", "x" * 65])
def test_a_name_is_one_that_the_configuration_takes(capsys, name):
    assert main(["person", "new", name]) == 2
    assert capsys.readouterr().err.startswith("trio-gate person: a name has at most 64 letters")


async def test_a_link_signs_its_maker_in(tell):
    tell.hub.page = "https://gate.example:9443/"
    status, out, err = await tell("person", "link", "alice")
    code = re.fullmatch(r"https://gate\.example:9443/#link=([A-Za-z0-9_-]{43})\n", out)[1]
    assert (status, "once" in err, "--page" in err) == (0, True, False)
    assert tell.hub.links.spend(code).name == "alice"
    status, out, _ = await tell("person", "link", "alice", "--json")
    assert (status, tell.hub.links.spend(json.loads(out)["code"]).name) == (0, "alice")


@pytest.mark.parametrize(
    "page", ["https://127.0.0.1:9443/", "https://localhost:9443/", "https://0.0.0.0:9443/", "https://[::1]:9443/"]
)
async def test_an_address_that_no_other_device_reaches_is_said_to_be_one(tell, page):
    tell.hub.page = page
    assert "--page" in (await tell("person", "link", "alice"))[2]
    _, out, err = await tell("person", "link", "alice", "--page", "https://gate.example")
    assert (out.startswith("https://gate.example/#link="), "--page" in err) == (True, False)


async def test_nobody_makes_a_link_for_another(tell):
    said = "trio-gate person link: this token is that of alice, and everyone makes links for themselves\n"
    assert await tell("person", "link", "bob") == (1, "", said)
