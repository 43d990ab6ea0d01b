"""What all pages say of files, commands, options and each other is there."""

from __future__ import annotations

import re
from contextlib import redirect_stdout
from io import StringIO

import pytest

from tests.docs.pages import PAGES, USERS, anchors, examples, kinds, links, name, prose, spans, text
from tests.kit.paths import ROOT
from trio_gate.cli.main import VERBS, main

WIDTH = 120
TRANSLATED = ("anew", "whoever", "is none", "of ours", "nobody's", "so many a", "told", "what is said", "the ancestor")
"""Words of a translation; `test_docstrings.py` looks for them in the code."""

every_page = pytest.mark.parametrize("page", PAGES, ids=name)


def resolves(page, link):
    target, _, anchor = link.partition("#")
    found = (page.parent / target).resolve() if target else page
    return found.exists() and (not anchor or anchor in anchors(found))


@every_page
def test_its_links_resolve(page):
    assert [link for link in links(page) if "://" not in link and not resolves(page, link)] == []


@pytest.mark.parametrize("page", USERS, ids=name)
def test_its_head_leads_to_each_of_its_sections(page):
    head = text(page).partition("\n## ")[0]
    listed = [link[1:] for link in re.findall(r"\]\((#[^)]*)\)", head)]
    assert listed == anchors(page, level="##")


@every_page
def test_its_scripts_exist(page):
    named = re.findall(r"(?<![\w/])scripts/[\w/-]*\w(?:\.\w+)?", text(page))
    assert [script for script in named if not (ROOT / script).exists()] == []


@every_page
def test_its_files_exist(page):
    named = [span for span in spans(page) if re.fullmatch(r"(?:trio_gate|tests|docs)/[\w./]+", span)]
    assert [file for file in named if not (ROOT / file).exists()] == []


@every_page
def test_its_verbs_exist(page):
    named = [span.split()[1] for span in spans(page) if re.match(r"trio-gate \w", span)]
    assert set(named) <= {*VERBS, "VERB"}


LONG = re.compile(r"(?<![\w-])--[a-z][a-z-]+")


def options_of(*words):
    """The long options in the help of a verb, or of a verb's verb."""
    with redirect_stdout(StringIO()) as said, pytest.raises(SystemExit):
        main([*words, "--help"])
    return set(LONG.findall(said.getvalue()))


@pytest.fixture(scope="module")
def options():
    """Long options of all verbs, and of scripts as their sources name them."""
    scripts = [path.read_text("utf-8", "replace") for path in (ROOT / "scripts").rglob("*") if path.is_file()]
    return {option for text in scripts for option in LONG.findall(text)}.union(
        *(options_of("person", one) for one in ("link", "new")), options_of("agent", "new"), *map(options_of, VERBS)
    )


@every_page
def test_its_options_exist(page, options):
    commands = [example.text for example in examples("sh") if example.page == page]
    named = {option for text in [*spans(page), *commands] for option in LONG.findall(text)}
    assert named <= options


@pytest.mark.parametrize("verb", VERBS)
def test_each_option_of_a_verb_is_on_some_page(verb):
    named = set(LONG.findall("\n".join(map(text, PAGES))))
    assert options_of(verb) - named <= {"--help", "--verbose"}


@every_page
def test_its_lines_fit_a_screen(page):
    long = [line for line in prose(page).splitlines() if len(line) > WIDTH and not line.startswith("|")]
    assert long == []


@every_page
def test_its_words_are_plain(page):
    assert translated(prose(page)) == []


def test_the_words_of_the_annotated_configuration_are_plain():
    assert translated((ROOT / "config.example.hcl").read_text("utf-8")) == []


def translated(text):
    flat = " ".join(text.split()).lower()
    return [words for words in TRANSLATED if re.search(rf"\b{words}\b", flat)]


@pytest.mark.parametrize("page", [ROOT / "README.md", *USERS], ids=name)
def test_its_examples_are_of_kinds_that_are_tried(page):
    assert kinds(page) <= {"hcl", "hcl fragment", "cel", "json", "sh", "http", "nginx", "text"}
