#!/usr/bin/env python3
"""A validator whose disk takes nothing, or gives back other bytes than it took: it says so, votes
no more, and goes on once it was mended. Nobody ever sees it vote twice."""

import json
import resource
import shutil
import signal
import unittest

import mesh
from agreement_test import Committee, documents, parley, propose, standing

FILL = json.dumps("x" * 4000)


class AgreementFaultsTest(unittest.TestCase):
    def nobody_lied(self, nodes):
        for node in nodes:
            self.assertEqual(standing(node)["accused"], [])

    def fill(self, node, count):
        for number in range(count):
            propose(node, "document", "--key", f"fill{number}", "--value", FILL)

    def test_a_full_disk_silences_a_validator_until_there_is_room(self):
        with mesh.Mesh() as run:
            committee = Committee(run)
            committee.wait_complete(4)
            victim, asker = committee.nodes[3], committee.nodes[0]
            self.fill(asker, 20)
            mesh.wait_until(lambda: "fill19" in documents(victim), "the victim follows")
            log = committee.folders[3] / "agreement.log"
            # No file may grow, or be written, beyond what the log has by now.
            most = 48 * 1024
            self.assertGreater(log.stat().st_size, most)
            _, hard = resource.prlimit(victim.process.pid, resource.RLIMIT_FSIZE)
            resource.prlimit(victim.process.pid, resource.RLIMIT_FSIZE, (most, hard))
            propose(asker, "document", "--key", "without", "--value", "1")
            mesh.wait_until(lambda: victim.get("/readyz").status == 503, "it says so", 30)
            self.assertIn("agreement", victim.get("/healthz").body.decode())
            mesh.wait_until(lambda: not standing(victim)["votes"], "it says that it votes not")
            self.assertEqual(victim.metric("parley_agreement_votes"), 0)
            self.assertIn("does not vote", victim.get("/readyz").body.decode())
            mesh.wait_until(lambda: "agreement cannot write" in victim.errors(), "in the log", 30)
            self.assertIn('parley_condition_holds{condition="agreement"} 0',
                          victim.get("/metrics").body.decode())
            # The others are a quorum, and three of three are needed now.
            propose(asker, "document", "--key", "still", "--value", "1")
            resource.prlimit(victim.process.pid, resource.RLIMIT_FSIZE, (hard, hard))
            mesh.wait_until(lambda: victim.get("/readyz").status == 200, "it is well again", 30)
            mesh.wait_until(lambda: "still" in documents(victim), "it catches up", 30)
            self.assertEqual(victim.metric("parley_agreement_votes"), 1)
            # It votes again: one other may go.
            committee.nodes[1].kill()
            propose(asker, "document", "--key", "after", "--value", "1", wait="60s")
            self.nobody_lied([asker, committee.nodes[2], victim])

    def test_a_cut_log_never_makes_a_validator_vote_twice(self):
        with mesh.Mesh() as run:
            committee = Committee(run)
            committee.wait_complete(4)
            asker = committee.nodes[0]
            self.fill(asker, 5)
            for turn in range(3):
                committee.nodes[3].kill()
                log = committee.folders[3] / "agreement.log"
                content = log.read_bytes()
                used = len(content.rstrip(b"\0"))
                log.write_bytes(content[:max(1, used - 40 - 900 * turn)])
                victim = committee.start(3)
                propose(asker, "document", "--key", f"turn{turn}", "--value", "1", wait="60s")
                mesh.wait_until(lambda: f"turn{turn}" in documents(victim), "it follows", 60)
            self.nobody_lied(committee.nodes)

    def test_a_damaged_or_lost_log_costs_the_key_and_a_new_key_mends_it(self):
        for damage in ("flipped", "lost"):
            with self.subTest(damage), mesh.Mesh() as run:
                committee = Committee(run)
                committee.wait_complete(4)
                asker = committee.nodes[0]
                self.fill(asker, 5)
                committee.nodes[3].kill()
                log = committee.folders[3] / "agreement.log"
                if damage == "flipped":
                    content = bytearray(log.read_bytes())
                    middle = len(content.rstrip(b"\0")) // 2
                    for place in range(middle, middle + 8):  # padding has seven bytes at most
                        content[place] ^= 0x55
                    log.write_bytes(content)
                else:
                    log.unlink()
                victim = committee.start(3)
                mesh.wait_until(lambda: "follows and does not vote" in victim.errors(),
                                "it says so")
                self.abstains(victim, asker, "first")
                # No restart makes it forget that.
                victim.kill()
                victim = committee.start(3)
                self.abstains(victim, asker, "second")
                # The same key is not let back in; a fresh one is.
                victim.kill()
                (committee.folders[3] / "voter.key").rename(run.folder / "old.key")
                victim = committee.start(3)
                committee.wait_complete(4)
                key = json.loads(parley("keygen", "--data", str(committee.folders[3]), "-o",
                                        "json").stdout)["validator"]
                propose(asker, "committee", "--add", key, wait="60s")
                mesh.wait_until(lambda: standing(victim)["validator"] and
                                not standing(victim)["abstains"], "it has a seat again", 30)
                self.assertEqual(victim.metric("parley_agreement_votes"), 1)
                committee.nodes[1].kill()
                propose(asker, "document", "--key", "after", "--value", "1", wait="60s")
                self.nobody_lied([asker, committee.nodes[2], victim])

    def test_a_restored_copy_that_found_out_votes_no_more_after_its_next_start(self):
        with mesh.Mesh() as run:
            committee = Committee(run)
            committee.wait_complete(4)
            knows, victim = committee.nodes[0], committee.nodes[3]
            propose(knows, "document", "--key", "before", "--value", "1")
            victim.kill()
            shutil.copytree(committee.folders[3], run.folder / "copy")
            victim = committee.start(3)
            committee.wait_complete(4)
            # It votes: three of three are needed. Then two open a view that they cannot end.
            committee.nodes[1].kill()
            propose(knows, "document", "--key", "needed", "--value", "1", wait="60s")
            committee.nodes[2].kill()
            parley("propose", "document", "--key", "open", "--value", "1", "--wait", "3s", "--api",
                   victim.api, check=False)
            self.assertTrue(standing(victim)["busy"], "no view is open")
            victim.kill()
            shutil.rmtree(committee.folders[3])
            (run.folder / "copy").rename(committee.folders[3])
            victim = committee.start(3)
            mesh.wait_until(lambda: standing(victim)["abstains"], "it finds out")
            self.assertIn("restored copy", victim.get("/readyz").body.decode())
            # Those who are up at its next start know nothing of it.
            victim.kill()
            knows.process.send_signal(signal.SIGSTOP)
            committee.start(1)
            committee.start(2)
            victim = committee.start(3)
            self.assertTrue(standing(victim)["abstains"])
            self.assertEqual(victim.metric("parley_agreement_votes"), 0)
            self.assertIn("voter.spent", victim.errors())
            knows.process.send_signal(signal.SIGCONT)
            self.abstains(victim, committee.nodes[1], "after")
            self.nobody_lied(committee.nodes)

    def abstains(self, victim, asker, key):
        self.assertTrue(standing(victim)["abstains"])
        self.assertGreaterEqual(standing(victim)["alarms"], 1)
        self.assertEqual(victim.metric("parley_agreement_votes"), 0)
        ready = victim.get("/readyz")
        self.assertEqual(ready.status, 503)
        self.assertIn("does not vote", ready.body.decode())
        self.assertFalse(standing(victim)["votes"])
        self.assertIn("does not vote", parley("decisions", "--api", victim.api).stderr)
        propose(asker, "document", "--key", key, "--value", "1", wait="60s")
        mesh.wait_until(lambda: key in documents(victim), "it follows all the same", 60)


if __name__ == "__main__":
    unittest.main()
