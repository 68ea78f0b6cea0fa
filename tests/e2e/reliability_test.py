#!/usr/bin/env python3
"""What the mesh does for a call: deadlines, retries, duplicates, cycles, requirements."""

import http.client
import json
import re
import threading
import time
import unittest

import mesh

PASSED_ON = ("parley-call", "parley-deadline", "traceparent", "tracestate", "baggage")


def seconds_of(duration):
    """What a duration such as 1500ms or 1.5s says."""
    number, unit = re.fullmatch(r"([0-9.]+)(ns|us|µs|ms|s|m|h)", duration).groups()
    return float(number) * {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1, "m": 60,
                            "h": 3600}[unit]


class ReliabilityTest(unittest.TestCase):
    def setUp(self):
        self.mesh = mesh.Mesh()
        self.addCleanup(lambda: self.mesh.__exit__(None, None, None))

    def providers(self, capability, *answers):
        """A node beside an agent for each answer, and a caller that sees them all."""
        agents = [self.mesh.agent(answer) for answer in answers]
        nodes = []
        for number, agent in enumerate(agents):
            nodes.append(self.mesh.node(f"provider-{number}", agent=agent, seeds=nodes[:1],
                                        capabilities=[capability]))
        caller = self.mesh.node("caller", seeds=nodes[:1], config=mesh.ROUND_ROBIN)
        mesh.wait_members([caller, *nodes], len(nodes) + 1)
        mesh.wait_capability(caller, capability, len(nodes))
        return caller, nodes, agents

    # ---- deadlines ----

    def test_a_deadline_ends_the_call(self):
        caller, _, _ = self.providers("test.slow",
                                      lambda handler: (time.sleep(3), mesh.echo(handler)))
        for headers in ({"Parley-Deadline": "300ms"}, {"grpc-timeout": "300m"}):
            with self.subTest(headers=headers):
                start = time.monotonic()
                answer = caller.call("test.slow", headers=headers)
                took = time.monotonic() - start
                self.assertEqual((answer.status, answer.error()), (504, "deadline_exceeded"))
                self.assertLess(took, 1.5)

    def test_a_deadline_shrinks_on_its_way(self):
        caller, _, agents = self.providers("test.echo", mesh.echo)
        caller.call("test.echo", headers={"Parley-Deadline": "5s"})
        headers = {name.lower(): value for name, value in agents[0].requests[-1][2].items()}
        left = seconds_of(headers["parley-deadline"])
        self.assertLess(left, 5.0)
        self.assertGreater(left, 3.5)

    def test_nothing_starts_late(self):
        caller, _, agents = self.providers("test.echo", mesh.echo)
        answer = caller.call("test.echo", headers={"Parley-Deadline": "0ms"})
        self.assertIn((answer.status, answer.error()),
                      ((504, "deadline_exceeded"), (400, "bad_request")))
        self.assertEqual(agents[0].requests, [])

    # ---- retries ----

    def hang_up(self, handler):
        handler.body()
        handler.close_connection = True

    def test_an_idempotent_call_is_retried_on_another_node(self):
        caller, nodes, agents = self.providers("test.mixed", self.hang_up, mesh.named("good"))
        answers = [caller.call("test.mixed") for _ in range(20)]
        self.assertEqual({answer.status for answer in answers}, {200})
        self.assertEqual({answer.body for answer in answers}, {b"good"})
        self.assertTrue(agents[0].requests, "the bad one was never tried")
        self.assertIn("2", {answer.headers["Parley-Attempts"] for answer in answers})

    def test_what_is_not_idempotent_is_not_repeated(self):
        caller, nodes, agents = self.providers("test.mixed", self.hang_up, mesh.named("good"))
        answer = caller.call("test.mixed", b"pay", headers={"Parley-Prefer": nodes[0].id})
        self.assertEqual((answer.status, answer.error()), (502, "agent_unreachable"), answer)
        self.assertEqual((len(agents[0].requests), len(agents[1].requests)), (1, 0))

    def test_an_idempotency_key_allows_a_retry(self):
        caller, nodes, agents = self.providers("test.mixed", self.hang_up, mesh.named("good"))
        answer = caller.call("test.mixed", b"pay", headers={"Parley-Prefer": nodes[0].id,
                                                            "Idempotency-Key": "k1"})
        self.assertEqual((answer.status, answer.body), (200, b"good"), answer)

    def test_after_the_first_byte_there_is_no_retry(self):
        def breaks_off(handler):
            handler.begin_events()
            handler.send_chunk(b"data: half\n\n")
            time.sleep(0.3)  # else its end may overtake its beginning, and nothing was passed on
            handler.connection.close()
            handler.close_connection = True

        caller, _, agents = self.providers("test.broken", breaks_off, breaks_off)
        with self.assertRaises((http.client.HTTPException, ConnectionError)):
            answer = caller.call("test.broken")
            raise AssertionError(f"a broken answer looks whole: {answer}")
        self.assertEqual(sum(len(agent.requests) for agent in agents), 1)

    # ---- duplicates ----

    def test_a_duplicate_runs_once(self):
        count = threading.Lock(), []

        def once(handler):
            handler.body()
            with count[0]:
                count[1].append(1)
                number = len(count[1])
            time.sleep(0.3)
            handler.reply(f"run {number}".encode())

        caller, nodes, _ = self.providers("test.once", once)
        answers = []

        def send():
            answers.append(caller.call("test.once", b"pay", headers={"Idempotency-Key": "order-7"}))

        threads = [threading.Thread(target=send) for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        send()
        self.assertEqual({(answer.status, answer.body) for answer in answers}, {(200, b"run 1")})
        self.assertEqual(len(count[1]), 1)
        other = caller.call("test.once", b"pay", headers={"Idempotency-Key": "order-8"})
        self.assertEqual(other.body, b"run 2")

    # ---- cycles ----

    def test_a_cycle_is_found(self):
        apis, seen = {}, []

        def asks(capability):
            def answer(handler):
                handler.body()
                passed = {name: value for name, value in handler.headers.items()
                          if name.lower() in PASSED_ON}
                got = mesh.request(apis[capability], "GET", f"/call/{capability}", headers=passed)
                seen.append((capability, got.status, got.error()))
                handler.reply(got.body, got.status)

            return answer

        ring = [("a", "cycle.a", "cycle.b"), ("b", "cycle.b", "cycle.c"),
                ("c", "cycle.c", "cycle.a")]
        nodes, agents = [], []
        for name, capability, wanted in ring:
            agents.append(self.mesh.agent(asks(wanted)))
            nodes.append(self.mesh.node(name, agent=agents[-1], capabilities=[capability],
                                        seeds=nodes[:1]))
            apis[wanted] = nodes[-1].api
        for node in nodes:
            for _, capability, _ in ring:
                mesh.wait_capability(node, capability)
        answer = nodes[0].call("cycle.b", headers={"Parley-Deadline": "10s"})
        self.assertIn("cycle_detected", {error for _, _, error in seen}, seen)
        self.assertEqual(answer.status, 508, answer)
        self.assertLessEqual(max(len(agent.requests) for agent in agents), 2)

    def test_two_calls_one_after_the_other_are_no_cycle(self):
        caller, _, _ = self.providers("test.echo", mesh.echo)
        first = caller.call("test.echo", b"1")
        again = caller.call("test.echo", b"2",
                            headers={"Parley-Call": first.headers["Parley-Call"]})
        self.assertEqual((again.status, again.body), (200, b"2"), again)

    # ---- requirements ----

    def test_requirements_choose_among_providers(self):
        nodes = []
        for place, version, proficiency in (("A", "1.4.2", "expert"), ("B", "1.3.0", "competent"),
                                            ("C", "2.0.0", "novice")):
            agent = self.mesh.agent(mesh.named(place))
            node = self.mesh.node(f"in-{place}", seeds=nodes[:1])
            block = {"url": agent.url, "capabilities": [{
                "name": "stock.lookup", "attributes": {"warehouse": [place]}, "version": version,
                "proficiency": proficiency, "path": "/lookup"}]}
            answer = mesh.request(node.api, "PUT", "/v1/agent", json.dumps(block),
                                  {"Content-Type": "application/json"})
            self.assertIn(answer.status, (200, 201, 204), answer)
            nodes.append(node)
        caller = self.mesh.node("caller", seeds=nodes[:1], config=mesh.ROUND_ROBIN)
        mesh.wait_capability(caller, "stock.lookup", 3)
        mesh.wait_capability(nodes[0], "stock.lookup", 3)

        def served(require):
            got = set()
            for _ in range(12):
                answer = caller.call("stock.lookup", headers={"Parley-Require": require})
                got.add(answer.body.decode() if answer.status == 200 else answer.error())
            return got

        self.assertEqual(served("warehouse=A"), {"A"})
        self.assertEqual(served("proficiency>=competent"), {"A", "B"})
        self.assertEqual(served("version~1.4"), {"A"})
        self.assertEqual(served("warehouse=B;proficiency>=competent"), {"B"})
        self.assertEqual(served("warehouse=Z"), {"no_capable_agent"})
        self.assertEqual(served("=;;~"), {"bad_request"})
        self.assertEqual(nodes[0].call("stock.lookup", rest="/deep", headers={
            "Parley-Require": "warehouse=C"}).body, b"C")

    # ---- capacity ----

    def test_an_agent_at_capacity_is_spared(self):
        most = [0, 0]  # now, and at most
        lock = threading.Lock()

        def narrow(handler):
            handler.body()
            with lock:
                most[0] += 1
                most[1] = max(most)
            time.sleep(0.1)
            with lock:
                most[0] -= 1
            handler.reply(b"ok")

        agent = self.mesh.agent(narrow)
        provider = self.mesh.node("narrow", config="agent:\n"
                                  f"  url: {agent.url}\n  concurrency: 2\n"
                                  "  capabilities: [{name: test.narrow}]\n")
        caller = self.mesh.node("caller", seeds=[provider])
        mesh.wait_capability(caller, "test.narrow")
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(caller.call("test.narrow")))
                   for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertLessEqual(most[1], 2)
        self.assertLessEqual({answer.status for answer in answers}, {200, 503})
        self.assertIn(200, {answer.status for answer in answers})


if __name__ == "__main__":
    unittest.main()
