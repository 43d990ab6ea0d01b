"""HTTP as values: the strict reader, framing in both directions, and what may cross the gateway."""
