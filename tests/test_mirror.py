"""Tests mirror sources: `trio_gate/a/b/c.py` has `tests/a/b/test_c.py`, and more of it stands in `test_c_more.py` beside that."""

from __future__ import annotations

from tests.kit.paths import ROOT

PACKAGE, TESTS = ROOT / "trio_gate", ROOT / "tests"
ROOMS = {path.stem for path in PACKAGE.iterdir() if path.is_dir()}
SOURCES = {path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py") if not path.name.startswith("__")}
FOUND = {path.relative_to(TESTS).as_posix() for path in TESTS.rglob("test_*.py")}

WITHOUT = [
    "app/serve.py",
    "app/state_dir.py",
    "approval/channel/client_frames.py",
    "approval/channel/frames.py",
    "approval/terms.py",
    "audit/acts.py",
    "aws/call.py",
    "aws/iam/role_texts.py",
    "aws/ingress.py",
    "aws/param_paths.py",
    "aws/resources/curated_ec2.py",
    "aws/resources/curated_members.py",
    "cli/config_file.py",
    "cli/judging/check.py",
    "cli/judging/check_newer.py",
    "cli/judging/explain_run.py",
    "cli/judging/explain_view.py",
    "cli/judging/remarks.py",
    "cli/serve.py",
    "cli/state_dir.py",
    "config/block_reader.py",
    "policy/references.py",
    "ports.py",
    "shell/admin/listener.py",
    "shell/admin/static_files.py",
    "shell/clock.py",
    "shell/exchange/budget.py",
    "shell/exchange/host_rules.py",
    "shell/exchange/intake.py",
    "shell/exchange/pipeline.py",
    "shell/exchange/shared_services.py",
    "shell/models/installed_operations.py",
    "shell/net/plain_response.py",
    "shell/net/race.py",
    "text/secret_tables.py",
    "wire/events.py",
    "wire/fields.py",
]
"""Sources without a test of their name: they are tested with what uses them. This list may only shrink."""

MOST = 41


def twin(source: str) -> str:
    """Where the test of a source is looked for."""
    folder, _, name = source.rpartition("/")
    return f"{folder}/test_{name}" if folder else f"test_{name}"


def test_each_source_has_a_test_of_its_name():
    assert sorted(source for source in SOURCES if twin(source) not in FOUND) == sorted(WITHOUT)


def test_the_list_of_exceptions_only_shrinks():
    assert len(WITHOUT) <= MOST


def test_each_test_of_a_room_begins_with_the_name_of_its_source():
    beginnings = tuple(twin(source).removesuffix(".py") for source in SOURCES)
    in_rooms = [test for test in FOUND if test.partition("/")[0] in ROOMS]
    assert [test for test in in_rooms if not any(test == f"{one}.py" or test.startswith(f"{one}_") for one in beginnings)] == []
