"""Help pages, grouped by audience. Steps and rules of a dispositif are read from `PATHS` and from its rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flask import Blueprint, Flask, abort, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from backoffice.core.clock import now
from backoffice.core.dates import local_day
from backoffice.core.permissions import Permission
from backoffice.models import Dispositif, Fiche, Territoire
from backoffice.web.captures import CAPTURES
from backoffice.web.guard import requires
from forms.fiches.dispositif_rules import Severity, in_force, rules
from forms.fiches.paths import PATHS

blueprint = Blueprint("help", __name__, url_prefix="/aide")


@dataclass(frozen=True)
class Page:
    """audience: heading of its group in the list; dispositif: set for a page about the form of a dispositif.

    where: URL prefixes of the pages that link to this help page; the longest matching prefix wins.
    """

    title: str
    audience: str
    dispositif: Dispositif | None = None
    where: tuple[str, ...] = ()

    @property
    def template(self) -> str:
        return "dispositif" if self.dispositif else ""


STRUCTURES, MODERATORS, FUNDERS, ADMINISTRATORS, READERS, ALL = (
    "Vous proposez des cours ou des ateliers",
    "Vous vérifiez les fiches d’un territoire",
    "Vous financez des actions",
    "Vous administrez le réseau",
    "Vous reprenez l’offre dans un outil",
    "Pour tout le monde",
)

PAGES = {
    "asl": Page(
        "Décrire un atelier sociolinguistique (ASL)", STRUCTURES, Dispositif.ASL, ("/fiche-asl", "/fiches/nouvelle")
    ),
    "oepre": Page("Décrire des ateliers de parents à l’école (OEPRE)", STRUCTURES, Dispositif.OEPRE),
    "ofii": Page("Décrire une formation de l’OFII", STRUCTURES, Dispositif.OFII),
    "apres-l-envoi": Page(
        "Après l’envoi : corriger, mettre à jour, reconduire", STRUCTURES, where=("/fiches", "/subventions", "/import")
    ),
    "votre-structure": Page(
        "Votre structure : numéros, lieux, personnes", STRUCTURES, where=("/structures", "/structure")
    ),
    "moderer": Page("Vérifier les fiches", MODERATORS, where=("/moderation", "/historique")),
    "suivre-une-subvention": Page(
        "Suivre une subvention et ses obligations", FUNDERS, where=("/suivi", "/conventions", "/bilan", "/consultation")
    ),
    "administrer": Page("Administrer le réseau", ADMINISTRATORS, where=("/administration",)),
    "lire-un-flux": Page("Reprendre un flux LHEO ou les données ouvertes", READERS, where=("/lheo", "/api")),
    "votre-compte": Page("Votre compte", ALL, where=("/compte", "/connexion", "/confidentialite")),
    "glossaire": Page("Les mots de Relais", ALL),
}


def init_app(app: Flask) -> None:
    app.jinja_env.globals.update(help_here=help_here, captures=CAPTURES)


def help_here(fiche: Fiche | None = None) -> str:
    """URL of the help about the current page. fiche: the fiche that the page shows, if any."""
    slug = help_of(request.path, fiche.dispositif if fiche and request.blueprint == "steps" else None)
    return url_for("help.page", slug=slug) if slug else url_for("help.home")


def help_of(path: str, written: Dispositif | None = None) -> str:
    """Key of PAGES for a URL path, "" when there is none. written: dispositif of the fiche whose form is open."""
    if written:
        return next(slug for slug, page in PAGES.items() if page.dispositif is written)
    told = [(start, slug) for slug, page in PAGES.items() for start in page.where if f"{path}/".startswith(f"{start}/")]
    return max(told, key=lambda one: len(one[0]), default=("", ""))[1]


def told_rules(dispositif: Dispositif) -> Iterator[tuple[str, str, str]]:
    """Yields (message, severity in words, source) for each rule of the dispositif in force today."""
    today = local_day(now())
    words = {Severity.BLOQUE: "Obligatoire", Severity.AVERTIT: "À vérifier", Severity.INFORME: "À savoir"}
    for rule in in_force(rules(), dispositif, today).values():
        # The part after « : » is about one fiche: «celui-ci en compte 40».
        said = rule.message.partition(" : ")[0] + "." if "{valeur}" in rule.message else rule.message
        yield said.format(de=f"{rule.de:g}", a=f"{rule.a:g}"), words[rule.gravite], rule.source_on(today)


@blueprint.get("/")
@requires(Permission.PUBLIC)
def home() -> ResponseReturnValue:
    groups: dict[str, dict[str, Page]] = {}
    for slug, page in PAGES.items():
        groups.setdefault(page.audience, {})[slug] = page
    return render_template("help/home.html", groups=groups, own_territoires=own_territoires())


def own_territoires() -> list[Territoire]:
    """Territoires of the person's structures, each once: their Carif-Oref answers the person's questions."""
    mine = current_user.memberships if current_user.is_authenticated else ()
    return list(dict.fromkeys(row.organisme.territoire for row in mine))


@blueprint.get("/<slug>")
@requires(Permission.PUBLIC)
def page(slug: str) -> ResponseReturnValue:
    found = PAGES.get(slug) or abort(404)
    said = found.dispositif
    return render_template(
        f"help/{found.template or slug}.html",
        page=found,
        dispositif=said,
        path=PATHS[said] if said else None,
        rules=list(told_rules(said)) if said else [],
    )
