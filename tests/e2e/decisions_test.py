#!/usr/bin/env python3
"""Decisions as they come: a stream of them that goes on where it broke off, and lists of those that
no process remembers any more."""

import http.client
import json
import signal
import socket
import subprocess
import unittest

import mesh
from agreement_test import Committee, documents, parley, propose


class Events:
    """A stream of decisions that a client holds open."""

    def __init__(self, node, last=None, query=""):
        host, port = node.api.rsplit(":", 1)
        self._connection = http.client.HTTPConnection(host, int(port), timeout=30)
        headers = {"Accept": "text/event-stream"}
        if last:
            headers["Last-Event-ID"] = last
        self._connection.request("GET", "/v1/decisions" + query, headers=headers)
        self.answer = self._connection.getresponse()

    def next(self):
        """The id and the row of the next decision."""
        fields = {}
        while True:
            line = self.answer.readline().decode().rstrip("\n")
            if line.startswith(":"):
                continue
            if line:
                name, value = line.split(": ", 1)
                fields[name] = value
            elif "data" in fields:
                return fields["id"], json.loads(fields["data"])

    def close(self):
        self._connection.close()


def keys(rows):
    return [event["key"] for row in rows for event in row["events"]]


class DecisionsTest(unittest.TestCase):
    def test_a_stream_tells_each_decision_once_and_goes_on_where_it_broke_off(self):
        with mesh.Mesh() as run:
            committee = Committee(run)
            follower = committee.nodes[2]
            propose(committee.nodes[0], "document", "--key", "before", "--value", "0")
            mesh.wait_until(lambda: "before" in documents(follower), "the first")
            events = Events(follower)
            self.assertEqual(events.answer.status, 200)
            self.assertEqual(events.answer.headers["Content-Type"], "text/event-stream")
            told = []
            for number in range(3):
                decided = propose(committee.nodes[0], "document", "--key", f"k{number}", "--value",
                                  "1")
                last, row = events.next()
                self.assertEqual(row["id"], decided["id"])
                self.assertTrue(last.startswith(f"{decided['height']}-"))
                told.append(row)
            self.assertEqual(keys(told), ["k0", "k1", "k2"])
            events.close()
            for number in (3, 4):
                propose(committee.nodes[0], "document", "--key", f"k{number}", "--value", "1")
            again = Events(follower, last=last)
            self.assertEqual(keys([again.next()[1], again.next()[1]]), ["k3", "k4"])
            again.close()
            whole = Events(follower, query="?from=1")
            self.assertEqual(keys(whole.next()[1] for _ in range(6)),
                             ["before", "k0", "k1", "k2", "k3", "k4"])
            whole.close()
            self.assertEqual(Events(follower, last="nonsense").answer.status, 400)

    def test_what_was_decided_before_the_start_is_listed_and_streamed_from_the_archive(self):
        with mesh.Mesh() as run:
            committee = Committee(run, 1)
            for number in range(12):
                propose(committee.nodes[0], "document", "--key", f"k{number}", "--value", "1")
            self.assertEqual(committee.nodes[0].end_in_order(), 0)
            node = committee.start(0)
            rows = node.rows("/v1/decisions")
            self.assertEqual([row["height"] for row in rows], sorted(
                (row["height"] for row in rows), reverse=True))
            self.assertEqual(len(rows), 12)
            self.assertTrue(all(row["kind"] == "put_document" for row in rows))
            page = node.get("/v1/decisions?limit=5")
            self.assertEqual([row["id"] for row in page.json()], [row["id"] for row in rows[:5]])
            self.assertEqual([row["id"] for row in node.rows(page.following())],
                             [row["id"] for row in rows[5:10]])
            self.assertEqual(node.get("/v1/decisions?limit=0").status, 400)
            documents = node.all_rows("/v1/documents?limit=5")
            self.assertEqual([row["key"] for row in documents],
                             sorted(f"k{number}" for number in range(12)))
            documents = node.all_rows("/v1/documents?limit=1&prefix=k1")
            self.assertEqual([row["key"] for row in documents], ["k1", "k10", "k11"])
            events = Events(node, query="?from=1")
            streamed = [events.next()[1]["id"] for _ in range(12)]
            self.assertEqual(streamed, [row["id"] for row in reversed(rows)])
            # And then what is new.
            fresh = propose(node, "document", "--key", "fresh", "--value", "1")
            self.assertEqual(events.next()[1]["id"], fresh["id"])
            events.close()

    def test_a_reader_that_reads_nothing_costs_no_more_than_its_buffer(self):
        with mesh.Mesh() as run:
            committee = Committee(run, 1)
            node = committee.nodes[0]
            host, port = node.api.rsplit(":", 1)
            lazy = socket.create_connection((host, int(port)))
            lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            lazy.sendall(f"GET /v1/decisions HTTP/1.1\r\nHost: {node.api}\r\n"
                         "Accept: text/event-stream\r\n\r\n".encode())
            events = Events(node)
            before = node.resident_bytes()
            for number in range(60):
                propose(node, "document", "--key", f"k{number}", "--value", "1")
                self.assertEqual(keys([events.next()[1]]), [f"k{number}"])
            if not mesh.SANITIZED:  # which keeps what was freed
                self.assertLess(node.resident_bytes() - before, 16 << 20)
            lazy.close()
            events.close()

    def test_the_command_line_follows(self):
        with mesh.Mesh() as run:
            committee = Committee(run, 1)
            node = committee.nodes[0]
            propose(node, "document", "--key", "first", "--value", "1")
            watch = subprocess.Popen([mesh.BINARY, "decisions", "--watch", "-o", "json", "--api",
                                      node.api], stdout=subprocess.PIPE, text=True,
                                     env=mesh.environment())
            try:
                self.assertEqual(keys([json.loads(watch.stdout.readline())]), ["first"])
                propose(node, "document", "--key", "second", "--value", "2")
                self.assertEqual(keys([json.loads(watch.stdout.readline())]), ["second"])
                watch.send_signal(signal.SIGINT)
                self.assertEqual(watch.wait(timeout=10), 0)
            finally:
                watch.kill()
                watch.wait()
                watch.stdout.close()
            table = parley("decisions", "--api", node.api).stdout
            self.assertIn("document changed second", table)


if __name__ == "__main__":
    unittest.main()
