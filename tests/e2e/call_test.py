#!/usr/bin/env python3
"""Three nodes, two providers of a capability, a caller without it."""

import json
import os
import threading
import unittest

import mesh


class CallTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.mesh = mesh.Mesh()
        cls.addClassCleanup(cls.mesh.__exit__, None, None, None)
        cls.echo = cls.mesh.agent(mesh.echo)
        cls.one = cls.mesh.agent(mesh.named("one"))
        cls.two = cls.mesh.agent(mesh.named("two"))
        cls.a = cls.mesh.node("a", agent=cls.one, capabilities=["test.name"])
        cls.b = cls.mesh.node("b", agent=cls.two, capabilities=["test.name"], seeds=[cls.a])
        cls.c = cls.mesh.node("c", seeds=[cls.a], config=mesh.ROUND_ROBIN)
        cls.d = cls.mesh.node("d", agent=cls.echo, capabilities=["test.echo"], seeds=[cls.c])
        mesh.wait_members([cls.a, cls.b, cls.c, cls.d], 4)
        mesh.wait_capability(cls.c, "test.name", 2)
        mesh.wait_capability(cls.c, "test.echo", 1)

    def test_bodies_come_back_byte_for_byte(self):
        for size in (0, 1, 1024, 65536, 8 * 1024 * 1024):
            with self.subTest(size=size):
                body = os.urandom(size)
                answer = self.c.call("test.echo", body, method="POST")
                self.assertEqual(answer.status, 200, answer)
                self.assertTrue(answer.body == body, f"{len(answer.body)} bytes came back")

    def test_a_chunked_body_comes_back_byte_for_byte(self):
        chunks = [os.urandom(size) for size in (1, 70_000, 3, 500_000)]
        answer = self.c.call("test.echo", iter(chunks), method="POST")
        self.assertEqual(answer.status, 200, answer)
        self.assertTrue(answer.body == b"".join(chunks))

    def test_sixty_four_callers_at_once(self):
        failures = []

        def caller(number):
            try:
                client = mesh.Client(self.c.api)
                for turn in range(5):
                    body = f"{number}.{turn}".encode() * 200
                    answer = client.request("POST", "/call/test.echo", body)
                    if (answer.status, answer.body) != (200, body):
                        failures.append(answer)
                client.close()
            except OSError as error:
                failures.append(error)

        threads = [threading.Thread(target=caller, args=(number,)) for number in range(64)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])

    def test_both_providers_get_calls(self):
        served = {self.c.call("test.name").body for _ in range(40)}
        self.assertEqual(served, {b"one", b"two"})

    def test_a_preference_is_kept(self):
        for node, name in ((self.a, b"one"), (self.b, b"two")):
            for _ in range(5):
                answer = self.c.call("test.name", headers={"Parley-Prefer": node.id})
                self.assertEqual(answer.body, name)

    def test_method_path_query_and_headers_arrive(self):
        answer = self.c.call("test.echo", b"x", method="PUT", rest="/deep/er?q=1&q=2",
                             headers={"X-Mine": "yes", "Content-Type": "text/x"})
        self.assertEqual(answer.status, 200, answer)
        method, path, headers = next(r for r in self.echo.requests if "deep" in r[1])
        self.assertEqual((method, path), ("PUT", "/deep/er?q=1&q=2"))
        lower = {name.lower(): value for name, value in headers.items()}
        self.assertEqual(lower["x-mine"], "yes")
        self.assertEqual(lower["content-type"], "text/x")
        self.assertTrue(lower["parley-call"])
        self.assertIn(self.c.id, lower["parley-caller"])
        self.assertRegex(lower["traceparent"], r"^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$")

    def test_a_trace_is_joined(self):
        trace = "0af7651916cd43dd8448eb211c80319c"
        self.c.call("test.echo", b"", method="POST", rest="/trace",
                    headers={"traceparent": f"00-{trace}-b7ad6b7169203331-01", "tracestate": "a=b"})
        headers = next(r for r in self.echo.requests if r[1].startswith("/trace"))[2]
        lower = {name.lower(): value for name, value in headers.items()}
        self.assertIn(trace, lower["traceparent"])
        self.assertEqual(lower["tracestate"], "a=b")

    def test_an_answer_says_who_served_it(self):
        answer = self.c.call("test.echo", b"hi")
        self.assertTrue(answer.headers["Parley-Call"])
        served_by = answer.headers["Parley-Served-By"]
        self.assertTrue(self.d.id in served_by or served_by == "d", served_by)
        self.assertEqual(answer.headers["Parley-Attempts"], "1")

    def test_a_status_of_the_agent_is_the_agents(self):
        def refuse(handler):
            handler.body()
            handler.reply(b"no such thing", 404, [("X-Why", "because")])

        agent = self.mesh.agent(refuse)
        node = self.mesh.node("e", agent=agent, capabilities=["test.refuse"], seeds=[self.a])
        mesh.wait_capability(self.c, "test.refuse")
        answer = self.c.call("test.refuse")
        self.assertEqual((answer.status, answer.body), (404, b"no such thing"))
        self.assertEqual(answer.headers["X-Why"], "because")
        self.assertIsNone(answer.error())
        node.terminate()

    def test_no_capable_agent_is_a_problem(self):
        answer = self.c.call("nobody.does.this")
        self.assertEqual(answer.status, 503)
        self.assertEqual(answer.error(), "no_capable_agent")
        self.assertEqual(answer.headers["Content-Type"], "application/problem+json")
        self.assertEqual(answer.json()["type"], "urn:parley:error:no_capable_agent")

    def test_a_foreign_host_or_origin_is_refused(self):
        for headers in ({"Host": "evil.example"}, {"Origin": "http://evil.example"}):
            with self.subTest(headers=headers):
                answer = self.c.call("test.echo", b"x", headers=headers)
                self.assertIn(answer.status, (400, 403, 421), answer)
        good = self.c.call("test.echo", b"x", headers={"Host": self.c.api})
        self.assertEqual(good.status, 200)

    def test_the_command_line_calls_and_lists(self):
        done = mesh.parley("call", "test.echo", "--data", "hello", node=self.c)
        self.assertEqual((done.returncode, done.stdout.rstrip("\n")), (0, "hello"), done.stderr)
        failed = mesh.parley("call", "nobody.does.this", node=self.c)
        self.assertEqual(failed.returncode, 1)
        self.assertIn("no_capable_agent", failed.stderr)
        members = mesh.parley("members", "-o", "json", node=self.c)
        self.assertEqual(members.returncode, 0, members.stderr)
        rows = json.loads(members.stdout)
        self.assertLessEqual({"a", "b", "c", "d"}, {row["name"] for row in rows})
        for row in rows:
            self.assertLessEqual({"id", "name", "state", "address"}, set(row))
        listed = mesh.parley("capabilities", "-o", "json", node=self.c)
        rows = [row for row in json.loads(listed.stdout) if row["name"] == "test.name"]
        self.assertEqual(len(rows), 2)
        for row in rows:
            self.assertLessEqual({"name", "agent", "node", "version", "proficiency"}, set(row))
        for verb in ("members", "capabilities", "agents"):
            for form in ("table", "yaml", "json"):
                self.assertEqual(mesh.parley(verb, "-o", form, node=self.c).returncode, 0)

    def test_probes_metrics_and_openapi_answer(self):
        for path in ("/livez", "/healthz", "/readyz", "/startupz"):
            self.assertEqual(self.c.get(path).status, 200, path)
        text = self.c.get("/metrics").body.decode()
        for name in ("parley_requests_total", "parley_members", "parley_gossip_bytes_total",
                     "parley_build_info", "parley_request_duration_seconds"):
            self.assertIn(f"# TYPE {name} ", text)
        for name in ("parley_gossip_bytes_total", "parley_requests_total"):
            self.assertGreater(self.c.metric(name), 0, name)
        self.assertTrue(self.c.get("/openapi.json").json()["openapi"].startswith("3.1"))


if __name__ == "__main__":
    unittest.main()
