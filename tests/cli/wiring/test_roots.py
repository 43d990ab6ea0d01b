"""The files with what an agent trusts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.wiring.kit import CONFIG, PEM, placed
from trio_gate.cli.wiring import roots, ways
from trio_gate.cli.wiring.reading import NotWiredError, facts

OTHER = PEM.replace("b3Vycw==", "b3RoZXI=")


def trusted(config, way, given=None):
    known = facts(config, "ci")
    return roots.authority(ways.choose(known, way), known.state_dir, given)


def test_each_way_has_its_authority(tmp_path, config):
    assert trusted(config, "proxy") == PEM.encode()
    assert trusted(config, "endpoint") is None
    tls = placed(tmp_path, CONFIG.replace('{ bind = "127.0.0.1:8081" }', '{\n bind = "127.0.0.1:8081"\n tls = true\n }'))
    assert trusted(tls, "endpoint") == PEM.replace("b3Vycw==", "b3du").encode()
    (tmp_path / "inside").mkdir()
    inside = placed(
        tmp_path / "inside", CONFIG.replace('{ bind = "0.0.0.0:8080" }', '{\n bind = "127.0.0.1:8080"\n tls = true\n }')
    )
    assert trusted(inside, "proxy") == (PEM + PEM.replace("b3Vycw==", "b3du")).encode()
    (tmp_path / "given.pem").write_text(f"words\n{OTHER}")
    assert trusted(tls, "endpoint", str(tmp_path / "given.pem")) == OTHER.encode()


def test_an_authority_that_cannot_be_read(tmp_path, config):
    with pytest.raises(NotWiredError, match=r"none\.pem: No such file or directory: pass --ca FILE"):
        trusted(config, "proxy", str(tmp_path / "none.pem"))
    path = Path(config) if Path(config).is_file() else Path(config) / "gateway.hcl"
    path.write_text(path.read_text().replace('"0.0.0.0:8080"', '"127.0.0.1:8080" tls = true'))
    with pytest.raises(NotWiredError, match="what `trio-gate ca --listeners` prints"):
        trusted(config, "proxy", str(tmp_path / "none.pem"))
    with pytest.raises(NotWiredError, match="holds no certificates"):
        trusted(config, "proxy", config)


def test_the_bundle_has_the_systems_roots_and_the_other_file_has_not(tmp_path, monkeypatch):
    (tmp_path / "system.pem").write_text(OTHER)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "system.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "none"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    bundle, alone = roots.write(PEM.encode())
    assert (Path(bundle).read_text(), Path(alone).read_text()) == (OTHER + PEM, PEM)
    monkeypatch.setenv("SSL_CERT_FILE", bundle)
    monkeypatch.setenv("NODE_EXTRA_CA_CERTS", str(tmp_path / "system.pem"))
    again, both = roots.write(PEM.encode())
    assert (again, Path(both).read_text()) == (bundle, OTHER + PEM)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "system.pem"))
    Path(bundle).write_text("torn")
    assert Path(roots.write(PEM.encode())[0]).read_text() == OTHER + PEM
    assert sorted(path.name.partition("-")[0] for path in Path(bundle).parent.iterdir()) == ["agent", "agent", "bundle"]


def test_a_folder_that_cannot_be_written(tmp_path, monkeypatch):
    (tmp_path / "cache").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with pytest.raises(NotWiredError, match="cannot write the CA for the agent to"):
        roots.write(PEM.encode())
