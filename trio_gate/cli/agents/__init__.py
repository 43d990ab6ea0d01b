"""What agents run themselves: verbs that ask the gateway for something, with the agent's own keys or its identity token."""
