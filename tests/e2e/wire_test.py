#!/usr/bin/env python3
"""What passes between nodes can be read by nobody else: relays before every node keep a copy."""

import socket
import threading
import unittest

import mesh

SECRET_CAPABILITY = "clandestine.lookup"
SECRET_NAMES = ("provider-of-secrets", "caller-of-secrets")
SECRET_QUESTION = b"where-is-the-treasure-of-the-sierra"
SECRET_ANSWER = b"below-the-third-palm-tree-on-the-left"


class Relay:
    """Passes datagrams and connections of one port on to another, and keeps what passed."""

    def __init__(self, target_port):
        self._target = ("127.0.0.1", target_port)
        self.port = mesh.free_port()
        self.datagrams, self.bytes = 0, bytearray()
        self._lock, self._ended = threading.Lock(), threading.Event()
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind(("127.0.0.1", self.port))
        self._tcp = socket.create_server(("127.0.0.1", self.port))
        self._sockets = [self._udp, self._tcp]
        self._upstream = {}
        self._spawn(self._pass_datagrams)
        self._spawn(self._accept)

    def _spawn(self, work, *arguments):
        def run():
            try:
                work(*arguments)
            except OSError:
                pass  # closed

        threading.Thread(target=run, daemon=True).start()

    def _keep(self, data):
        with self._lock:
            self.bytes += data

    def _pass_datagrams(self):
        while True:
            data, source = self._udp.recvfrom(65536)
            self._keep(data)
            self.datagrams += 1
            if source not in self._upstream:
                upstream = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                upstream.connect(self._target)
                self._sockets.append(upstream)
                self._upstream[source] = upstream
                self._spawn(self._pass_back, upstream, source)
            try:
                self._upstream[source].send(data)
            except ConnectionRefusedError:
                continue

    def _pass_back(self, upstream, source):
        while not self._ended.is_set():
            try:
                data = upstream.recv(65536)
            except ConnectionRefusedError:
                continue
            self._keep(data)
            self._udp.sendto(data, source)

    def _accept(self):
        while True:
            connection, _ = self._tcp.accept()
            upstream = socket.create_connection(self._target)
            self._sockets += [connection, upstream]
            self._spawn(self._pump, connection, upstream)
            self._spawn(self._pump, upstream, connection)

    def _pump(self, source, target):
        try:
            while data := source.recv(65536):
                self._keep(data)
                target.sendall(data)
        finally:
            for end in (source, target):
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def stop(self):
        self._ended.set()
        for each in self._sockets:
            each.close()


class WireTest(unittest.TestCase):
    def test_no_name_and_no_payload_is_readable(self):
        with mesh.Mesh() as run:
            def answer(handler):
                handler.body()
                handler.reply(SECRET_ANSWER * 20, headers=[("X-Secret", "silver-" * 10)])

            nodes, relays = [], []
            for name in SECRET_NAMES:
                port = mesh.free_port()
                relay = run.owns(Relay(port))
                relays.append(relay)
                with_agent = {"agent": run.agent(answer), "capabilities": [SECRET_CAPABILITY]}
                nodes.append(run.node(
                    name, "--advertise", f"127.0.0.1:{relay.port}", mesh=f"127.0.0.1:{port}",
                    seeds=[f"127.0.0.1:{other.port}" for other in relays[:-1]],
                    **(with_agent if name == SECRET_NAMES[0] else {})))
            mesh.wait_members(nodes, 2)
            mesh.wait_capability(nodes[1], SECRET_CAPABILITY)
            for _ in range(20):
                got = nodes[1].call(SECRET_CAPABILITY, SECRET_QUESTION * 20, rest="/hidden-path")
                self.assertEqual((got.status, got.body), (200, SECRET_ANSWER * 20))

            mesh.wait_until(lambda: sum(relay.datagrams for relay in relays) > 10, "gossip passes")
            passed = b"".join(bytes(relay.bytes) for relay in relays)
            print(f"{len(passed)} bytes and {sum(r.datagrams for r in relays)} datagrams were read")
            self.assertGreater(len(passed), 20 * len(SECRET_ANSWER * 20), "the calls took this way")
            secrets = [SECRET_CAPABILITY, *SECRET_NAMES, SECRET_QUESTION, SECRET_ANSWER, "silver-",
                       "hidden-path", "parley-call", "traceparent", "clandestine", "HTTP/"]
            for secret in secrets:
                plain = secret.encode() if isinstance(secret, str) else secret
                self.assertNotIn(plain, passed)


if __name__ == "__main__":
    unittest.main()
