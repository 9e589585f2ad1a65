"""Lines of the table of addresses (see test_urls): of the conventions, of a year that follows another, of the flows."""

from __future__ import annotations

from dataclasses import dataclass

from backoffice.core.permissions import Permission


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
    Row("recognition.liste", P.FUND, "GET", "/conventions/rattachements/", FUNDERS),
    Row("recognition.regler", P.FUND, "POST", "/conventions/rattachements/", funders(303, 303, 303)),
    Row("recognition.convention", P.FUND, "GET", "/conventions/rattachements/{convention}", FUNDED),
    Row("recognition.rattacher", P.FUND, "POST", "/conventions/rattachements/{convention}",
        funders(303, 303, 404), (("structure", "{organisme}"),)),
    Row("recognition.rattacher", P.FUND, "POST", "/conventions/rattachements/{convention}",
        funders(303, 404, 404), (("structure", "999999"),)),
    Row("grant_import.accueil", P.FUND, "GET", "/conventions/import/", FUNDERS),
    Row("grant_import.deposer", P.FUND, "POST", "/conventions/import/", funders(303, 422, 422)),
    Row("grant_import.modele", P.FUND, "GET", "/conventions/import/modele.xlsx", FUNDERS),
    Row("grant_import.travail", P.FUND, "GET", "/conventions/import/{liste_conventions}", FUNDED),
    Row("grant_import.choisir_colonnes", P.FUND, "POST", "/conventions/import/{liste_conventions}/colonnes",
        funders(303, 422, 404)),
    Row("grant_import.appliquer", P.FUND, "POST", "/conventions/import/{liste_conventions}/appliquer",
        funders(303, 303, 404)),
    Row("grant_import.relancer", P.FUND, "POST", "/conventions/import/{liste_conventions}/relancer",
        funders(303, 303, 404)),
    Row("imports.travail", P.IMPORT, "GET", "/import/{liste_conventions}", (303, 404, 404, 404, 404, 403, 403, 403)),
    Row("pne_survey.liste", P.FUND, "GET", "/conventions/enquete/?annee=2026&contact=absente", FUNDERS),
    Row("pne_survey.noter", P.FUND, "POST", "/conventions/enquete/?annee=2026", funders(303, 303, 422),
        (("etape", "envoyer_questionnaire"), ("convention", "{convention_autre}"))),
    Row("pne_survey.noter", P.FUND, "POST", "/conventions/enquete/?annee=2025", funders(303, 422, 422),
        (("etape", "envoyer_questionnaire"), ("convention", "{convention_autre}"))),
    Row("pne_survey.repondants", P.FUND, "POST", "/conventions/enquete/repondants", funders(303, 422, 422)),
    Row("pne_contact.page", P.PUBLIC, "GET", "/adresse-enquete/inconnu", NOBODY),
    Row("pne_contact.repondre", P.PUBLIC, "POST", "/adresse-enquete/inconnu", NOBODY),
    Row("pne_contact.renouveler", P.PUBLIC, "POST", "/adresse-enquete/inconnu/renouveler", NOBODY),
    Row("own_grants.liste", P.WRITE_FICHE, "GET", "/subventions/", (303, 200, 200, 403, 403, 403, 403, 403)),
    Row("own_grants.rattacher", P.WRITE_FICHE, "POST", "/subventions/fiches/{publiee}",
        (303, 303, 404, 403, 403, 403, 403, 403)),
)  # fmt: skip
"""The columns are those of ACTORS: see test_urls."""

WRITERS = (303, 200, 404, 403, 403, 403, 403, 403)
RULERS = (303, 403, 403, 200, 200, 403, 403, 200)
OF_CAMPAIGN = (303, 403, 403, 200, 404, 403, 403, 200)

