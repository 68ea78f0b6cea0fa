#!/usr/bin/env python3
"""scripts/demo tells its story, ends with 0 and leaves nothing behind."""

import subprocess
import sys
import unittest

import mesh


def descendants():
    """Processes of anybody's that run our binary or an example, by command line."""
    listed = subprocess.run(["ps", "-eo", "pid=,args="], capture_output=True, text=True, check=True)
    return {line.strip() for line in listed.stdout.splitlines() if "parley-demo-" in line}


class DemoTest(unittest.TestCase):
    def test_the_demo_shows_what_it_says(self):
        before = descendants()
        done = subprocess.run([sys.executable, str(mesh.ROOT / "scripts/demo.py"), "--binary",
                               mesh.BINARY], capture_output=True, text=True, timeout=150,
                              env=mesh.environment(), check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn(": 0 failed", done.stdout)
        self.assertIn("nothing is left behind", done.stdout)
        self.assertEqual(descendants() - before, set())


if __name__ == "__main__":
    unittest.main()
