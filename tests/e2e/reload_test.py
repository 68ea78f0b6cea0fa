#!/usr/bin/env python3
"""What changes while a node runs: its configuration file, its agent, its membership."""

import json
import os
import time
import unittest

import mesh


class ReloadTest(unittest.TestCase):
    def setUp(self):
        self.mesh = mesh.Mesh()
        self.addCleanup(lambda: self.mesh.__exit__(None, None, None))

    def rewrite(self, node, text):
        """As editors do it: a new file that takes the old one's place."""
        path = node.folder / "parley.yaml"
        new = node.folder / "parley.yaml.new"
        new.write_text(text)
        os.replace(new, path)

    def names(self, node):
        return {row["name"] for row in node.capabilities()}

    def test_the_agent_block_is_live(self):
        agent = self.mesh.agent(mesh.echo)
        block = "agent:\n  url: {}\n  capabilities:\n    - name: {}\n"
        provider = self.mesh.node("provider", config=block.format(agent.url, "first.name"))
        caller = self.mesh.node("caller", seeds=[provider])
        mesh.wait_capability(caller, "first.name")

        self.rewrite(provider, block.format(agent.url, "second.name"))
        mesh.wait_until(lambda: self.names(caller) == {"second.name"}, "the change is everywhere")
        self.assertEqual(caller.call("second.name", b"x").body, b"x")

        self.rewrite(provider, "agent:\n  url: 5\n  capabilties: no\n")
        mesh.wait_until(lambda: "capabilties" in provider.errors(), "the wrong one is logged")
        self.assertEqual(self.names(caller), {"second.name"})
        self.assertEqual(caller.call("second.name", b"x").body, b"x")

        self.rewrite(provider, block.format(agent.url, "third.name"))
        mesh.wait_until(lambda: self.names(caller) == {"third.name"}, "the next right one counts")

    def test_the_policies_are_live(self):
        agent = self.mesh.agent(lambda handler: (time.sleep(0.6), mesh.echo(handler)))
        provider = self.mesh.node("provider", agent=agent, capabilities=["test.slow"])
        policy = ("policies:\n  - match: {{ capability: \"test.*\" }}\n"
                  "    timeout: {{ request: {} }}\n")
        caller = self.mesh.node("caller", seeds=[provider], config=policy.format("200ms"))
        mesh.wait_capability(caller, "test.slow")
        answer = caller.call("test.slow")
        self.assertEqual((answer.status, answer.error()), (504, "deadline_exceeded"))
        self.rewrite(caller, policy.format("5s"))
        mesh.wait_until(lambda: caller.call("test.slow").status == 200, "the longer timeout counts")

    def test_an_agent_registers_and_changes_itself(self):
        agent = self.mesh.agent(mesh.echo)
        provider = self.mesh.node("provider")
        caller = self.mesh.node("caller", seeds=[provider])
        mesh.wait_members([provider, caller], 2)
        json_type = {"Content-Type": "application/json"}
        block = {"url": agent.url, "capabilities": [{"name": "late.comer", "version": "1.0.0"}]}
        answer = mesh.request(provider.api, "PUT", "/v1/agent", json.dumps(block), json_type)
        self.assertIn(answer.status, (200, 201, 204), answer)
        mesh.wait_capability(caller, "late.comer")
        self.assertEqual(caller.call("late.comer", b"x").body, b"x")

        change = {"capabilities": [{"name": "late.comer", "version": "1.1.0"},
                                   {"name": "second.skill"}]}
        answer = mesh.request(provider.api, "PATCH", "/v1/agent", json.dumps(change), json_type)
        self.assertIn(answer.status, (200, 204), answer)
        mesh.wait_capability(caller, "second.skill")
        versions = {row["name"]: row["version"] for row in caller.capabilities()}
        self.assertEqual(versions["late.comer"], "1.1.0")

        for wrong in (b"{", b'{"url": "http://x", "capabilties": []}', b'{"url": 5}', b"[]"):
            answer = mesh.request(provider.api, "PUT", "/v1/agent", wrong, json_type)
            self.assertEqual(answer.status, 400, (wrong, answer))
            self.assertEqual(answer.error(), "bad_request")
        self.assertEqual(self.names(caller), {"late.comer", "second.skill"})

    def test_a_node_restarts_warm_without_its_seeds(self):
        a = self.mesh.node("a")
        b = self.mesh.node("b", seeds=[a])
        c = self.mesh.node("c", seeds=[a])
        mesh.wait_members([a, b, c], 3)
        c.kill()
        again = self.mesh.node("c", data=c.folder / "data")  # no seed, another port
        self.assertEqual(again.id, c.id)
        mesh.wait_members([again, a, b], 3)
        rows = [row for row in a.members() if row["id"] == c.id]
        self.assertEqual([row["address"] for row in rows], [again.mesh])

    def test_a_changed_address_needs_no_waiting(self):
        agent = self.mesh.agent(mesh.echo)
        a = self.mesh.node("a")
        b = self.mesh.node("b", seeds=[a], agent=agent, capabilities=["test.echo"])
        mesh.wait_capability(a, "test.echo")
        b.kill()
        start = time.monotonic()
        again = self.mesh.node("b", seeds=[a], agent=agent, capabilities=["test.echo"],
                               data=b.folder / "data")
        mesh.wait_until(lambda: a.call("test.echo", b"x", headers={
            "Idempotency-Key": "1"}).status == 200, "the moved node is called")
        self.assertLess(time.monotonic() - start, 5.0)
        self.assertNotEqual(again.mesh, b.mesh)

    def test_names_may_collide(self):
        a = self.mesh.node("same")
        b = self.mesh.node("same", seeds=[a])
        c = self.mesh.node("same", seeds=[a])
        mesh.wait_members([a, b, c], 3)
        self.assertEqual(len({row["id"] for row in a.members()}), 3)

    def test_join_by_hand(self):
        a, b = self.mesh.node("a"), self.mesh.node("b")
        done = mesh.parley("join", b.mesh, node=a)
        self.assertEqual(done.returncode, 0, done.stderr)
        mesh.wait_members([a, b], 2)

    def test_leave_by_hand_is_known_at_once(self):
        a = self.mesh.node("a")
        b = self.mesh.node("b", seeds=[a])
        mesh.wait_members([a, b], 2)
        start = time.monotonic()
        done = mesh.parley("leave", node=b)
        self.assertEqual(done.returncode, 0, done.stderr)
        mesh.wait_until(lambda: all(row["state"] == "left" for row in a.members()
                                    if row["id"] == b.id), "it is seen as left")
        self.assertLess(time.monotonic() - start, 3.0)

    def test_drain_by_hand_takes_no_calls(self):
        one, two = self.mesh.agent(mesh.named("one")), self.mesh.agent(mesh.named("two"))
        a = self.mesh.node("a", agent=one, capabilities=["test.name"])
        b = self.mesh.node("b", agent=two, capabilities=["test.name"], seeds=[a])
        caller = self.mesh.node("caller", seeds=[a])
        mesh.wait_capability(caller, "test.name", 2)
        done = mesh.parley("drain", node=a)
        self.assertEqual(done.returncode, 0, done.stderr)
        mesh.wait_until(lambda: any(row["id"] == a.id and row["state"] == "draining"
                                    for row in caller.members()), "it is seen as draining")
        self.assertTrue(a.alive())
        before = len(one.requests)
        self.assertEqual({caller.call("test.name").body for _ in range(20)}, {b"two"})
        self.assertEqual(len(one.requests), before)
        self.assertEqual(a.get("/readyz").status, 503)
        self.assertEqual(a.get("/livez").status, 200)
        self.assertTrue(b.alive())

    def test_check_finds_nothing_wrong_with_a_good_file(self):
        agent = self.mesh.agent(mesh.echo)
        path = self.mesh.folder / "good.yaml"
        path.write_text(f"node: {{ name: good, data: {self.mesh.folder}/good, mesh: 127.0.0.1:0, "
                        f"api: 127.0.0.1:0 }}\nagent:\n  url: {agent.url}\n"
                        "  capabilities: [{name: a.b}]\n")
        done = mesh.parley("check", "--config", str(path))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_an_agent_that_is_not_well_gets_no_calls(self):
        one, two = self.mesh.agent(mesh.named("one")), self.mesh.agent(mesh.named("two"))
        config = ("agent:\n  url: {}\n"
                  "  health: {{ path: /healthz, interval: 200ms, timeout: 200ms }}\n"
                  "  capabilities: [{{name: test.name}}]\n")
        a = self.mesh.node("a", config=config.format(one.url))
        b = self.mesh.node("b", config=config.format(two.url), seeds=[a])
        caller = self.mesh.node("caller", seeds=[a], config=mesh.ROUND_ROBIN)
        mesh.wait_capability(caller, "test.name", 2)

        def served():
            return {caller.call("test.name").body for _ in range(20)}

        mesh.wait_until(lambda: served() == {b"one", b"two"}, "both serve")
        one.healthy = False
        mesh.wait_until(lambda: a.get("/readyz").status == 503, "its node notices")
        mesh.wait_until(lambda: served() == {b"two"}, "the sick one is spared")
        one.healthy = True
        mesh.wait_until(lambda: b"one" in served(), "the recovered one serves again")
        self.assertTrue(b.alive())


if __name__ == "__main__":
    unittest.main()
