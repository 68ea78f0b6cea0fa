#!/usr/bin/env python3
"""A scenario of the simulator, played by real nodes: nobody notices that a provider is gone."""

import json
import subprocess
import tempfile
import unittest

import mesh

SCENARIO = """parley-scenario 1
seed 3
nodes 5
agent service 2ms to 10ms checked 1
policy cap.* attempts 3
calls 120 from 8s every 20ms capabilities 2 providers 2 idempotent 1000000 deadline 5s\
 callers 1 depth 2
at 9s agent_down nodes 1 for 1s
chaos_ends 20s
"""


class RehearseTest(unittest.TestCase):
    def rehearse(self, text):
        with tempfile.NamedTemporaryFile("w", suffix=".scenario") as file:
            file.write(text)
            file.flush()
            return subprocess.run([mesh.BINARY, "sim", "rehearse", file.name, "-o", "json"],
                                  capture_output=True, text=True, env=mesh.environment(),
                                  check=False, timeout=120)

    def test_callers_do_not_notice_an_agent_that_is_down_for_a_second(self):
        played = self.rehearse(SCENARIO)
        self.assertEqual(played.returncode, 0, played.stderr)
        figures = json.loads(played.stdout)
        self.assertEqual(figures["calls"], 120)
        self.assertEqual(figures["succeeded"], 120)
        self.assertGreaterEqual(figures["attempts"], 240)

    def test_what_only_the_simulator_can_play_is_refused(self):
        played = self.rehearse(SCENARIO + "at 10s crash nodes 0 for 1s\n")
        self.assertEqual(played.returncode, 1)
        self.assertIn("crash is for the simulator", played.stderr)


if __name__ == "__main__":
    unittest.main()