NEXT_YEAR = (
    Row("renewals.choisir", P.WRITE_FICHE, "GET", "/fiches/reconduire", (303, 200, 200, 403, 403, 403, 403, 403)),
    Row("renewals.choisir", P.WRITE_FICHE, "GET", "/fiches/reconduire/{organisme}", WRITERS),
    Row("renewals.choisir", P.WRITE_FICHE, "GET", "/fiches/reconduire?fiche={publiee}", WRITERS),
    Row("renewals.choisir", P.WRITE_FICHE, "GET", "/fiches/reconduire?fiche=abc", (303, 404, 404, *WRITERS[3:])),
    Row(
        "renewals.reconduire",
        P.WRITE_FICHE,
        "POST",
        "/fiches/reconduire",
        (303, 303, *WRITERS[2:]),
        (("fiche", "{publiee}"),),
    ),
    Row(
        "renewals.reconduire",
        P.WRITE_FICHE,
        "POST",
        "/fiches/reconduire",
        (303, 409, *WRITERS[2:]),
        (("fiche", "{suspendue}"),),
    ),
    Row("renewals.resultat", P.WRITE_FICHE, "GET", "/fiches/reconduction?fiche={publiee}", WRITERS),
    Row("renewals.dupliquer", P.WRITE_FICHE, "POST", "/fiches/{publiee}/dupliquer", (303, 303, *WRITERS[2:])),
    Row("renewals.dupliquer", P.WRITE_FICHE, "POST", "/fiches/{brouillon}/dupliquer", (303, 303, *WRITERS[2:])),
    Row("campaigns.liste", P.MANAGE_CAMPAIGNS, "GET", "/moderation/campagnes/", RULERS),
    Row("campaigns.nouvelle", P.MANAGE_CAMPAIGNS, "GET", "/moderation/campagnes/nouvelle", RULERS),
    Row(
        "campaigns.creer",
        P.MANAGE_CAMPAIGNS,
        "POST",
        "/moderation/campagnes/nouvelle",
        (401, 403, 403, 422, 422, 403, 403, 422),
    ),
    Row("campaigns.campagne", P.MANAGE_CAMPAIGNS, "GET", "/moderation/campagnes/{campagne}", OF_CAMPAIGN),
    Row(
        "campaigns.campagne",
        P.MANAGE_CAMPAIGNS,
        "GET",
        "/moderation/campagnes/999999",
        (*RULERS[:3], 404, 404, 403, 403, 404),
    ),
    Row("campaigns.modifier", P.MANAGE_CAMPAIGNS, "GET", "/moderation/campagnes/{campagne}/modifier", OF_CAMPAIGN),
    Row(
        "campaigns.enregistrer",
        P.MANAGE_CAMPAIGNS,
        "POST",
        "/moderation/campagnes/{campagne}/modifier",
        (401, 403, 403, 422, 404, 403, 403, 422),
    ),
    Row(
        "campaigns.inviter",
        P.MANAGE_CAMPAIGNS,
        "POST",
        "/moderation/campagnes/{campagne}/inviter",
        (303, 403, 403, 303, 404, 403, 403, 303),
    ),
    Row("campaigns.csv", P.MANAGE_CAMPAIGNS, "GET", "/moderation/campagnes/{campagne}/avancement.csv", OF_CAMPAIGN),
    Row(
        "campaigns.graphique", P.MANAGE_CAMPAIGNS, "GET", "/moderation/campagnes/{campagne}/avancement.svg", OF_CAMPAIGN
    ),
)

WHO_ADMINISTERS = (303, 403, 403, 403, 403, 403, 403, 303)
ADMINISTRATORS = (303, 403, 403, 403, 403, 403, 403, 200)

TERRITOIRES = (
    Row("territoires.liste", P.ADMINISTER, "GET", "/administration/territoires/", ADMINISTRATORS),
    Row("territoires.territoire", P.ADMINISTER, "GET", "/administration/territoires/normandie", ADMINISTRATORS),
    Row("territoires.territoire", P.ADMINISTER, "GET", "/administration/territoires/x", (*ADMINISTRATORS[:7], 404)),
    Row("territoires.regler", P.ADMINISTER, "POST", "/administration/territoires/normandie/reglages",
        (401, *ADMINISTRATORS[1:7], 422)),
    Row("territoires.couvrir", P.ADMINISTER, "POST", "/administration/territoires/normandie/couverture",
        (401, *ADMINISTRATORS[1:7], 422), (("codes", "99999"),)),
    Row("territoires.collecter", P.ADMINISTER, "POST", "/administration/territoires/normandie/collecte",
        (401, *ADMINISTRATORS[1:7], 422), (("collecte", "x"),)),
)  # fmt: skip

