"""The whole URL map: for each address, what each kind of person gets. Nothing may be missing here.

Out of scope is 404, without the role 403, not connected is sent to log in.
"""

from __future__ import annotations

import re
from functools import cache

import pytest
from lxml import html

from backoffice.core.extensions import db, limiter
from backoffice.core.permissions import Permission
from backoffice.models import (
    Convention,
    ConventionFiche,
    Fiche,
    Invitation,
    JoinRequest,
    Membership,
    ObligationEvent,
    Revision,
    TransitionLog,
    User,
)
from backoffice.web.guard import FILES, check_permissions, permission_of, requires
from tests.support.bases import ground
from tests.support.table_rows import TABLES
from tests.support.tree import ROOT
from tests.support.url_rows import (
    ACCOUNT,
    ADMINISTRATORS,
    CONVENTIONS,
    EVERYONE,
    FLUXES,
    NEXT_YEAR,
    NOBODY,
    PEOPLE,
    PERSONAL,
    REGISTERS,
    RULERS,
    STRUCTURES,
    TERRITOIRES,
    WRITERS,
    P,
    Row,
)
from tests.support.visitor import ORIGIN, Visitor
from tests.support.world import World

TEMPLATES = sorted(path for path in (ROOT / "templates").rglob("*.html") if path.parent.name != "emails")
"""Of pages. Those of e-mails carry their style in the text: mail readers know no other."""

ACTORS = (
    "anonyme",
    "structure",
    "autre structure",
    "moderateur",
    "autre moderateur",
    "financeur",
    "autre financeur",
    "administrateur",
)
"""In the order of the columns below. «autre»: of another structure, or of another territoire."""


WITHOUT_KEY = (401,) * 8
ENTERERS = (303, 200, 404, 200, 404, 403, 403, 403)
"""Who may write a fiche: its structure, and the moderators of its territoire in its place."""
OUTSIDE = ENTERERS[4:]
READERS = (303, 403, 403, 403, 403, 200, 404, 403)
IMPORTERS = (303, 200, 200, 200, 200, 403, 403, 403)
OWN_IMPORT = (303, 303, 404, 404, 404, 403, 403, 403)
NO_IMPORT = (303, 404, 404, 404, 404, 403, 403, 403)
OF_FICHE = (303, 200, 404, 200, 404, 404, 404, 404)
OUTSIDE_M = (404, 403, 403, 403)
"""What people of another territoire get of a moderator's page, and those who are no moderators."""
OF_RULE = (303, 403, 403, 200, 404, 403, 403, 404)
MODERATORS = (303, 403, 403, 200, 404, 403, 403, 403)
FOLLOWERS = (303, 403, 403, 200, 200, 200, 200, 403)
MODERATORS_ALL = (303, 403, 403, 200, 200, 403, 403, 403)
REPORT = (303, 403, 403, 200, 404, 200, 404, 403)
REPORT_303 = (303, 403, 403, 303, 404, 303, 404, 403)

