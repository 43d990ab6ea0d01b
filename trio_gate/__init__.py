"""trio-gate: the gateway between AI agents and AWS.

An agent holds placeholder keys. The gateway identifies each of its requests as an AWS call, judges the call by rules, holds it for
a person if a rule says so, signs it with a role's temporary credentials, forwards it and records what happened.
"""

__version__ = "0.1.0"
