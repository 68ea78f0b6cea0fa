#!/usr/bin/env python3
"""Garbage on every port of a node: nothing changes, and its memory stays bounded."""

import http.client
import os
import random
import re
import signal
import socket
import ssl
import threading
import unittest

import mesh

DATAGRAMS = 100_000
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"  # what an HTTP/2 client says first
GROWTH_MAX_BYTES = 16 * 1024 * 1024


def garbage_datagrams(chance, count):
    """Random bytes of every length, and mutations of one that looks like a packet's start."""
    base = chance.randbytes(1400)
    for number in range(count):
        if number % 3 == 0:
            yield chance.randbytes(chance.randrange(0, 1500))
        elif number % 3 == 1:
            yield base[:chance.randrange(0, 1400)]  # repeated: a replay
        else:
            position = chance.randrange(0, 1300)
            yield base[:position] + bytes([chance.randrange(256)]) + base[position + 1:1300]


def send_and_read(address, data, tls=False):
    """Sends, then reads until the other side closes or says nothing for a second."""
    host, port = address.rsplit(":", 1)
    try:
        with socket.create_connection((host, int(port)), timeout=1.0) as raw:
            if tls:
                context = ssl.create_default_context()
                context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
                with context.wrap_socket(raw) as wrapped:
                    wrapped.sendall(data)
                    return wrapped.recv(4096)
            raw.sendall(data)
            return raw.recv(4096)
    except OSError:
        return b""


