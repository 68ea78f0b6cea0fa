#!/usr/bin/env python3
"""Sixteen real nodes on one machine; swarm_of_processes.py does the same with 64 and 250."""

import unittest

import mesh
import swarm

NODES = 16
NEWS_MAX_SECONDS = 1.0
DEATH_MAX_SECONDS = 6.0


class SwarmTest(unittest.TestCase):
    def test_news_and_deaths_travel_and_the_living_live(self):
        with mesh.Mesh() as run:
            nodes = swarm.Swarm(run, NODES)
            print(f"{NODES} nodes know each other after {nodes.wait_complete():.1f} s more")
            news = nodes.new_capability()
            print(f"a new capability is known to all after {news:.2f} s")
            self.assertLess(news, NEWS_MAX_SECONDS)
            full, free = nodes.at_capacity()
            print(f"a full agent is known to all after {full:.2f} s, a free one after {free:.2f} s")
            self.assertLess(full, NEWS_MAX_SECONDS)
            death = nodes.death()
            print(f"a killed node is dead for all after {death:.2f} s")
            self.assertLess(death, DEATH_MAX_SECONDS)
            paused = nodes.pause(1.0)
            nodes.wait_complete(60)
            self.assertTrue(paused.alive())
            for node in nodes.nodes:
                self.assertEqual(nodes.deaths_declared(node), 1, "only the killed one is dead")


if __name__ == "__main__":
    unittest.main()
