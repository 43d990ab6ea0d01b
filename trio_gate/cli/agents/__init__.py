"""On the agent's machine: what an agent asks of the gateway itself, with its own keys."""
