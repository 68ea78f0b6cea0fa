#!/usr/bin/env python3
"""The swarms that are too heavy for every test run: 64 nodes (news under 1 s, a death under 6 s),
then 250 nodes on busy cores, one of them stopped and continued (nobody living is declared dead).
With --observers, instead: four validators and so many observers, all of which have a decided policy
under 1 s after it was asked for."""

import argparse
import json
import multiprocessing
import os
import sys
import time

import agreement_test
import mesh
import swarm


def busy():
    while True:
        pass


def news_and_death(count):
    with mesh.Mesh() as run:
        nodes = swarm.Swarm(run, count)
        figures = {"nodes": count, "complete_seconds": nodes.wait_complete(300)}
        figures["news_seconds"] = [nodes.new_capability(f"swarm.news{turn}") for turn in range(3)]
        full, free = zip(*[nodes.at_capacity() for _ in range(3)])
        figures["at_capacity_seconds"] = full
        figures["free_again_seconds"] = free
        figures["death_seconds"] = [nodes.death() for _ in range(3)]
        figures["living_declared_dead"] = sum(
            nodes.deaths_declared(node) - 3 for node in nodes.nodes)
        megabytes = sorted(node.resident_bytes() / 2**20 for node in nodes.nodes)
        figures["rss_megabytes_median"] = megabytes[len(megabytes) // 2]
        return figures


def survival(count, together, seconds, pause):
    """Joins, then busy cores, then one node stopped and continued, the cores still busy."""
    with mesh.Mesh() as run:
        start = time.monotonic()
        nodes = swarm.Swarm(run, count, together)
        nodes.wait_complete(600)
        figures = {"nodes": count, "started_seconds": time.monotonic() - start}
        figures["declared_dead_while_joining"] = sum(map(nodes.deaths_declared, nodes.nodes))
        hogs = [multiprocessing.Process(target=busy, daemon=True) for _ in range(os.cpu_count())]
        for hog in hogs:
            hog.start()
        time.sleep(seconds)  # the nodes are what runs here
        before = {node.id: nodes.deaths_declared(node) for node in nodes.nodes}
        figures["declared_dead_on_busy_cores"] = (
            sum(before.values()) - figures["declared_dead_while_joining"])
        paused = nodes.pause(pause)
        figures["all_serving_again_seconds"] = nodes.wait_complete(300)
        after = {node.id: nodes.deaths_declared(node) - before[node.id] for node in nodes.nodes}
        figures["declared_dead_by_the_continued"] = after.pop(paused.id)
        # The others may have taken the stopped one for dead, once.
        figures["saw_the_stopped_die"] = sum(deaths > 0 for deaths in after.values())
        figures["declared_others_dead"] = sum(max(0, deaths - 1) for deaths in after.values())
        for hog in hogs:
            hog.terminate()
            hog.join()
        figures["starvations"] = sum(
            int(node.metric("parley_gossip_starvations_total")) for node in nodes.nodes)
        return figures


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * share))]


def decided_everywhere(committee, clients, turn):
    """Seconds from the question to when each node has the decided policy in its state."""
    asked = time.monotonic()
    body = {"kind": "policy", "name": "limits", "scope": "text.*",
            "yaml": f"rateLimit: {{ perCapability: {{ rate: {turn + 1}/s, burst: 1 }} }}"}
    asker = committee.nodes[turn % len(committee.nodes)]
    answer = mesh.request(asker.api, "POST", "/v1/proposals?wait=30s", json.dumps(body))
    height = answer.json()["height"]
    took = {asker.id: time.monotonic() - asked}
    while len(took) < len(clients):
        for node, client in clients.items():
            if node in took:
                continue
            if client.request("GET", "/v1/agreement").json()["height"] >= height:
                took[node] = time.monotonic() - asked
    return list(took.values())


def observed(count, together, turns):
    with mesh.Mesh() as run:
        committee = agreement_test.Committee(run)
        observers = []
        while len(observers) < count:
            wave = [run.start(f"o{len(observers) + i}", "--genesis", str(committee.genesis),
                              seeds=[committee.nodes[0]])
                    for i in range(min(together, count - len(observers)))]
            observers += [node.wait_ready(120) for node in wave]
        everybody = [*committee.nodes, *observers]
        mesh.wait_members(everybody, len(everybody), patience=300)
        clients = {node.id: mesh.Client(node.api) for node in everybody}
        decided_everywhere(committee, clients, turns)  # who is new has caught up then
        seconds = []
        for turn in range(turns):
            seconds.append(decided_everywhere(committee, clients, turn))
            time.sleep(0.5)  # it becomes quiet, as it mostly is
        told = [one for of in seconds for one in of]
        return {"nodes": len(everybody), "changes": turns, "p50_seconds": percentile(told, 0.5),
                "p99_seconds": percentile(told, 0.99), "max_seconds": max(told),
                "slowest_of_each_change": [max(of) for of in seconds]}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, default=64, help="of the first part (0: leave out)")
    parser.add_argument("--crowd", type=int, default=250, help="nodes on busy cores (0: leave out)")
    parser.add_argument("--observers", type=int, default=0, help="of four validators, alone")
    parser.add_argument("--changes", type=int, default=20, help="of policy that they observe")
    parser.add_argument("--together", type=int, default=8, help="of the crowd start at a time")
    parser.add_argument("--seconds", type=float, default=40,
                        help="how long the cores are busy before one node is stopped")
    parser.add_argument("--pause", type=float, default=20, help="how long that node is stopped")
    arguments = parser.parse_args()
    figures, good = {}, True
    if arguments.observers:
        arguments.nodes = arguments.crowd = 0
        few = figures["observed"] = observed(
            arguments.observers, arguments.together, arguments.changes)
        good = few["max_seconds"] < 1.0
    if arguments.nodes:
        few = figures["news_and_death"] = news_and_death(arguments.nodes)
        print(json.dumps(figures, indent=2), flush=True)
        told = max(*few["news_seconds"], *few["at_capacity_seconds"])
        good = (told < 1.0 and max(few["death_seconds"]) < 6.0
                and few["living_declared_dead"] == 0)
    if arguments.crowd:
        crowd = figures["survival"] = survival(
            arguments.crowd, arguments.together, arguments.seconds, arguments.pause)
        good = good and not any(crowd[name] for name in (
            "declared_dead_while_joining", "declared_dead_on_busy_cores",
            "declared_dead_by_the_continued", "declared_others_dead"))
    print(json.dumps(figures, indent=2))
    print("good" if good else "NOT as promised")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
