#!/usr/bin/env python3
"""One of two providers dies or drains under load, and no caller notices."""

import signal
import socket
import time
import unittest

import load
import mesh

RATE = 200


class HealTest(unittest.TestCase):
    def setUp(self):
        self.mesh = mesh.Mesh()
        self.addCleanup(lambda: self.mesh.__exit__(None, None, None))

    def mesh_of_three(self, one, two):
        a = self.mesh.node("a", agent=self.mesh.agent(one), capabilities=["test.name"])
        b = self.mesh.node("b", agent=self.mesh.agent(two), capabilities=["test.name"], seeds=[a])
        caller = self.mesh.node("caller", seeds=[a, b], config=mesh.ROUND_ROBIN)
        mesh.wait_members([a, b, caller], 3)
        mesh.wait_capability(caller, "test.name", 2)
        return a, b, caller

    def test_no_call_fails_when_a_provider_is_killed(self):
        a, b, caller = self.mesh_of_three(mesh.named("one"), mesh.named("two"))
        running = load.Load(caller, "test.name", RATE)
        mesh.wait_until(lambda: running.count() > 2 * RATE, "two seconds of load")
        moment = time.monotonic()
        a.kill()

        def buried():
            return any(row["id"] == a.id and row["state"] == "dead" for row in caller.members())

        mesh.wait_until(buried, "the killed node is declared dead")
        print(f"declared dead after {time.monotonic() - moment:.1f} s")
        count = running.count()
        mesh.wait_until(lambda: running.count() > count + RATE, "a second of load after it")
        results = running.stop()
        print(load.summary_of(results))
        self.assertEqual([result for result in results if result[2] != 200], [])
        self.assertGreater(len(results), 0.8 * RATE * (results[-1][0] - results[0][0]))
        self.assertTrue(b.alive())

    def test_no_call_fails_when_providers_are_restarted_in_turn(self):
        a, b, caller = self.mesh_of_three(mesh.named("one"), mesh.named("two"))
        running = load.Load(caller, "test.name", RATE)
        mesh.wait_until(lambda: running.count() > RATE, "a second of load")
        for node, other in ((a, b), (b, a)):
            self.assertEqual(node.terminate(), 0)
            count = running.count()
            mesh.wait_until(lambda count=count: running.count() > count + RATE // 2, "load goes on")
            agent = self.mesh.agent(mesh.named("again"))
            back = self.mesh.node("again", agent=agent, capabilities=["test.name"],
                                  data=node.folder / "data",
                                  seeds=[other if other.alive() else caller])
            self.assertEqual(back.id, node.id)
            mesh.wait_until(lambda agent=agent: agent.requests, "the restarted one gets calls")
        results = running.stop()
        print(load.summary_of(results))
        self.assertEqual([result for result in results if result[2] != 200], [])

    def test_a_stopped_provider_holds_calls_no_longer_than_suspicion_takes(self):
        a, _, caller = self.mesh_of_three(mesh.named("one"), mesh.named("two"))
        running = load.Load(caller, "test.name", RATE)
        mesh.wait_until(lambda: running.count() > RATE, "a second of load")
        a.process.send_signal(signal.SIGSTOP)

        def suspected():
            return any(row["id"] == a.id and row["state"] in ("suspect", "dead")
                       for row in caller.members())

        mesh.wait_until(suspected, "the stopped node is suspected")
        count = running.count()
        mesh.wait_until(lambda: running.count() > count + RATE, "a second of load after it")
        a.process.send_signal(signal.SIGCONT)
        results = running.stop()
        print(load.summary_of(results))
        self.assertEqual([result for result in results if result[2] != 200], [])
        self.assertLess(max(result[1] for result in results), 10.0, "far below the deadline")

    def test_sigterm_lets_a_slow_reader_have_its_answer(self):
        size = 8_000_000
        big = self.mesh.agent(lambda handler: handler.reply(bytes(size)))
        a = self.mesh.node("a", agent=big, capabilities=["test.big"])
        caller = self.mesh.node("caller", seeds=[a])
        mesh.wait_capability(caller, "test.big")
        host, port = caller.api.rsplit(":", 1)
        with socket.create_connection((host, int(port)), timeout=30) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
            client.sendall(f"GET /call/test.big HTTP/1.1\r\nHost: {caller.api}\r\n\r\n".encode())
            received = len(client.recv(4096))
            a.process.send_signal(signal.SIGTERM)

            def left():
                return any(row["id"] == a.id and row["state"] in ("draining", "left")
                           for row in caller.members())

            mesh.wait_until(left, "the provider is known to leave")
            while received < size:
                time.sleep(0.01)  # a slow reader
                part = client.recv(64 * 1024)
                self.assertTrue(part, f"cut after {received} bytes")
                received += len(part)
        self.assertEqual(a.process.wait(timeout=mesh.PATIENCE), 0)

    def test_sigterm_finishes_what_is_in_flight(self):
        slow = self.mesh.agent(lambda handler: (time.sleep(1.0), mesh.named("slow")(handler)))
        a = self.mesh.node("a", agent=slow, capabilities=["test.slow"])
        b = self.mesh.node("b", agent=self.mesh.agent(mesh.named("other")),
                           capabilities=["test.slow"], seeds=[a])
        caller = self.mesh.node("caller", seeds=[a, b], config=mesh.ROUND_ROBIN)
        mesh.wait_capability(caller, "test.slow", 2)
        running = load.Load(caller, "test.slow", rate=20, connections=20)
        mesh.wait_until(lambda: len(slow.requests) >= 5, "calls are in flight")
        self.assertEqual(a.terminate(), 0)
        served = len(slow.requests)
        count = running.count()
        mesh.wait_until(lambda: running.count() > count + 20, "load after the drain")
        results = running.stop()
        print(load.summary_of(results))
        self.assertEqual([result for result in results if result[2] != 200], [])
        self.assertEqual(len(slow.requests), served, "a drained node took a new call")
        self.assertTrue(any(result[1] > 0.9 for result in results), "a slow call came to its end")
        state = {row["id"]: row["state"] for row in caller.members()}
        self.assertIn(state.get(a.id, "left"), ("left", "draining"))


if __name__ == "__main__":
    unittest.main()
