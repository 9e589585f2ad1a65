"""One line of the table of addresses (see test_urls), and the lines of the conventions."""

from __future__ import annotations

from dataclasses import dataclass

from backoffice.permissions import Permission


@dataclass(frozen=True)
class Row:
    """What each actor gets; {names} in the path are objects of the World."""

    endpoint: str
    permission: Permission
    method: str
    path: str
    expected: tuple[int, ...]
    data: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


P = Permission
EVERYONE = (200,) * 8
NOBODY = (404,) * 8
READ = (303, 200, 404, 200, 404, 200, 404, 403)
"""A convention: its structure, the moderators and the funders of its territoire."""
READ_LISTS = (303, 200, 200, 200, 200, 200, 200, 403)
FUNDED = (303, 403, 403, 403, 403, 200, 404, 403)
FUNDERS = (303, 403, 403, 403, 403, 200, 200, 403)


def funders(anonymous: int, first: int, other: int) -> tuple[int, ...]:
    return (anonymous, 403, 403, 403, 403, first, other, 403)


CONVENTIONS = (
    Row("conventions.liste", P.READ_CONVENTION, "GET", "/conventions/?annee=2026&q=centre", READ_LISTS),
    Row("conventions.convention", P.READ_CONVENTION, "GET", "/conventions/{convention}", READ),
    Row("conventions.texte", P.READ_CONVENTION, "GET", "/conventions/{convention}/refugies-info", READ),
    Row("conventions.fiche", P.READ_CONVENTION, "GET", "/conventions/{convention}/fiches/{soumise}", READ),
    Row("conventions.fiche", P.READ_CONVENTION, "GET", "/conventions/{convention}/fiches/{publiee}",
        (303, 404, 404, 404, 404, 404, 404, 403)),
    Row("conventions.fiche", P.READ_CONVENTION, "GET", "/conventions/{convention}/fiches/{brouillon}",
        (303, 200, 404, 404, 404, 404, 404, 403)),
    Row("conventions.agir", P.READ_CONVENTION, "POST", "/conventions/{convention}/obligations/refugies_info/declarer",
        (401, 303, 404, 404, 404, 303, 404, 403),
        (("adresse", "https://refugies.info/fr/dispositif/63fdc0c7f40b1a0013d5a1c4"),)),
    Row("conventions.agir", P.READ_CONVENTION, "POST", "/conventions/{convention}/obligations/refugies_info/declarer",
        (401, 422, 404, 404, 404, 422, 404, 403)),
    Row("conventions.agir", P.READ_CONVENTION, "POST", "/conventions/{convention}/obligations/pne/verifier",
        (401, 404, 404, 404, 404, 303, 404, 403)),
    Row("conventions.agir", P.READ_CONVENTION, "POST", "/conventions/{convention}/obligations/carte/dispenser",
        (401, 404, 404, 404, 404, 409, 404, 403)),
    Row("conventions.agir", P.READ_CONVENTION, "POST", "/conventions/{convention}/obligations/carte/constater",
        (401, 404, 404, 404, 404, 404, 404, 403)),
    Row("conventions.rattacher_fiche", P.READ_CONVENTION, "POST", "/conventions/{convention}/fiches",
        (303, 303, 404, 404, 404, 303, 404, 403), (("fiche", "{publiee}"),)),
    Row("conventions.rattacher_fiche", P.READ_CONVENTION, "POST", "/conventions/{convention}/fiches",
        (303, 303, 404, 404, 404, 404, 404, 403), (("fiche", "{brouillon}"),)),
    Row("conventions.adresse", P.READ_CONVENTION, "POST", "/conventions/{convention}/adresse",
        (401, 303, 404, 404, 404, 303, 404, 403), (("contact", "enquete@tilleuls.example"),)),
    Row("conventions.adresse", P.READ_CONVENTION, "POST", "/conventions/{convention}/adresse",
        (401, 422, 404, 404, 404, 422, 404, 403)),
    Row("conventions.suivre_adresse", P.FUND, "POST", "/conventions/{convention}/adresse/demander",
        funders(401, 303, 404)),
    Row("conventions.suivre_adresse", P.FUND, "POST", "/conventions/{convention}/adresse/retour",
        funders(401, 303, 404)),
    Row("conventions.nouvelle", P.FUND, "GET", "/conventions/nouvelle", FUNDERS),
    Row("conventions.creer", P.FUND, "POST", "/conventions/nouvelle", funders(401, 422, 422), (("reference", "X"),)),
    Row("conventions.modifier", P.FUND, "GET", "/conventions/{convention}/modifier", FUNDED),
    Row("conventions.enregistrer", P.FUND, "POST", "/conventions/{convention}/modifier", funders(401, 422, 404)),
    Row("rattachements.liste", P.FUND, "GET", "/conventions/rattachements/", FUNDERS),
    Row("rattachements.regler", P.FUND, "POST", "/conventions/rattachements/", funders(303, 303, 303)),
    Row("rattachements.convention", P.FUND, "GET", "/conventions/rattachements/{convention}", FUNDED),
    Row("rattachements.rattacher", P.FUND, "POST", "/conventions/rattachements/{convention}",
        funders(303, 303, 404), (("structure", "{organisme}"),)),
    Row("rattachements.rattacher", P.FUND, "POST", "/conventions/rattachements/{convention}",
        funders(303, 404, 404), (("structure", "999999"),)),
    Row("import_conventions.accueil", P.FUND, "GET", "/conventions/import/", FUNDERS),
    Row("import_conventions.deposer", P.FUND, "POST", "/conventions/import/", funders(303, 422, 422)),
    Row("import_conventions.modele", P.FUND, "GET", "/conventions/import/modele.xlsx", FUNDERS),
    Row("import_conventions.travail", P.FUND, "GET", "/conventions/import/{liste_conventions}", FUNDED),
    Row("import_conventions.choisir_colonnes", P.FUND, "POST", "/conventions/import/{liste_conventions}/colonnes",
        funders(303, 422, 404)),
    Row("import_conventions.appliquer", P.FUND, "POST", "/conventions/import/{liste_conventions}/appliquer",
        funders(303, 303, 404)),
    Row("import_conventions.relancer", P.FUND, "POST", "/conventions/import/{liste_conventions}/relancer",
        funders(303, 303, 404)),
    Row("imports.travail", P.IMPORT, "GET", "/import/{liste_conventions}", (303, 404, 404, 404, 404, 403, 403, 403)),
    Row("enquete.liste", P.FUND, "GET", "/conventions/enquete/?annee=2026&contact=absente", FUNDERS),
    Row("enquete.noter", P.FUND, "POST", "/conventions/enquete/?annee=2026", funders(303, 303, 422),
        (("etape", "envoyer_questionnaire"), ("convention", "{convention_autre}"))),
    Row("enquete.noter", P.FUND, "POST", "/conventions/enquete/?annee=2025", funders(303, 422, 422),
        (("etape", "envoyer_questionnaire"), ("convention", "{convention_autre}"))),
    Row("enquete.repondants", P.FUND, "POST", "/conventions/enquete/repondants", funders(303, 422, 422)),
    Row("adresse_enquete.page", P.PUBLIC, "GET", "/adresse-enquete/inconnu", NOBODY),
    Row("adresse_enquete.repondre", P.PUBLIC, "POST", "/adresse-enquete/inconnu", NOBODY),
    Row("adresse_enquete.renouveler", P.PUBLIC, "POST", "/adresse-enquete/inconnu/renouveler", NOBODY),
    Row("subventions.liste", P.WRITE_FICHE, "GET", "/subventions/", (303, 200, 200, 403, 403, 403, 403, 403)),
    Row("subventions.rattacher", P.WRITE_FICHE, "POST", "/subventions/fiches/{publiee}",
        (303, 303, 404, 403, 403, 403, 403, 403)),
)  # fmt: skip
"""The columns are those of ACTORS: see test_urls."""