FLUXES = (
    Row("flux_administration.liste", P.ADMINISTER, "GET", "/administration/flux/", ADMINISTRATORS),
    Row("flux_administration.nouveau", P.ADMINISTER, "GET", "/administration/flux/nouveau", ADMINISTRATORS),
    Row("flux_administration.creer", P.ADMINISTER, "POST", "/administration/flux/nouveau", (*ADMINISTRATORS[:7], 422)),
    Row("flux_administration.flux", P.ADMINISTER, "GET", "/administration/flux/{flux}", ADMINISTRATORS),
    Row("flux_administration.flux", P.ADMINISTER, "GET", "/administration/flux/999999", (*ADMINISTRATORS[:7], 404)),
    Row(
        "flux_administration.regler",
        P.ADMINISTER,
        "POST",
        "/administration/flux/{flux}/reglages",
        (*ADMINISTRATORS[:7], 422),
    ),
    Row("flux_administration.lancer", P.ADMINISTER, "POST", "/administration/flux/{flux}/lancer", WHO_ADMINISTERS),
    Row(
        "flux_administration.creer_cle",
        P.ADMINISTER,
        "POST",
        "/administration/flux/{flux}/cles",
        (*ADMINISTRATORS[:7], 422),
    ),
    Row(
        "flux_administration.retirer_cle",
        P.ADMINISTER,
        "POST",
        "/administration/flux/cles/{cle}/retirer",
        WHO_ADMINISTERS,
    ),
    Row(
        "flux_administration.fabrication",
        P.ADMINISTER,
        "GET",
        "/administration/flux/fabrications/{fabrication}",
        ADMINISTRATORS,
    ),
    Row(
        "flux_administration.arreter",
        P.ADMINISTER,
        "POST",
        "/administration/flux/fabrications/{fabrication}/arreter",
        WHO_ADMINISTERS,
    ),
    Row(
        "flux_administration.recommencer",
        P.ADMINISTER,
        "POST",
        "/administration/flux/fabrications/{fabrication}/recommencer",
        WHO_ADMINISTERS,
    ),
    Row(
        "flux_administration.fichier",
        P.ADMINISTER,
        "GET",
        "/administration/flux/fabrications/{fabrication}/fichier",
        (*ADMINISTRATORS[:7], 404),
    ),
    Row("file_checks.fichier", P.CONNECTED, "GET", "/lheo/verifier", (303, *EVERYONE[1:])),
    Row("file_checks.verifier", P.CONNECTED, "POST", "/lheo/verifier", (303,) + (422,) * 7),
    Row("file_checks.resultat", P.CONNECTED, "GET", "/lheo/verifier/resultat", (303,) * 8),
    Row("file_checks.relancer", P.CONNECTED, "POST", "/lheo/verifier/relancer", (303,) * 8),
    Row("file_checks.rapport", P.CONNECTED, "GET", "/lheo/verifier/rapport.json", (303,) + (404,) * 7),
    Row("file_checks.reference", P.PUBLIC, "GET", "/lheo/reference", EVERYONE),
)

MANAGERS = (303, 200, 404, 200, 404, 403, 403, 403)
MODERATE_ALL = (303, 403, 403, 200, 200, 403, 403, 403)
ANYBODY = (303, *EVERYONE[1:])
TYPED = (401, *ADMINISTRATORS[1:])
"""Of a form whose answers outlive an expired session."""

