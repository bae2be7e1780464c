"""An HTTP listener on loopback, as a process of its own: each message that it takes is a file in a folder.

    python tests/receiver.py FOLDER        prints its port

While FOLDER/hold is there it lets callers wait and keeps what they sent apart; while FOLDER/refuse is there it
answers 500 and keeps nothing.
"""

from __future__ import annotations

import itertools
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

FOLDER = Path(sys.argv[1])
COUNT = itertools.count(1)


class Receiver(BaseHTTPRequestHandler):
    """Takes what is posted."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        held = (FOLDER / "hold").exists()
        kind = "held" if held else "taken"
        refused = (FOLDER / "refuse").exists()
        if not refused:
            place = FOLDER / f"{next(COUNT):05}.{kind}"
            place.with_suffix(".new").write_bytes(body)
            os.replace(place.with_suffix(".new"), place)
        while (FOLDER / "hold").exists():
            time.sleep(0.02)
        self.send_response(500 if refused else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None: ...


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    print(server.server_port, flush=True)
    server.serve_forever()
