#!/usr/bin/env python3
"""The committee of real validators changes while it decides, and a file proves a decision across
the changes to somebody who has nothing but the founding document."""

import json
import random
import unittest

import mesh
from agreement_test import Committee, documents, parley, propose, standing


def validator_of(folder):
    return json.loads(parley("keygen", "--data", str(folder), "-o", "json").stdout)["validator"]


class CommitteeTest(unittest.TestCase):
    def wait_epoch(self, nodes, epoch):
        for node in nodes:
            mesh.wait_until(lambda: standing(node)["epoch"] >= epoch, f"epoch {epoch}", 30)

    def refused(self, node, *arguments):
        done = parley("propose", *arguments, "--wait", "5s", "--api", node.api, check=False)
        self.assertEqual(done.returncode, 1, done.stdout)
        return done.stderr

    def test_validators_come_and_go_and_the_proof_of_it_stands_alone(self):
        with mesh.Mesh() as run:
            committee = Committee(run)
            fifth = committee.observer("fifth", data=run.folder / "fifth")
            committee.wait_complete(5)
            asker = committee.nodes[0]
            propose(asker, "document", "--key", "before", "--value", "0")
            key = validator_of(run.folder / "fifth")

            # Not before it is a member.
            self.assertIn("is no member of the mesh yet",
                          self.refused(asker, "committee", "--add", key))
            propose(asker, "member", "--action", "admit", "--node", fifth.id)
            joined = propose(asker, "committee", "--add", key)
            self.assertEqual([event["event"] for event in joined["events"]], ["committee_changed"])
            everybody = [*committee.nodes, fifth]
            self.wait_epoch(everybody, 1)
            self.assertIn(fifth.id, standing(asker)["committee"])
            mesh.wait_until(lambda: standing(fifth)["validator"], "the fifth has a seat")

            # It counts: of five two more may be gone, but not three.
            propose(fifth, "document", "--key", "five", "--value", "1")
            committee.nodes[3].kill()
            propose(asker, "document", "--key", "four", "--value", "2")

            # The one that is gone gives its seat up; without it there are four, all of them ready.
            gone = committee.nodes[3].id
            left = propose(asker, "committee", "--remove", gone)
            staying = [*committee.nodes[:3], fifth]
            self.wait_epoch(staying, 2)
            self.assertNotIn(gone, standing(fifth)["committee"])
            last = propose(fifth, "document", "--key", "last", "--value", "3")
            self.assertGreater(last["height"], left["height"])
            self.assertEqual(last["epoch"], 2)

            # Whoever was away follows the changes, and has no vote any more.
            back = committee.start(3)
            mesh.wait_until(lambda: "last" in documents(back), "the one that was away", 60)
            self.assertEqual(standing(back)["epoch"], 2)
            self.assertFalse(standing(back)["validator"])

            self.proves_itself(run, committee, back, last["id"])
            self.assertTrue(all(standing(node)["alarms"] == 0 for node in [*staying, back]))

    def proves_itself(self, run, committee, node, decision):
        file = run.folder / "decision.json"
        parley("decisions", "show", decision, "--proof", str(file), "--api", node.api)
        arguments = ("verify", str(file), "--genesis", str(committee.genesis))
        self.assertEqual(json.loads(parley(*arguments, "-o", "json").stdout)["epoch"], 2)
        self.assertEqual(len(json.loads(file.read_text())["epochs"]), 2)
        good = file.read_bytes()
        said = set()
        for at in sorted(random.Random(3).sample(range(len(good)), 150)):
            changed = bytearray(good)
            changed[at] ^= 1
            file.write_bytes(changed)
            done = parley(*arguments, check=False)
            self.assertEqual(done.returncode, 1, f"byte {at}")
            self.assertIn("does not hold: ", done.stderr)
            said.add(done.stderr.split("does not hold: ")[1].split(":")[0])
        # The checks have names, and more than one of them was needed.
        self.assertLessEqual({"format", "end of epoch 0", "end of epoch 1", "certificate"}, said)

    def test_a_committee_that_could_not_run_is_refused_with_names(self):
        with mesh.Mesh() as run:
            committee = Committee(run)
            absent = run.folder / "absent"
            key = validator_of(absent)
            node_id = key.split(":")[1]
            first, second = committee.nodes[:2]
            committee.wait_complete(4)
            self.assertIn("pv1:", self.refused(first, "committee", "--add", "somebody"))
            self.assertIn("which has no seat",
                          self.refused(first, "committee", "--remove", node_id))
            self.assertIn("too_many_replaced", self.refused(
                first, "committee", "--remove", first.id, "--remove", second.id))
            self.assertIn("is the committee that there is", self.refused(first, "committee"))
            propose(first, "member", "--action", "admit", "--node", node_id)
            refusal = self.refused(first, "committee", "--add", key)
            self.assertIn("4 of 5", refusal)
            self.assertIn(node_id[:8], refusal)
            self.assertIn("did not answer", refusal)
            # Its own member under a key that it does not hold.
            wrong = f"pv1:{second.id}:{key.split(':')[2]}"
            self.assertIn("does not hold that vote key",
                          self.refused(first, "committee", "--add", wrong))
            self.assertIn("has a seat", self.refused(
                first, "evict", "--node", second.id, "--reason", "none"))
            self.assertEqual(standing(first)["epoch"], 0)


if __name__ == "__main__":
    unittest.main()