PEOPLE = (
    Row("members.les_miens", P.MANAGE_MEMBERS, "GET", "/structures/membres",
        (303, 303, 303, 404, 404, 403, 403, 403)),
    Row("members.liste", P.MANAGE_MEMBERS, "GET", "/structures/{organisme}/membres", MANAGERS),
    Row("members.changer_role", P.MANAGE_MEMBERS, "POST", "/structures/{organisme}/membres/{personne}/role",
        (303, 303, 404, 303, *MANAGERS[4:]), (("role", "responsable"),)),
    Row("members.changer_role", P.MANAGE_MEMBERS, "POST", "/structures/{organisme}/membres/{personne}/role",
        (303, 422, 404, 422, *MANAGERS[4:]), (("role", "administrateur"),)),
    Row("members.retirer", P.MANAGE_MEMBERS, "POST", "/structures/{organisme}/membres/{personne}/retirer",
        (303, 409, 404, 303, *MANAGERS[4:])),
    Row("members.retirer", P.MANAGE_MEMBERS, "POST", "/structures/{organisme}/membres/{personne_voisine}/retirer",
        (303, 404, 404, 404, *MANAGERS[4:])),
    Row("members.compte", P.MODERATE, "POST", "/structures/{organisme}/membres/{personne}/desactiver",
        (303, 403, 403, 303, *MANAGERS[4:])),
    Row("members.inviter", P.MANAGE_MEMBERS, "POST", "/structures/{organisme}/invitations",
        (401, 303, 404, 409, *MANAGERS[4:]), (("courriel", "awa@exemple.fr"), ("role", "saisie"))),
    Row("members.inviter", P.MANAGE_MEMBERS, "POST", "/structures/{organisme}/invitations",
        (401, 422, 404, 422, *MANAGERS[4:]), (("courriel", "awa@exemple.fr"), ("role", "moderateur"))),
    Row("members.invitation", P.MANAGE_MEMBERS, "POST", "/structures/{organisme}/invitations/{invitation}/retirer",
        (303, 303, 404, 409, *MANAGERS[4:])),
    Row("members.invitation", P.MANAGE_MEMBERS, "POST",
        "/structures/{organisme}/invitations/{invitation_reseau}/retirer", (303, 404, 404, 404, *MANAGERS[4:])),
    Row("members.decider", P.MANAGE_MEMBERS, "POST", "/structures/{organisme}/demandes/{demande}",
        (303, 303, 404, 409, *MANAGERS[4:]), (("reponse", "refuser"),)),
    Row("members.decider", P.MANAGE_MEMBERS, "POST", "/structures/{organisme}/demandes/{demande}",
        (303, 422, 404, 422, *MANAGERS[4:]), (("reponse", "financeur"),)),
    Row("people.liste", P.MODERATE, "GET", "/moderation/personnes/", MODERATE_ALL),
    Row("joining.accueil", P.CONNECTED, "GET", "/mes-structures/", ANYBODY),
    Row("joining.quitter", P.CONNECTED, "POST", "/mes-structures/{organisme}/quitter", (303, 409, *(404,) * 6)),
    Row("joining.annuler", P.CONNECTED, "POST", "/mes-structures/demandes/{demande}/annuler", (303, *(404,) * 7)),
    Row("joining.chercher", P.CONNECTED, "GET", "/mes-structures/rejoindre?q=tilleuls", ANYBODY),
    Row("joining.demande", P.CONNECTED, "GET", "/mes-structures/rejoindre/{organisme}", ANYBODY),
    Row("joining.demande", P.CONNECTED, "GET", "/mes-structures/rejoindre/999999", (303, *(404,) * 7)),
    Row("joining.demander", P.CONNECTED, "POST", "/mes-structures/rejoindre/{organisme}",
        (401, 409, *(303,) * 6), (("mots", "C’est moi."),)),
    Row("joining.commencer", P.PUBLIC, "GET", "/rejoindre", (200, *(303,) * 7)),
    Row("joining.confirmer", P.PUBLIC, "POST", "/rejoindre", (422,) * 8),
    Row("invitations.page", P.PUBLIC, "GET", "/invitation/inconnue", NOBODY),
    Row("invitations.creer", P.PUBLIC, "POST", "/invitation/inconnue", NOBODY),
    Row("invitations.accepter", P.CONNECTED, "POST", "/invitation/inconnue/accepter", (303, *NOBODY[1:])),
    Row("account_admin.liste", P.ADMINISTER, "GET", "/administration/comptes/", ADMINISTRATORS),
    Row("account_admin.compte", P.ADMINISTER, "GET", "/administration/comptes/{personne}", ADMINISTRATORS),
    Row("account_admin.compte", P.ADMINISTER, "GET", "/administration/comptes/{financeur}", ADMINISTRATORS),
    Row("account_admin.compte", P.ADMINISTER, "GET", "/administration/comptes/999999", (*ADMINISTRATORS[:7], 404)),
    Row("account_admin.fermer", P.ADMINISTER, "POST", "/administration/comptes/{personne}/desactiver", WHO_ADMINISTERS),
    Row("account_admin.fermer", P.ADMINISTER, "POST", "/administration/comptes/{administrateur}/desactiver",
        (*ADMINISTRATORS[:7], 409)),
    Row("account_admin.administration", P.ADMINISTER, "POST",
        "/administration/comptes/{personne}/administration/donner", WHO_ADMINISTERS),
    Row("account_admin.affecter", P.ADMINISTER, "POST", "/administration/comptes/{personne}/affectations",
        (*TYPED[:7], 422)),
    Row("account_admin.suivre", P.ADMINISTER, "POST", "/administration/comptes/{financeur}/affectations/{affectation}",
        (*TYPED[:7], 303), (("departements", "14"),)),
    Row("account_admin.suivre", P.ADMINISTER, "POST", "/administration/comptes/{personne}/affectations/{affectation}",
        (*TYPED[:7], 404)),
    Row("account_admin.retirer", P.ADMINISTER, "POST",
        "/administration/comptes/{financeur}/affectations/{affectation}/retirer", WHO_ADMINISTERS),
    Row("account_admin.invitees", P.ADMINISTER, "GET", "/administration/comptes/invitations", ADMINISTRATORS),
    Row("account_admin.inviter", P.ADMINISTER, "POST", "/administration/comptes/invitations", (*TYPED[:7], 422)),
    Row("account_admin.invitation", P.ADMINISTER, "POST",
        "/administration/comptes/invitations/{invitation_reseau}/retirer", WHO_ADMINISTERS),
    Row("account_admin.invitation", P.ADMINISTER, "POST",
        "/administration/comptes/invitations/{invitation}/retirer", (*ADMINISTRATORS[:7], 404)),
)  # fmt: skip

