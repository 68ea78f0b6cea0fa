#!/usr/bin/env python3
"""Streams pass event by event, and an abort reaches the other end."""

import http.client
import statistics
import threading
import time
import unittest

import mesh

EVENT_MAX_SECONDS = 0.020
EVENTS = 30


class StreamTest(unittest.TestCase):
    def setUp(self):
        self.mesh = mesh.Mesh()
        self.addCleanup(lambda: self.mesh.__exit__(None, None, None))

    def two_nodes(self, answer, capability):
        agent = self.mesh.agent(answer)
        provider = self.mesh.node("provider", agent=agent, capabilities=[capability])
        caller = self.mesh.node("caller", seeds=[provider])
        mesh.wait_capability(caller, capability)
        return caller

    def open_stream(self, node, capability):
        host, port = node.api.rsplit(":", 1)
        connection = http.client.HTTPConnection(host, int(port), timeout=20)
        connection.request("GET", f"/call/{capability}")
        return connection, connection.getresponse()

    def test_every_event_arrives_at_once(self):
        def events(handler):
            handler.begin_events()
            for _ in range(EVENTS):
                time.sleep(0.05)  # the pause of a model between its tokens
                handler.send_chunk(f"data: {time.monotonic()}\n\n".encode())
            handler.wfile.write(b"0\r\n\r\n")

        caller = self.two_nodes(events, "test.events")
        connection, answer = self.open_stream(caller, "test.events")
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.headers["Content-Type"], "text/event-stream")
        self.assertIsNone(answer.headers["Content-Encoding"])
        delays = []
        while line := answer.readline():
            if line.startswith(b"data: "):
                delays.append(time.monotonic() - float(line[6:]))
        connection.close()
        self.assertEqual(len(delays), EVENTS)
        print(f"event delay: median {1000 * statistics.median(delays):.2f} ms, "
              f"max {1000 * max(delays):.2f} ms")
        self.assertLess(max(delays), EVENT_MAX_SECONDS)

    def test_an_abort_in_the_middle_reaches_the_agent(self):
        aborted = threading.Event()

        def endless(handler):
            handler.begin_events()
            try:
                while True:
                    handler.send_chunk(b"data: more\n\n")
                    time.sleep(0.01)
            except OSError:
                aborted.set()
                raise

        caller = self.two_nodes(endless, "test.endless")
        connection, answer = self.open_stream(caller, "test.endless")
        self.assertTrue(answer.readline().startswith(b"data: more"))
        answer.close()
        connection.close()
        self.assertTrue(aborted.wait(5), "the agent still sends 5 s after its caller went away")

    def test_an_abort_before_the_answer_reaches_the_agent(self):
        asked, aborted = threading.Event(), threading.Event()

        def silent(handler):
            asked.set()
            try:
                closed = handler.connection.recv(1) == b""  # blocks until the node closes
            except ConnectionResetError:
                closed = True
            if closed:
                aborted.set()
            handler.close_connection = True

        caller = self.two_nodes(silent, "test.silent")
        host, port = caller.api.rsplit(":", 1)
        connection = http.client.HTTPConnection(host, int(port), timeout=20)
        connection.request("GET", "/call/test.silent")
        self.assertTrue(asked.wait(5))
        connection.close()
        self.assertTrue(aborted.wait(5), "the agent's connection is open 5 s after the abort")

    def test_a_slow_reader_does_not_fill_the_memory(self):
        megabytes = 64

        def flood(handler):
            handler.begin_events()
            block = b"x" * 65536
            for _ in range(megabytes * 16):
                handler.send_chunk(block)
            handler.wfile.write(b"0\r\n\r\n")

        caller = self.two_nodes(flood, "test.flood")
        connection, answer = self.open_stream(caller, "test.flood")
        self.assertEqual(len(answer.read(1)), 1)
        time.sleep(1.0)  # a reader that reads nothing: this pause is the subject of the test
        held = max(node.resident_bytes() for node in self.mesh.nodes)
        if not mesh.SANITIZED:  # which keeps what was freed
            self.assertLess(held, 40 * 1024 * 1024)
        rest = len(answer.read())
        self.assertEqual(rest + 1, megabytes * 1024 * 1024)
        connection.close()


if __name__ == "__main__":
    unittest.main()
