"""Many real nodes on one machine: how fast news and deaths travel, who stays alive."""

import json
import signal
import threading
import time

import mesh


class Swarm:
    """`count` nodes in one mesh. A node is asked until it knows, then not again: asking 250
    nodes all the time would itself be the load."""

    def __init__(self, run, count, together=8):
        self.run = run
        self.nodes = [run.node("node-0")]
        waiting = []
        for number in range(1, count):
            # Seeds are spread, as an operator would; few start at a time, so that two cores cope.
            seeds = [self.nodes[0], self.nodes[len(self.nodes) // 2]]
            waiting.append(run.start(f"node-{number}", "--log-level", "warning", seeds=seeds))
            if len(waiting) == together or number == count - 1:
                self.nodes += [node.wait_ready(120) for node in waiting]
                waiting = []

    def states_of(self, node, subject):
        return next((row["state"] for row in node.members() if row["id"] == subject.id), None)

    def wait_complete(self, patience=120.0):
        """Until every node sees every node serving; how long that took."""
        start = time.monotonic()
        left = list(self.nodes)

        def complete():
            while left and self.counts(left[-1]).get("serving", 0) == len(self.nodes):
                left.pop()
            return not left

        mesh.wait_until(complete, f"all see all {len(self.nodes)}; {len(left)} do not", patience)
        return time.monotonic() - start

    def counts(self, node):
        """Members by state, from the metric: cheaper than the list."""
        counts = {}
        for line in node.get("/metrics", timeout=60).body.decode().splitlines():
            if line.startswith("parley_members{"):
                state = line.split('state="')[1].split('"')[0]
                counts[state] = int(float(line.rsplit(" ", 1)[1]))
        return counts

    def news(self, teller, known):
        """Until every other node knows something of `teller`; the longest time."""
        start = time.monotonic()
        left = [node for node in self.nodes if node is not teller and node.alive()]

        def all_know():
            while left and known(left[-1]):
                left.pop()
            return not left

        mesh.wait_until(all_know, f"{len(left)} nodes do not know", 30)
        return time.monotonic() - start

    def new_capability(self, name="swarm.news"):
        """A node says something new; how long until all know."""
        teller = self.nodes[len(self.nodes) // 3]
        self.describe(teller, {"url": "http://127.0.0.1:9", "capabilities": [{"name": name}]})
        return self.news(teller, lambda node: name.encode() in node.get("/v1/capabilities").body)

    def at_capacity(self):
        """An agent gets as many calls as it may, and then none; how long until all know of each."""
        teller = self.nodes[len(self.nodes) // 3]
        called, go_on = threading.Event(), threading.Event()

        def answer(handler):
            called.set()
            go_on.wait(60)
            handler.reply(b"")

        agent = self.run.agent(answer)
        self.describe(teller, {"url": agent.url, "concurrency": 1,
                               "capabilities": [{"name": "swarm.one"}]})
        call = threading.Thread(target=teller.call, args=("swarm.one",), kwargs={"timeout": 90})
        call.start()
        assert called.wait(30), "the call did not arrive"
        full = self.news(teller, lambda node: self.states_of(node, teller) == "at_capacity")
        go_on.set()
        call.join()
        free = self.news(teller, lambda node: self.states_of(node, teller) == "serving")
        return full, free

    def describe(self, node, agent):
        answer = mesh.request(node.api, "PUT", "/v1/agent", json.dumps(agent),
                              {"Content-Type": "application/json"})
        assert answer.status in (200, 201, 204), answer

    def death(self):
        """kill -9; how long until all have declared it dead."""
        victim = self.nodes[len(self.nodes) // 2 + 1]
        victim.kill()
        took = self.news(victim, lambda node: self.states_of(node, victim) == "dead")
        self.nodes.remove(victim)
        return took

    def pause(self, seconds):
        """SIGSTOP, then SIGCONT: it must find itself and be found again."""
        node = self.nodes[len(self.nodes) // 4]
        node.process.send_signal(signal.SIGSTOP)
        time.sleep(seconds)  # the pause is the subject
        node.process.send_signal(signal.SIGCONT)
        return node

    def deaths_declared(self, node):
        """How many members this node has ever declared dead."""
        return int(node.metric("parley_gossip_deaths_total"))
