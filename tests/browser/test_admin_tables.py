"""The tables of the administration in a real browser, under our policy: what cannot be undone asks first."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from backoffice.core.extensions import db
from backoffice.models import Change, Flux, ReadySentence
from tests.support import factories as make

from .conftest import PHONE, WIDE, NewPerson

REFUSALS = (
    """document.addEventListener("securitypolicyviolation", (refused) => console.error(refused.violatedDirective))"""
)


@pytest.mark.parametrize("size", [pytest.param(WIDE, id="1280px"), pytest.param(PHONE, id="390px")])
def test_each_kind_of_page(app: Flask, someone: NewPerson, size: dict[str, int]) -> None:
    email, territoire = make.administrator().email, make.territoire().id
    make.moderator()
    sentence = db.session.scalars(select(ReadySentence.id)).first()
    flux = db.session.scalars(select(Flux.id)).first()
    db.session.remove()
    alma = someone(size)
    alma.page.add_init_script(REFUSALS)
    alma.login(email)
    alma.follow("Tables de référence")
    alma.follow("Communes")
    alma.write(alma.page, "Mots cherchés", "caen")
    alma.press("Chercher")
    alma.page.get_by_role("link", name="Caen", exact=True).click()
    alma.look()
    for path in ("journal-des-changements", "comptes", "messages", "regles", "flux", f"flux/{flux}/modifier"):
        alma.open(f"/administration/tables/{path}")
    alma.open(f"/administration/tables/territoires/{territoire}/modifier")
    alma.page.get_by_label("Nom").fill("")
    alma.press("Enregistrer")
    alma.reads("Donnez un nom à ce territoire.")
    for path in ("flux/nouveau", "phrases/nouveau", "campagnes/nouveau"):
        alma.open(f"/administration/tables/{path}")
        alma.press("Enregistrer")
        alma.page.get_by_role("alert").wait_for()
    alma.open(f"/administration/tables/phrases/{sentence}/supprimer")
    alma.title("Retirer la phrase ?")


def test_a_deletion_asks_first_with_and_without_script(app: Flask, someone: NewPerson) -> None:
    email = make.administrator().email
    codes = ("avec-script", "sans-script")
    db.session.add_all(Flux(code=code, title=f"Flux {code}") for code in codes)
    db.session.commit()
    ids = {row.code: row.id for row in db.session.scalars(select(Flux).where(Flux.code.in_(codes)))}
    db.session.remove()

    def left() -> set[str]:
        found = set(db.session.scalars(select(Flux.code).where(Flux.code.in_(codes))))
        db.session.remove()  # what is read here must not keep the base from who writes there
        return found

    asked: list[str] = []
    alma = someone()
    alma.page.add_init_script(REFUSALS)
    alma.login(email)
    alma.open(f"/administration/tables/flux/{ids['avec-script']}/")
    alma.page.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    alma.press("Supprimer le flux")
    assert [message.split(" ?")[0] for message in asked] == ["Supprimer le flux"]
    alma.title("Flux : Flux avec-script")
    assert left() == set(codes)
    alma.page.once("dialog", lambda dialog: dialog.accept())
    alma.press("Supprimer le flux")
    alma.reads("Le flux est supprimé.")
    assert left() == {"sans-script"}

    alba = someone(scripted=False)
    alba.login(email)
    alba.open(f"/administration/tables/flux/{ids['sans-script']}/")
    alba.press("Supprimer le flux")
    alba.title("Supprimer le flux ?")
    alba.follow("Ne rien faire")
    assert left() == {"sans-script"}
    alba.press("Supprimer le flux")
    alba.press("Supprimer le flux")
    alba.reads("Le flux est supprimé.")
    assert left() == set()
    gone = db.session.scalars(select(Change.before).where(Change.subject == "flux", Change.name == "code")).all()
    assert set(gone) == set(codes)
