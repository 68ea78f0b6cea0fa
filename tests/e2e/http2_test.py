#!/usr/bin/env python3
"""HTTP/2 with prior knowledge on the port of the API, as gRPC speaks it; by curl and Node.js."""

import json
import pathlib
import shutil
import subprocess
import sys
import unittest

import mesh

PROGRAM = str(pathlib.Path(__file__).with_name("grpc_like.mjs"))


def curl_speaks_http2():
    if not shutil.which("curl"):
        return False
    done = subprocess.run(["curl", "--version"], capture_output=True, text=True, check=True)
    return "HTTP2" in done.stdout


class Http2Test(unittest.TestCase):
    def curl(self, node, *arguments, data=None):
        command = ["curl", "--silent", "--show-error", "--http2-prior-knowledge",
                   "--max-time", "20", "--write-out", "\n%{http_version} %{http_code}", *arguments]
        if data is not None:
            command += ["--data-binary", "@-"]
        done = subprocess.run(command, input=data, capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        body, _, status = done.stdout.rpartition(b"\n")
        return body, status.decode()

    def test_calls_over_http2(self):
        with mesh.Mesh() as run:
            provider = run.node("provider", agent=run.agent(mesh.echo), capabilities=["test.echo"])
            caller = run.node("caller", seeds=[provider])
            mesh.wait_capability(caller, "test.echo")
            base = f"http://{caller.api}"
            body, status = self.curl(caller, f"{base}/livez")
            self.assertEqual(status, "2 200")
            for size in (0, 1000, 3_000_000):
                data = bytes(range(256)) * (size // 256 + 1)
                body, status = self.curl(caller, f"{base}/call/test.echo", data=data[:size])
                self.assertEqual(status, "2 200")
                self.assertTrue(body == data[:size], f"{len(body)} bytes of {size}")
            body, status = self.curl(caller, f"{base}/call/nobody.does.this")
            self.assertEqual(status, "2 503")
            self.assertIn(b"no_capable_agent", body)

    # Not by curl 7.88: it gives up on transfers that waited for a connection to be shared.
    @unittest.skipUnless(shutil.which("node"), "Node.js is not installed")
    def test_many_streams_on_one_connection(self):
        with mesh.Mesh() as run:
            provider = run.node("provider", agent=run.agent(mesh.named("it")),
                                capabilities=["test.name"])
            caller = run.node("caller", seeds=[provider])
            mesh.wait_capability(caller, "test.name")
            done = subprocess.run(["node", PROGRAM, "burst", f"http://{caller.api}/call/test.name"],
                                  capture_output=True, text=True, timeout=20, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(json.loads(done.stdout), {"200 it": 100})

    @unittest.skipUnless(shutil.which("node"), "Node.js is not installed")
    def test_a_call_as_grpc_makes_it(self):
        with mesh.Mesh() as run:
            port = run.first_line(["node", PROGRAM, "agent"])
            provider = run.node("provider", agent=f"h2c://127.0.0.1:{port}",
                                capabilities=["test.grpc"])
            caller = run.node("caller", seeds=[provider])
            mesh.wait_capability(caller, "test.grpc")
            done = subprocess.run(
                ["node", PROGRAM, "call", f"http://{caller.api}/call/test.grpc/pkg.Service/Method"],
                capture_output=True, text=True, timeout=20, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            result = json.loads(done.stdout)
            self.assertEqual(result["messages"], "one two three ")
            self.assertEqual(result["trailers"], {"grpc-status": "0", "grpc-message": "ok"})
            self.assertEqual((result["status"], result["type"], result["path"]),
                             (200, "application/grpc", "/pkg.Service/Method"))


if __name__ == "__main__":
    if not curl_speaks_http2():
        print("skipped: this machine has no curl with HTTP/2")
        sys.exit(77)
    unittest.main()
