"""Real nodes and agents for the end-to-end tests. Ports are picked by the system, readiness is read
from what a node prints and answers, waiting is polling with a deadline, and everything that was
started is ended by its process id. Standard library only."""

import http.client
import json
import os
import pathlib
import queue
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("PARLEY_BINARY", str(ROOT / "build/release/parley"))
CRASHES = {-signal.SIGSEGV, -signal.SIGABRT, -signal.SIGILL, -signal.SIGFPE, -signal.SIGBUS}
# Under a sanitizer (one of its options is set) nodes end in order, so that it can tell of leaks.
SANITIZED = "ASAN_OPTIONS" in os.environ or "TSAN_OPTIONS" in os.environ
# For a caller whose test needs each provider to get calls; least_loaded keeps to the fastest.
ROUND_ROBIN = "policies: [{ match: { capability: '*' }, route: { policy: round_robin } }]\n"
PATIENCE = 20.0  # seconds for anything that should take one, on a busy machine


def wait_until(condition, what, patience=PATIENCE):
    """The first true value of condition(); fails with `what` when there is none in time."""
    deadline = time.monotonic() + patience
    pause = 0.002
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {patience:g} s in vain: {what}")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.05)


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    def json(self):
        return json.loads(self.body)

    def error(self):
        """The code of a problem that the mesh made, or None."""
        return self.headers.get("Parley-Error")

    def following(self):
        """The target of the next page of a list, or None."""
        target, *parameters = self.headers.get("Link", "").split(";")
        return target.strip(" <>") if ' rel="next"' in parameters else None

    def __repr__(self):
        return f"Answer({self.status}, {dict(self.headers)}, {self.body[:300]!r})"


def request(address, method, path, body=None, headers=None, timeout=30.0):
    host, port = address.rsplit(":", 1)
    connection = http.client.HTTPConnection(host, int(port), timeout=timeout)
    try:
        connection.request(method, path, body=body, headers=headers or {})
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read())
    finally:
        connection.close()


class Client:
    """One kept connection to a node, for many calls from one thread."""

    def __init__(self, address, timeout=30.0):
        host, port = address.rsplit(":", 1)
        self._connection = http.client.HTTPConnection(host, int(port), timeout=timeout)

    def request(self, method, path, body=None, headers=None):
        self._connection.request(method, path, body=body, headers=headers or {})
        answer = self._connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read())

    def close(self):
        self._connection.close()


class Node:
    """One process of `parley node`."""

    def __init__(self, process, folder, arguments):
        self.process = process
        self.folder = folder
        self.arguments = arguments
        self.id = self.mesh = self.api = None
        self._lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self._lines.put(line.rstrip("\n"))
        self._lines.put(None)

    def wait_ready(self, patience=PATIENCE):
        try:
            line = self._lines.get(timeout=patience)
        except queue.Empty:
            raise AssertionError(f"{self.folder.name} printed nothing\n{self.errors()}") from None
        if line is None or not line.startswith("ready "):
            raise AssertionError(f"{self.folder.name} is not ready: {line}\n{self.errors()}")
        fields = dict(word.split("=", 1) for word in line.split()[1:])
        self.id, self.mesh, self.api = fields["id"], fields["mesh"], fields["api"]
        return self

    def errors(self):
        return (self.folder / "stderr").read_text(errors="replace")

    def get(self, path, **more):
        return request(self.api, "GET", path, **more)

    def call(self, capability, body=None, method=None, rest="", headers=None, timeout=30.0):
        method = method or ("GET" if body is None else "POST")
        return request(self.api, method, f"/call/{capability}{rest}", body, headers, timeout)

    def members(self):
        return self.rows("/v1/members")

    def capabilities(self):
        return self.rows("/v1/capabilities")

    def rows(self, path):
        """A list of a resource, bare or as the one list in an object."""
        value = self.get(path).json()
        if isinstance(value, dict):
            value = next(item for item in value.values() if isinstance(item, list))
        return value

    def all_rows(self, path):
        """A list of a resource, over all its pages."""
        rows = []
        while path:
            page = self.get(path)
            rows += page.json()
            path = page.following()
        return rows

    def metric(self, name):
        """The sum of all samples of a metric."""
        total = 0.0
        for line in self.get("/metrics").body.decode().splitlines():
            if line.startswith(name) and line[len(name):len(name) + 1] in ("{", " "):
                total += float(line.rsplit(" ", 1)[1])
        return total

    def resident_bytes(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) * 1024

    def alive(self):
        return self.process.poll() is None

    def kill(self):
        self.process.kill()
        self.process.wait()

    def terminate(self, patience=PATIENCE):
        """SIGTERM; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=patience)

    def end_in_order(self):
        """Asks it to drain and leave; if calls hold it up, asks it again to end at once."""
        for patience in (2.0, PATIENCE):
            try:
                return self.terminate(patience)
            except subprocess.TimeoutExpired:
                pass
        return self.kill()


class Mesh:
    """A context that owns what it starts: nodes, agents, example agents and a folder."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="parley-e2e-"))
        self.nodes = []
        self._agents = []
        self._processes = []
        self._numbers = 0

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        alive = [node for node in self.nodes if node.alive()]
        for node in alive:
            node.process.send_signal(signal.SIGCONT)
            if not SANITIZED:
                node.kill()
        for node in alive if SANITIZED else ():
            node.end_in_order()
        for process in self._processes:
            process.kill()
            process.wait()
            process.stdout.close()
        for agent in self._agents:
            agent.stop()
        crashed = []
        for node in self.nodes:
            node.process.stdout.close()
            reported = "Sanitizer" in node.errors()
            tail = node.errors()[-20000 if reported else -2000:]
            text = f"--- {' '.join(node.arguments)}\n{tail}"
            if node.process.returncode in CRASHES or reported:
                crashed.append(f"ended with {node.process.returncode} {text}")
            elif kind is not None:
                print(text, file=sys.stderr)
        shutil.rmtree(self.folder, ignore_errors=True)
        if crashed:
            raise AssertionError("a node crashed: " + "\n".join(crashed))

    def start(self, name, *arguments, seeds=(), agent=None, capabilities=(), config=None, data=None,
              mesh="127.0.0.1:0"):
        """Starts a node and does not wait for it."""
        self._numbers += 1
        folder = self.folder / f"{self._numbers}-{name}"
        folder.mkdir()
        command = [BINARY, "node"]
        if config is not None:
            path = folder / "parley.yaml"
            path.write_text(config)
            command += ["--config", str(path)]
        command += ["--name", name, "--data", str(data or folder / "data"), "--api", "127.0.0.1:0"]
        if mesh:
            command += ["--mesh", mesh]
        for seed in seeds:
            command += ["--seed", seed.mesh if isinstance(seed, Node) else seed]
        if agent is not None:
            command += ["--agent", agent if isinstance(agent, str) else agent.url]
        for capability in capabilities:
            command += ["--capability", capability]
        command += list(arguments)
        with open(folder / "stderr", "wb") as errors:
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True,
                                       env=environment(), cwd=folder)
        node = Node(process, folder, command[1:])
        self.nodes.append(node)
        return node

    def node(self, name, *arguments, **more):
        return self.start(name, *arguments, **more).wait_ready()

    def agent(self, answer):
        agent = Agent(answer)
        self._agents.append(agent)
        return agent

    def example(self, program, *arguments):
        """Starts an agent of examples/; its URL."""
        return f"http://127.0.0.1:{self.first_line([str(ROOT / 'examples' / program), *arguments])}"

    def first_line(self, command):
        """Starts a process that prints its port as its first line; the port."""
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self._processes.append(process)
        line = process.stdout.readline().strip()
        assert line.isdigit(), f"{command} printed {line!r}"
        return line

    def owns(self, closeable):
        """Anything with stop(), ended with the mesh."""
        self._agents.append(closeable)
        return closeable