ROWS = (
    Row("static", P.PUBLIC, "GET", "/static/relais.css", EVERYONE),
    Row("bootstrap.static", P.PUBLIC, "GET", "/bootstrap/static/css/bootstrap.min.css", EVERYONE),
    Row("home.healthz", P.PUBLIC, "GET", "/healthz", EVERYONE),
    Row("home.readyz", P.PUBLIC, "GET", "/readyz", EVERYONE),
    Row("home.index", P.PUBLIC, "GET", "/", (200, 303, 303, 303, 303, 303, 303, 303)),
    Row("home.administration", P.ADMINISTER, "GET", "/administration", (303, 403, 403, 403, 403, 403, 403, 200)),
    Row("home.communes", P.CONNECTED, "GET", "/communes?q=14000", (303, *EVERYONE[1:])),
    Row("home.certifications", P.CONNECTED, "GET", "/certifications?q=delf", (303, *EVERYONE[1:])),
    Row("login.login_form", P.PUBLIC, "GET", "/connexion", (200, 303, 303, 303, 303, 303, 303, 303)),
    Row("login.log_in", P.PUBLIC, "POST", "/connexion", (401,) * 8, (("courriel", "x@y.fr"), ("mot_de_passe", "z"))),
    Row("login.log_out", P.CONNECTED, "POST", "/deconnexion", (303,) * 8),
    Row(
        "login.choose_structure",
        P.WRITE_FICHE,
        "POST",
        "/structure-active",
        (303, 303, 404, 403, 403, 403, 403, 403),
        (("organisme", "{organisme}"),),
    ),
    Row("fiches.index", P.WRITE_FICHE, "GET", "/fiches/", (303, 200, 200, 403, 403, 403, 403, 403)),
    Row("fiches.new", P.WRITE_FICHE, "GET", "/fiches/nouvelle", (303, 200, 200, 403, 403, 403, 403, 403)),
    Row(
        "fiches.create",
        P.WRITE_FICHE,
        "POST",
        "/fiches/nouvelle",
        (401, 303, 422, 403, 403, 403, 403, 403),
        (("organisme", "{organisme}"), ("dispositif", "ASL")),
    ),
    Row("fiches.fiche", P.ENTER_FICHE, "GET", "/fiches/{brouillon}", ENTERERS),
    Row("fiches.fiche", P.ENTER_FICHE, "GET", "/fiches/{publiee}", ENTERERS),
    Row("fiches.fiche", P.ENTER_FICHE, "GET", "/fiches/999999", (303, 404, 404, 404, 404, 403, 403, 403)),
    Row("fiches.edit", P.ENTER_FICHE, "POST", "/fiches/{publiee}/modifier", (303, 303, 404, 303, *OUTSIDE)),
    Row("fiches.edit", P.ENTER_FICHE, "POST", "/fiches/{soumise}/modifier", (303, 409, 404, 409, *OUTSIDE)),
    Row("fiches.transition", P.WRITE_FICHE, "POST", "/fiches/{brouillon}/archiver", (303, 303, *WRITERS[2:])),
    Row("fiches.transition", P.WRITE_FICHE, "POST", "/fiches/{soumise}/archiver", (303, 409, *WRITERS[2:])),
    Row("fiches.transition", P.WRITE_FICHE, "POST", "/fiches/{soumise}/valider", (303, 404, *WRITERS[2:])),
    Row("fiches.transition", P.WRITE_FICHE, "POST", "/fiches/{publiee}/suspendre", (303, 404, *WRITERS[2:])),
    Row("fiches.transition", P.WRITE_FICHE, "POST", "/fiches/{brouillon}/soumettre", (303, 404, *WRITERS[2:])),
    Row("fiches.transition", P.WRITE_FICHE, "POST", "/fiches/{brouillon}/inconnue", (303, 404, *WRITERS[2:])),
    Row("leaflet.leaflet", P.ENTER_FICHE, "GET", "/fiches/{brouillon}/affichette", ENTERERS),
    Row("leaflet.leaflet", P.ENTER_FICHE, "GET", "/fiches/{publiee}/affichette?groupe=G2", ENTERERS),
    Row(
        "leaflet.leaflet",
        P.ENTER_FICHE,
        "GET",
        "/fiches/{publiee}/affichette?groupe=inconnu",
        (303, 404, 404, 404, *OUTSIDE),
    ),
    Row("leaflet.meetings", P.ENTER_FICHE, "GET", "/fiches/{publiee}/seances.ics", ENTERERS),
    Row("fast_lane.seats", P.WRITE_FICHE, "GET", "/fiches/{publiee}/places", WRITERS),
    Row("fast_lane.seats", P.WRITE_FICHE, "GET", "/fiches/{brouillon}/places", (303, 303, *WRITERS[2:])),
    Row("fast_lane.seats", P.WRITE_FICHE, "GET", "/fiches/{suspendue}/places", (303, 303, *WRITERS[2:])),
    Row("fast_lane.change_action", P.WRITE_FICHE, "POST", "/fiches/{brouillon}/places", (401, 303, *WRITERS[2:])),
    Row("fast_lane.change_action", P.WRITE_FICHE, "POST", "/fiches/{publiee}/places", (401, 422, *WRITERS[2:])),
    Row(
        "fast_lane.change_action",
        P.WRITE_FICHE,
        "POST",
        "/fiches/{publiee}/places",
        (401, 303, *WRITERS[2:]),
        (("G2-S3-vu", ""), ("G2-S3-places_libres", "4")),
    ),
    Row("steps.step_form", P.ENTER_FICHE, "GET", "/fiches/{brouillon}/saisie/structure", ENTERERS),
    Row("steps.step_form", P.ENTER_FICHE, "GET", "/fiches/{brouillon}/saisie/inconnue", (303, 404, 404, 404, *OUTSIDE)),
    Row("steps.step_form", P.ENTER_FICHE, "GET", "/fiches/{soumise}/saisie/structure", (303, 303, 404, 303, *OUTSIDE)),
    Row(
        "steps.save_posted",
        P.ENTER_FICHE,
        "POST",
        "/fiches/{brouillon}/saisie/intitule",
        (401, 409, 404, 409, *OUTSIDE),
    ),
    Row(
        "steps.save_posted",
        P.ENTER_FICHE,
        "POST",
        "/fiches/{soumise}/saisie/intitule",
        (401, 409, 404, 409, *OUTSIDE),
    ),
    Row(
        "steps.save_posted",
        P.ENTER_FICHE,
        "POST",
        "/fiches/{brouillon}/saisie/inconnue",
        (401, 404, 404, 404, *OUTSIDE),
    ),
    Row(
        "steps.save_draft",
        P.ENTER_FICHE,
        "POST",
        "/fiches/{brouillon}/saisie/intitule/brouillon",
        (401, 409, 404, 409, *OUTSIDE),
    ),
    Row(
        "steps.save_draft",
        P.ENTER_FICHE,
        "POST",
        "/fiches/{soumise}/saisie/intitule/brouillon",
        (401, 409, 404, 409, *OUTSIDE),
    ),
    Row(
        "steps.save_draft",
        P.ENTER_FICHE,
        "POST",
        "/fiches/{brouillon}/saisie/inconnue/brouillon",
        (401, 404, 404, 404, *OUTSIDE),
    ),
    Row("steps.resume", P.ENTER_FICHE, "GET", "/fiches/{brouillon}/reprendre", (303, 303, 404, 303, *OUTSIDE)),
    Row("steps.resume", P.ENTER_FICHE, "GET", "/fiches/{soumise}/reprendre", (303, 303, 404, 303, *OUTSIDE)),
    Row("steps.review_form", P.ENTER_FICHE, "GET", "/fiches/{brouillon}/relecture", ENTERERS),
    Row("steps.review_form", P.ENTER_FICHE, "GET", "/fiches/{soumise}/relecture", (303, 303, 404, 303, *OUTSIDE)),
    Row("steps.send", P.ENTER_FICHE, "POST", "/fiches/{brouillon}/envoyer", (401, 303, 404, 409, *OUTSIDE)),
    Row("steps.send", P.ENTER_FICHE, "POST", "/fiches/{publiee}/envoyer", (401, 409, 404, 409, *OUTSIDE)),
    Row("steps.sent", P.ENTER_FICHE, "GET", "/fiches/{soumise}/envoyee", ENTERERS),
    Row("steps.sent", P.ENTER_FICHE, "GET", "/fiches/{brouillon}/envoyee", (303, 303, 404, 303, *OUTSIDE)),
    Row("fiches.transition", P.WRITE_FICHE, "POST", "/fiches/{soumise}/retirer", (303, 303, *WRITERS[2:])),
    Row("fiches.transition", P.WRITE_FICHE, "POST", "/fiches/{publiee}/retirer", (303, 409, *WRITERS[2:])),
    Row("queue.queue", P.MODERATE, "GET", "/moderation/", MODERATORS_ALL),
    Row("queue.queue", P.MODERATE, "GET", "/moderation/?onglet=traitees&delai=retard", MODERATORS_ALL),
    Row("queue.take_next", P.MODERATE, "POST", "/moderation/suivante", (303, 403, 403, 303, 303, 403, 403, 403)),
    Row(
        "queue.keep_view",
        P.MODERATE,
        "POST",
        "/moderation/vues",
        (401, 403, 403, 303, 303, 403, 403, 403),
        (("nom", "En retard"), ("vue", "delai=retard")),
    ),
    Row("queue.saved_views", P.MODERATE, "GET", "/moderation/vues", MODERATORS_ALL),
    Row(
        "queue.change_view",
        P.MODERATE,
        "POST",
        "/moderation/vues/{vue}",
        (401, 403, 403, 303, 404, 403, 403, 403),
        (("nom", "Autre nom"),),
    ),
    Row(
        "lots.prepare_lot",
        P.MODERATE,
        "POST",
        "/moderation/lots",
        (401, 403, 403, 303, 422, 403, 403, 403),
        (("fiche", "{v_soumise}"), ("action", "valider")),
    ),
    Row("lots.past_lots", P.MODERATE, "GET", "/moderation/lots", MODERATORS_ALL),
    Row("lots.lot", P.MODERATE, "GET", "/moderation/lots/{lot}", MODERATORS),
    Row(
        "lots.launch_lot",
        P.MODERATE,
        "POST",
        "/moderation/lots/{lot}/lancer",
        (303, 403, 403, 303, 404, 403, 403, 403),
    ),
    Row(
        "lots.undo_lot",
        P.MODERATE,
        "POST",
        "/moderation/lots/{lot}/defaire",
        (401, 403, 403, 422, 404, 403, 403, 403),
    ),
    Row("moderation.version", P.MODERATE, "GET", "/moderation/{v_soumise}", MODERATORS),
    Row("moderation.version", P.MODERATE, "GET", "/moderation/{v_publiee}", MODERATORS),
    Row("moderation.version", P.MODERATE, "GET", "/moderation/{v_brouillon}", (*MODERATORS[:3], 404, *MODERATORS[4:])),
    Row(
        "moderation.decide",
        P.MODERATE,
        "POST",
        "/moderation/{v_soumise}/prendre",
        (401, 403, 403, 303, 404, 403, 403, 403),
    ),
    Row(
        "moderation.decide",
        P.MODERATE,
        "POST",
        "/moderation/{v_soumise}/valider",
        (401, 403, 403, 409, 404, 403, 403, 403),
    ),
    Row(
        "moderation.decide",
        P.MODERATE,
        "POST",
        "/moderation/{v_publiee}/suspendre",
        (401, 403, 403, 303, 404, 403, 403, 403),
        (("motif", "contact-faux"),),
    ),
    Row(
        "moderation.decide",
        P.MODERATE,
        "POST",
        "/moderation/{v_publiee}/archiver",
        (401, 403, 403, 404, 404, 403, 403, 403),
    ),
    Row(
        "moderation.decide",
        P.MODERATE,
        "POST",
        "/moderation/{v_brouillon}/prendre",
        (401, 403, 403, 404, 404, 403, 403, 403),
    ),
    Row("history.fiche", P.READ_FICHE, "GET", "/historique/{soumise}", OF_FICHE),
    Row("history.fiche", P.READ_FICHE, "GET", "/historique/{brouillon}", OF_FICHE),
    Row("history.file_page", P.READ_FICHE, "GET", "/historique/{publiee}.json", OF_FICHE),
    Row("history.file_page", P.READ_FICHE, "GET", "/historique/{publiee}.txt", OF_FICHE),
    Row("history.journal", P.MODERATE, "GET", "/moderation/journal", (303, 403, 403, 200, 200, 403, 403, 403)),
    Row("history.journal_csv", P.MODERATE, "GET", "/moderation/journal.csv", (303, 403, 403, 200, 200, 403, 403, 403)),
    Row("reasons.index", P.MODERATE, "GET", "/moderation/motifs/", MODERATORS_ALL),
    Row("reasons.new", P.MODERATE, "GET", "/moderation/motifs/normandie/nouveau", MODERATORS),
    Row("reasons.reason", P.MODERATE, "GET", "/moderation/motifs/normandie/doublon", MODERATORS),
    Row("reasons.reason", P.MODERATE, "GET", "/moderation/motifs/normandie/inconnu", (303, 403, 403, 404, *OUTSIDE_M)),
    Row("reasons.create", P.MODERATE, "POST", "/moderation/motifs/normandie/nouveau", (401, 403, 403, 422, *OUTSIDE_M)),
    Row(
        "reasons.save",
        P.MODERATE,
        "POST",
        "/moderation/motifs/normandie/doublon",
        (401, 403, 403, 422, *OUTSIDE_M),
    ),
    Row(
        "reasons.change",
        P.MODERATE,
        "POST",
        "/moderation/motifs/normandie/doublon/desactiver",
        (303, 403, 403, 303, *OUTSIDE_M),
    ),
    Row("health.home", P.ADMINISTER, "GET", "/administration/exploitation/", ADMINISTRATORS),
    Row(
        "carrier_help.remind",
        P.MODERATE,
        "POST",
        "/moderation/{v_soumise}/porteuse/relancer",
        (303, 403, 403, 409, *OUTSIDE_M),
    ),
    Row(
        "carrier_help.confirm",
        P.MODERATE,
        "POST",
        "/moderation/{v_soumise}/porteuse/confirmer",
        (401, 403, 403, 409, *OUTSIDE_M),
    ),
    Row("help.home", P.PUBLIC, "GET", "/aide/", EVERYONE),
    Row("help.page", P.PUBLIC, "GET", "/aide/oepre", EVERYONE),
    Row("help.page", P.PUBLIC, "GET", "/aide/inconnue", NOBODY),
    Row("bilan.home", P.READ_REPORT, "GET", "/bilan/", (303, 403, 403, 303, 303, 303, 303, 403)),
    Row("bilan.choose", P.READ_REPORT, "GET", "/bilan/choisir?territoire=normandie&annee=2026", REPORT_303),
    Row("bilan.year_page", P.READ_REPORT, "GET", "/bilan/normandie/2026", REPORT),
    Row("bilan.csv", P.READ_REPORT, "GET", "/bilan/normandie/2026.csv", REPORT),
    Row("bilan.chart", P.READ_REPORT, "GET", "/bilan/normandie/2026/dispositif-heures.svg", REPORT),
    Row("settings.index", P.MODERATE, "GET", "/moderation/reglages/", (303, 403, 403, 303, 303, 403, 403, 403)),
    Row("settings.territoire", P.MODERATE, "GET", "/moderation/reglages/normandie", MODERATORS),
    Row("settings.save", P.MODERATE, "POST", "/moderation/reglages/normandie", (401, 403, 403, 422, *OUTSIDE_M)),
    Row("moderation_rules.index", P.WRITE_RULES, "GET", "/moderation/regles/", RULERS),
    Row("moderation_rules.new", P.WRITE_RULES, "GET", "/moderation/regles/nouvelle", RULERS),
    Row("moderation_rules.new", P.WRITE_RULES, "GET", "/moderation/regles/nouvelle?modele={regle}", OF_RULE),
    Row(
        "moderation_rules.create",
        P.WRITE_RULES,
        "POST",
        "/moderation/regles/nouvelle",
        (401, 403, 403, 422, 422, 403, 403, 422),
    ),
    Row("moderation_rules.rule_view", P.WRITE_RULES, "GET", "/moderation/regles/{regle}", OF_RULE),
    Row("moderation_rules.rule_view", P.WRITE_RULES, "GET", "/moderation/regles/{regle_reseau}", RULERS),
    Row("moderation_rules.trial_page", P.WRITE_RULES, "GET", "/moderation/regles/{regle}/essai", OF_RULE),
    Row("moderation_rules.edit", P.WRITE_RULES, "GET", "/moderation/regles/{regle}/modifier", OF_RULE),
    Row(
        "moderation_rules.edit",
        P.WRITE_RULES,
        "GET",
        "/moderation/regles/{regle_reseau}/modifier",
        (303, 403, 403, 404, 404, 403, 403, 200),
    ),
    Row(
        "moderation_rules.save",
        P.WRITE_RULES,
        "POST",
        "/moderation/regles/{regle}/modifier",
        (401, 403, 403, 422, 404, 403, 403, 404),
    ),
    Row(
        "moderation_rules.change_action",
        P.WRITE_RULES,
        "POST",
        "/moderation/regles/{regle}/desactiver",
        (303, 403, 403, 303, 404, 403, 403, 404),
    ),
    Row(
        "moderation_rules.change_action",
        P.WRITE_RULES,
        "POST",
        "/moderation/regles/{regle_reseau}/activer",
        (303, 403, 403, 404, 404, 403, 403, 409),
    ),
    Row(
        "moderation_rules.dismiss_here",
        P.WRITE_RULES,
        "POST",
        "/moderation/regles/{regle_reseau}/ecarter",
        (303, 403, 403, 303, 404, 403, 403, 404),
        (("territoire", "{territoire}"),),
    ),
    Row(
        "moderation_rules.dismiss",
        P.MODERATE,
        "POST",
        "/moderation/regles/signalements/{signalement}/ecarter",
        (401, 403, 403, 303, 404, 403, 403, 403),
        (("mot", "Vu."),),
    ),
    Row(
        "moderation.decide",
        P.MODERATE,
        "POST",
        "/moderation/{v_prise}/corriger",
        (401, 403, 403, 303, 404, 403, 403, 403),
    ),
    Row(
        "moderation.decide",
        P.MODERATE,
        "POST",
        "/moderation/{v_prise}/ecarter",
        (401, 403, 403, 404, 404, 403, 403, 403),
        (("commentaire", "Un doublon."),),
    ),
    Row(
        "remarks.pin",
        P.MODERATE,
        "POST",
        "/moderation/{v_prise}/remarques",
        (401, 403, 403, 303, 404, 403, 403, 403),
        (("champ", "formation-objectif"), ("texte", "Précisez.")),
    ),
    Row(
        "remarks.pin",
        P.MODERATE,
        "POST",
        "/moderation/{v_soumise}/remarques",
        (401, 403, 403, 409, 404, 403, 403, 403),
        (("champ", "formation-objectif"), ("texte", "Précisez.")),
    ),
    Row(
        "remarks.remove",
        P.MODERATE,
        "POST",
        "/moderation/{v_prise}/remarques/{remarque}/retirer",
        (303, *MODERATORS[1:3], 303, *MODERATORS[4:]),
    ),
    Row(
        "remarks.remove",
        P.MODERATE,
        "POST",
        "/moderation/{v_soumise}/remarques/{remarque}/retirer",
        (303, *MODERATORS[1:3], 404, *MODERATORS[4:]),
    ),
    Row("remarks.answer", P.ENTER_FICHE, "POST", "/fiches/{brouillon}/remarques", (401, 303, 404, 303, *OUTSIDE)),
    Row("remarks.sentences_view", P.MODERATE, "GET", "/moderation/phrases", (303, 403, 403, 200, 200, 403, 403, 403)),
    Row(
        "remarks.add_sentence",
        P.MODERATE,
        "POST",
        "/moderation/phrases",
        (401, 403, 403, 303, 404, 403, 403, 403),
        (("territoire", "{normandie}"), ("texte", "Précisez.")),
    ),
    Row(
        "remarks.edit_sentence",
        P.MODERATE,
        "POST",
        "/moderation/phrases/{phrase}",
        (401, 403, 403, 303, 404, 403, 403, 403),
        (("texte", "Précisez."),),
    ),
    Row(
        "remarks.remove_sentence",
        P.MODERATE,
        "POST",
        "/moderation/phrases/{phrase}/retirer",
        (303, *MODERATORS[1:3], 303, *MODERATORS[4:]),
    ),
    Row(
        "duplicates.set_apart",
        P.MODERATE,
        "POST",
        "/moderation/{v_soumise}/doublons/{publiee}/distinguer",
        (303, *MODERATORS[1:3], 303, *MODERATORS[4:]),
    ),
    Row(
        "duplicates.merge",
        P.MODERATE,
        "POST",
        "/moderation/{v_soumise}/doublons/{publiee}/fusionner",
        (303, *MODERATORS[1:3], 303, *MODERATORS[4:]),
        (("garder", "autre"),),
    ),
    Row(
        "duplicates.merge",
        P.MODERATE,
        "POST",
        "/moderation/{v_soumise}/doublons/{publiee}/fusionner",
        (303, *MODERATORS[1:3], 422, *MODERATORS[4:]),
    ),
    Row(
        "duplicates.set_apart",
        P.MODERATE,
        "POST",
        "/moderation/{v_soumise}/doublons/{brouillon}/distinguer",
        (303, *MODERATORS[1:3], 404, *MODERATORS[4:]),
    ),
    Row("corrections.step_form", P.MODERATE, "GET", "/moderation/fiches/{corrigee}/correction/intitule", MODERATORS),
    Row(
        "corrections.step_form",
        P.MODERATE,
        "GET",
        "/moderation/fiches/{soumise}/correction/intitule",
        (*MODERATORS[:3], 404, *MODERATORS[4:]),
    ),
    Row(
        "corrections.save_posted",
        P.MODERATE,
        "POST",
        "/moderation/fiches/{corrigee}/correction/intitule",
        (401, *MODERATORS[1:3], 409, *MODERATORS[4:]),
    ),
    Row(
        "corrections.save_draft",
        P.MODERATE,
        "POST",
        "/moderation/fiches/{corrigee}/correction/intitule/brouillon",
        (401, *MODERATORS[1:3], 409, *MODERATORS[4:]),
    ),
    Row("corrections.review_form", P.MODERATE, "GET", "/moderation/fiches/{corrigee}/correction", MODERATORS),
    Row(
        "corrections.finish",
        P.MODERATE,
        "POST",
        "/moderation/fiches/{corrigee}/correction",
        (303, *MODERATORS[1:3], 303, *MODERATORS[4:]),
    ),
    Row("corrections.contest", P.WRITE_FICHE, "POST", "/fiches/{publiee}/contester", (401, 409, *WRITERS[2:])),
    Row(
        "corrections.index",
        P.MODERATE,
        "GET",
        "/moderation/corrections",
        (303, 403, 403, 200, 200, 403, 403, 403),
    ),
    Row(
        "corrections.answer",
        P.MODERATE,
        "POST",
        "/moderation/{v_publiee}/contestation",
        (401, *MODERATORS[1:3], 409, *MODERATORS[4:]),
    ),
    Row("fiches.fiche", P.ENTER_FICHE, "GET", "/fiches/{corrigee}", ENTERERS),
    Row("steps.step_form", P.ENTER_FICHE, "GET", "/fiches/{corrigee}/saisie/intitule", (303, 303, 404, 303, *OUTSIDE)),
    Row(
        "steps.save_posted",
        P.ENTER_FICHE,
        "POST",
        "/fiches/{corrigee}/saisie/intitule",
        (401, 409, 404, 409, *OUTSIDE),
    ),
    Row("steps.send", P.ENTER_FICHE, "POST", "/fiches/{corrigee}/envoyer", (401, 409, 404, 409, *OUTSIDE)),
    Row("magic_links.begin", P.PUBLIC, "GET", "/fiche-asl", EVERYONE),
    Row("magic_links.ask", P.PUBLIC, "POST", "/fiche-asl", (422,) * 8),
    Row("magic_links.login_form", P.PUBLIC, "GET", "/connexion/lien", EVERYONE),
    Row("magic_links.ask_login_link", P.PUBLIC, "POST", "/connexion/lien", (422,) * 8),
    Row("magic_links.link_sent", P.PUBLIC, "GET", "/lien-envoye", EVERYONE),
    Row("magic_links.link_page", P.PUBLIC, "GET", "/lien/inconnu", NOBODY),
    Row("magic_links.follow", P.PUBLIC, "POST", "/lien/inconnu", NOBODY),
    Row("carriers.page", P.PUBLIC, "GET", "/porteuse/inconnu", NOBODY),
    Row("carriers.answer", P.PUBLIC, "POST", "/porteuse/inconnu", NOBODY),
    Row("magic_links.renew_link", P.PUBLIC, "POST", "/lien/inconnu/renouveler", NOBODY),
    Row("notices.index", P.CONNECTED, "GET", "/avis/", (303, *EVERYONE[1:])),
    Row("notices.open_notice", P.CONNECTED, "POST", "/avis/{avis}/ouvrir", (303, 303, *NOBODY[2:])),
    Row("notices.all_read", P.CONNECTED, "POST", "/avis/tout-lu", (303,) * 8),
    Row("notices.choices", P.CONNECTED, "GET", "/avis/choix", (303, *EVERYONE[1:])),
    Row("notices.choose", P.CONNECTED, "POST", "/avis/choix", (303,) * 8),
    Row("outbox.mails", P.ADMINISTER, "GET", "/administration/courriels", ADMINISTRATORS),
    Row(
        "outbox.mail_action",
        P.ADMINISTER,
        "POST",
        "/administration/courriels/{courriel}/abandonner",
        (303, *ADMINISTRATORS[1:7], 303),
    ),
    Row("outbox.failed_jobs", P.ADMINISTER, "GET", "/administration/travaux", ADMINISTRATORS),
    Row(
        "outbox.again",
        P.ADMINISTER,
        "POST",
        "/administration/travaux/{travail}/recommencer",
        (303, *ADMINISTRATORS[1:7], 303),
    ),
    Row("assisted_entry.index", P.MODERATE, "GET", "/moderation/structures/?q=tilleuls", MODERATORS_ALL),
    Row("assisted_entry.structure", P.MODERATE, "GET", "/moderation/structures/{organisme}", MODERATORS),
    Row(
        "assisted_entry.new_fiche",
        P.MODERATE,
        "POST",
        "/moderation/structures/{organisme}/fiche",
        (303, 403, 403, 303, 404, 403, 403, 403),
        (("dispositif", "ASL"),),
    ),
    Row("assisted_entry.new", P.MODERATE, "GET", "/moderation/structures/nouvelle", MODERATORS_ALL),
    Row(
        "assisted_entry.create",
        P.MODERATE,
        "POST",
        "/moderation/structures/nouvelle",
        (401, 403, 403, 422, 422, 403, 403, 403),
        (("nom", "Une structure"),),
    ),
    Row("absences.index", P.MODERATE, "GET", "/moderation/lecteurs/", MODERATORS_ALL),
    Row("figures.home", P.MODERATE, "GET", "/moderation/chiffres/", MODERATORS_ALL),
    Row("figures.csv", P.MODERATE, "GET", "/moderation/chiffres/semaine.csv", MODERATORS_ALL),
    Row("figures.chart", P.MODERATE, "GET", "/moderation/chiffres/moderateur-delais.svg", MODERATORS_ALL),
    Row("imports.home", P.IMPORT, "GET", "/import/", IMPORTERS),
    Row("imports.upload", P.IMPORT, "POST", "/import/", (303, 422, 422, 422, 422, 403, 403, 403)),
    Row("imports.template", P.IMPORT, "GET", "/import/modele.csv", IMPORTERS),
    Row("imports.template", P.IMPORT, "GET", "/import/modele.pdf", (303, 404, 404, 404, 404, 403, 403, 403)),
    Row("imports.job_view", P.IMPORT, "GET", "/import/{lecture}", (303, 200, 404, 404, 404, 403, 403, 403)),
    Row("imports.job_view", P.IMPORT, "GET", "/import/{reponses}", (303, 303, 404, 404, 404, 403, 403, 403)),
    Row("imports.choose_sheet", P.IMPORT, "POST", "/import/{reponses}/feuille", OWN_IMPORT),
    Row("imports.undo", P.IMPORT, "POST", "/import/{lecture}/defaire", OWN_IMPORT),
    Row("imports.line_view", P.IMPORT, "GET", "/import/{lecture}/lignes/999999", NO_IMPORT),
    Row("imports.mend_line", P.IMPORT, "POST", "/import/{lecture}/lignes/999999", NO_IMPORT),
    Row("imports.columns", P.IMPORT, "GET", "/import/{reponses}/colonnes", (303, 200, 404, 404, 404, 403, 403, 403)),
    Row("imports.columns", P.IMPORT, "GET", "/import/{lecture}/colonnes", (303, 404, 404, 404, 404, 403, 403, 403)),
    Row(
        "imports.choose_columns",
        P.IMPORT,
        "POST",
        "/import/{reponses}/colonnes",
        (303, 422, 404, 404, 404, 403, 403, 403),
    ),
    Row(
        "imports.apply_job",
        P.IMPORT,
        "POST",
        "/import/{lecture}/appliquer",
        (303, 303, 404, 404, 404, 403, 403, 403),
        (("quoi", "tout"), ("vers", "brouillon")),
    ),
    Row("imports.remind", P.IMPORT, "POST", "/import/{lecture}/relancer", (303, 303, 404, 404, 404, 403, 403, 403)),
    Row("published_fiches.index", P.READ_PUBLISHED, "GET", "/consultation/", (303, 403, 403, 403, 403, 200, 200, 403)),
    Row("published_fiches.fiche", P.READ_PUBLISHED, "GET", "/consultation/{publiee}", READERS),
    Row(
        "published_fiches.fiche", P.READ_PUBLISHED, "GET", "/consultation/{soumise}", (*READERS[:5], 404, *READERS[6:])
    ),
    Row(
        "published_fiches.fiche",
        P.READ_PUBLISHED,
        "GET",
        "/consultation/{suspendue}",
        (*READERS[:5], 404, *READERS[6:]),
    ),
    Row("board.home", P.READ_REPORT, "GET", "/suivi/", FOLLOWERS),
    Row("board.home", P.READ_REPORT, "GET", "/suivi/?annee=2026&etat=retard&page=2", FOLLOWERS),
    Row("board.unfunded", P.READ_REPORT, "GET", "/suivi/non-financees", FOLLOWERS),
    Row("board_files.csv", P.READ_REPORT, "GET", "/suivi/projets.csv", FOLLOWERS),
    Row("board_files.xlsx", P.READ_REPORT, "GET", "/suivi/chiffres.xlsx", FOLLOWERS),
    Row("board_files.map_drawing", P.READ_REPORT, "GET", "/suivi/carte.svg", FOLLOWERS),
    Row("board_files.bars_page", P.READ_REPORT, "GET", "/suivi/obligations.svg", FOLLOWERS),
    Row("reminders.reminders_page", P.FUND, "GET", "/suivi/relances", (303, 403, 403, 403, 403, 200, 200, 403)),
    Row("reminders.remind", P.FUND, "POST", "/suivi/relances", (401, 403, 403, 403, 403, 422, 422, 403)),
    Row("flux.full", P.PUBLIC, "GET", "/flux/normandie/complet.xml", WITHOUT_KEY),
    Row("flux.compressed", P.PUBLIC, "GET", "/flux/normandie/complet.xml.gz", WITHOUT_KEY),
    Row("flux.manifest_page", P.PUBLIC, "GET", "/flux/normandie/manifeste.json", WITHOUT_KEY),
    Row("flux.differential_page", P.PUBLIC, "GET", "/flux/normandie/differentiel", WITHOUT_KEY),
    Row("open_data.documentation", P.PUBLIC, "GET", "/api", EVERYONE),
    Row("api.description", P.PUBLIC, "GET", "/api/openapi.json", EVERYONE),
    Row("api.fiches", P.PUBLIC, "GET", "/api/fiches", EVERYONE),
    Row("api.fiche", P.PUBLIC, "GET", "/api/fiches/{numero_publiee}", EVERYONE),
    Row("api.fiche", P.PUBLIC, "GET", "/api/fiches/{numero_suspendue}", NOBODY),
    Row("api.fiche", P.PUBLIC, "GET", "/api/fiches/{numero_soumise}", NOBODY),
    Row("api.offer_jsonl", P.PUBLIC, "GET", "/api/offre.jsonl", EVERYONE),
    Row("api.offer_csv", P.PUBLIC, "GET", "/api/offre.csv", EVERYONE),
    Row("api.offer_geojson", P.PUBLIC, "GET", "/api/offre.geojson", EVERYONE),
    *CONVENTIONS,
    *REGISTERS,
    *STRUCTURES,
    *NEXT_YEAR,
    *PEOPLE,
    *FLUXES,
    *PERSONAL,
    *TERRITOIRES,
    *ACCOUNT,
    *TABLES,
)

