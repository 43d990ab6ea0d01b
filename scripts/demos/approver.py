"""A complete approver in a few lines, as an example for the channel: shows each prompt and asks y or n.

    TRIO_GATE_TOKEN=tg_… python scripts/demos/approver.py 127.0.0.1 9443 state/ca/own.pem

It needs nothing but trio-websocket. The protocol is described in `trio_gate/approval/channel/channel.schema.json`.
"""

import json
import os
import ssl
import sys

import trio
import trio_websocket

PROTOCOL = "trio-gate.approvals.v1"


async def decide(socket: trio_websocket.WebSocketConnection, prompt: dict) -> None:
    """Ask the person at the terminal, and send the answer with the digest of what was shown."""
    print(json.dumps(prompt, indent=2))
    answer = await trio.to_thread.run_sync(input, "approve? [y/n] ", abandon_on_cancel=True)
    frame = {"type": "decide", "id": prompt["id"], "digest": prompt["digest"]}
    await socket.send_message(json.dumps({**frame, "verdict": "approve" if answer == "y" else "deny", "reason": ""}))


async def main(host: str, port: str, ca_file: str) -> None:
    """Connect, and answer prompts until the gateway closes."""
    trust = ssl.create_default_context(cafile=ca_file)
    token = os.environ["TRIO_GATE_TOKEN"].encode()
    async with trio_websocket.open_websocket_url(
        f"wss://{host}:{port}/v1/approvals",
        trust,
        subprotocols=[PROTOCOL],
        extra_headers=[(b"Authorization", b"Bearer " + token)],
    ) as socket:
        try:
            while True:
                frame = json.loads(await socket.get_message())
                match frame["type"]:
                    case "pending":
                        await decide(socket, frame["prompt"])
                    case "hello" | "accepted" | "rejected" | "resolved":
                        print(frame)
        except trio_websocket.ConnectionClosed as closed:
            print(closed.reason)


if __name__ == "__main__":
    trio.run(main, *sys.argv[1:])
