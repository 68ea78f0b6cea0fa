#!/usr/bin/env python3
"""What nobody can take is kept, survives a restart of its node, and is delivered later."""

import json
import resource
import socket
import unittest

import mesh

DEFER = "policies: [{ defer: { maxAge: 1h, maxCalls: 3 } }]\n"


class DeferTest(unittest.TestCase):
    def setUp(self):
        self.mesh = mesh.Mesh()
        self.addCleanup(lambda: self.mesh.__exit__(None, None, None))

    def get(self, node, accepted):
        return node.get(accepted.headers["Location"]).json()

    def delivered(self, node, accepted):
        return mesh.wait_until(
            lambda: (row := self.get(node, accepted))["state"] == "delivered" and row,
            "the call is delivered")

    def test_a_call_waits_over_a_restart_and_is_delivered_when_somebody_comes(self):
        caller = self.mesh.node("caller", config=DEFER)
        accepted = caller.call("test.report", b"the question", rest="/daily?day=1",
                               headers={"Content-Type": "text/plain", "X-Mine": "kept",
                                        "Parley-Deadline": "5s"})
        self.assertEqual(accepted.status, 202, accepted)
        self.assertEqual(accepted.headers["Parley-Deferred"], accepted.json()["deferred"])
        self.assertIn(self.get(caller, accepted)["state"], ("waiting", "under_way"))
        early = caller.get(accepted.headers["Location"] + "/answer")
        self.assertEqual((early.status, early.error()), (409, "not_delivered"))
        caller.kill()

        again = self.mesh.node("caller", config=DEFER, data=caller.folder / "data")
        self.assertEqual(again.id, caller.id)
        self.assertIn(self.get(again, accepted)["state"], ("waiting", "under_way"))

        def answer(handler):
            self.assertEqual(handler.body(), b"the question")
            handler.reply(b"the report", 201, headers=[("Content-Type", "text/x-report")])

        agent = self.mesh.agent(answer)
        self.mesh.node("late", agent=agent, capabilities=["test.report"], seeds=[again])
        row = self.delivered(again, accepted)
        self.assertEqual(row["status"], 201)
        method, path, headers = agent.requests[0]
        self.assertEqual((method, path), ("POST", "/daily?day=1"))
        headers = {name.lower(): value for name, value in headers.items()}
        self.assertEqual((headers["content-type"], headers["x-mine"]), ("text/plain", "kept"))
        self.assertTrue(headers["idempotency-key"].startswith("deferred-"))
        got = again.get(row["answer"])
        self.assertEqual((got.status, got.body), (201, b"the report"))
        self.assertEqual(got.headers["Content-Type"], "text/x-report")
        self.assertEqual(got.headers["Parley-Served-By"], "late")

        again.kill()
        third = self.mesh.node("caller", config=DEFER, data=caller.folder / "data")
        self.assertEqual(third.get(row["answer"]).body, b"the report", "the answer is kept too")
        self.assertEqual(len(agent.requests), 1)
        place = accepted.headers["Location"]
        self.assertEqual(mesh.request(third.api, "DELETE", place).status, 204)
        self.assertEqual(third.get(accepted.headers["Location"]).status, 404)

    def test_an_open_breaker_defers_and_its_healing_delivers(self):
        broken = [True]

        def answer(handler):
            body = handler.body()
            handler.reply(body, 503 if broken[0] else 200)

        agent = self.mesh.agent(answer)
        provider = self.mesh.node("provider", agent=agent, capabilities=["test.report"])
        caller = self.mesh.node("caller", seeds=[provider], config="policies: [{ defer: {}, "
                                "retry: { attempts: 1 }, circuitBreaker: { minRequests: 3, "
                                "openFor: 500ms, halfOpenRequests: 1 } }]\n")
        mesh.wait_capability(caller, "test.report")
        for _ in range(3):
            caller.call("test.report")
        accepted = [caller.call("test.report", b"question %d" % i) for i in range(5)]
        self.assertEqual({answer.status for answer in accepted}, {202}, accepted)
        broken[0] = False
        for number, one in enumerate(accepted):
            row = self.delivered(caller, one)
            self.assertEqual(caller.get(row["answer"]).body, b"question %d" % number)
        self.assertEqual(caller.metric('parley_deferred_total{result="delivered"}'), 5)
        self.assertEqual(caller.metric("parley_deferred_waiting"), 0)

    def test_the_same_key_is_kept_once_and_what_finds_no_room_is_refused(self):
        caller = self.mesh.node("caller", config=DEFER)
        key = {"Idempotency-Key": "order-7"}
        first = caller.call("test.report", b"one", headers=key)
        again = caller.call("test.report", b"one", headers=key)
        self.assertEqual((first.status, again.status), (202, 202))
        self.assertEqual(first.headers["Location"], again.headers["Location"])
        for _ in range(2):
            self.assertEqual(caller.call("test.report", b"two").status, 202)
        full = caller.call("test.report", b"four")
        self.assertEqual((full.status, full.error()), (503, "no_capable_agent"), full)
        self.assertIn("defer.maxCalls", full.json()["detail"])
        large = caller.call("test.other", b"x" * 400_000)
        self.assertEqual(large.status, 503, large)
        self.assertIn("could not be kept", large.json()["detail"])
        rows = json.loads(mesh.parley("deferred", "-o", "json", node=caller).stdout)
        self.assertEqual(len(rows), 3)
        self.assertEqual(mesh.request(caller.api, "DELETE", first.headers["Location"]).status, 204)
        self.assertEqual(caller.call("test.report", b"four").status, 202)

    def test_a_caller_that_leaves_in_the_middle_of_its_body_takes_no_place(self):
        caller = self.mesh.node("caller", config=DEFER)
        host, port = caller.api.rsplit(":", 1)
        head = f"POST /call/test.report HTTP/1.1\r\nHost: {caller.api}\r\nContent-Length: 9\r\n\r\n"
        for _ in range(3):  # all that may wait
            with socket.create_connection((host, int(port))) as half:
                half.sendall(head.encode() + b"half")
                mesh.wait_until(lambda: caller.rows("/v1/deferred"), "it has a place")
            mesh.wait_until(lambda: not caller.rows("/v1/deferred"), "its place is free again")
        self.assertEqual(caller.call("test.report", b"whole").status, 202)

    def test_what_the_disk_does_not_take_is_refused(self):
        caller = self.mesh.node("caller", config=DEFER)
        pid = caller.process.pid
        _, most = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (100_000, most))  # as good as a full disk
        answer = caller.call("test.report", b"y" * 200_000)
        self.assertEqual((answer.status, answer.error()), (503, "overloaded"), answer)
        self.assertIn("the disk of this node does not take it", answer.json()["detail"])
        self.assertIn("Retry-After", answer.headers)
        self.assertEqual(caller.rows("/v1/deferred"), [])
        self.assertEqual(caller.get("/healthz").status, 503)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, most))
        self.assertEqual(caller.call("test.report", b"y" * 200_000).status, 202)
        self.assertEqual(caller.get("/healthz").status, 200)


if __name__ == "__main__":
    unittest.main()