POSTS = [row for row in ROWS if row.method == "POST"]
GETS = [row for row in ROWS if row.method == "GET"]
NO_OBJECT = (
    "/structures/{0}",
    "/fiches/{0}",
    "/fiches/{0}/saisie/structure",
    "/fiches/{0}/relecture",
    "/fiches/{0}/envoyee",
)


@ground
def world():
    return World()


def states():
    """All that a refused request must leave as it was."""
    db.session.rollback()
    db.session.expire_all()
    return (
        db.session.query(Fiche.id, Fiche.state, Fiche.numero).order_by(Fiche.id).all(),
        db.session.query(Revision.id, Revision.state, Revision.document).order_by(Revision.id).all(),
        db.session.query(TransitionLog).count(),
        db.session.query(Convention.id, Convention.updated_at, Convention.contact_pne, Convention.matching).all(),
        db.session.query(ConventionFiche).count(),
        db.session.query(Membership.user_id, Membership.organisme_id, Membership.role).order_by(Membership.id).all(),
        db.session.query(User.id, User.active, User.administrator).order_by(User.id).all(),
        db.session.query(Invitation.id, Invitation.state).order_by(Invitation.id).all(),
        db.session.query(JoinRequest.id, JoinRequest.state).order_by(JoinRequest.id).all(),
        db.session.query(ObligationEvent).count(),
    )


