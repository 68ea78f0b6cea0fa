#!/usr/bin/env python3
"""The agents of examples/, each beside its own node, called across the mesh."""

import json
import shutil
import subprocess
import sys
import unittest

import mesh


class ExamplesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.mesh = mesh.Mesh()
        cls.addClassCleanup(cls.mesh.__exit__, None, None, None)
        cls.seed = cls.mesh.node("seed")

    def beside(self, name, url, *capabilities):
        """A node beside an agent: (capability, path) each."""
        listed = "".join(f"\n    - {{ name: {name}, path: {path} }}" for name, path in capabilities)
        config = f"agent:\n  url: {url}\n  capabilities:{listed}\n"
        node = self.mesh.node(name, config=config, seeds=[self.seed])
        for capability, _ in capabilities:
            mesh.wait_capability(self.seed, capability)
        return node

    def test_inventory(self):
        url = self.mesh.example("inventory_agent.py", "--warehouses", "A,B")
        self.beside("inventory", url, ("inventory.lookup", "/lookup"))
        answer = self.seed.call("inventory.lookup", rest="?sku=A01-00&warehouse=A").json()
        self.assertEqual(answer["stock"], {"A": 26})
        answer = self.seed.call("inventory.lookup", b'{"text": "red bicycles XL"}').json()
        self.assertEqual(answer["found"], 12)

    def test_text(self):
        url = self.mesh.example("text_agent.py", "--pause", "0.01")
        self.beside("text", url, ("text.summarize", "/summarize"), ("text.count", "/count"),
                    ("text.stream", "/stream"))
        text = b"Nodes find agents. Agents call agents through nodes. It rained. Agents answer."
        self.assertIn("Agents", self.seed.call("text.summarize", text).json()["summary"])
        self.assertEqual(self.seed.call("text.count", text).json()["words"], 12)
        answer = self.seed.call("text.stream", text, rest="?sentences=2")
        self.assertEqual(answer.body.count(b"data: "), 3)
        self.assertEqual(answer.headers["Content-Type"], "text/event-stream")

    def test_slow_and_flaky(self):
        url = self.mesh.example("slow_agent.py", "--delay", "0.05")
        self.beside("slow", url, ("slow.echo", "/"))
        self.assertEqual(self.seed.call("slow.echo", b"hi").json()["echo"], "hi")
        url = self.mesh.example("flaky_agent.py", "--rate", "0.5", "--how", "status")
        self.beside("flaky", url, ("flaky.echo", "/"))
        statuses = {self.seed.call("flaky.echo", b"hi").status for _ in range(20)}
        self.assertEqual(statuses, {200, 503})

    @unittest.skipUnless(shutil.which("node"), "Node.js is not installed")
    def test_orders_compose_two_capabilities(self):
        url = self.mesh.example("inventory_agent.py")
        self.beside("stock", url, ("inventory.lookup", "/lookup"))
        self.beside("prices", self.mesh.example("pricing_agent.py"), ("pricing.quote", "/quote"))
        own = self.mesh.node("orders", seeds=[self.seed])
        url = self.mesh.example("orders_agent.mjs", "--node", f"http://{own.api}")
        block = {"url": url, "capabilities": [{"name": "orders.place", "path": "/order"}]}
        self.assertIn(mesh.request(own.api, "PUT", "/v1/agent", json.dumps(block),
                                   {"Content-Type": "application/json"}).status, (200, 201, 204))
        for capability in ("inventory.lookup", "pricing.quote"):
            mesh.wait_capability(own, capability)
        mesh.wait_capability(self.seed, "orders.place")
        wish = b'{"sku": "A01-00", "quantity": 3, "warehouse": "A"}'
        answer = self.seed.call("orders.place", wish, headers={"Parley-Deadline": "5s"})
        self.assertEqual(answer.status, 200, answer)
        order = answer.json()
        self.assertEqual((order["available"], order["accepted"]), (26, True))
        self.assertEqual(order["gross_eur"], "2316.93")

    def test_every_example_explains_itself(self):
        for program in ("inventory_agent.py", "pricing_agent.py", "text_agent.py", "slow_agent.py",
                        "flaky_agent.py", "orders_agent.mjs"):
            if program.endswith(".mjs") and not shutil.which("node"):
                continue
            done = subprocess.run([str(mesh.ROOT / "examples" / program), "--help"],
                                  capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, program)
            self.assertIn("usage:", done.stdout)

    def test_the_catalogue_is_what_its_program_writes(self):
        sys.path.insert(0, str(mesh.ROOT / "examples/data"))
        import generate_products

        lines = (mesh.ROOT / "examples/data/products.csv").read_text().splitlines()[1:]
        made = [",".join(map(str, row)) for row in generate_products.rows()]
        self.assertEqual(lines, made)


if __name__ == "__main__":
    unittest.main()
