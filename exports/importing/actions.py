"""Reads the ``action`` elements of a ``formation``: places, groups, sessions, and the values common to all groups."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import time
from typing import Any

from lxml import etree

from backoffice.models.content import (
    ID_LETTERS,
    Action,
    Adresse,
    Contact,
    Creneau,
    Financeur,
    Lieu,
    Recrutement,
    Session,
)
from backoffice.models.content.vocabulary import (
    ENTREES,
    FINANCEURS,
    FORMATS,
    JOURS,
    PERIMETRES,
    PRESENCES,
    PROGRAMMES,
    PUBLICS,
    RECRUTEMENTS,
    RENDEZ_VOUS,
    Dispositif,
)
from exports.fragment import practical, words
from exports.fragment.build import GROUP, OFII
from exports.lheo.business_rules import UNKNOWN_END

from . import generated_sentences
from .element import Node, tag
from .pieces import Pieces
from .reading import LISTED, read_month

_PATHWAYS = {"1": "collectif", "2": "individuel"}
_ID = re.compile(r"[A-Z][0-9]{1,9}")


class Groups:
    """Reads the actions into the content of `reader`. `run` first, then `registration`."""

    def __init__(self, reader: Pieces):
        self.reader, self.content, self.source = reader, reader.content, reader.source
        self.nodes = list(self.source.all(reader.root, "action"))
        self.sessions: list[tuple[Node, Action]] = []

    def run(self) -> None:
        content, reader = self.content, self.reader
        for rank, node in enumerate(self.nodes):
            content.actions.append(self.action(node, rank))
        self.settle_ids()
        for rank, (node, action) in enumerate(zip(self.nodes, content.actions, strict=True)):
            action.lieu = self.place(node, rank)
        self.public()
        self.money()
        entry = content.inscription
        entry.entrees = reader.known(
            self.same("modalites-entrees-sorties", "inscription-entrees"), ENTREES, "inscription-entrees", "arrivées"
        )
        entry.recrutement = self.same("modalites-recrutement", "inscription-recrutement", lines=True)
        perimeter = self.same("code-perimetre-recrutement", "inscription-perimetre")
        entry.perimetre = reader.known(perimeter, PERIMETRES, "inscription-perimetre", "secteur")
        meetings = [found for node in self.nodes for found in self.source.all(node, "date-information")]
        days = [(reader.day(found, "date", "inscription-reunion"), "") for found in meetings]
        entry.reunion = reader.shared(days, "inscription-reunion") or None
        content.formation.conditions = self.typed("conditions-specifiques", words.CONDITIONS, "formation-conditions")
        content.formation.info_publics = self.typed("info-public-vise", practical.AUDIENCE, "formation-info_publics")

    def typed(self, name: str, text: words.Text, path: str) -> str:
        """The typed part of a text of the groups, to which the export adds lines."""
        found = [
            (generated_sentences.typed(self.source.text(node, name, lines=True), text, self.content, action), "")
            for node, action in zip(self.nodes, self.content.actions, strict=True)
        ]
        return str(self.reader.shared(found, path))

    # --- one group ------------------------------------------------------------------------------------

    def action(self, node: Node, rank: int) -> Action:
        source, reader, path = self.source, self.reader, f"actions-{rank}"
        group = source.extras(node, "groupe")
        action = Action(id=self.own_id(node, reader.root))
        for name in GROUP:
            setattr(action, name, reader.answer(group, f"{path}-{name}"))
        pathway = source.text(reader.root, "parcours-de-formation")
        action.format = action.format or ("" if reader.read.ours else _PATHWAYS.get(pathway, "mixte"))
        action.format = reader.known(action.format, FORMATS, f"{path}-format", "en groupe ou en individuel")
        presence = source.text(node, "modalites-enseignement")
        action.presence = reader.known(presence, PRESENCES, f"{path}-presence", "sur place ou à distance")
        action.niveaux = reader.levels(node, f"{path}-niveaux")
        organisation = source.text(node, "modalites-alternance", lines=True)
        action.organisation = "" if organisation == words.NO_ALTERNANCE else organisation
        for row, found in enumerate(source.all(node, "session")):
            action.sessions.append(self.session(found, node, f"{path}-sessions-{row}"))
            self.sessions.append((found, action))
            self.reception(found, action, path)
        hours = reader.whole(source.text(node, "nombre-heures-total"), f"{path}-heures_total")
        action.heures_total = None if hours == action.computed_hours else hours
        action.heures_centre = reader.whole(source.text(node, "nombre-heures-centre"), f"{path}-heures_centre")
        length = source.text(node, "duree-indicative")
        action.duree = "" if length == words.length(action) else length
        action.rythme = generated_sentences.rhythm(source.text(node, "rythme-formation", lines=True), action)
        weekly = source.extra_nodes(source.extras(node, "duree-hebdo"), "duree-hebdo")
        source.taken |= {found for found in weekly if found.text == str(round(action.minutes_per_week / 60))}
        return action

    def session(self, node: Node, parent: Node, path: str) -> Session:
        source, reader = self.source, self.reader
        period = node.find(tag("periode"))
        state = source.text(node, "etat-recrutement")
        free = source.word(source.extras(node, "accueil"), "places-libres")
        start, end = source.text(period, "debut"), source.text(period, "fin")
        first, last = read_month(start), read_month(end)
        vague = first is not None and last is not None
        day = first[0] if first and vague else reader.day(period, "debut", f"{path}-debut")
        last_day = last[1] if last and vague else reader.day(period, "fin", f"{path}-fin")
        if {f"{path}-debut", f"{path}-fin"} & reader.read.partial:
            reader.read.partial.add(f"{path}-mois_seulement")
        if end == UNKNOWN_END:
            reader.read.emptied.add(f"{path}-fin")
        return Session(
            self.own_id(node, parent),
            day,
            last_day,
            reader.known(state, RECRUTEMENTS, f"{path}-recrutement", "inscriptions"),
            reader.whole(free, f"{path}-places_libres"),
            vague,
            [
                self.appointment(found, f"{path}-recrutements-{rank}")
                for rank, found in enumerate(source.all(node, "recrutement"))
            ],
        )

    def appointment(self, node: Node, path: str) -> Recrutement:
        source, reader = self.source, self.reader
        source.text(node, "a-distance")  # follows from the group
        period = node.find(tag("periode"))
        month = read_month(source.text(period, "debut"))
        source.text(period, "fin")
        code = source.text(node, "modalite-recrutement")
        return Recrutement(
            reader.known(code, RENDEZ_VOUS, f"{path}-modalite", "rendez-vous"),
            month[0] if month else reader.day(period, "debut", f"{path}-jour"),
            reader.hour(node, "heure-debut", f"{path}-debut"),
            reader.hour(node, "heure-fin", f"{path}-fin"),
            reader.whole(source.text(node, "nb-places"), f"{path}-places"),
        )

    def reception(self, node: Node, action: Action, path: str) -> None:
        """Reads childcare and weekly slots: the flow has them on each session, the content on the group."""
        source, reader = self.source, self.reader
        childcare = source.word(source.extras(node, "accueil"), "garde-enfants")
        action.garde_enfants = action.garde_enfants or childcare
        slots = []
        for found in source.extra_nodes(source.extras(node, "horaires"), "creneau"):
            slot = _slot(source.text(found), found.get("tag", ""))
            if slot is None:
                text = f"{found.get('tag', '')} {found.text or ''}".strip()
                where, message = f"{path}-creneaux-0-jour", "Cet horaire ne se comprend pas : à compléter."
                reader.read.doubt(where, message, text, part=f"{path}-creneaux")
            else:
                slots.append(slot)
        action.creneaux = action.creneaux or slots

    def place(self, node: Node, rank: int) -> str:
        """Adds the principal place of a group to the content unless it is there. Returns its local id, or ""."""
        source, content, reader = self.source, self.content, self.reader
        nodes = list(source.all(node, "lieu-de-formation"))
        nodes.sort(key=lambda found: found.get("tag") != "principal")
        if not nodes:
            return ""
        lieu = Lieu()
        coordinates = nodes[0].find(tag("coordonnees"))
        reader.address(coordinates, lieu.adresse)
        lieu.uai = source.text(nodes[0], "code-UAI-lieu-formation/code-UAI")
        lieu.acces_handicapes = source.text(node, "acces-handicapes")
        lieu.transport = source.text(node, "transport")
        for other in nodes[1:]:
            spare = Adresse()
            reader.address(other.find(tag("coordonnees")), spare)
            message = "Ce groupe a plusieurs lieux dans le fichier : le lieu principal est gardé, pas celui-ci."
            reader.read.remark(f"actions-{rank}-lieu", message, _words(spare))
        for known in content.lieux:
            if replace(known, id="") == lieu:
                return known.id
        lieu.id = content.new_id(Lieu)
        content.lieux.append(lieu)
        return lieu.id

    def own_id(self, node: Node, parent: Node) -> str:
        """The local id at the end of a numero written by our export; "" for other files."""
        numero, above = node.get("numero", ""), parent.get("numero", "")
        local = numero.removeprefix(f"{above}-")
        return local if self.reader.read.ours and local != numero and _ID.fullmatch(local) else ""

    def settle_ids(self) -> None:
        """Gives an id to the rows that have none, and to duplicates of an id."""
        content = self.content
        groups: list[list[Any]] = [list(content.actions), *(action.sessions for action in content.actions)]
        for rows in groups:
            seen: set[str] = set()
            for row in rows:
                row.id = "" if row.id in seen else row.id
                seen.add(row.id)
        known = [row.id for rows in groups for row in rows if row.id]
        content.dernier_repere = max((int(id_[1:]) for id_ in known), default=0)
        for rows in groups:
            for row in rows:
                row.id = row.id or content.new_id(next(kind for kind in ID_LETTERS if isinstance(row, kind)))

    # --- values common to the groups ------------------------------------------------------------------

    def same(self, name: str, path: str, *, lines: bool = False) -> str:
        found = [(self.source.text(node, name, lines=lines), "") for node in self.nodes]
        return str(self.reader.shared(found, path))

    def public(self) -> None:
        said_, source = self.content.formation, self.source
        nodes = [found for node in self.nodes for found in source.all(node, "code-public-vise")]
        codes = self.reader.codes(nodes, PUBLICS, "formation-publics", "public")
        said_.publics = [code for code in PUBLICS if code in codes]
        compulsory = "niveau-entree-obligatoire", "formation-niveau_obligatoire"
        said_.niveau_obligatoire = self.reader.flag(self.nodes, *compulsory)

    def money(self) -> None:
        money, source, reader = self.content.financement, self.source, self.reader
        aid = "prise-en-charge-frais-possible", "financement-prise_en_charge"
        money.prise_en_charge = reader.flag(self.nodes, *aid)
        money.frais = self.same("frais-restants", "financement-frais")
        price = reader.whole(self.same("prix-total-TTC", "financement-prix"), "financement-prix")
        money.cout = "" if price is None else "payant" if price else "gratuit"
        money.prix = price or None
        funded = self.same("conventionnement", "financement-conventionne")
        money.conventionne = {"1": "oui", "0": "non"}.get(funded, "")
        if funded and not money.conventionne:
            where = "financement-conventionne"
            reader.read.doubt(where, f"« {funded} » n’est ni oui ni non : à choisir.", funded)
        seen: set[bytes] = set()
        for node in self.nodes:
            for found in source.all(node, "organisme-financeur"):
                written = etree.tostring(found, with_tail=False)
                if node is not self.nodes[0] and written in seen:
                    source.taken |= set(found.iter())
                    continue
                seen.add(written)
                money.financeurs.append(self.financeur(found, len(money.financeurs)))

    def financeur(self, node: Node, rank: int) -> Financeur:
        source, reader, path = self.source, self.reader, f"financement-financeurs-{rank}"
        extras = source.extras(node, "specificites")
        code, programme = (
            source.text(node, "code-financeur"),
            source.word(extras, "ref-action-marche-financeur"),
        )
        self.funded_publics(extras)
        if code not in FINANCEURS:
            reader.read.doubt(f"{path}-code", f"Le financeur « {code} » n’est pas de notre liste : « Autre ».", code)
            code = "0"
        if code == OFII and programme and programme not in PROGRAMMES:
            self.content.financement.lot, programme = programme, ""
        if programme and programme not in PROGRAMMES:
            message = "Ce programme n’est pas de notre liste : « Un autre programme »."
            reader.read.doubt(f"{path}-programme", message, programme)
            programme = "Autre"
        places = reader.whole(source.text(node, "nb-places-financees"), f"{path}-places")
        return Financeur(code, programme, source.word(extras, "reference-convention"), places)

    def funded_publics(self, extras: Node | None) -> None:
        """Marks as read the publics and programmes that the export repeats: only others give a remark."""
        for node in self.source.extra_nodes(extras, "code-public-vise"):
            if (node.text or "") in self.content.formation.publics:
                self.source.taken.add(node)
        programme = self.source.extra_nodes(extras, "programme-financeur")
        self.source.taken |= {node for node in programme if node.text in set(Dispositif)}

    def registration(self) -> None:
        """Reads how, where, when and with whom to register; LHEO has these values on each session."""
        content, source, reader = self.content, self.source, self.reader
        entry, nodes = content.inscription, [node for node, _ in self.sessions]
        found = [(source.text(node, "modalites-inscription"), "") for node in nodes]
        entry.modalites = reader.shared(found, "inscription-modalites")
        periods = [period for node in nodes for period in source.all(node, "periode-inscription/periode")]
        for name in ("debut", "fin"):
            days = [(reader.day(period, name, f"inscription-{name}"), "") for period in periods]
            setattr(entry, name, reader.shared(days, f"inscription-{name}") or None)
        contacts = []
        for node in nodes:
            contact = Contact()
            reader.contact_of(node, "contact-session", contact)
            contacts.append(contact)
        spoken = [contact for contact in contacts if not contact.empty]
        if spoken and spoken[0] != content.formation.contact:
            entry.contact = spoken[0]
        others = [" ".join(filter(None, vars(contact).values())) for contact in spoken if contact != spoken[0]]
        if others:
            message = "Les dates n’ont pas toutes le même contact : le premier est gardé, pas celui-ci."
            quotes = " / ".join(dict.fromkeys(others))
            reader.read.remark("inscription-contact-nom", message, quotes, longest=LISTED)
        self.where()

    def where(self) -> None:
        """Reads the registration address, and whether it is that of the place, of the structure or another one."""
        entry, content = self.content.inscription, self.content
        found = []
        for node, action in self.sessions:
            adresse = Adresse()
            self.reader.address(node.find(tag("adresse-inscription")), adresse)
            found.append((adresse, content.place_of(action)))
        said_ = [(adresse, lieu) for adresse, lieu in found if _key(adresse) != _key(Adresse())]
        if not said_:
            self.reader.read.unsaid.add("inscription-ou")
        elif all(lieu is not None and self.alike(adresse, lieu.adresse) for adresse, lieu in said_):
            entry.ou = "sur_place"
        elif all(self.alike(adresse, content.structure.adresse) for adresse, _ in said_):
            entry.ou = "structure"
        else:
            entry.ou, entry.adresse = "autre", said_[0][0]
            others = [_words(adresse) for adresse, _ in said_ if _key(adresse) != _key(entry.adresse)]
            if others:
                message = "Les groupes ont plusieurs adresses d’inscription : la première est gardée, pas celle-ci."
                quotes = " / ".join(dict.fromkeys(others))
                self.reader.read.remark("inscription-adresse-lignes", message, quotes, longest=LISTED)

    def alike(self, one: Adresse, two: Adresse) -> bool:
        """Whether both are one address. The point counts in our files only: other software seldom repeats it."""
        points = [(adresse.latitude, adresse.longitude) for adresse in (one, two)]
        return _key(one) == _key(two) and (not self.reader.read.ours or points[0] == points[1])


def _key(adresse: Adresse) -> tuple[str, ...]:
    return (adresse.denomination, *adresse.lignes, adresse.code_postal, adresse.ville)


def _words(adresse: Adresse) -> str:
    return " ".join(filter(None, (*_key(adresse), adresse.code_insee)))


def _slot(text: str, day: str) -> Creneau | None:
    """The slot «0930-1130» of a weekday; None when the hours or the day are invalid."""
    found = re.fullmatch(r"([01]\d|2[0-3])([0-5]\d)-([01]\d|2[0-3])([0-5]\d)", text)
    if not found or day not in {*JOURS, ""}:
        return None
    begin, end = time(int(found[1]), int(found[2])), time(int(found[3]), int(found[4]))
    return Creneau(day, begin, end)
