"""A server on Python's http.server that says what it read: one header field, `Seen`, hexadecimal JSON.

Prints its port. Python's engine reads heads and leaves bodies to the program; this one reads them by the book.
"""

import http.client
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# What Vestibule adds to a hundred fields of a client is more than a hundred.
http.client._MAXHEADERS = 1000


class Cut(Exception):
    """The body breaks off or is malformed."""


class Reader(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __getattr__(self, name):
        if name.startswith("do_"):
            return self.answer
        raise AttributeError(name)

    def answer(self):
        try:
            body = self.body()
        except (Cut, ValueError):
            self.close_connection = True
            return
        seen = {
            "method": self.command,
            "target": self.requestline.split(" ")[1],
            "fields": self.headers.items(),
            "body": body.decode("latin-1"),
        }
        self.send_response_only(200)
        self.send_header("Seen", json.dumps(seen).encode().hex())
        self.send_header("Content-Length", "0")
        self.end_headers()

    def exactly(self, count):
        data = self.rfile.read(count)
        if len(data) != count:
            raise Cut
        return data

    def body(self):
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.exactly(int(self.headers.get("Content-Length", "0")))
        data = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            data += self.exactly(size)
            self.exactly(2)
        while self.rfile.readline().strip():
            pass
        return data

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Reader)
server.daemon_threads = True
print("port", server.server_port, flush=True)
server.serve_forever()
