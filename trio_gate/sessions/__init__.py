"""Virtual sessions: placeholders that stand for sessions of AWS which the gateway holds."""
