#!/usr/bin/env python3
"""Four real validators decide: with one of them killed at any time, with two of them gone, after a
restart, for an observer, and for somebody who only has a file."""

import json
import os
import random
import subprocess
import unittest

import mesh


def parley(*arguments, check=True):
    done = subprocess.run([mesh.BINARY, *arguments], capture_output=True, text=True,
                          env=mesh.environment(), check=False, timeout=120)
    if check and done.returncode != 0:
        raise AssertionError(f"parley {' '.join(arguments)}: {done.returncode}\n{done.stderr}")
    return done


class Committee:
    """A mesh of validators that can be killed and started again at their places."""

    def __init__(self, run, count=4, admission="open", config=None):
        self.run = run
        self.config = config
        self.folders = [run.folder / f"validator-{i}" for i in range(count)]
        strings = [json.loads(parley("keygen", "--data", str(folder), "-o", "json").stdout)
                   ["validator"] for folder in self.folders]
        self.genesis = run.folder / "genesis.json"
        flags = [word for string in strings for word in ("--validator", string)]
        self.genesis.write_text(parley("init", "--name", "test", "--admission", admission,
                                       *flags).stdout)
        self.nodes = [None] * count
        for i in range(count):
            self.start(i)

    def start(self, i, **more):
        others = [node.mesh for node in self.nodes if node is not None]
        at = self.nodes[i].mesh if self.nodes[i] else "127.0.0.1:0"
        self.nodes[i] = self.run.node(f"v{i}", "--genesis", str(self.genesis),
                                      data=self.folders[i], mesh=at, seeds=others,
                                      **{"config": self.config, **more})
        return self.nodes[i]

    def observer(self, name, **more):
        return self.run.node(name, "--genesis", str(self.genesis), seeds=[self.nodes[0]],
                             **{"config": self.config, **more})

    def wait_complete(self, count):
        for node in self.nodes:
            mesh.wait_until(lambda: len(node.members()) >= count, "all members")


def propose(node, *arguments, wait="30s"):
    return json.loads(parley("propose", *arguments, "--wait", wait, "-o", "json", "--api",
                             node.api).stdout)


def documents(node):
    return {row["key"]: row for row in node.all_rows("/v1/documents")}


def standing(node):
    return node.get("/v1/agreement").json()


