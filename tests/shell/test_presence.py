"""A file that was moved, deleted or replaced while it is open is missed."""

import os

from trio_gate.shell.presence import Presence


def test_what_is_in_place_is_not_missed(tmp_path):
    path = tmp_path / "a"
    path.touch()
    watched = Presence(str(path), str(tmp_path / "never"))
    assert watched.missing() is None
    path.write_text("more")
    assert watched.missing() is None


def test_what_was_deleted_moved_or_replaced_is_missed(tmp_path):
    for number, change in enumerate((os.unlink, lambda path: os.rename(path, f"{path}2"), _replaced)):
        path = str(tmp_path / str(number))
        open(path, "w").close()
        watched = Presence(path)
        change(path)
        assert watched.missing() == path


def _replaced(path):
    with open(f"{path}.new", "w"):
        os.replace(f"{path}.new", path)
