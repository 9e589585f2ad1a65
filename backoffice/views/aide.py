"""Help, for each kind of person. What a page says of the path and of its rules is read from their declarations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue

from backoffice.models import Dispositif
from backoffice.models.base import now
from backoffice.models.dates import local_day
from backoffice.permissions import Permission
from forms.paths import PATHS
from forms.rules import Severity, in_force, rules

from .guard import requires

blueprint = Blueprint("aide", __name__, url_prefix="/aide")


@dataclass(frozen=True)
class Page:
    """audience: the words of the list under which it stands; dispositif: of the pages about a path."""

    title: str
    audience: str
    dispositif: Dispositif | None = None

    @property
    def template(self) -> str:
        return "dispositif" if self.dispositif else ""


STRUCTURES, MODERATORS, FUNDERS, READERS, ALL = (
    "Vous proposez des cours ou des ateliers",
    "Vous vérifiez les fiches d’un territoire",
    "Vous financez des actions",
    "Vous reprenez l’offre dans un outil",
    "Pour tout le monde",
)

PAGES = {
    "asl": Page("Décrire un atelier sociolinguistique (ASL)", STRUCTURES, Dispositif.ASL),
    "oepre": Page("Décrire des ateliers de parents à l’école (OEPRE)", STRUCTURES, Dispositif.OEPRE),
    "ofii": Page("Décrire une formation de l’OFII", STRUCTURES, Dispositif.OFII),
    "apres-l-envoi": Page("Après l’envoi : corriger, mettre à jour, reconduire", STRUCTURES),
    "moderer": Page("Vérifier les fiches", MODERATORS),
    "suivre-une-subvention": Page("Suivre une subvention et ses obligations", FUNDERS),
    "lire-un-flux": Page("Reprendre un flux LHEO ou les données ouvertes", READERS),
    "glossaire": Page("Les mots de Relais", ALL),
}


def told_rules(dispositif: Dispositif) -> Iterator[tuple[str, str, str]]:
    """(what a rule says today, how grave it is in words, the text behind it)."""
    today = local_day(now())
    words = {Severity.BLOQUE: "Obligatoire", Severity.AVERTIT: "À vérifier", Severity.INFORME: "À savoir"}
    for rule in in_force(rules(), dispositif, today).values():
        # What follows « : » speaks of one fiche: «celui-ci en compte 40».
        said = rule.message.partition(" : ")[0] + "." if "{valeur}" in rule.message else rule.message
        yield said.format(de=f"{rule.de:g}", a=f"{rule.a:g}"), words[rule.gravite], rule.source_on(today)


@blueprint.get("/")
@requires(Permission.PUBLIC)
def accueil() -> ResponseReturnValue:
    groups: dict[str, dict[str, Page]] = {}
    for slug, page in PAGES.items():
        groups.setdefault(page.audience, {})[slug] = page
    return render_template("aide/accueil.html", groups=groups)


@blueprint.get("/<slug>")
@requires(Permission.PUBLIC)
def page(slug: str) -> ResponseReturnValue:
    found = PAGES.get(slug) or abort(404)
    said = found.dispositif
    return render_template(
        f"aide/{found.template or slug}.html",
        page=found,
        dispositif=said,
        path=PATHS[said] if said else None,
        rules=list(told_rules(said)) if said else [],
    )
