"""The channel: the frames that the gateway and a person's client send each other, and how they are written and read."""
