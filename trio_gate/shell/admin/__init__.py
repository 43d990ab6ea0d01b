"""The admin listener: sign-in, sessions, the page and the channel of approvals."""