class AgreementTest(unittest.TestCase):
    def test_what_is_decided_is_the_same_everywhere_and_proves_itself(self):
        with mesh.Mesh() as run:
            committee = Committee(run)
            observer = committee.observer("observer")
            committee.wait_complete(5)
            decided = propose(committee.nodes[1], "document", "--key", "limits", "--value",
                              '{"daily": 100}')
            self.assertEqual(decided["height"], 1)
            for node in [*committee.nodes, observer]:
                mesh.wait_until(lambda: "limits" in documents(node), "the document everywhere")
                self.assertEqual(documents(node)["limits"]["value"], {"daily": 100})
            file = run.folder / "decision.json"
            parley("decisions", "show", decided["id"], "--proof", str(file), "--api", observer.api)
            genesis = str(committee.genesis)
            self.assertEqual(parley("verify", str(file), "--genesis", genesis).returncode, 0)
            good = file.read_bytes()
            for at in random.Random(7).sample(range(len(good)), 60):
                changed = bytearray(good)
                changed[at] ^= 1
                file.write_bytes(changed)
                done = parley("verify", str(file), "--genesis", genesis, check=False)
                self.assertEqual(done.returncode, 1, f"byte {at}")
                self.assertIn("does not hold: ", done.stderr)

    def test_nothing_acknowledged_is_lost_when_any_validator_is_killed(self):
        kills = int(os.environ.get("PARLEY_KILLS", "8"))
        draw = random.Random(11)
        with mesh.Mesh() as run:
            committee = Committee(run)
            committee.wait_complete(4)
            acknowledged = {}
            for turn in range(kills):
                victim = draw.randrange(4)
                asker = draw.choice([i for i in range(4) if i != victim])
                proposal = subprocess.Popen(
                    [mesh.BINARY, "propose", "document", "--key", f"k{turn}", "--value", str(turn),
                     "-o", "json", "--wait", "60s", "--api", committee.nodes[asker].api],
                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                    env=mesh.environment())
                committee.nodes[victim].kill()
                out, errors = proposal.communicate()
                self.assertEqual(proposal.returncode, 0, errors)
                acknowledged[f"k{turn}"] = json.loads(out)["height"]
                committee.start(victim)
            views = []
            for node in committee.nodes:
                mesh.wait_until(lambda: set(documents(node)) == set(acknowledged), "all documents",
                                60)
                views.append(documents(node))
            for key, height in acknowledged.items():
                self.assertEqual(views[0][key]["height"], height)
            self.assertTrue(all(view == views[0] for view in views))
            versions = [row["version"] for row in views[0].values()]
            self.assertEqual(len(set(versions)), len(versions), "one was executed twice")
            self.assertTrue(all(standing(node)["alarms"] == 0 for node in committee.nodes))

    def test_without_a_quorum_it_stops_and_goes_on_with_one(self):
        with mesh.Mesh() as run:
            committee = Committee(run)
            committee.wait_complete(4)
            propose(committee.nodes[0], "document", "--key", "before", "--value", "1")
            committee.nodes[2].kill()
            committee.nodes[3].kill()
            stuck = parley("propose", "document", "--key", "during", "--value", "2", "--wait", "1s",
                           "--api", committee.nodes[0].api, check=False)
            self.assertEqual(stuck.returncode, 1)
            self.assertIn("no certificate", stuck.stderr)
            self.assertNotIn("during", documents(committee.nodes[0]))
            committee.start(2)
            mesh.wait_until(lambda: "during" in documents(committee.nodes[0]), "what waited", 60)
            mesh.wait_until(lambda: "during" in documents(committee.nodes[2]), "the returned", 60)

    def test_a_decided_policy_is_live_on_every_node(self):
        with mesh.Mesh() as run:
            committee = Committee(run)
            agent = run.agent(lambda handler: handler.reply(b"done"))
            provider = committee.observer("provider", agent=agent, capabilities=["text.count"])
            caller = committee.observer("caller")
            mesh.wait_until(lambda: caller.capabilities(), "the capability")
            self.assertEqual(caller.call("text.count").status, 200)
            propose(committee.nodes[0], "policy", "--name", "slowly", "--scope", "text.*", "--yaml",
                    "rateLimit: { perCapability: { rate: 1/h, burst: 1 } }")
            for node in (caller, provider):
                mesh.wait_until(lambda: node.call("text.count").error() == "rate_limited",
                                "the limit")
            propose(committee.nodes[0], "policy", "--name", "slowly", "--remove")
            mesh.wait_until(lambda: caller.call("text.count").status == 200, "no limit")

    def test_an_evicted_node_is_dropped_and_stays_out(self):
        with mesh.Mesh() as run:
            committee = Committee(run)
            outcast = committee.observer("outcast")
            committee.wait_complete(5)
            propose(committee.nodes[0], "member", "--action", "admit", "--node", outcast.id)
            propose(committee.nodes[0], "evict", "--node", outcast.id, "--reason", "it misbehaved")

            def state_at(node):
                return next((row["state"] for row in node.members() if row["id"] == outcast.id),
                            "left")

            for node in committee.nodes:
                mesh.wait_until(lambda: state_at(node) == "left", "the outcast is gone", 30)
            outcast.kill()
            again = committee.observer("outcast", data=outcast.folder / "data")
            self.assertEqual(again.id, outcast.id)
            mesh.wait_until(lambda: again.metric("parley_links_failed_total") >= 2 or
                            committee.nodes[0].metric("parley_links_refused_total") >= 2,
                            "it was refused at the door, twice", 30)
            self.assertTrue(all(state_at(node) == "left" for node in committee.nodes))
            self.assertFalse([row for row in again.members() if row["state"] == "serving"
                              and row["id"] != again.id])
            # Nobody tells it so, but it knows who turns it away.
            mesh.wait_until(lambda: "admission: " in again.get("/readyz").body.decode(),
                            "it says so", 30)
            self.assertEqual(again.get("/readyz").status, 503)
            done = parley("propose", "document", "--key", "a", "--value", "1", "--api", again.api,
                          check=False)
            self.assertEqual(done.returncode, 1)
            self.assertIn("evicted", done.stderr)

    def test_an_orderly_end_lingers_for_nobody_and_loses_nothing_that_was_taken(self):
        with mesh.Mesh() as run:
            committee = Committee(run)
            observer = committee.observer("observer")
            committee.wait_complete(5)
            mesh.wait_until(lambda: len(observer.members()) >= 5, "the observer knows them")
            propose(observer, "document", "--key", "first", "--value", "1")
            body = json.dumps({"kind": "document", "key": "last", "value": 2})
            taken = mesh.request(observer.api, "POST", "/v1/proposals", body)
            self.assertEqual(taken.status, 202, taken)
            for node in (observer, committee.nodes[3]):
                self.assertEqual(node.terminate(), 0, node.errors())
                self.assertNotIn("ending although", node.errors())
            for node in committee.nodes[:3]:
                mesh.wait_until(lambda: "last" in documents(node), "what was taken", 30)

    def test_a_data_directory_of_another_mesh_is_refused(self):
        with mesh.Mesh() as run:
            committee = Committee(run, 1)
            propose(committee.nodes[0], "document", "--key", "a", "--value", "1")
            committee.nodes[0].terminate()
            other = run.folder / "other.json"
            seat = parley("keygen", "--data", str(committee.folders[0]), "-o", "json")
            other.write_text(parley("init", "--name", "elsewhere", "--validator",
                                    json.loads(seat.stdout)["validator"]).stdout)
            for genesis in (["--genesis", str(other)], []):
                flags = [*genesis, "--data", str(committee.folders[0]), "--mesh", "127.0.0.1:0",
                         "--api", "127.0.0.1:0"]
                for verb, code in (("node", 2), ("check", 1)):
                    done = parley(verb, *flags, check=False)
                    self.assertEqual(done.returncode, code, done.stderr)
                    name = "elsewhere" if genesis else "default"
                    for word in ("mesh test (", f"mesh {name} (", "--data"):
                        self.assertIn(word, done.stdout + done.stderr)
            committee.start(0)
            mesh.wait_until(lambda: "a" in documents(committee.nodes[0]), "its own mesh again")

    def test_what_makes_no_sense_is_refused_with_a_reason(self):
        with mesh.Mesh() as run:
            committee = Committee(run, 1)
            node = committee.nodes[0]
            self.assertEqual(propose(node, "document", "--key", "a", "--value", "1")["height"], 1)
            for body, status, words in [
                    ({"kind": "dance"}, 400, "kind must be"),
                    ({"kind": "document", "key": "a"}, 400, "value is missing"),
                    ({"kind": "document", "key": "a", "value": 2, "expected": 77}, 409, "version"),
                    ({"kind": "member", "action": "evict", "node": "ab", "reason": ""}, 400,
                     "64 hexadecimal"),
                    ({"kind": "member", "action": "leave", "node": "ab" * 32}, 400, "another one"),
                    ({"kind": "ballot", "question": "q", "role": "voter", "then": {"kind": 5}}, 400,
                     "then is no proposal"),
                    ({"kind": "document", "key": "a", "value": 2, "expect": 0}, 400,
                     'did you mean "expected"'),
                    ({"kind": "policy", "name": "p", "yaml": "foo: bar"}, 400, "unknown key"),
                    ({"kind": "policy", "name": "p", "yaml": "[1,"}, 400,
                     "yaml is no policy"),
                    ({"kind": "policy", "name": "p", "yaml": "retry: { attempts: 99 }"}, 400,
                     "from 1 to 10"),
                    ({"kind": "delete-document", "key": "none"}, 409, "unknown_document")]:
                answer = mesh.request(node.api, "POST", "/v1/proposals", json.dumps(body))
                self.assertEqual(answer.status, status, answer)
                self.assertIn(words, answer.json()["detail"])
            alone = run.node("alone")
            self.assertEqual(alone.get("/v1/decisions").status, 404)
            self.assertIn("no validators", alone.get("/v1/decisions").json()["detail"])


if __name__ == "__main__":
    unittest.main()
