"""Forms about people: invitation, scope of a funder, name, request to join a structure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from werkzeug.datastructures import MultiDict

from backoffice.core.permissions import Role
from backoffice.core.text import clean
from backoffice.models.values import emails
from backoffice.models.values.cells import settled
from backoffice.reference.communes import departements as known_departements
from backoffice.reference.programmes import programmes as known_programmes

LONGEST_NAME, LONGEST_WORDS = 100, 1_000


@dataclass
class InvitationForm:
    """Invitation of a person. typed: text of each field. errors: {field: message}. roles: those that may be offered."""

    roles: Collection[Role]
    typed: dict[str, str] = field(default_factory=dict)
    programmes: tuple[str, ...] = ()
    errors: dict[str, str] = field(default_factory=dict)
    email: str = ""
    role: Role | None = None
    departements: tuple[str, ...] = ()

    @classmethod
    def read(
        cls, sent: MultiDict[str, str], roles: Collection[Role], territoires: Collection[int] = ()
    ) -> InvitationForm:
        """roles: those that may be offered. territoires: ids where a moderator or a funder may be invited."""
        names = ("courriel", "courriel-vu", "role", "territoire", "departements")
        form = cls(roles, {name: clean(sent.get(name, ""))[:300] for name in names})
        form.errors.update(form._read_person())
        if form.role in (Role.MODERATEUR, Role.FINANCEUR):
            form._read_territoire(territoires)
        if form.role is Role.FINANCEUR:
            form.programmes, form.departements, wrong = read_scope(sent)
            form.errors.update(wrong)
        return form

    def _read_person(self) -> dict[str, str]:
        errors = {}
        try:
            self.email = settled(emails.read, self.typed["courriel"], self.typed["courriel-vu"])
        except ValueError as error:
            errors["courriel"] = str(error)
        if self.typed["role"] in self.roles:
            self.role = Role(self.typed["role"])
        else:
            errors["role"] = "Choisissez ce que cette personne pourra faire."
        return errors

    def _read_territoire(self, territoires: Collection[int]) -> None:
        if self.territoire_id not in territoires:
            self.errors["territoire"] = "Choisissez le territoire."

    @property
    def territoire_id(self) -> int | None:
        text = self.typed.get("territoire", "")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def read_scope(sent: MultiDict[str, str]) -> tuple[tuple[str, ...], tuple[str, ...], dict[str, str]]:
    """Scope of a funder: (codes of programmes, codes of départements, {field: error})."""
    errors = {}
    programmes = tuple(dict.fromkeys(code for code in sent.getlist("programmes") if code))
    if set(programmes) - known_programmes().keys():
        programmes, errors["programmes"] = (), "Choisissez les programmes dans la liste."
    words = [word for word in re.split(r"[\s,;]+", clean(sent.get("departements", ""))[:300].upper()) if word]
    codes = tuple(dict.fromkeys(words))
    strange = [code for code in codes if code not in known_departements()]
    if strange:
        errors["departements"] = (
            f"« {strange[0][:20]} » n’est pas le numéro d’un département. Écrivez-les comme 14, 50, 61."
        )
    return programmes, codes, errors


def read_name(sent: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """(name of the person, {field: error})."""
    name = clean(sent.get("nom", ""))
    if not name or len(name) > LONGEST_NAME:
        return name[:300], {"nom": f"Écrivez votre prénom et votre nom ({LONGEST_NAME} caractères au plus)."}
    return name, {}


def read_words(sent: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """(message of the person who asks to join a structure, {field: error})."""
    words = clean(sent.get("mots", ""), multiline=True)
    if not words:
        return words, {"mots": "Dites en quelques mots qui vous êtes : la structure doit pouvoir vous reconnaître."}
    if len(words) > LONGEST_WORDS:
        return words, {"mots": f"Ce texte a {len(words)} caractères : {LONGEST_WORDS} au plus."}
    return words, {}
