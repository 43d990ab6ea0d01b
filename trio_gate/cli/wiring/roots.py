"""Files with the CA that an agent trusts: alone, and in a bundle with the system's roots.

Theory: a file is named by its contents, so programs that still run never see it change, and two gateways have files of their own.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from trio_gate.cli.wiring.reading import NotWiredError
from trio_gate.errors import CertificatesUnavailable
from trio_gate.shell.certificates.authority import INTERCEPTION, OWN
from trio_gate.shell.certificates.trust_roots import certificates, system_bundle

if TYPE_CHECKING:
    from trio_gate.config.model import Listener


def authority(listener: Listener, state_dir: str, given: str | None) -> bytes | None:
    """What an agent trusts who uses a listener, in PEM: the file `given`, else the state folder's. Raises NotWiredError.

    A proxy that speaks TLS has a certificate of its own, besides those for AWS's hosts. None where there is no TLS to verify.
    """
    files = [Path(state_dir) / INTERCEPTION] if listener.kind == "proxy" else []
    files += [Path(listener.certificate or Path(state_dir) / OWN)] if listener.tls else []
    verb = "ca --listeners" if listener.tls else "ca"
    return _joined(*(_read(file, verb) for file in ([Path(given)] if given else files))) if files else None


def _read(file: Path, verb: str) -> bytes:
    try:
        found = file.read_bytes()
    except OSError as error:
        hint = f"pass --ca FILE with what `trio-gate {verb}` prints, or start the gateway, which makes it"
        raise NotWiredError(f"cannot read the CA {file}: {error.strerror}: {hint}") from None
    if not certificates(found):
        raise NotWiredError(f"{file} holds no certificates in PEM")
    return found


def write(ours: bytes) -> tuple[str, str]:
    """Write the bundle of the system's roots and ours, and ours alone; returns their paths. Raises NotWiredError.

    What NODE_EXTRA_CA_CERTS names so far is kept beside ours, as only one file can be named.
    """
    try:
        more = Path(os.environ["NODE_EXTRA_CA_CERTS"]).read_bytes() if os.environ.get("NODE_EXTRA_CA_CERTS") else b""
        folder = _folder()
        return _put(folder, "bundle", _joined(system_bundle(), ours)), _put(folder, "agent-ca", _joined(more, ours))
    except CertificatesUnavailable as error:
        raise NotWiredError(str(error.detail)) from None
    except RuntimeError:  # of Path.home()
        raise NotWiredError("there is no home folder for the agent's CA: set XDG_CACHE_HOME") from None
    except OSError as error:
        raise NotWiredError(f"cannot write the CA for the agent to {error.filename}: {error.strerror}") from None


def _folder() -> Path:
    own = os.environ.get("XDG_CACHE_HOME", "")
    folder = (Path(own) if own.startswith("/") else Path.home() / ".cache") / "trio-gate"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def _joined(*pems: bytes) -> bytes:
    return b"".join(dict.fromkeys(one for pem in pems for one in certificates(pem)))


def _put(folder: Path, name: str, pem: bytes) -> str:
    file = folder / f"{name}-{hashlib.sha256(pem).hexdigest()[:16]}.pem"
    if not file.exists() or file.read_bytes() != pem:
        descriptor, made = tempfile.mkstemp(dir=folder)
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(pem)
        Path(made).replace(file)
    return str(file)