PERSONAL = (
    Row("personal_data.confidentialite", P.PUBLIC, "GET", "/confidentialite", EVERYONE),
    Row("personal_data.accueil", P.CONNECTED, "GET", "/mes-donnees/", (303, *EVERYONE[1:])),
    Row("personal_data.archive", P.CONNECTED, "GET", "/mes-donnees/mes-donnees-relais.zip", (303, *EVERYONE[1:])),
    Row("personal_data.effacer", P.CONNECTED, "POST", "/mes-donnees/effacer", (303, *(422,) * 7)),
    Row("personal_data.demander_lien", P.CONNECTED, "POST", "/mes-donnees/effacer/lien", (303,) * 8),
    Row("personal_data.confirmer", P.PUBLIC, "GET", "/mes-donnees/effacement/inconnu", NOBODY),
    Row("personal_data.effacer_par_lien", P.PUBLIC, "POST", "/mes-donnees/effacement/inconnu", NOBODY),
    Row("personal_data.effacement", P.ADMINISTER, "GET", "/administration/effacement/{compte}", ADMINISTRATORS),
    Row("personal_data.effacer_pour", P.ADMINISTER, "POST", "/administration/effacement/{compte}",
        (303, *ADMINISTRATORS[1:7], 422)),
    Row("personal_data.effacer_pour", P.ADMINISTER, "POST", "/administration/effacement/999999",
        (303, *ADMINISTRATORS[1:7], 404)),
)  # fmt: skip

CONNECTED = (303, *EVERYONE[1:])