def test_no_endpoint_is_missing_from_the_table(app):
    stated = {(row.endpoint, row.method) for row in ROWS}
    mapped = {
        (rule.endpoint, method)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert stated == mapped


@pytest.mark.once
@pytest.mark.parametrize("row", ROWS, ids=str)
def test_each_endpoint_carries_the_permission_that_the_table_states(app, row):
    assert permission_of(app, row.endpoint) is row.permission


def test_an_endpoint_without_permission_stops_the_start(app):
    bare = type("Carte", (), {"url_map": app.url_map, "view_functions": {**app.view_functions}})()
    check_permissions(bare)
    bare.view_functions["fiches.index"] = lambda: ""
    with pytest.raises(RuntimeError, match=r"sans permission : fiches\.index"):
        check_permissions(bare)
    bare.view_functions["fiches.index"] = requires(Permission.ADMINISTER)(lambda: "")
    check_permissions(bare)


def each(rows, check):
    """Runs the check on every row and tells all that failed. One world serves them: they change nothing."""
    failures = []
    for row in rows:
        limiter.reset()
        try:
            check(row)
        except AssertionError as error:
            failures.append(f"{row} : {error}")
    assert not failures, "\n".join(failures)


def gets_what_is_theirs(world, crowd, row):
    # Those who may act come last: what they change must not decide for the others. 409: somebody was faster.
    actors = zip(ACTORS, row.expected, strict=True)
    order = sorted(actors, key=lambda pair: pair[1] in (303, 409) and pair[0] != "anonyme")
    for actor, expected in order:
        limiter.reset()
        before = states()
        answer = world.send(crowd(actor), row)
        assert answer.status_code == expected, f"{actor} : {answer.status_code} au lieu de {expected}"
        if actor == "anonyme" and expected == 303:
            assert answer.headers["Location"].startswith("/connexion")
        if expected >= 400:
            assert states() == before, f"{actor} : refusé, et pourtant quelque chose a changé"


@pytest.fixture
def crowd(app, world):
    """The browser of each actor, opened once."""
    return cache(lambda actor: Visitor(app, world.people[actor]))


@pytest.mark.once
@pytest.mark.parametrize("row", POSTS, ids=str)
def test_each_person_may_send_exactly_what_is_theirs(world, crowd, row):
    gets_what_is_theirs(world, crowd, row)


def test_each_person_reads_exactly_what_is_theirs(world, crowd):
    each(GETS, lambda row: gets_what_is_theirs(world, crowd, row))


@pytest.mark.once
def test_a_form_without_its_token_is_refused_to_everyone_and_changes_nothing(world, crowd):
    """400 for whoever may send it; who may not is told so first."""

    def check(row):
        before = states()
        for actor in ACTORS[1:]:
            limiter.reset()
            expected = 400 if world.people[actor].can(row.permission) else 403
            for token in ("", "celui-d-un-autre"):
                assert world.send(crowd(actor), row, csrf_token=token).status_code == expected, actor
        assert states() == before

    each(POSTS, check)


@pytest.mark.once
def test_the_headers_that_protect_every_answer(world, crowd):
    def check(row):
        one_of_each_answer = dict(zip(row.expected, ACTORS, strict=True))
        for actor in one_of_each_answer.values():
            limiter.reset()
            headers = world.send(crowd(actor), row).headers
            policy = headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "frame-ancestors 'none'" in policy
            assert not re.search(r"unsafe|\*|https?:", policy)
            assert headers["X-Content-Type-Options"] == "nosniff"
            if row.endpoint not in FILES:
                # Open data is the same for everyone: a copy may be kept, and checked before it is used again.
                assert headers["Cache-Control"] == ("no-cache" if row.endpoint.startswith("api.") else "no-store")

    each(GETS, check)


@pytest.mark.parametrize("path", ["/n-existe-pas", "/deconnexion", "/fiches/abc"])
def test_error_pages_are_protected_as_well(app, world, path):
    answer = Visitor(app, world.people["structure"]).get(path)
    assert answer.status_code in (404, 405)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Revenir à l’accueil" in answer.text


@pytest.mark.parametrize("path", NO_OBJECT)
@pytest.mark.parametrize("number", [0, 2**31, 2**63, 10**30])
def test_an_impossible_number_is_no_page(app, world, path, number):
    assert Visitor(app, world.people["structure"]).get(path.format(number)).status_code == 404


@pytest.mark.parametrize("number", [2**31, 2**63, 10**30])
def test_an_impossible_number_is_no_page_for_the_others_either(app, world, number):
    assert Visitor(app, world.people["moderateur"]).get(f"/moderation/{number}").status_code == 404
    assert Visitor(app, world.people["financeur"]).get(f"/consultation/{number}").status_code == 404
    chosen = Visitor(app, world.people["structure"]).post("/structure-active", {"organisme": str(number)})
    assert chosen.status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        "page=-3",
        "page=0",
        "page=99999999999999999999",
        "page=deux",
        "q=%00",
        "q=%25_%5C",
        "q=😀",
        "q=%FF",
        "departement=%00",
        "dispositif=XYZ",
        "onglet=aucun",
        "apres=abc",
        "apres=99999999999999999999.1.0",
        "apres=9999999999999999.999999999.1",
        "avant=0.0.0",
        "regle=1&onglet=signalees",
        "moderateur=1%20OR%201=1",
        "moderateur=99999999999999999999",
        "nature=autre&delai=peut-etre&structure=%25",
        "structure=😀&departement=14",
    ],
)
def test_no_search_breaks_the_queue(app, world, query):
    assert Visitor(app, world.people["moderateur"]).get(f"/moderation/?{query}").status_code == 200


