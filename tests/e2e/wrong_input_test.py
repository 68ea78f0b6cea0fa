#!/usr/bin/env python3
"""Wrong input is a clear error, or a node that goes on and says so; never a crash."""

import pathlib
import resource
import signal
import socket
import subprocess
import tempfile
import unittest

import mesh


class WrongInputTest(unittest.TestCase):
    def setUp(self):
        self.mesh = mesh.Mesh()
        self.addCleanup(lambda: self.mesh.__exit__(None, None, None))
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=self.mesh.folder))

    def run_node(self, *arguments):
        ports = [("--mesh", "127.0.0.1:0"), ("--api", "127.0.0.1:0")]
        picked = [word for flag, port in ports if flag not in arguments for word in (flag, port)]
        return mesh.parley("node", *picked, "--data", str(self.folder / "data"), *arguments,
                           timeout=15)

    def refused_configuration(self, text, *expected):
        path = self.folder / "parley.yaml"
        path.write_text(text)
        for done in (self.run_node("--config", str(path)),
                     mesh.parley("check", "--config", str(path), timeout=15)):
            self.assertEqual(done.returncode, 2, done.stderr + done.stdout)
            said = done.stderr + done.stdout
            for part in ("parley.yaml", *expected):
                self.assertIn(part, said)

    def test_yaml_that_is_none(self):
        self.refused_configuration("node:\n  name: [a\nagent:\n", ":")

    def test_an_unknown_key_names_its_line_and_the_nearest(self):
        self.refused_configuration("node:\n  name: a\n  sedes: [127.0.0.1:7400]\n",
                                   "3", "sedes", "seeds")

    def test_an_unknown_key_deep_down(self):
        self.refused_configuration(
            "agent:\n  url: http://127.0.0.1:1\n  capabilities:\n    - name: a.b\n"
            "      proficiensy: expert\n", "5", "proficiensy", "proficiency")

    def test_a_value_of_the_wrong_kind(self):
        self.refused_configuration("agent:\n  url: http://127.0.0.1:1\n  concurrency: many\n",
                                   "3", "concurrency")

    def test_a_configuration_that_is_not_there(self):
        done = self.run_node("--config", str(self.folder / "absent.yaml"))
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("absent.yaml", done.stderr)

    def test_wrong_flags(self):
        for arguments in (["--mesh", "nonsense"], ["--nonsense"], ["--agent", "ftp://x"],
                          ["--capability", "no spaces please"], ["--log", "loud"]):
            with self.subTest(arguments=arguments):
                done = self.run_node(*arguments)
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertTrue(done.stderr.strip())

    def test_a_taken_port(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            for flag in ("--api", "--mesh"):
                with self.subTest(flag=flag):
                    places = {"--mesh": "127.0.0.1:0", "--api": "127.0.0.1:0",
                              flag: f"127.0.0.1:{port}"}
                    done = mesh.parley("node", "--data", str(self.folder / "data"),
                                       *[word for place in places.items() for word in place])
                    self.assertEqual(done.returncode, 1, done.stderr)  # another time it works
                    self.assertEqual(done.stderr.count(str(port)), 1, done.stderr)
                    self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)

    def test_a_wrong_key_file(self):
        data = self.folder / "data"
        made = mesh.parley("keygen", "--data", str(data), "-o", "json")
        self.assertEqual(made.returncode, 0, made.stderr)
        keys = [path for path in data.rglob("*") if path.is_file()]
        for key in keys:
            self.assertEqual(key.stat().st_mode & 0o077, 0, f"{key} can be read by others")
            key.write_bytes(b"this is no key")
        done = self.run_node()
        self.assertIn(done.returncode, (1, 2), done.stderr)
        self.assertTrue(any(key.name in done.stderr for key in keys), done.stderr)
        for key in keys:
            self.assertEqual(key.read_bytes(), b"this is no key", "a wrong key was overwritten")

    def test_a_store_that_cannot_be_read(self):
        data = self.folder / "data"
        data.mkdir(mode=0o700)
        (data / "node.db").write_bytes(b"x" * 4096)
        done = self.run_node()
        self.assertEqual(done.returncode, 1, done.stderr)  # nothing that was configured is wrong
        self.assertIn("node.db", done.stderr)

    def test_a_name_to_advertise_that_is_not_found(self):
        done = self.run_node("--advertise", "name.invalid:7400")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("name.invalid", done.stderr)

    def test_an_unreachable_seed_is_said_and_retried(self):
        port = mesh.free_port()
        lonely = self.mesh.node("lonely", seeds=[f"127.0.0.1:{port}"])
        mesh.wait_until(lambda: str(port) in lonely.errors(), "the seed is named in the log")
        self.assertTrue(lonely.alive())
        self.assertEqual(lonely.get("/livez").status, 200)
        said = [line for line in lonely.errors().splitlines() if str(port) in line]
        self.assertEqual(len(said), 1, said)
        late = self.mesh.node("late", mesh=f"127.0.0.1:{port}")
        mesh.wait_members([lonely, late], 2, patience=40)

    def test_a_full_disk_crashes_nothing(self):
        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

        seed = self.mesh.node("seed")
        with open(self.folder / "stderr", "wb") as errors:
            process = subprocess.Popen(
                [mesh.BINARY, "node", "--name", "full", "--mesh", "127.0.0.1:0", "--api",
                 "127.0.0.1:0", "--seed", seed.mesh, "--data", str(self.folder / "full")],
                stdout=subprocess.PIPE, stderr=errors, text=True, preexec_fn=limit,
                env=mesh.environment())
        self.folder.joinpath("stderr").touch()
        node = mesh.Node(process, self.folder, ["full"])
        self.mesh.nodes.append(node)
        line = node._lines.get(timeout=mesh.PATIENCE)
        if line is None:  # it could not start
            self.assertIn(process.wait(timeout=10), (1, 2), node.errors())
            self.assertTrue(node.errors().strip())
        else:  # it goes on without its store
            mesh.wait_until(lambda: node.errors().strip(), "it says so")
            self.assertTrue(node.alive())

    def test_verbs_without_a_node_say_so(self):
        port = mesh.free_port()
        for verb in (["members"], ["capabilities"], ["call", "a.b"]):
            done = mesh.parley(*verb, "--api", f"127.0.0.1:{port}")
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertIn(str(port), done.stderr)
            self.assertEqual(len(done.stderr.strip().splitlines()), 1, done.stderr)

    def test_verbs_about_a_capability_that_nobody_offers_say_so(self):
        node = self.mesh.node("lonely")
        for verb in (["routes", "nobody.does"], ["routes", "nobody.does", "-o", "json"],
                     ["call", "nobody.does"], ["routes", "nobody does"]):
            with self.subTest(verb=verb):
                done = mesh.parley(*verb, "--api", node.api)
                self.assertEqual(done.returncode, 1, done.stderr + done.stdout)
                self.assertIn(verb[1], done.stderr)
                self.assertEqual(len(done.stderr.strip().splitlines()), 1, done.stderr)

    def test_verbs_with_wrong_usage_exit_with_two(self):
        for arguments in ([], ["nonsense"], ["call"], ["members", "-o", "xml"], ["node", "extra"],
                          ["agents", "nobody"], ["capabilities", "nobody.does"]):
            with self.subTest(arguments=arguments):
                done = mesh.parley(*arguments)
                self.assertEqual(done.returncode, 2, done.stderr + done.stdout)

    def test_every_verb_explains_itself(self):
        for verb in ("node", "keygen", "init", "check", "members", "agents", "capabilities",
                     "routes", "call", "join", "leave", "drain", "sim", "bench"):
            done = mesh.parley(verb, "--help")
            self.assertEqual(done.returncode, 0, verb)
            self.assertIn(verb, done.stdout)


if __name__ == "__main__":
    unittest.main()