ACCOUNT = (
    Row("login.verifier_code", P.PUBLIC, "POST", "/connexion/code", (401,) * 8, (("code", "123456"),)),
    Row("own_account.accueil", P.CONNECTED, "GET", "/compte/", CONNECTED),
    Row("second_factor.page", P.CONNECTED, "GET", "/compte/second-facteur", CONNECTED),
    Row("second_factor.commencer", P.CONNECTED, "POST", "/compte/second-facteur/commencer", (303,) * 8),
    Row("second_factor.dessin", P.CONNECTED, "GET", "/compte/second-facteur/dessin.svg", (303, *NOBODY[1:])),
    Row("second_factor.confirmer", P.CONNECTED, "POST", "/compte/second-facteur/confirmer", (303, *(422,) * 7)),
    Row("second_factor.agir", P.CONNECTED, "POST", "/compte/second-facteur",
        (303, 404, 404, *(422,) * 5), (("action", "codes"),)),
    Row("second_factor.codes", P.CONNECTED, "POST", "/compte/second-facteur/codes.txt",
        (303, *NOBODY[1:]), (("codes", "abcd-efgh-ijkm-npqr"),)),
    Row("own_account.mot_de_passe", P.CONNECTED, "GET", "/compte/mot-de-passe", CONNECTED),
    Row("own_account.changer_mot_de_passe", P.CONNECTED, "POST", "/compte/mot-de-passe", (303, *(422,) * 7)),
    Row("own_account.recevoir_lien", P.CONNECTED, "POST", "/compte/mot-de-passe/lien", (303,) * 8),
    Row("own_account.adresse", P.CONNECTED, "GET", "/compte/adresse", CONNECTED),
    Row("own_account.changer_adresse", P.CONNECTED, "POST", "/compte/adresse", (303, *(422,) * 7)),
    Row("own_account.connexions", P.CONNECTED, "GET", "/compte/connexions", CONNECTED),
    Row("own_account.fermer", P.CONNECTED, "POST", "/compte/connexions/fermer", (303, *NOBODY[1:])),
    Row("own_account.fermer_les_autres", P.CONNECTED, "POST", "/compte/connexions/fermer-les-autres", (303,) * 8),
    Row("email_tokens.oublie", P.PUBLIC, "GET", "/mot-de-passe-oublie", EVERYONE),
    Row("email_tokens.demander", P.PUBLIC, "POST", "/mot-de-passe-oublie", (422,) * 8),
    Row("email_tokens.mot_de_passe", P.PUBLIC, "GET", "/mot-de-passe/inconnu", NOBODY),
    Row("email_tokens.choisir", P.PUBLIC, "POST", "/mot-de-passe/inconnu", NOBODY),
    Row("email_tokens.adresse", P.PUBLIC, "GET", "/adresse/inconnu", NOBODY),
    Row("email_tokens.suivre_adresse", P.PUBLIC, "POST", "/adresse/inconnu", NOBODY),
    Row("logins.liste", P.ADMINISTER, "GET", "/administration/connexions/?q=%25", ADMINISTRATORS),
    Row("logins.compte", P.ADMINISTER, "GET", "/administration/connexions/1", ADMINISTRATORS),
    Row("logins.retirer", P.ADMINISTER, "POST", "/administration/connexions/1/second-facteur/retirer",
        WHO_ADMINISTERS),
)  # fmt: skip

KEPT = (303, 200, 404, 200, 404, 403, 403, 200)
"""The page of a structure: its people, the moderators of its territoire, administrators."""


def keeps(anonymous: int, theirs: int) -> tuple[int, ...]:
    return (anonymous, theirs, 404, theirs, 404, 403, 403, theirs)


STRUCTURES = (
    Row("structures.structure", P.KEEP_STRUCTURE, "GET", "/structures/{organisme}", KEPT),
    Row("structures.structure", P.KEEP_STRUCTURE, "GET", "/structures/999999", (303, *(404,) * 4, 403, 403, 404)),
    Row("structure_editing.identite", P.KEEP_STRUCTURE, "GET", "/structures/{organisme}/identite", KEPT),
    Row("structure_editing.contacts", P.KEEP_STRUCTURE, "GET", "/structures/{organisme}/contacts", KEPT),
    Row("structure_editing.qualiopi", P.KEEP_STRUCTURE, "GET", "/structures/{organisme}/qualiopi", KEPT),
    Row("structure_editing.lieux", P.KEEP_STRUCTURE, "GET", "/structures/{organisme}/lieux", KEPT),
    Row("structure_editing.enregistrer_identite", P.KEEP_STRUCTURE, "POST", "/structures/{organisme}/identite",
        keeps(401, 422), (("structure-siret", "12"),)),
    Row("structure_editing.enregistrer_contacts", P.KEEP_STRUCTURE, "POST", "/structures/{organisme}/contacts",
        keeps(401, 422), (("direction-courriel", "à la direction"),)),
    Row("structure_editing.enregistrer_contacts", P.KEEP_STRUCTURE, "POST", "/structures/{organisme}/contacts",
        keeps(401, 409)),
    Row("structure_editing.enregistrer_qualiopi", P.KEEP_STRUCTURE, "POST", "/structures/{organisme}/qualiopi",
        keeps(401, 422), (("qualiopi", "oui"),)),
    Row("structure_editing.enregistrer_lieux", P.KEEP_STRUCTURE, "POST", "/structures/{organisme}/lieux",
        keeps(401, 422), (("lieux-0-adresse-code_postal", "99999"),)),
    Row("structures.garder_lieu", P.KEEP_STRUCTURE, "POST", "/structures/{organisme}/lieux/garder",
        keeps(303, 409), (("lieu", "nulle part"),)),
    Row("structures.reprendre_numero", P.KEEP_STRUCTURE, "POST", "/structures/{organisme}/numeros/reprendre",
        keeps(303, 409), (("numero", "siret"), ("valeur", "12"))),
    Row("structures.verifier", P.MANAGE_STRUCTURES, "POST", "/structures/{organisme}/verification",
        (401, 403, 403, 422, 404, 403, 403, 422)),
    Row("structures.verifier", P.MANAGE_STRUCTURES, "POST", "/structures/{organisme}/verification",
        (401, 403, 403, 409, 404, 403, 403, 409), (("objet", "uai"), ("verdict", "verifiee"), ("note", "Un appel."))),
    Row("structure_duplicates.liste", P.MANAGE_STRUCTURES, "GET", "/structures/doublons/", RULERS),
    Row("structure_duplicates.chercher", P.MANAGE_STRUCTURES, "GET", "/structures/doublons/{organisme}?q=voisine",
        (303, 403, 403, 200, 404, 403, 403, 200)),
    Row("structure_duplicates.fusion", P.MANAGE_STRUCTURES, "GET", "/structures/doublons/{organisme}/{voisine}",
        (303, 403, 403, 200, 404, 403, 403, 200)),
    Row("structure_duplicates.fusion", P.MANAGE_STRUCTURES, "GET", "/structures/doublons/{organisme}/{organisme}",
        (303, 403, 403, 404, 404, 403, 403, 404)),
    Row("structure_duplicates.fusionner", P.MANAGE_STRUCTURES, "POST", "/structures/doublons/{organisme}/{voisine}",
        (303, 403, 403, 422, 404, 403, 403, 422)),
    Row("structure_duplicates.distinguer", P.MANAGE_STRUCTURES, "POST", "/structures/doublons/distinguer",
        (303, 403, 403, 303, 404, 403, 403, 303), (("une", "{organisme}"), ("autre", "{voisine}"))),
    Row("structure_duplicates.distinguer", P.MANAGE_STRUCTURES, "POST", "/structures/doublons/distinguer",
        (303, 403, 403, 404, 404, 403, 403, 404), (("une", "{organisme}"), ("autre", "99999999999999999999"))),
)  # fmt: skip

