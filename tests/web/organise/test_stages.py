"""The pages of a commission's stages: moved, answered, closed and reopened by forms, and read by everybody."""

from __future__ import annotations

import httpx2
from support.app import House, field, filled_form, words
from support.factories import new_id

from forum.record.verify.archive import unpack
from forum.record.verify.export import Export
from forum.record.verify.further_tables import stages_rows
from forum.record.verify.public_log import Log
from forum.services import exports
from forum.voting.stage import QUESTIONS
from forum.web.words.stage_entries import stage_page
from forum.web.words.terms import stage_question

MOVE = {"to": "secure", "learnt": "Two nurses are enough.", "better": "More carers.", "took_part": "Carers and nurses"}


def typed(answer: httpx2.Response, name: str) -> str:
    """Returns what stands in a field of several lines."""
    return filled_form(answer, {})[name][0]


async def test_a_commission_goes_through_its_stages_by_forms_and_everybody_reads_it(house: House) -> None:
    commission = await house.commission(title="Night care")
    own, public = f"/organise/commissions/{commission.id}", f"/commissions/{commission.id}"
    async with (
        house.signed_in("commissioner") as one,
        house.signed_in("organiser") as other,
        house.browser() as anybody,
    ):
        shown = await one.get(f"{own}/stages")
        assert shown.status_code == 200
        moved = await one.post(f"{own}/move", data=MOVE | {"id": field(shown, "id"), "seen": field(shown, "seen")})
        assert (moved.status_code, moved.headers["location"]) == (303, f"{own}/stages")

        # Somebody else had the page open as it was before: told, and nothing typed is lost.
        late = MOVE | {"id": new_id(), "seen": "0", "to": "assess needs", "learnt": "We know “too little”."}
        told = await other.post(f"{own}/move", data=late)
        assert told.status_code == 409
        assert "It has been moved meanwhile" in words(told)
        assert typed(told, "learnt") == "We know “too little”."
        assert field(told, "seen") == "1"
        again = await other.post(f"{own}/move", data=late | {"seen": field(told, "seen")})
        assert again.status_code == 303
        wrong = await other.post(f"{own}/move", data={"seen": "2", "to": "monitor", "better": "More time"})
        assert wrong.status_code == 422
        assert typed(wrong, "better") == "More time"
        for name in ("to", "learnt"):
            assert f'href="#{name}"' in wrong.text

        answer = {"id": new_id(), "question": "assess needs/has", "words": "A café that is open at night"}
        assert (await other.post(f"{own}/note", data=answer)).status_code == 303
        bad = await other.post(f"{own}/note", data=answer | {"id": "", "question": "plan/has"})
        assert bad.status_code == 422
        assert typed(bad, "words") == "A café that is open at night"

        group = commission.groups[1].label
        closing = {"seen": "2", "closing": "It is done.", "group": [group], "group_words": ["We stay."]}
        assert (await one.post(f"{own}/close", data=closing)).status_code == 303
        for act, form, kept in (
            ("move", MOVE | {"seen": "2"}, "learnt"),
            ("note", answer | {"id": ""}, "words"),
            ("close", closing, "closing"),
        ):
            late_act = await other.post(f"{own}/{act}", data=form)
            assert late_act.status_code == 409
            assert typed(late_act, kept) == form[kept]
        asked = await anybody.get(public)
        for there in ("This work is done", "It is done.", "We stay.", "Two nurses are enough.", "More carers."):
            assert there in words(asked), there
        assert words(asked).index("It is done.") < words(asked).index("Two nurses are enough.")
        reopening = {"seen": "3", "because": "The money is back."}
        assert (await one.post(f"{own}/reopen", data=reopening)).status_code == 303
        twice = await other.post(f"{own}/reopen", data=reopening)
        assert twice.status_code == 409
        assert typed(twice, "because") == "The money is back."
        assert "The money is back." in words(await anybody.get(public))

        for stage, questions in QUESTIONS.items():
            read = await anybody.get(stage_page(commission.id, stage))
            assert read.status_code == 200
            assert all(stage_question(question) in words(read) for question in questions)
            assert ("The work is here now" in words(read).split("All stages")[0]) == (stage == "assess needs")
        needs = words(await anybody.get(stage_page(commission.id, "assess needs")))
        assert "A café that is open at night" in needs
        assert needs.count("Finding out what people need") == 3  # as title, as heading, and in the list of all stages
        assert "(assess needs)" in needs
        assert "Nobody has answered this yet." in needs
        left = words(await anybody.get(stage_page(commission.id, "plan")))
        assert "Two nurses are enough." in left
        for missing in (f"{public}/stages/dream", f"/commissions/{new_id()}/stages/plan"):
            assert (await anybody.get(missing)).status_code == 404

        # What entries say of it in words.
        for index, there in enumerate(
            ("Two nurses are enough.", "too little", "A café that is open at night", "We stay.", "The money is back.")
        ):
            assert there in words(await anybody.get(f"/record/{index}")), index
        tables = Log.read(Export(unpack(await exports.export(house.site.checkpoints))[0]).lines, None)
        acts = [(row["act"], row["from"], row["to"], row["question"], row["group"]) for row in stages_rows(tables)]
        assert acts == [
            ("moved", "plan", "secure", None, None),
            ("moved", "secure", "assess needs", None, None),
            ("answered", None, None, "has", None),
            ("closed", None, None, None, None),
            ("closed", None, None, None, group),
            ("reopened", None, None, None, None),
        ]
        assert [row["words"] for row in stages_rows(tables)][2:] == [
            "A café that is open at night",
            *("It is done.", "We stay.", "The money is back."),
        ]
        assert {row["better"] for row in stages_rows(tables) if row["act"] == "moved"} == {"More carers."}
        machine = {"Accept": "application/json"}
        refused = await one.post(f"{own}/move", data=MOVE, headers=machine)
        assert (refused.status_code, refused.json()["error"]["code"]) == (409, "illegal_move")
