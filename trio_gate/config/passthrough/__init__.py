"""What a proxy listener connects its agents to besides AWS, without reading it."""
