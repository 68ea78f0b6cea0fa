"""The few lines of HTTP that the Python agents here share. Nothing in it knows of Parley: an
agent is any program that answers HTTP. Standard library only."""

import argparse
import json
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


class Request:
    def __init__(self, method, target, headers, body):
        parts = urlsplit(target)
        self.method = method
        self.path = parts.path.rstrip("/") or "/"
        self.query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        self.headers = headers
        self.body = body

    def fields(self):
        """What the caller asked for: the query, and the body if it is a JSON object."""
        fields = dict(self.query)
        if self.body.strip().startswith(b"{"):
            try:
                fields.update(json.loads(self.body))
            except ValueError as error:
                raise Refusal(400, f"the body is not JSON: {error}") from error
        return fields

    def text(self):
        """The body as text, or the field `text`."""
        if self.body and not self.body.strip().startswith(b"{"):
            return self.body.decode("utf-8", "replace")
        return str(self.fields().get("text", ""))


class Refusal(Exception):
    """What the caller did wrong, as a status and a sentence."""

    def __init__(self, status, sentence):
        super().__init__(sentence)
        self.status = status


class Events:
    """An answer that leaves event by event (text/event-stream)."""

    def __init__(self, events):
        self.events = events  # an iterable of things that json.dumps takes


class Hangup(Exception):
    """Close the connection without an answer."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512


def _handler_of(routes):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"  # keep the connection between requests
        disable_nagle_algorithm = True
        wbufsize = 64 * 1024  # head and body leave together

        def _answer(self):
            try:
                request = Request(self.command, self.path, self.headers, self._body())
                route = routes.get(request.path)
                if route is None:
                    there = ", ".join(sorted(routes))
                    raise Refusal(404, f"no {request.path} here; there is {there}")
                self._send(route(request))
            except Refusal as refusal:
                self._send({"error": str(refusal)}, refusal.status)
            except Hangup:
                self.close_connection = True
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True  # the caller went away

        do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = _answer

        def _body(self):
            if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
                chunks = []
                while size := int(self.rfile.readline().split(b";")[0], 16):
                    chunks.append(self.rfile.read(size))
                    self.rfile.readline()
                while self.rfile.readline().strip():
                    pass  # trailers
                return b"".join(chunks)
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))

        def _send(self, answer, status=200):
            if isinstance(answer, Events):
                return self._send_events(answer)
            body = (json.dumps(answer) + "\n").encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            self.wfile.flush()

        def _send_events(self, answer):
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Cache-Control", "no-store")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.flush()
            for event in answer.events:
                data = f"data: {json.dumps(event)}\n\n".encode()
                self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
                self.wfile.flush()
            self.wfile.write(b"0\r\n\r\n")
            self.wfile.flush()

        def log_message(self, *_):
            pass

    return Handler


def arguments_of(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--port", type=int, default=0, help="0, the default, picks a free one")
    return parser


def serve(port, routes):
    """Answers on 127.0.0.1 until SIGTERM or SIGINT. Prints the port as its first and only line."""
    handler = _handler_of({"/healthz": lambda _: {"ok": True}, **routes})
    server = _Server(("127.0.0.1", port), handler)

    def stop(*_):
        threading.Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    print(server.server_address[1], flush=True)
    server.serve_forever(poll_interval=0.1)
    server.server_close()
    sys.exit(0)
