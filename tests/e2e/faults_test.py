#!/usr/bin/env python3
"""Trouble that a policy makes on purpose, answers that stop in the middle, and the time of a
workflow."""

import http.client
import json
import threading
import time
import unittest

import mesh


class FaultsTest(unittest.TestCase):
    def setUp(self):
        self.mesh = mesh.Mesh()
        self.addCleanup(lambda: self.mesh.__exit__(None, None, None))

    def call_through(self, policies, *answers, capability="test.name", proficiencies=()):
        """A caller with these policies, and a provider for each answer."""
        agents = [self.mesh.agent(answer) for answer in answers]
        nodes = []
        for number, agent in enumerate(agents):
            proficiency = proficiencies[number] if proficiencies else "competent"
            config = (f"agent:\n  url: {agent.url}\n  capabilities:\n"
                      f"    - {{ name: {capability}, proficiency: {proficiency} }}\n")
            nodes.append(self.mesh.start(f"p{number}", seeds=nodes[:1], config=config))
            if number == 0:
                nodes[0].wait_ready()
        for node in nodes[1:]:
            node.wait_ready()
        caller = self.mesh.node("caller", seeds=nodes[:1], config=f"policies: {policies}\n")
        mesh.wait_capability(caller, capability, len(nodes))
        return caller, agents

    # ---- faults ----

    def test_an_abort_is_answered_and_marked_and_the_agent_is_not_asked(self):
        caller, (agent,) = self.call_through(
            "[{ retry: { attempts: 1 }, faults: [{ percent: 100, abort: 418 }] }]",
            mesh.named("good"))
        answer = caller.call("test.name", b"a question")
        self.assertEqual(answer.status, 418, answer)
        self.assertEqual(answer.headers["Parley-Fault"], "abort")
        self.assertIn(b"a policy injected", answer.body)
        self.assertEqual(agent.requests, [])
        self.assertEqual(caller.metric('parley_faults_injected_total{kind="abort"}'), 1)
        self.assertNotIn("not acted on", caller.errors())

    def test_the_mesh_repairs_what_it_broke(self):
        caller, (broken, good) = self.call_through(
            "[{ faults: [{ percent: 100, agent: p0, abort: 503 }] }]",
            mesh.named("p0"), mesh.named("p1"))
        for number in range(10):
            answer = caller.call("test.name", b"question %d" % number,
                                 headers={"Idempotency-Key": f"k{number}", "Parley-Prefer": "p0"})
            self.assertEqual((answer.status, answer.body), (200, b"p1"), answer)
        self.assertEqual(broken.requests, [])
        self.assertEqual(len(good.requests), 10)

    def test_a_delay_holds_the_call_up_and_takes_of_its_time(self):
        caller, (agent,) = self.call_through(
            "[{ faults: [{ percent: 100, delay: 300ms }] }]", mesh.echo)
        start = time.monotonic()
        answer = caller.call("test.name", b"text", headers={"Parley-Deadline": "5s"})
        self.assertGreaterEqual(time.monotonic() - start, 0.3)
        self.assertEqual((answer.status, answer.body), (200, b"text"))
        self.assertEqual(answer.headers["Parley-Fault"], "delay")
        left = agent.requests[0][2]["parley-deadline"]
        self.assertLessEqual(int(left.removesuffix("ms")), 4700)

    def test_a_wrong_answer_comes_instead(self):
        caller, (agent,) = self.call_through(
            "[{ faults: [{ percent: 100, answer: no idea }] }]", mesh.named("good"))
        answer = caller.call("test.name")
        self.assertEqual((answer.status, answer.body), (200, b"no idea"), answer)
        self.assertEqual(answer.headers["Parley-Fault"], "answer")
        self.assertEqual(agent.requests, [])

    def test_a_part_of_the_calls_is_harmed(self):
        caller, (agent,) = self.call_through(
            "[{ retry: { attempts: 1 }, circuitBreaker: { enabled: false }, "
            "faults: [{ percent: 25, abort: 418 }] }]", mesh.named("good"))
        client = mesh.Client(caller.api)
        answers = [client.request("GET", "/call/test.name").status for _ in range(400)]
        client.close()
        self.assertEqual(set(answers), {200, 418})
        self.assertTrue(60 <= answers.count(418) <= 140, answers.count(418))
        self.assertEqual(len(agent.requests), answers.count(200))

    # ---- answers that stop in the middle ----

    def test_an_answer_that_stops_is_cut_and_one_that_flows_is_not(self):
        stop = threading.Event()
        self.addCleanup(stop.set)

        def events(handler):
            handler.begin_events()
            for _ in range(8):
                handler.send_chunk(b"data: x\n\n")
                time.sleep(0.1)  # the pause of a model between its tokens
            if handler.path.endswith("?stops"):
                stop.wait(20)
            handler.wfile.write(b"0\r\n\r\n")

        caller, _ = self.call_through("[{ timeout: { idle: 400ms } }]", events)
        answer = caller.call("test.name")
        self.assertEqual((answer.status, answer.body.count(b"data:")), (200, 8))
        start = time.monotonic()
        with self.assertRaises((http.client.HTTPException, ConnectionError)):
            answer = caller.call("test.name", rest="?stops")
            raise AssertionError(f"a broken answer looks whole: {answer}")
        self.assertLess(time.monotonic() - start, 5)
        self.assertEqual(caller.metric("parley_idle_timeouts_total"), 1)

    def test_an_answer_that_stops_before_a_byte_left_is_a_clear_error(self):
        stop = threading.Event()
        self.addCleanup(stop.set)

        def half(handler):
            handler.body()
            handler.send_response(200)
            handler.send_header("Content-Length", "100")
            handler.end_headers()
            handler.wfile.write(b"half")
            handler.wfile.flush()
            stop.wait(20)

        caller, _ = self.call_through(
            "[{ timeout: { idle: 300ms }, retry: { on: [stale_context] } }]", half)
        answer = caller.call("test.name")
        self.assertEqual((answer.status, answer.error()), (504, "deadline_exceeded"), answer)
        self.assertIn("timeout.idle", answer.json()["detail"])

    def test_an_answer_that_stops_is_replaced_while_it_may_be(self):
        stop = threading.Event()
        self.addCleanup(stop.set)

        def half(handler):
            handler.send_response(200)
            handler.send_header("Content-Length", "100")
            handler.end_headers()
            handler.wfile.flush()
            stop.wait(20)

        caller, _ = self.call_through("[{ timeout: { idle: 300ms } }]", half, mesh.named("whole"))
        answer = caller.call("test.name", headers={"Parley-Prefer": "p0"})
        self.assertEqual((answer.status, answer.body), (200, b"whole"), answer)

    # ---- the time of a workflow ----

    def test_the_calls_of_a_trace_share_the_time_of_a_workflow(self):
        caller, (agent,) = self.call_through("[{ timeout: { workflow: 800ms } }]", mesh.echo)
        trace = {"traceparent": f"00-{'5' * 32}-{'6' * 16}-01"}
        answers = []

        def over():
            # One that was begun in its last moment says instead that there was no answer.
            answers.append(caller.call("test.name", headers=trace))
            return answers[-1].status != 200 and "workflow" in answers[-1].json()["detail"]

        mesh.wait_until(over, "the time of the workflow is over")
        answered = sum(answer.status == 200 for answer in answers)
        self.assertGreater(answered, 0)
        self.assertEqual((answers[-1].status, answers[-1].error()), (504, "deadline_exceeded"))
        self.assertEqual(caller.call("test.name").status, 200, "another trace has its own time")
        left = [int(headers["parley-deadline"].removesuffix("ms"))
                for _, _, headers in agent.requests[:answered]]
        self.assertEqual(left, sorted(left, reverse=True))
        self.assertLess(left[0], 800)

    # ---- what a body says ----

    def test_words_of_the_body_send_hard_requests_to_an_expert(self):
        caller, _ = self.call_through(
            "[{ route: { complexity: { keywords: { prove: 0.9 } } } }]",
            mesh.named("novice"), mesh.named("expert"), proficiencies=("novice", "expert"))
        for body, served in ((b"add one and one", b"novice"), (b"please PROVE it", b"expert")):
            answers = {caller.call("test.name", body).body for _ in range(5)}
            self.assertEqual(answers, {served}, body)
        chunks = iter((b"please ", b"prove ", b"it"))
        self.assertEqual(caller.call("test.name", chunks, method="POST").body, b"expert")

    # ---- what the node says of it ----

    def test_routes_tell_what_is_known_of_each_agent(self):
        caller, _ = self.call_through(
            "[{ route: { policy: round_robin }, retry: { attempts: 1 },"
            " circuitBreaker: { minRequests: 2, openFor: 1h } }]",
            mesh.named("good"), lambda handler: handler.reply(b"", 500))
        for _ in range(12):
            caller.call("test.name")
        rows = {row["name"]: row for row in caller.rows("/v1/routes/test.name")}
        self.assertEqual(rows["p0"]["verdict"], "chosen")
        self.assertEqual(rows["p0"]["success"], 1)
        self.assertEqual((rows["p1"]["verdict"], rows["p1"]["breaker"]), ("excluded", "open"))
        self.assertIn("breaker_open, probes in", rows["p1"]["reasons"][0])
        self.assertEqual(rows["p1"]["success"], 0)
        self.assertEqual(caller.metric("parley_breaker_state"), 2)
        told = json.loads(mesh.parley("routes", "test.name", "-o", "json", node=caller).stdout)
        self.assertEqual({row["breaker"] for row in told}, {"open", "closed"})


if __name__ == "__main__":
    unittest.main()
