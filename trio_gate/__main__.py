"""`python -m trio_gate` is the `trio-gate` command."""

from trio_gate.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main())