@pytest.mark.parametrize("code", ["", "%00", "14", "99999", "abcde", "1400000000000000", "😀", "%27 OR 1=1"])
def test_no_postal_code_breaks_the_suggestions(app, world, code):
    answer = Visitor(app, world.people["structure"]).get(f"/communes?q={code}")
    assert answer.status_code == 200
    assert isinstance(answer.json, list)


# --- What the pages are made of ----------------------------------------------------------------------


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_template_needs_what_the_policy_forbids(template):
    source = template.read_text()
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style\b", source), "script ou style dans la page"
    assert not re.search(r"\s(?:style|on[a-z]+)\s*=\s*[\"'{]", source), "attribut style ou on…"
    assert not re.search(r"javascript:|\|\s*safe\b|autoescape\s+false", source), "texte non protégé"
    assert not re.search(r"(?:src|href|action)=[\"'](?:https?:)?//", source), "un autre site est demandé"


@pytest.mark.once
def test_every_page_keeps_to_the_policy_and_every_form_has_its_token(world, crowd):
    def check(row):
        for actor, expected in zip(ACTORS, row.expected, strict=True):
            answer = world.send(crowd(actor), row)
            if expected != 200 or answer.mimetype != "text/html":
                continue
            page = html.fromstring(answer.text)
            assert not page.xpath("//@*[starts-with(name(), 'on') or name() = 'style'] | //style | //script[not(@src)]")
            for form in page.xpath("//form[@method='post']"):
                assert form.xpath(".//input[@name='csrf_token']/@value"), form.get("action")
            ids = page.xpath("//@id")
            assert len(ids) == len(set(ids)), "deux éléments ont le même id"

    each([row for row in GETS if row.endpoint not in FILES], check)


def test_anonymous_without_origin_is_sent_to_log_in_and_nothing_foreign_is_kept(app, world):
    """Another site could post a text of its own: only our pages may have it offered after logging in."""
    path = "/fiches/{brouillon}/saisie/intitule".format_map(world.names)
    for headers in ({}, {"Origin": "https://ailleurs.example"}, {"Origin": "null"}):
        answer = app.test_client().post(path, data={"formation-intitule": "Texte glissé"}, headers=headers)
        assert answer.status_code == 303
        assert answer.headers["Location"] == "/connexion"
    kept = app.test_client().post(path, data={"formation-intitule": "Texte gardé"}, headers=ORIGIN)
    assert kept.status_code == 401
    assert "Texte gardé" in kept.text