NO_PAGE = (*ADMINISTRATORS[:7], 404)
ADMINISTRATION_POSTS = (*ADMINISTRATORS[:7], 303)

REGISTERS = (
    Row("registers.liste", P.ADMINISTER, "GET", "/administration/registres/", ADMINISTRATORS),
    Row("registers.registre", P.ADMINISTER, "GET", "/administration/registres/vacances?apres=x", ADMINISTRATORS),
    Row("registers.registre", P.ADMINISTER, "GET", "/administration/registres/inconnu", NO_PAGE),
    Row("registers.deposer", P.ADMINISTER, "POST", "/administration/registres/vacances", (*ADMINISTRATORS[:7], 422)),
    Row("registers.regler", P.ADMINISTER, "POST", "/administration/registres/vacances/reglages",
        (*ADMINISTRATORS[:7], 422), (("additions", "0"), ("least", "9" * 30))),
    Row("registers.croire", P.ADMINISTER, "POST", "/administration/registres/vacances/attente", ADMINISTRATION_POSTS,
        (("cle", "B 2025-10-18"),)),
    Row("registers.etat", P.ADMINISTER, "GET", "/administration/registres/vacances/etat.csv?jour=2026-01-01",
        ADMINISTRATORS),
    Row("registers.etat", P.ADMINISTER, "GET", "/administration/registres/vacances/etat.csv?jour=hier",
        (*ADMINISTRATORS[:7], 422)),
    Row("registers.lecture", P.ADMINISTER, "GET", "/administration/registres/lectures/{registre}", ADMINISTRATORS),
    Row("registers.lecture", P.ADMINISTER, "GET", "/administration/registres/lectures/999999", NO_PAGE),
    Row("registers.agir", P.ADMINISTER, "POST", "/administration/registres/lectures/{registre}/defaire",
        ADMINISTRATION_POSTS),
    Row("registers.agir", P.ADMINISTER, "POST", "/administration/registres/lectures/{registre}/relancer",
        ADMINISTRATION_POSTS),
    Row("registers.agir", P.ADMINISTER, "POST", "/administration/registres/lectures/{registre}/appliquer",
        ADMINISTRATION_POSTS),
    Row("registers.agir", P.ADMINISTER, "POST", "/administration/registres/lectures/9/appliquer", NO_PAGE),
)  # fmt: skip
