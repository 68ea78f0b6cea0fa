#!/usr/bin/env python3
"""What policies do for calls between real processes: counted at the agents, not at the mesh."""

import json
import threading
import time
import unittest

import load
import mesh

CAPABILITY = "test.name"


class PoliciesTest(unittest.TestCase):
    def setUp(self):
        self.mesh = mesh.Mesh()
        self.addCleanup(lambda: self.mesh.__exit__(None, None, None))

    def call_through(self, policies, *answers, capabilities=None, more=""):
        """A caller with these policies, and providers p0, p1, ... of these answers."""
        agents = [self.mesh.agent(answer) for answer in answers]
        capabilities = capabilities or [CAPABILITY] * len(agents)
        nodes = []
        for number, (agent, capability) in enumerate(zip(agents, capabilities)):
            config = (f"agent:\n  url: {agent.url}\n"
                      f"  capabilities: [{{ name: {capability}{more} }}]\n")
            nodes.append(self.mesh.start(f"p{number}", seeds=nodes[:1], config=config))
            if number == 0:
                nodes[0].wait_ready()
        for node in nodes[1:]:
            node.wait_ready()
        caller = self.mesh.node("caller", seeds=nodes[:1], config=f"policies: {policies}\n")
        for capability in set(capabilities):
            mesh.wait_capability(caller, capability, capabilities.count(capability))
        self.nodes = nodes
        return caller, agents

    def together(self, count, call):
        """The answers of so many calls at once."""
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(call())) for _ in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return answers

    # ---- retries by what came back ----

    def test_an_error_in_a_good_status_is_retried_if_the_policy_says_so(self):
        error = b'{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"no"}}'
        good = b'{"jsonrpc":"2.0","id":1,"result":{}}'

        def says(body):
            return lambda handler: (handler.body(), handler.reply(
                body, headers=[("Content-Type", "application/json")]))

        caller, agents = self.call_through("[{ retry: { on: [application_error] } }]",
                                           says(error), says(good))
        for number in range(4):
            answer = caller.call(CAPABILITY, b"{}", headers={
                "Idempotency-Key": f"k{number}", "Parley-Prefer": "p0"})
            self.assertEqual((answer.status, answer.body), (200, good), answer)
        self.assertTrue(agents[0].requests)

    def test_output_that_fails_its_check_is_replaced(self):
        caller, agents = self.call_through(
            "[{ retry: { on: [quality_below_threshold] } }]",
            mesh.named(""), mesh.named("stock: 3"), more=", check: { pattern: 'stock: [0-9]+' }")
        answer = caller.call(CAPABILITY, headers={"Parley-Prefer": "p0"})
        self.assertEqual((answer.status, answer.body), (200, b"stock: 3"), answer)
        self.assertEqual([len(agent.requests) for agent in agents], [1, 1])

    # ---- breakers ----

    def test_a_breaker_opens_and_heals_with_exactly_its_probes(self):
        broken, gate = [True], threading.Event()
        gate.set()

        def answer(handler):
            handler.body()
            gate.wait(10)
            handler.reply(b"", 500 if broken[0] else 200)

        caller, (agent,) = self.call_through(
            "[{ retry: { attempts: 1 }, circuitBreaker: "
            "{ minRequests: 4, openFor: 400ms, halfOpenRequests: 2 } }]", answer)
        answers = [caller.call(CAPABILITY) for _ in range(10)]
        self.assertEqual([answer.status for answer in answers[:4]], [500] * 4)
        self.assertEqual({answer.error() for answer in answers[4:]}, {"circuit_open"})
        self.assertIn("Retry-After", answers[-1].headers)
        self.assertEqual(len(agent.requests), 4, "an open breaker let calls through")
        self.assertEqual([row["state"] for row in caller.rows("/v1/breakers")], ["open"])

        broken[0] = False
        gate.clear()  # the probes are under way until it opens
        mesh.wait_until(lambda: caller.rows("/v1/breakers")[0]["probes_in_seconds"] in (0, None),
                        "probes may pass")
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(caller.call(CAPABILITY)))
                   for _ in range(12)]
        for thread in threads:
            thread.start()
        mesh.wait_until(lambda: len(answers) == 10, "all but the probes are refused")
        gate.set()
        for thread in threads:
            thread.join()
        self.assertEqual(sorted(answer.status for answer in answers), [200] * 2 + [503] * 10)
        self.assertEqual(len(agent.requests), 6, "not exactly the probes went through")
        self.assertEqual(caller.rows("/v1/breakers"), [])
        self.assertEqual(caller.call(CAPABILITY).status, 200)

    # ---- hedging, fallback ----

    def test_hedging_cuts_the_tail(self):
        def slow(handler):
            time.sleep(1.0)  # the tail that hedging is for
            mesh.named("slow")(handler)

        caller, agents = self.call_through(
            "[{ route: { policy: round_robin }, retry: { budget: 1 }, hedge: { after: 50ms } }]",
            slow, mesh.named("fast"))
        times = []
        for _ in range(10):
            start = time.monotonic()
            self.assertEqual(caller.call(CAPABILITY).status, 200)
            times.append(time.monotonic() - start)
        self.assertTrue(agents[0].requests, "the slow one was never asked")
        self.assertLess(max(times), 0.6)
        self.assertGreater(caller.metric("parley_hedges_total"), 0)

    def test_another_capability_answers_instead(self):
        caller, _ = self.call_through(
            "[{ match: { capability: test.name }, fallback: [test.other] }]",
            lambda handler: handler.reply(b"", 503), mesh.named("other"),
            capabilities=[CAPABILITY, "test.other"])
        answer = caller.call(CAPABILITY)
        self.assertEqual((answer.status, answer.body), (200, b"other"), answer)
        self.assertEqual(answer.headers["Parley-Fallback"], "test.other")
        self.assertEqual(caller.metric("parley_fallbacks_total"), 1)

    # ---- quality ----

    def test_what_happens_when_the_time_is_over_is_for_the_policy_to_say(self):
        def hang(handler):
            handler.body()
            time.sleep(2)
            handler.reply(b"late")

        for then, status in (("fail", 504), ("fallback", 200)):
            policies = (f"[{{ match: {{ capability: {CAPABILITY} }}, fallback: [test.other],"
                        f" timeout: {{ request: 500ms, onTimeout: {then} }} }}]")
            caller, agents = self.call_through(policies, hang, mesh.named("other"),
                                               capabilities=[CAPABILITY, "test.other"])
            answer = caller.call(CAPABILITY)
            self.assertEqual(answer.status, status, answer)
            self.assertEqual(len(agents[1].requests), 1 if status == 200 else 0)

    def test_below_the_lowest_tier_there_are_only_probes(self):
        def graded(name, quality):
            return lambda handler: (handler.body(), handler.reply(
                name.encode(), headers=[("Parley-Quality", str(quality))]))

        caller, agents = self.call_through(
            "[{ route: { policy: quality, prefer: 0.95, accept: 0.90, neverBelow: 0.70 },"
            " circuitBreaker: { openFor: 1s } }]",
            graded("first", 0.96), graded("second", 0.91), graded("third", 0.65))
        poor = agents[2]
        served = [caller.call(CAPABILITY) for _ in range(60)]
        self.assertEqual({answer.status for answer in served}, {200})
        self.assertNotIn(b"third", {answer.body for answer in served})
        self.assertGreater([answer.body for answer in served[-20:]].count(b"first"), 15)
        self.assertLessEqual(len(poor.requests), 4, "more than a first look and probes")

        self.nodes[0].kill()
        served = [caller.call(CAPABILITY) for _ in range(20)]
        self.assertEqual({answer.body for answer in served}, {b"second"})
        seen = len(poor.requests)
        self.nodes[1].kill()
        refused = [caller.call(CAPABILITY) for _ in range(20)]
        self.assertEqual({answer.status // 100 for answer in refused}, {5})
        self.assertNotIn(b"third", {answer.body for answer in refused})
        # One probe each second at most, while there was somebody else to ask.
        self.assertLessEqual(len(poor.requests) - seen, 2)

    def test_feedback_changes_who_is_asked(self):
        caller, _ = self.call_through(
            "[{ route: { policy: quality, prefer: 0.9, accept: 0.5 },"
            " outlierEjection: { enabled: false } }]",
            mesh.named("p0"), mesh.named("p1"))
        for _ in range(40):
            answer = caller.call(CAPABILITY, headers={"Parley-Policy": "round_robin"})
            quality = 0.6 if answer.body == b"p0" else 1.0
            told = mesh.request(caller.api, "POST", "/v1/feedback", json.dumps(
                {"call": answer.headers["Parley-Call"], "quality": quality}))
            self.assertEqual(told.status, 202, told)
        answers = [caller.call(CAPABILITY).body for _ in range(20)]
        self.assertEqual(set(answers), {b"p1"})
        rows = {row["name"]: row for row in caller.rows(f"/v1/routes/{CAPABILITY}")}
        self.assertLess(rows["p0"]["quality"], 0.9)
        self.assertIn("quality 0.6", rows["p0"]["reasons"][0])
        unknown = mesh.request(caller.api, "POST", "/v1/feedback", '{"call": "x", "quality": 1}')
        self.assertEqual(unknown.status, 404)

    # ---- limits ----

    def test_a_rate_limit_says_when_to_come_again(self):
        caller, (agent,) = self.call_through(
            "[{ rateLimit: { perCaller: { rate: 6/m, burst: 3 } } }]", mesh.named("x"))
        answers = [caller.call(CAPABILITY) for _ in range(6)]
        self.assertEqual([answer.status for answer in answers], [200] * 3 + [429] * 3)
        self.assertEqual(answers[-1].error(), "rate_limited")
        self.assertTrue(5 <= int(answers[-1].headers["Retry-After"]) <= 10, answers[-1])
        self.assertEqual(len(agent.requests), 3)
        self.assertEqual(caller.metric("parley_rate_limited_total"), 3)

    def test_a_full_bulkhead_sheds_what_matters_least(self):
        gate = threading.Event()
        self.addCleanup(gate.set)

        def held(handler):
            gate.wait(10)
            mesh.named("x")(handler)

        caller, (agent,) = self.call_through("[{ bulkhead: { maxConcurrent: 10 } }]", held)
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(caller.call(CAPABILITY)))
                   for _ in range(8)]
        for thread in threads:
            thread.start()
        mesh.wait_until(lambda: len(agent.requests) == 8, "normal calls take their share")
        for priority in ("low", "normal"):
            refused = caller.call(CAPABILITY, headers={"Parley-Priority": priority})
            self.assertEqual((refused.status, refused.error()), (503, "overloaded"), priority)
            self.assertIn("Retry-After", refused.headers)
        urgent = threading.Thread(target=lambda: answers.append(
            caller.call(CAPABILITY, headers={"Parley-Priority": "critical"})))
        urgent.start()
        mesh.wait_until(lambda: len(agent.requests) == 9, "a critical one finds a place")
        gate.set()
        for thread in [*threads, urgent]:
            thread.join()
        self.assertEqual({answer.status for answer in answers}, {200})
        self.assertEqual(caller.metric("parley_shed_total"), 2)

    # ---- storms ----

    def test_no_storm_of_retries_when_all_slow_down(self):
        slow = threading.Event()

        def works(handler):
            handler.body()
            time.sleep(0.3 if slow.is_set() else 0.03)  # its work
            handler.reply(b"done")

        caller, agents = self.call_through(
            "[{ timeout: { perTry: 150ms, request: 1s }, circuitBreaker: { openFor: 500ms } }]",
            works, works, works)
        running = load.Load(caller, CAPABILITY, rate=100, connections=60)
        mesh.wait_until(lambda: running.count() > 50, "half a second of load")
        slow.set()
        count, asked = running.count(), sum(len(agent.requests) for agent in agents)
        mesh.wait_until(lambda: running.count() > count + 200, "two seconds of slow agents")
        calls = running.count() - count
        attempts = sum(len(agent.requests) for agent in agents) - asked
        slow.clear()

        def recovered():
            return all(result[2] == 200 for result in running.results[-50:])

        mesh.wait_until(recovered, "it recovers by itself")
        running.stop()
        print(f"{attempts} attempts for {calls} calls while all were slow")
        self.assertLess(attempts, 1.2 * calls)

    # ---- time ----

    def test_a_chain_of_five_has_one_deadline(self):
        apis, starts = {}, []

        def link(number):
            def answer(handler):
                starts.append((number, time.monotonic(),
                               int(handler.headers["parley-deadline"].removesuffix("ms"))))
                if handler.headers.get("X-Slow"):
                    time.sleep(0.15)  # its work
                if number == 4:
                    return handler.reply(b"end")
                passed = {name: value for name, value in handler.headers.items()
                          if name.lower() in ("parley-call", "traceparent", "x-slow")}
                got = mesh.request(apis[number], "GET", f"/call/chain.{number + 1}", headers=passed)
                return handler.reply(got.body, got.status)

            return answer

        nodes = []
        for number in range(5):
            agent = self.mesh.agent(link(number))
            nodes.append(self.mesh.start(f"n{number}", seeds=nodes[:1], agent=agent,
                                         capabilities=[f"chain.{number}"]))
            if number == 0:
                nodes[0].wait_ready()
        for node in nodes[1:]:
            node.wait_ready()
        apis.update((number, node.api) for number, node in enumerate(nodes))
        for number, node in enumerate(nodes):
            mesh.wait_capability(node, f"chain.{(number + 1) % 5}")
        caller = self.mesh.node("caller", seeds=nodes[:1])
        mesh.wait_capability(caller, "chain.0")

        begin = time.monotonic()
        answer = caller.call("chain.0", headers={"Parley-Deadline": "10s"})
        self.assertEqual((answer.status, answer.body), (200, b"end"), answer)
        self.assertEqual([number for number, _, _ in starts], list(range(5)))
        for _, at, left in starts:
            on_its_way = 250  # milliseconds at most, on a busy machine
            self.assertLessEqual(left, 10_000 - 1_000 * (at - begin) + on_its_way)
        given = [left for _, _, left in starts]
        self.assertEqual(given, sorted(given, reverse=True), "a hop got more than the one before")

        starts.clear()
        begin = time.monotonic()
        answer = caller.call("chain.0", headers={"Parley-Deadline": "400ms", "X-Slow": "1"})
        # 504 of the first hop, or what a later one's agent made of it: 504 or 502.
        self.assertIn(answer.status, (502, 504), answer)
        self.assertIn("deadline_exceeded", answer.body.decode())
        self.assertLess(time.monotonic() - begin, 1.0)
        mesh.wait_until(lambda: all(node.metric("parley_exchanges") == 0 for node in nodes),
                        "all have given it up")
        self.assertTrue(1 <= max(number for number, _, _ in starts) < 4, starts)
        for _, at, left in starts:
            self.assertGreater(left, 0, "work was handed out after the end")
            # The agent's own thread may have had to wait for the processor.
            self.assertLess(at - begin, 0.4 + 0.25, "work began after the end")


if __name__ == "__main__":
    unittest.main()
