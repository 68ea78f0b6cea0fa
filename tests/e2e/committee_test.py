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
            checkpoint = standing(asker)["epoch_id"]
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
            self.proves_itself_from(run, committee, back, checkpoint, joined["id"], last["id"])
            self.assertTrue(all(standing(node)["alarms"] == 0 for node in [*staying, back]))

    def proves_itself(self, run, committee, node, decision):
        file = run.folder / "decision.json"
        parley("decisions", "show", decision, "--proof", str(file), "--api", node.api)
        arguments = ("verify", str(file), "--genesis", str(committee.genesis))
        self.assertEqual(json.loads(parley(*arguments, "-o", "json").stdout)["epoch"], 2)
        self.assertEqual(len(json.loads(file.read_text())["epochs"]), 2)
        said = self.changed_bytes_fail(file, arguments)
        # The checks have names, and more than one of them was needed.
        self.assertLessEqual({"format", "end of epoch 0", "end of epoch 1", "certificate"}, said)

    def proves_itself_from(self, run, committee, node, checkpoint, earlier, decision):
        """For somebody who knows no more than the id of epoch 1."""
        genesis = ("--genesis", str(committee.genesis))
        trusted = ("--checkpoint", checkpoint)
        file = run.folder / "from-there.json"
        parley("decisions", "show", decision, "--proof", str(file), *trusted, "--api", node.api)
        self.assertEqual(len(json.loads(file.read_text())["epochs"]), 1)
        shown = json.loads(parley("verify", str(file), *trusted, "-o", "json").stdout)
        self.assertEqual((shown["epoch"], shown["epoch_id"]), (2, standing(node)["epoch_id"]))
        said = self.changed_bytes_fail(file, ("verify", str(file), *trusted))
        self.assertLessEqual({"format", "checkpoint", "end of epoch 1", "certificate"}, said)
        # It begins too late for the founding document, and the whole file passes the checkpoint.
        done = parley("verify", str(file), *genesis, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("does not hold: checkpoint: ", done.stderr)
        parley("decisions", "show", decision, "--proof", str(file), "--api", node.api)
        parley("verify", str(file), *trusted)
        said = self.changed_bytes_fail(file, ("verify", str(file), *trusted), 60)
        self.assertIn("end of epoch 0", said)
        # What was decided before it needs an earlier one.
        early = parley("decisions", "show", earlier, "--proof", str(file), *trusted, "--api",
                       node.api, check=False)
        self.assertEqual(early.returncode, 1)
        self.assertIn("before the checkpoint", early.stderr)
        for wrong in ((), ("--checkpoint", "12"), (*genesis, *trusted)):
            self.assertEqual(parley("verify", str(file), *wrong, check=False).returncode, 2)

    def changed_bytes_fail(self, file, arguments, count=150):
        good = file.read_bytes()
        said = set()
        for at in sorted(random.Random(3).sample(range(len(good)), count)):
            changed = bytearray(good)
            changed[at] ^= 1
            file.write_bytes(changed)
            done = parley(*arguments, check=False)
            self.assertEqual(done.returncode, 1, f"byte {at}")
            self.assertIn("does not hold: ", done.stderr)
            said.add(done.stderr.split("does not hold: ")[1].split(":")[0])
        file.write_bytes(good)
        return said

    def test_where_the_voters_decide_a_ballot_changes_the_committee(self):
        with mesh.Mesh() as run:
            committee = Committee(run, admission="vote")
            fifth = committee.observer("fifth", data=run.folder / "fifth")
            committee.wait_complete(4)
            first, second, third, fourth = committee.nodes

            def carry(ballot, voters):
                self.assertEqual(ballot["kind"], "open_ballot")
                for node in voters:
                    last = propose(node, "vote", "--ballot", ballot["id"], "--choice", "agree")
                return [event["event"] for event in last["events"]]

            admitted = propose(first, "member", "--action", "admit", "--node", fifth.id)
            self.assertIn("member_admitted", carry(admitted, (first, second, third)))
            mesh.wait_until(lambda: standing(fifth)["height"] > 0, "the fifth follows", 30)

            # What one may not do alone becomes a ballot about it, and the vote that carries it is
            # the seal of the epoch.
            asked = propose(second, "committee", "--add", validator_of(run.folder / "fifth"))
            self.assertIn("committee_changed", carry(asked, (second, third, fourth)))
            everybody = [*committee.nodes, fifth]
            self.wait_epoch(everybody, 1)
            mesh.wait_until(lambda: standing(fifth)["validator"], "the fifth has a seat")

            # The same as a question with words and an end of its own.
            then = json.dumps({"kind": "committee", "remove": [fourth.id]})
            asked = propose(first, "ballot", "--question", "Does the fourth give its seat up?",
                            "--role", "voter", "--agree", "3", "--then", then)
            self.assertIn("committee_changed", carry(asked, (first, second, third)))
            self.wait_epoch(everybody, 2)
            self.assertNotIn(fourth.id, standing(fifth)["committee"])
            rows = {row["question"]: row for row in first.all_rows("/v1/ballots")}
            row = rows["Does the fourth give its seat up?"]
            self.assertEqual((row["result"], row["agreed"], row["refusal"]), ("carried", 3, ""))
            propose(fifth, "document", "--key", "after", "--value", "1")
            mesh.wait_until(lambda: "after" in documents(fourth), "who left follows")

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
