#!/usr/bin/env python3
"""The swarms that are too heavy for every test run: 64 nodes (news under 1 s, a death under 6 s),
then 250 nodes on busy cores, one of them stopped and continued (nobody living is declared dead)."""

import argparse
import json
import multiprocessing
import os
import sys
import time

import mesh
import swarm


def busy(until):
    while time.monotonic() < until:
        pass


def news_and_death(count):
    with mesh.Mesh() as run:
        nodes = swarm.Swarm(run, count)
        figures = {"nodes": count, "complete_seconds": nodes.wait_complete(300)}
        figures["news_seconds"] = [nodes.new_capability(f"swarm.news{turn}") for turn in range(3)]
        figures["death_seconds"] = [nodes.death() for _ in range(3)]
        megabytes = sorted(node.resident_bytes() / 2**20 for node in nodes.nodes)
        figures["rss_megabytes_median"] = megabytes[len(megabytes) // 2]
        return figures


def survival(count, seconds):
    with mesh.Mesh() as run:
        nodes = swarm.Swarm(run, count)
        figures = {"nodes": count, "complete_seconds": nodes.wait_complete(600)}
        end = time.monotonic() + seconds
        hogs = [multiprocessing.Process(target=busy, args=(end,)) for _ in range(os.cpu_count())]
        for hog in hogs:
            hog.start()
        nodes.pause(seconds / 4)
        while time.monotonic() < end:
            time.sleep(1)  # the nodes are what runs here
        for hog in hogs:
            hog.join()
        sample = nodes.nodes[::max(1, count // 10)]
        figures["dead_seen_under_load"] = nodes.deaths_seen(sample)
        figures["recovered_seconds"] = nodes.wait_complete(300)
        figures["dead_seen_after"] = nodes.deaths_seen()
        return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, default=64)
    parser.add_argument("--crowd", type=int, default=250, help="nodes on busy cores (0: leave out)")
    parser.add_argument("--seconds", type=float, default=60, help="how long the cores are busy")
    arguments = parser.parse_args()
    figures = {"news_and_death": news_and_death(arguments.nodes)}
    print(json.dumps(figures, indent=2), flush=True)
    good = (max(figures["news_and_death"]["news_seconds"]) < 1.0
            and max(figures["news_and_death"]["death_seconds"]) < 6.0)
    if arguments.crowd:
        figures["survival"] = survival(arguments.crowd, arguments.seconds)
        good = good and figures["survival"]["dead_seen_under_load"] == 0
        good = good and figures["survival"]["dead_seen_after"] == 0
    print(json.dumps(figures, indent=2))
    print("good" if good else "NOT as promised")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
