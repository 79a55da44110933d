"""The process behind a connection."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from amlbridge.wire import caller


def test_both_ways_find_the_socket_of_a_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        inode = str(Path(f"/proc/self/fd/{client.fileno()}").readlink())
        ours, theirs = client.getsockname(), server.getsockname()
        assert f"socket:[{caller._listed(ours)}]" == inode
        try:
            asked = caller._asked(ours, theirs)
        except OSError as error:
            pytest.skip(f"netlink is closed here: {error}")
        assert f"socket:[{asked}]" == inode
        assert caller._owner(inode, [os.getpid()]) == os.getpid()
        assert caller._owner(inode, caller._all()) == os.getpid()
        assert caller._asked(("127.0.0.1", ours[1]), ("127.0.0.1", 1)) is None
