"""Two structures made one: on any population nothing is lost, and what was decided stays byte for byte."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from backoffice.core.clock import now
from backoffice.core.extensions import Base, db
from backoffice.core.passwords import token_hash
from backoffice.core.permissions import Role
from backoffice.core.transactions import atomic
from backoffice.models import (
    CampaignInvitation,
    Fiche,
    ImportJob,
    ImportKind,
    ImportMapping,
    Invitation,
    InvitationState,
    JobStatus,
    JoinRequest,
    JoinState,
    Mail,
    Membership,
    Organisme,
    OrganismeMerge,
    Phase,
    Revision,
    RevisionState,
    StructureCheck,
    StructurePair,
    Subject,
    Support,
    TransitionLog,
    Verification,
)
from backoffice.models.content import Contact, Structure, dump
from exports.flux.build import find, full
from exports.fragment.build import organisme_numero
from tests.support import factories as make
from tests.support.bases import KEPT_TABLES
from tests.support.visitor import Visitor
from workflows.case import Refused
from workflows.fiches import operations
from workflows.fiches.engine import apply
from workflows.structures import merge as structure_merge
from workflows.structures.carriers import answer
from workflows.structures.merge import merge
from workflows.structures.merge_identity import PARTS
from workflows.structures.merge_rows import JOINS, OWN, STAYS, name_of, references, uniques

AT = datetime(2040, 11, 1, 5, 28, 47, tzinfo=UTC)
LONG_AGO = datetime(2026, 3, 1, tzinfo=UTC)


def snapshot() -> dict[str, dict[tuple[Any, ...], dict[str, Any]]]:
    """{table: {primary key: {column: value}}} of the whole base, without the reference tables."""
    db.session.rollback()
    found = {}
    for table in Base.metadata.sorted_tables:
        if table.name in KEPT_TABLES:
            continue
        keys = [column.name for column in table.primary_key.columns]
        rows = db.session.execute(select(table)).mappings().all()
        found[table.name] = {tuple(row[key] for key in keys): dict(row) for row in rows}
    db.session.rollback()
    return found


def test_every_table_that_names_a_structure_follows_and_says_what_becomes_of_two_that_say_the_same(app):
    """A table made later is named here: it needs a row in BUILDERS, and in JOINS where something is unique."""
    following = [column for column in references() if name_of(column) not in STAYS | OWN]
    assert {column.table.name for column in following} - {"organisme"} == set(BUILDERS)
    assert {name_of(column) for column in following if list(uniques(column))} == set(JOINS)


# --- Any population ------------------------------------------------------------------------------------


class Crowd:
    """Two structures that are the same, a third one, and who works with them; made once, filled at each example."""

    def __init__(self) -> None:
        self.moderator, self.funder, self.admin = make.moderator(), make.funder(), make.administrator()
        self.campaigns = [make.campaign(self.moderator) for _ in range(2)]
        self.people = [make.user(f"Personne {rank}") for rank in range(3)]
        db.session.commit()
        self.rank = 0

    def structures(self, draw) -> list[Organisme]:
        made = []
        for rank in range(3):
            one = Organisme(territoire_id=make.territoire().id)
            one.said = Structure(
                nom=f"Structure {rank}",
                siret=draw(st.sampled_from(["", make.SIRET, "73282932000074"])),
                rna=draw(st.sampled_from(["", "W143000001", "W143000002"])),
                contact=Contact(draw(st.sampled_from(["", "Accueil", "Secrétariat"]))),
            )
            one.contacts = draw(st.sampled_from([{}, {"administratif": dump(Contact("Compta", "", "", ""))}]))
            one.qualiopi = draw(st.sampled_from([None, True, False]))
            lieux = draw(st.lists(st.sampled_from(["", "Bibliothèque"]), max_size=2, unique=True))
            place = make.complete_content().lieux[0]
            one.lieux = [dump(place)] if lieux else []
            made.append(one)
        db.session.add_all(made)
        db.session.flush()
        db.session.execute(delete(Membership))
        db.session.commit()
        return made


def fiches(crowd: Crowd, draw, whose: Organisme) -> None:
    states = [RevisionState.BROUILLON, RevisionState.SOUMISE, RevisionState.VALIDEE, RevisionState.REFUSEE]
    writer = next((one.user for one in memberships_of(whose)), None)
    if writer is not None:
        for state in draw(st.lists(st.sampled_from(states), max_size=2)):
            fiche = make.fiche_in(state, writer, crowd.moderator)
            db.session.execute(Fiche.__table__.update().where(Fiche.id == fiche.id).values(organisme_id=whose.id))
            db.session.commit()


def memberships_of(organisme: Organisme) -> list[Membership]:
    return list(db.session.scalars(select(Membership).where(Membership.organisme_id == organisme.id)))


def members(crowd: Crowd, draw, whose: Organisme) -> None:
    for person in crowd.people:
        role = draw(st.sampled_from([None, Role.SAISIE, Role.RESPONSABLE]))
        if role:
            db.session.add(Membership(user_id=person.id, organisme_id=whose.id, role=role))
    db.session.commit()


def supports(crowd: Crowd, draw, whose: Organisme) -> None:
    for rank in draw(st.sets(st.integers(0, 1))):
        said = draw(st.sampled_from([None, True, False]))
        when = LONG_AGO + timedelta(draw(st.integers(0, 5)))
        answered = None if said is None else when
        crowd.rank += 1
        db.session.add(
            Support(
                organisme_id=whose.id, siret=make.SIRET, email=f"porteuse{rank}@exemple.fr", nom="Fédération",
                token_hash=f"jeton-{crowd.rank}", accepted=said, answered_at=answered,
            )
        )  # fmt: skip


def grants(crowd: Crowd, draw, whose: Organisme) -> None:
    for _ in range(draw(st.integers(0, 2))):
        crowd.rank += 1
        make.convention(crowd.funder, whose, reference=f"R{crowd.rank}")


def invitations(crowd: Crowd, draw, whose: Organisme) -> None:
    for campaign in draw(st.lists(st.sampled_from(crowd.campaigns), unique=True)):
        at = LONG_AGO + timedelta(draw(st.integers(0, 5)))
        db.session.add(CampaignInvitation(campaign_id=campaign.id, organisme_id=whose.id, invited_at=at))


def import_jobs(crowd: Crowd, draw, whose: Organisme) -> None:
    for _ in range(draw(st.integers(0, 2))):
        db.session.add(
            ImportJob(
                created_by_id=crowd.moderator.id, organisme_id=whose.id, territoire_id=whose.territoire_id,
                kind=ImportKind.LHEO, filename="a.xml", stored="", phase=Phase.LECTURE, status=JobStatus.FINI,
            )
        )  # fmt: skip


def mappings(crowd: Crowd, draw, whose: Organisme) -> None:
    if chosen := draw(st.dictionaries(st.sampled_from(["Titre", "Ville"]), st.sampled_from(["a", "b"]))):
        db.session.add(ImportMapping(organisme_id=whose.id, chosen=chosen))


def checks(crowd: Crowd, draw, whose: Organisme) -> None:
    known = st.tuples(st.sampled_from(["siret", "rna"]), st.sampled_from(["1", "2"]), st.booleans())
    for subject, value, by_hand in draw(st.sets(known, max_size=4)):
        db.session.add(
            StructureCheck(
                organisme_id=whose.id, subject=Subject(subject), value=value, by_hand=by_hand,
                actor_id=crowd.moderator.id if by_hand else None, source="" if by_hand else "Sirene",
                state=draw(st.sampled_from([Verification.VERIFIEE, Verification.CONTREDITE])),
                at=LONG_AGO + timedelta(draw(st.integers(0, 5))), note="", findings=[],
            )
        )  # fmt: skip


def people_who_come(crowd: Crowd, draw, whose: Organisme) -> None:
    for rank in draw(st.sets(st.integers(0, 1))):
        crowd.rank += 1
        state = draw(st.sampled_from([InvitationState.OUVERTE, InvitationState.RETIREE]))
        db.session.add(
            Invitation(
                token_hash=f"invitation-{crowd.rank}", email=f"invitee{rank}@exemple.fr", organisme_id=whose.id,
                role=draw(st.sampled_from([Role.SAISIE, Role.RESPONSABLE])), invited_by_id=crowd.moderator.id,
                expires_at=now(), state=state, closed_at=None if state is InvitationState.OUVERTE else LONG_AGO,
            )
        )  # fmt: skip


def requests(crowd: Crowd, draw, whose: Organisme) -> None:
    for person in draw(st.lists(st.sampled_from(crowd.people), unique=True)):
        state = draw(st.sampled_from([JoinState.EN_ATTENTE, JoinState.RETIREE]))
        closed = None if state is JoinState.EN_ATTENTE else LONG_AGO
        said = {"words": "Moi.", "due_on": LONG_AGO.date(), "state": state, "closed_at": closed}
        db.session.add(JoinRequest(organisme_id=whose.id, user_id=person.id, **said))


BUILDERS = {
    "membership": members,
    "fiche": fiches,
    "support": supports,
    "convention": grants,
    "campaign_invitation": invitations,
    "import_job": import_jobs,
    "import_mapping": mappings,
    "structure_check": checks,
    "invitation": people_who_come,
    "join_request": requests,
}
"""{table that names a structure: rows of it}, in an order in which they can be made."""

JOINED_COLUMNS = {
    "membership": {"role"},
    "support": {"accepted", "answered_at"},
    "campaign_invitation": {"invited_at"},
    "invitation": {"role", "state", "closed_at"},
    "join_request": {"state", "closed_at"},
    "import_mapping": {"chosen"},
    "structure_check": {"state", "source", "findings", "note", "actor_id", "at"},
}
GROWING = {"organisme_merge", "change", "mail", "notification", "link", "structure_pair"}
"""Tables to which a merge adds rows; it changes none of theirs."""


@pytest.fixture
def crowd(app) -> Crowd:
    return Crowd()


@given(data=st.data())
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_the_two_had_the_one_has_and_nothing_else_changed(crowd, data):
    db.session.rollback()
    draw = data.draw
    kept, gone, third = structures = crowd.structures(draw)
    for build in BUILDERS.values():
        for structure in structures:
            build(crowd, draw, structure)
            db.session.commit()
    one, two = sorted((gone.id, third.id))
    if draw(st.booleans()):
        db.session.add(StructurePair(first_id=one, second_id=two, actor_id=crowd.admin.id))
    db.session.commit()
    ids = kept.id, gone.id
    chosen = {name: draw(st.sampled_from(["kept", "gone"])) for name in draw(st.sets(st.sampled_from(sorted(PARTS))))}
    roles = {person.id: [m.role for m in person.memberships if m.organisme_id in ids] for person in crowd.people}
    before = snapshot()
    with atomic() as session:
        record = merge(session, *ids, chosen, crowd.admin)
        record_id = record.id
    check(before, snapshot(), *ids, record_id)
    held = {row.user_id: row.role for row in memberships_of(db.session.get_one(Organisme, ids[0]))}
    assert held == {
        id_: Role.RESPONSABLE if Role.RESPONSABLE in had else Role.SAISIE for id_, had in roles.items() if had
    }


def test_of_two_that_say_the_same_the_one_that_says_more_is_left(crowd):
    """Roles, answers of carriers, invitations, columns, checks: each both ways round."""
    person, funder = crowd.people[0], crowd.campaigns[0]
    for mine, theirs in ((1, 2), (2, 1)):  # which of the two said it last, has the wider role…
        kept, gone = make.organisme("Une"), make.organisme("Une autre")
        for one, rank in ((kept, mine), (gone, theirs)):
            at = LONG_AGO + timedelta(rank)
            wide, tag = rank == 2, f"{one.id}-{rank}"
            role = Role.RESPONSABLE if wide else Role.SAISIE
            support = {"siret": "1", "email": "p@exemple.fr", "nom": "P", "token_hash": tag}
            checked = {"subject": Subject.SIRET, "value": "1", "by_hand": False, "findings": [], "note": "", "at": at}
            state = Verification.CONTREDITE if wide else Verification.VERIFIEE
            db.session.add_all(
                [
                    Membership(user_id=person.id, organisme_id=one.id, role=role),
                    Support(organisme_id=one.id, accepted=wide, answered_at=at, **support),
                    CampaignInvitation(campaign_id=funder.id, organisme_id=one.id, invited_at=at),
                    ImportMapping(organisme_id=one.id, chosen={"Titre": tag, tag: "a"}),
                    StructureCheck(organisme_id=one.id, state=state, source="Sirene", **checked),
                ]
            )
        db.session.commit()
        with atomic() as session:
            merge(session, kept.id, gone.id, {}, crowd.admin)

        def only(model, whose=kept.id):
            return db.session.scalars(select(model).where(model.organisme_id == whose)).one()

        assert only(Membership).role is Role.RESPONSABLE
        assert only(Support).accepted is True
        assert only(Support, gone.id).accepted is (theirs == 2)
        assert only(CampaignInvitation).invited_at == LONG_AGO + timedelta(1)
        assert only(ImportMapping).chosen["Titre"] == f"{kept.id}-{mine}"
        assert len(only(ImportMapping).chosen) == 3
        assert only(StructureCheck).state is Verification.CONTREDITE


def check(before, after, kept: int, gone: int, record_id: int) -> None:
    record = db.session.get_one(OrganismeMerge, record_id)
    naming: dict[str, set[str]] = {}
    for column in references():
        if name_of(column) not in STAYS | OWN:
            naming.setdefault(column.table.name, set()).add(column.name)
    for table, rows in before.items():
        new = after[table]
        assert set(new) - set(rows) == set() or table in GROWING, table
        absorbed = {json.dumps(plain(row), sort_keys=True) for row in record.absorbed.get(table, [])}
        moved = {key for name, keys in record.moved.items() if name.split(".")[0] == table for key in keys}
        for key, row in rows.items():
            if key not in new:
                assert json.dumps(plain(row), sort_keys=True) in absorbed, f"{table} {key} est perdu"
                continue
            changed = {name for name in row if row[name] != new[key][name]}
            if table == "organisme":
                alive(row, new[key], changed, kept, gone)
                continue
            allowed = naming.get(table, set())
            follows = changed & allowed
            assert changed <= allowed | JOINED_COLUMNS.get(table, set()), f"{table} {key} : {changed}"
            assert ("-".join(map(str, key)) in moved) == bool(follows)
            for name in follows:
                assert (row[name], new[key][name]) == (gone, kept)
            if not follows and allowed and any(row[name] == gone for name in allowed):
                assert table == "support"  # the link of its e-mail still answers
    for table in ("revision", "transition_log", "fragment", "obligation", "obligation_event", "publication"):
        assert before[table] == after[table]
    twins = {(row["siret"], row["email"]) for row in after["support"].values() if row["organisme_id"] == kept}
    left = {(row["siret"], row["email"]) for row in after["support"].values() if row["organisme_id"] == gone}
    assert left <= twins
    assert record.before["gone"]["nom"] == before["organisme"][gone,]["nom"]


def alive(row, new, changed, kept, gone) -> None:
    if row["id"] == gone:
        assert changed <= {"merged_into_id", "set_aside"}
        assert new["merged_into_id"] == kept
    elif row["id"] == kept:
        assert not changed & {"id", "territoire_id", "created_at", "merged_into_id", "set_aside"}
    else:
        assert changed <= {"merged_into_id"}
        assert not changed or (row["merged_into_id"], new["merged_into_id"]) == (gone, kept)


def plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: structure_merge._plain(value) for name, value in row.items()}


# --- What people see -------------------------------------------------------------------------------------


@pytest.fixture
def doubles(app) -> tuple[Organisme, Organisme]:
    kept, gone = make.organisme("Centre social des Tilleuls"), make.organisme("Centre social Les Tilleuls")
    return kept, gone


def test_the_next_flow_has_the_same_bytes_and_the_next_approval_the_new_structure(doubles, tmp_path):
    kept, gone = doubles
    olga, moderator = make.provider("Olga Double", gone), make.moderator()
    fiche = make.fiche_in(RevisionState.VALIDEE, olga, moderator)
    numero = fiche.numero

    def flow(name: str) -> bytes:
        file = tmp_path / name
        full(db.session(), find(db.session(), "normandie"), file, at=AT)
        return Path(file).read_bytes()

    before = flow("avant.xml")
    with atomic() as session:
        merge(session, kept.id, gone.id, {}, moderator)
    assert flow("apres.xml") == before
    fiche = db.session.get_one(Fiche, fiche.id)
    assert (fiche.numero, fiche.organisme_id) == (numero, kept.id)
    assert olga.organisme_ids == {kept.id}
    told = db.session.scalars(select(Mail).where(Mail.notice == "structures_reunies")).one()
    assert "Centre social Les Tilleuls" in told.text
    operations.open_draft(db.session(), fiche.id, olga)
    db.session.commit()
    for name, by in (("soumettre", olga), ("prendre", moderator), ("valider", moderator)):
        make.step(db.session.get_one(Fiche, fiche.id), name, by)
    after = flow("valide.xml").decode()
    assert organisme_numero("28", gone.id)[-7:] not in after
    assert organisme_numero("28", kept.id)[-7:] in after


def test_a_carrier_answers_by_the_letter_of_either(doubles):
    kept, gone = doubles
    for rank, one in enumerate(doubles):
        hash_ = token_hash(f"jeton-{rank}")
        db.session.add(
            Support(organisme_id=one.id, siret="1", email="p@exemple.fr", nom="Fédération", token_hash=hash_)
        )
    moderator = make.moderator()
    with atomic() as session:
        merge(session, kept.id, gone.id, {}, moderator)
    answer(db.session(), "jeton-1", True)
    db.session.commit()
    assert db.session.scalars(select(Support.accepted).where(Support.organisme_id == kept.id)).all() == [True]


def test_nobody_acts_for_the_structure_that_is_gone_and_its_addresses_lead_to_the_other(app, doubles):
    kept, gone = doubles
    provider, moderator = make.provider("Olga Double", gone), make.moderator()
    olga, marc = Visitor(app, provider), Visitor(app, moderator)
    with atomic() as session:
        merge(session, kept.id, gone.id, {}, moderator)
    assert olga.get(f"/structures/{gone.id}").headers["Location"].endswith(f"/structures/{kept.id}")
    assert marc.get(f"/structures/{gone.id}").status_code == 301
    assert "Centre social des Tilleuls" in marc.see(f"/moderation/structures/{gone.id}").text
    assert "Les Tilleuls" not in marc.see("/moderation/structures/?q=Tilleuls").text
    made = operations.create_fiche(db.session(), db.session.get_one(Organisme, gone.id), "ASL", provider)
    assert made.organisme_id == kept.id
    for pair in ((kept.id, gone.id), (gone.id, kept.id)):
        assert marc.get(f"/structures/doublons/{pair[0]}/{pair[1]}").status_code == 404
    third = make.organisme("Troisième")
    with atomic() as session:
        merge(session, third.id, kept.id, {}, make.administrator())
    assert db.session.get_one(Organisme, gone.id).merged_into_id == third.id


def test_a_moderator_joins_only_within_their_territoires_an_administrator_anywhere(app):
    here, east = make.organisme(), make.organisme("Association de l’Est", "grand-est")
    moderator, admin = make.moderator(), make.administrator()
    make.fiche_in(RevisionState.SOUMISE, make.provider("Olga Est", east), make.moderator("Elsa Est", "grand-est"))
    for by, ids in ((moderator, (here.id, east.id)), (moderator, (east.id, here.id)), (admin, (here.id, here.id))):
        with pytest.raises(Refused), atomic() as session:
            merge(session, *ids, {}, by)
    assert db.session.scalar(select(OrganismeMerge.id)) is None
    with atomic() as session:
        merge(session, here.id, east.id, {"nom": "gone"}, admin)
    kept = db.session.get_one(Organisme, here.id)
    assert kept.nom == "Association de l’Est"
    gone = db.session.get_one(Organisme, east.id)
    assert (gone.nom, gone.set_aside["nom"]) == ("Association de l’Est", "Centre social des Tilleuls")


# --- At the same moment ----------------------------------------------------------------------------------


@pytest.mark.committed
@pytest.mark.parametrize("same_way", [True, False])
def test_two_merges_at_once_leave_one(app, doubles, same_way):
    kept, gone = (one.id for one in doubles)
    people = [make.moderator("Marc Modèle"), make.moderator("Mina Modèle")]
    ways = [(kept, gone), (kept, gone) if same_way else (gone, kept)]
    sides = [(Visitor(app, person), way) for person, way in zip(people, ways, strict=True)]
    db.session.remove()
    start = threading.Barrier(2)

    def join(side):
        visitor, (one, two) = side
        start.wait()
        return visitor.post(f"/structures/doublons/{one}/{two}", {"confirmation": "oui"})

    with ThreadPoolExecutor(2) as pool:
        answers = sorted(one.status_code for one in pool.map(join, sides))
    assert answers in ([303, 404], [303, 409])
    assert len(db.session.scalars(select(OrganismeMerge)).all()) == 1
    dead = db.session.scalars(select(Organisme).where(Organisme.merged_into_id.is_not(None))).all()
    assert len(dead) == 1


@pytest.mark.committed
@pytest.mark.parametrize("first", ["merge", "work"])
def test_what_is_done_during_a_merge_waits_for_it_and_is_coherent(app, doubles, first):
    """One connection merges; another one sends a fiche, and begins a new one, of the structure that goes."""
    kept, gone = (one.id for one in doubles)
    olga = make.provider("Olga Double", doubles[1])
    moderator = make.moderator()
    fiche = make.draft(olga)
    ids, olga_id, moderator_id = (fiche.id, fiche.latest.id), olga.id, moderator.id
    db.session.remove()
    engine, begun = db.engine, threading.Event()

    def merging(session: Session) -> None:
        merge(session, kept, gone, {}, session.get_one(type(moderator), moderator_id))

    def working(session: Session) -> None:
        actor, fiche = session.get_one(type(olga), olga_id), session.get_one(Fiche, ids[0])
        assert fiche.organisme_id in actor.organisme_ids
        apply(session, "soumettre", fiche_id=ids[0], revision_id=ids[1], actor=actor)
        operations.create_fiche(session, session.get_one(Organisme, gone), "ASL", actor)

    one, two = (merging, working) if first == "merge" else (working, merging)
    refused: list[str] = []

    def second() -> None:
        with app.app_context(), Session(engine) as session:
            begun.set()
            try:
                two(session)
                session.commit()
            except Refused as error:
                refused.append(error.message)

    with Session(engine) as session:
        one(session)
        thread = threading.Thread(target=second)
        thread.start()
        begun.wait()
        thread.join(0.3)
        assert thread.is_alive()  # it waits
        session.commit()
    thread.join(20)
    assert not thread.is_alive()
    assert refused == []
    states = {row.organisme_id: row for row in db.session.scalars(select(Fiche))}
    assert set(states) == {kept}
    assert db.session.get_one(Revision, ids[1]).state is RevisionState.SOUMISE
    assert len(db.session.scalars(select(Fiche)).all()) == 2
    assert db.session.scalars(select(TransitionLog).where(TransitionLog.transition == "soumettre")).one()
