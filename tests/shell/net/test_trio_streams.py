"""Streams of trio's with bytes put back."""

from trio.testing import memory_stream_pair

from trio_gate.shell.net.trio_streams import Replay


async def test_replay():
    ours, theirs = memory_stream_pair()
    await theirs.send_all(b"stream")
    replay = Replay(ours, b"head")
    assert [bytes(await replay.receive_some(count)) for count in (3, 10, 10)] == [b"hea", b"d", b"stream"]
    replay = Replay(ours, b"head")
    assert await replay.receive_some() == b"head"
    await replay.wait_send_all_might_not_block()
    await replay.send_all(b"back")
    await replay.aclose()
    assert [bytes(await theirs.receive_some(10)) for _ in range(2)] == [b"back", b""]
