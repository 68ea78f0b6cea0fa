#!/usr/bin/env python3
"""Meshes that do not take everybody: by vote, and by invitation."""

import json
import unittest

import mesh
from agreement_test import Committee, documents, parley, propose, standing


def states_of(node, who):
    return [row["state"] for row in node.members() if row["id"] == who]


class DoorsTest(unittest.TestCase):
    def assert_outside(self, stranger, members):
        """It knocked, was refused, and neither side knows the other."""
        mesh.wait_until(lambda: stranger.metric("parley_links_failed_total") >= 2 or
                        members[0].metric("parley_links_refused_total") >= 2,
                        "it was refused at the door, twice", 30)
        for node in members:
            self.assertEqual(states_of(node, stranger.id), [])
        self.assertEqual([row["id"] for row in stranger.members() if row["state"] == "serving"
                          and row["id"] != stranger.id], [])
        self.assertEqual(standing(stranger)["height"], 0)

    def assert_inside(self, node, members):
        for member in members:
            mesh.wait_until(lambda: states_of(member, node.id) == ["serving"], "it is a member", 30)
        mesh.wait_until(lambda: "secret" in documents(node), "it hears what was decided", 30)

    def test_who_was_not_voted_in_gets_nothing(self):
        with mesh.Mesh() as run:
            committee = Committee(run, admission="vote")
            committee.wait_complete(4)
            first = committee.nodes[0]
            propose(first, "document", "--key", "secret", "--value", "1")
            stranger = committee.observer("stranger")
            self.assert_outside(stranger, committee.nodes)
            # Alone nobody may let it in: a ballot is opened, and three of four have to agree.
            ballot = propose(first, "member", "--action", "admit", "--node", stranger.id)
            self.assertEqual(ballot["kind"], "open_ballot")
            for node in committee.nodes[:2]:
                propose(node, "vote", "--ballot", ballot["id"], "--choice", "agree")
            self.assertEqual(states_of(first, stranger.id), [])
            rows = first.all_rows("/v1/ballots")
            self.assertEqual([(row["result"], len(row["votes"])) for row in rows], [("open", 2)])
            carried = propose(committee.nodes[2], "vote", "--ballot", ballot["id"], "--choice",
                              "agree")
            self.assertIn("member_admitted", [event["event"] for event in carried["events"]])
            self.assert_inside(stranger, committee.nodes)

    def test_an_invitation_opens_the_door_and_nothing_else_does(self):
        with mesh.Mesh() as run:
            committee = Committee(run, admission="invitation")
            committee.wait_complete(4)
            propose(committee.nodes[0], "document", "--key", "secret", "--value", "1")
            stranger = committee.observer("stranger")
            guest_folder = run.folder / "guest"
            guest_id = json.loads(parley("keygen", "--data", str(guest_folder), "-o",
                                         "json").stdout)["id"]
            invitation = parley("invite", "--node", guest_id, "--valid", "1h", "--api",
                                committee.nodes[1].api).stdout.strip()
            self.assertTrue(invitation.startswith("pi1:"))
            # Made out to somebody else, and signed by nobody.
            thief = committee.observer("thief", **{"data": run.folder / "thief"})
            thief.kill()
            thief = run.node("thief", "--genesis", str(committee.genesis), "--invitation",
                             invitation, seeds=[committee.nodes[0]], data=run.folder / "thief")
            flipped = invitation[:-1] + ("0" if invitation[-1] != "0" else "1")
            forger = run.node("forger", "--genesis", str(committee.genesis), "--invitation",
                              flipped, seeds=[committee.nodes[0]])
            guest = run.node("guest", "--genesis", str(committee.genesis), "--invitation",
                             invitation, seeds=[committee.nodes[0]], data=guest_folder)
            self.assertEqual(guest.id, guest_id)
            self.assert_inside(guest, committee.nodes)
            for outsider in (stranger, thief, forger):
                self.assertEqual(states_of(committee.nodes[0], outsider.id), [])
                self.assertEqual(standing(outsider)["height"], 0)
            # Who was let in somewhere else, or not yet, cannot know what it may do.
            alone = run.node("alone", "--genesis", str(committee.genesis), "--invitation",
                             invitation)
            early = mesh.request(alone.api, "POST", "/v1/invitations", "{}")
            self.assertEqual(early.status, 503, early)
            self.assertIn("catching up", early.json()["detail"])
            # For whoever shows it first, and only for that one.
            open_invitation = parley("invite", "--api", committee.nodes[0].api).stdout.strip()
            late = run.node("late", "--genesis", str(committee.genesis), "--invitation",
                            open_invitation, seeds=[committee.nodes[3]])
            self.assert_inside(late, committee.nodes)
            later = run.node("later", "--genesis", str(committee.genesis), "--invitation",
                             open_invitation, seeds=[committee.nodes[3]])
            # Whoever is a member starts again without it.
            guest.kill()
            again = run.node("guest", "--genesis", str(committee.genesis),
                             seeds=[committee.nodes[0]], data=guest_folder)
            self.assert_inside(again, committee.nodes)
            self.assertEqual(states_of(committee.nodes[0], later.id), [])

    def test_an_open_mesh_shuts_out_an_identity_that_it_never_had(self):
        with mesh.Mesh() as run:
            committee = Committee(run, 1)
            node = committee.nodes[0]
            never = "ab" * 32
            refused = parley("propose", "evict", "--node", never, "--reason", "none", "--api",
                             node.api, check=False)
            self.assertEqual(refused.returncode, 1)
            self.assertIn("--action revoke", refused.stderr)
            guest = committee.observer("guest")
            mesh.wait_until(lambda: states_of(node, guest.id) == ["serving"], "the guest")
            propose(node, "member", "--action", "revoke", "--node", guest.id, "--reason", "stolen")
            mesh.wait_until(lambda: states_of(node, guest.id) in ([], ["left"]), "gone", 30)
            self.assertEqual(node.get("/v1/invitations").status, 405)
            answer = mesh.request(node.api, "POST", "/v1/invitations", "{}")
            self.assertEqual(answer.status, 409)
            self.assertIn("open", answer.json()["detail"])


if __name__ == "__main__":
    unittest.main()