class Wiretap:
    """The address at which a node is reached by others: passes everything on, in both directions,
    and keeps the datagrams that come for the node."""

    def __init__(self):
        self.datagrams = []
        self.front, self.links = self.one_port_twice()
        self.address = self.front.getsockname()
        self.back = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.back.bind(("127.0.0.1", 0))
        self.node = self.peer = None

    @staticmethod
    def one_port_twice():
        """For datagrams and for links. What is free for one may be taken for the other."""
        for _ in range(100):
            front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            links = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            front.bind(("127.0.0.1", 0))
            try:
                links.bind(front.getsockname())
                return front, links
            except OSError:
                front.close()
                links.close()
        raise AssertionError("no free port")

    def begin(self, node):
        host, port = node.rsplit(":", 1)
        self.node = (host, int(port))
        self.links.listen()
        for loop in (self._in, self._out, self._accept):
            threading.Thread(target=loop, daemon=True).start()

    def stop(self):
        for each in (self.front, self.back, self.links):
            each.close()

    def _in(self):
        while True:
            try:
                data, self.peer = self.front.recvfrom(2048)
            except OSError:
                return
            self.datagrams.append(data)
            self.back.sendto(data, self.node)

    def _out(self):
        while True:
            try:
                data, _ = self.back.recvfrom(2048)
                self.front.sendto(data, self.peer)
            except OSError:
                return

    def _accept(self):
        while True:
            try:
                one, _ = self.links.accept()
                other = socket.create_connection(self.node)
            except OSError:
                return
            for pair in ((one, other), (other, one)):
                threading.Thread(target=self._pass_on, args=pair, daemon=True).start()

    @staticmethod
    def _pass_on(source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            sink.close()


class ReplayTest(unittest.TestCase):
    """What a node really was sent, sent again."""

    def test_recordings_change_nothing_neither_now_nor_after_a_restart(self):
        with mesh.Mesh() as world:
            tap = world.owns(Wiretap())
            where = f"{tap.address[0]}:{tap.address[1]}"
            disk = world.folder / "listener-data"
            listener = world.node("listener", "--advertise", where, data=disk)
            tap.begin(listener.mesh)
            speaker = world.node("speaker", seeds=[listener])
            mesh.wait_members([listener, speaker], 2)
            mesh.wait_until(lambda: len(tap.datagrams) >= 20, "datagrams to record")
            speaker.process.send_signal(signal.SIGSTOP)
            mesh.wait_until(lambda: [row["state"] for row in listener.members()
                                     if row["id"] == speaker.id] == ["dead"], "the death")

            def replay(node):
                """Sends what was recorded again; how many bytes came back."""
                host, port = node.mesh.rsplit(":", 1)
                answered = 0
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
                    for data in recorded:
                        udp.sendto(data, (host, int(port)))
                    udp.settimeout(0.5)
                    try:
                        while True:
                            answered += len(udp.recv(2048))
                    except OSError:
                        return answered

            recorded = list(tap.datagrams)
            self.assertEqual(replay(listener), 0)
            self.assertEqual([row["state"] for row in listener.members()
                              if row["id"] == speaker.id], ["dead"])
            # To one that does not answer the speaker introduces itself.
            listener.kill()
            speaker.process.send_signal(signal.SIGCONT)
            mesh.wait_until(lambda: sum(data[0] & 1 for data in tap.datagrams) >= 5,
                            "introductions to record")
            speaker.kill()
            recorded = list(tap.datagrams)
            # The windows of the next run are empty, and the disk knows the speaker.
            again = world.node("again", "--advertise", where, data=disk)
            for _ in range(5):
                self.assertLess(replay(again), sum(len(data) for data in recorded) / 2)
                self.assertNotIn(speaker.id, [row["id"] for row in again.members()])


class GarbageTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.mesh = mesh.Mesh()
        cls.addClassCleanup(cls.mesh.__exit__, None, None, None)
        agent = cls.mesh.agent(mesh.echo)
        cls.a = cls.mesh.node("a", agent=agent, capabilities=["test.echo"])
        cls.b = cls.mesh.node("b", seeds=[cls.a])
        mesh.wait_members([cls.a, cls.b], 2)
        mesh.wait_capability(cls.b, "test.echo")

    def setUp(self):
        self.before = self.a.resident_bytes()
        self.members = sorted((row["id"], row["state"]) for row in self.a.members())

    def tearDown(self):
        self.assertTrue(self.a.alive(), self.a.errors())
        members = sorted((row["id"], row["state"]) for row in self.a.members())
        self.assertEqual(members, self.members)
        answer = self.b.call("test.echo", b"still here")
        self.assertEqual((answer.status, answer.body), (200, b"still here"))
        growth = self.a.resident_bytes() - self.before
        print(f"{self._testMethodName}: memory grew by {growth // 1024} KiB")
        if not mesh.SANITIZED:  # which keeps what was freed
            self.assertLess(growth, GROWTH_MAX_BYTES)

    def test_a_hundred_thousand_datagrams(self):
        host, port = self.a.mesh.rsplit(":", 1)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.connect((host, int(port)))
            for data in garbage_datagrams(random.Random(1), DATAGRAMS):
                try:
                    udp.send(data)
                except OSError:
                    continue
            # No answer larger than its question, here: none at all to what is not a packet.
            udp.settimeout(0.2)
            with self.assertRaises((TimeoutError, ConnectionRefusedError)):
                udp.recv(2048)
        metrics = self.a.get("/metrics").body.decode()
        for counted in ('gate_refused_total{reason="undecodable"}', 'links_made_total{by="peer"}',
                        "api_connections_total"):
            self.assertRegex(metrics, rf"(?m)^parley_{re.escape(counted)} [1-9]")

    def test_the_link_port(self):
        for number in range(200):
            send_and_read(self.a.mesh, os.urandom(1 + number * 20))
        for data in (b"", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", PREFACE):
            send_and_read(self.a.mesh, data)

    def test_the_link_port_refuses_tls_without_an_identity(self):
        answer = send_and_read(self.a.mesh, PREFACE + bytes(9), tls=True)
        self.assertNotIn(b"HTTP", answer)

    def test_many_idle_connections_to_the_link_port(self):
        host, port = self.a.mesh.rsplit(":", 1)
        held = []
        try:
            for _ in range(300):
                held.append(socket.create_connection((host, int(port)), timeout=2))
        except OSError:
            pass  # it may refuse; what counts is that it goes on
        answer = self.b.call("test.echo", b"meanwhile")
        self.assertEqual(answer.status, 200)
        for connection in held:
            connection.close()

    def test_the_api_port(self):
        chance = random.Random(2)
        for number in range(200):
            send_and_read(self.a.api, chance.randbytes(1 + number * 20))
        hard = [
            b"GET / HTTP/1.1\r\n\r\n",  # no Host
            b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
            b"GET / HTTP/9.9\r\nHost: a\r\n\r\n",
            b"GET /livez HTTP/1.1\r\nHost: localhost\r\n folded: yes\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
            b"Content-Length: 6\r\n\r\nhello",
            b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked"
            b"\r\n\r\n0\r\n\r\n",
            b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X-A: b\r\n" * 20_000 + b"\r\n",
        ]
        for data in hard:
            answer = send_and_read(self.a.api, data)
            self.assertTrue(answer == b"" or answer.split(b" ")[1][:1] == b"4",
                            (data[:80], answer[:200]))

    def test_an_upgrade_is_refused(self):
        answer = self.a.get("/call/test.echo", headers={"Upgrade": "websocket",
                                                        "Connection": "Upgrade"})
        self.assertGreaterEqual(answer.status, 400, answer)
        self.assertLess(answer.status, 600)

    def test_expect_continue_is_answered(self):
        host, port = self.b.api.rsplit(":", 1)
        with socket.create_connection((host, int(port)), timeout=5) as raw:
            raw.sendall(b"POST /call/test.echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
                        b"Expect: 100-continue\r\n\r\n")
            self.assertTrue(raw.recv(4096).startswith(b"HTTP/1.1 100"))
            raw.sendall(b"hello")
            answer = http.client.HTTPResponse(raw, method="POST")
            answer.begin()
            self.assertEqual((answer.status, answer.read()), (200, b"hello"))


if __name__ == "__main__":
    unittest.main()
