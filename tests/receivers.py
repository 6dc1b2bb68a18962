"""Receivers on loopback for the tests of notices: a mail server and a web server that keep all."""

from __future__ import annotations

import contextlib
import json
import socketserver
import threading
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

LOOPBACK = "127.0.0.1"


class _Mail(socketserver.StreamRequestHandler):
    """As much of SMTP as a client needs to hand a message in."""

    def handle(self) -> None:
        self.wfile.write(b"220 loopback\r\n")
        while line := self.rfile.readline():
            verb = line.strip().upper()[:4]
            if verb == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                body = b""
                while (part := self.rfile.readline()) != b".\r\n":
                    body += part[1:] if part.startswith(b"..") else part
                self.server.kept.append(message_from_bytes(body, policy=policy.default))  # type: ignore[attr-defined]
                self.wfile.write(b"250 kept\r\n")
            elif verb == b"QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            else:
                self.wfile.write(b"250 ok\r\n")


@contextlib.contextmanager
def mail_server() -> Iterator[tuple[int, list[EmailMessage]]]:
    """Port of a mail server, and the messages it has been handed."""
    server = socketserver.ThreadingTCPServer((LOOPBACK, 0), _Mail)
    server.daemon_threads = True
    server.kept = []  # type: ignore[attr-defined]
    with _served(server):
        yield server.server_address[1], server.kept  # type: ignore[attr-defined]


@contextlib.contextmanager
def web_server(answer: int = 200) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """Port of a web server that answers so, and the JSON it has been posted."""
    kept: list[dict[str, Any]] = []

    class Post(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            kept.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(answer)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Says nothing."""

    with HTTPServer((LOOPBACK, 0), Post) as server, _served(server):
        yield server.server_address[1], kept


@contextlib.contextmanager
def _served(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