def environment():
    """Ours without what a developer may have set for their own mesh."""
    return {name: value for name, value in os.environ.items()
            if not name.startswith(("PARLEY_", "OTEL_")) or name == "PARLEY_BINARY"}


def parley(*arguments, node=None, stdin=None, timeout=30.0):
    """Runs the command line to its end."""
    command = [BINARY, *arguments]
    if node is not None:
        command += ["--api", node.api]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=timeout,
                          env=environment(), check=False)


class Agent:
    """An agent inside the test: answer(handler) is called for every request, in its own thread."""

    def __init__(self, answer):
        agent = self
        self.requests = []  # (method, path, headers) in the order of arrival
        self.healthy = True
        self.health_checks = 0

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            wbufsize = 64 * 1024

            def _any(self):
                try:
                    if self.path == "/healthz":
                        agent.health_checks += 1
                        return self.reply(b"{}", 200 if agent.healthy else 503)
                    agent.requests.append((self.command, self.path, dict(self.headers)))
                    answer(self)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True
                return None

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _any

            def body(self):
                if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
                    chunks = []
                    while size := int(self.rfile.readline().split(b";")[0], 16):
                        chunks.append(self.rfile.read(size))
                        self.rfile.readline()
                    while self.rfile.readline().strip():
                        pass
                    return b"".join(chunks)
                return self.rfile.read(int(self.headers.get("Content-Length") or 0))

            def reply(self, body, status=200, headers=()):
                self.send_response(status)
                for name, value in headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)
                self.wfile.flush()

            def begin_events(self):
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                self.wfile.flush()

            def send_chunk(self, data):
                self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
                self.wfile.flush()

            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 512

            def handle_error(self, *_):
                pass  # a connection that the node reset

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()


def echo(handler):
    handler.reply(handler.body(), headers=[("Content-Type", "application/octet-stream")])


def named(name):
    """An agent that answers with its name."""

    def answer(handler):
        handler.body()
        handler.reply(name.encode())

    return answer


def wait_members(nodes, count, states=("serving", "at_capacity"), patience=PATIENCE):
    """Until each of these nodes sees `count` members in one of these states."""

    def complete():
        return all(sum(row["state"] in states for row in node.members()) >= count for node in nodes)

    wait_until(complete, f"every node sees {count} members", patience)


def wait_capability(node, capability, count=1, patience=PATIENCE):
    """Until this node sees `count` providers of the capability."""

    def seen():
        return sum(row["name"] == capability for row in node.capabilities()) >= count

    wait_until(seen, f"{count} provider(s) of {capability}", patience)


def free_port():
    """A port that was free for UDP and TCP a moment ago."""
    for _ in range(100):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp:
            tcp.bind(("127.0.0.1", 0))
            port = tcp.getsockname()[1]
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
                try:
                    udp.bind(("127.0.0.1", port))
                    return port
                except OSError:
                    continue
    raise AssertionError("no free port")
