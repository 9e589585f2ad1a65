"""Rows of the URL table (see test_urls): conventions, campaigns, territoires, flows, people, structures, registers."""

from __future__ import annotations

from dataclasses import dataclass

from backoffice.core.permissions import Permission


@dataclass(frozen=True)
class Row:
    """expected: HTTP status for each actor, in the order of ACTORS. {names} in the path are ids of the World."""

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
"""Page of a convention: open to its structure, and to the moderators and funders of its territoire."""
READ_LISTS = (303, 200, 200, 200, 200, 200, 200, 403)
FUNDED = (303, 403, 403, 403, 403, 200, 404, 403)
FUNDERS = (303, 403, 403, 403, 403, 200, 200, 403)


def funders(anonymous: int, first: int, other: int) -> tuple[int, ...]:
    return (anonymous, 403, 403, 403, 403, first, other, 403)


CONVENTIONS = (
    Row("conventions.index", P.READ_CONVENTION, "GET", "/conventions/?annee=2026&q=centre", READ_LISTS),
    Row("conventions.convention", P.READ_CONVENTION, "GET", "/conventions/{convention}", READ),
    Row("conventions.text", P.READ_CONVENTION, "GET", "/conventions/{convention}/refugies-info", READ),
    Row("conventions.fiche", P.READ_CONVENTION, "GET", "/conventions/{convention}/fiches/{soumise}", READ),
    Row("conventions.fiche", P.READ_CONVENTION, "GET", "/conventions/{convention}/fiches/{publiee}",
        (303, 404, 404, 404, 404, 404, 404, 403)),
    Row("conventions.fiche", P.READ_CONVENTION, "GET", "/conventions/{convention}/fiches/{brouillon}",
        (303, 200, 404, 404, 404, 404, 404, 403)),
    Row("conventions.act", P.READ_CONVENTION, "POST", "/conventions/{convention}/obligations/refugies_info/declarer",
        (401, 303, 404, 404, 404, 303, 404, 403),
        (("adresse", "https://refugies.info/fr/dispositif/63fdc0c7f40b1a0013d5a1c4"),)),
    Row("conventions.act", P.READ_CONVENTION, "POST", "/conventions/{convention}/obligations/refugies_info/declarer",
        (401, 422, 404, 404, 404, 422, 404, 403)),
    Row("conventions.act", P.READ_CONVENTION, "POST", "/conventions/{convention}/obligations/pne/verifier",
        (401, 404, 404, 404, 404, 303, 404, 403)),
    Row("conventions.act", P.READ_CONVENTION, "POST", "/conventions/{convention}/obligations/carte/dispenser",
        (401, 404, 404, 404, 404, 409, 404, 403)),
    Row("conventions.act", P.READ_CONVENTION, "POST", "/conventions/{convention}/obligations/carte/constater",
        (401, 404, 404, 404, 404, 404, 404, 403)),
    Row("conventions.tie_fiche", P.READ_CONVENTION, "POST", "/conventions/{convention}/fiches",
        (303, 303, 404, 404, 404, 303, 404, 403), (("fiche", "{publiee}"),)),
    Row("conventions.tie_fiche", P.READ_CONVENTION, "POST", "/conventions/{convention}/fiches",
        (303, 303, 404, 404, 404, 404, 404, 403), (("fiche", "{brouillon}"),)),
    Row("conventions.email", P.READ_CONVENTION, "POST", "/conventions/{convention}/adresse",
        (401, 303, 404, 404, 404, 303, 404, 403), (("contact", "enquete@tilleuls.example"),)),
    Row("conventions.email", P.READ_CONVENTION, "POST", "/conventions/{convention}/adresse",
        (401, 422, 404, 404, 404, 422, 404, 403)),
    Row("conventions.follow_email", P.FUND, "POST", "/conventions/{convention}/adresse/demander",
        funders(401, 303, 404)),
    Row("conventions.follow_email", P.FUND, "POST", "/conventions/{convention}/adresse/retour",
        funders(401, 303, 404)),
    Row("conventions.new", P.FUND, "GET", "/conventions/nouvelle", FUNDERS),
    Row("conventions.create", P.FUND, "POST", "/conventions/nouvelle", funders(401, 422, 422), (("reference", "X"),)),
    Row("conventions.edit", P.FUND, "GET", "/conventions/{convention}/modifier", FUNDED),
    Row("conventions.save", P.FUND, "POST", "/conventions/{convention}/modifier", funders(401, 422, 404)),
    Row("recognition.index", P.FUND, "GET", "/conventions/rattachements/", FUNDERS),
    Row("recognition.set_action", P.FUND, "POST", "/conventions/rattachements/", funders(303, 303, 303)),
    Row("recognition.convention", P.FUND, "GET", "/conventions/rattachements/{convention}", FUNDED),
    Row("recognition.tie", P.FUND, "POST", "/conventions/rattachements/{convention}",
        funders(303, 303, 404), (("structure", "{organisme}"),)),
    Row("recognition.tie", P.FUND, "POST", "/conventions/rattachements/{convention}",
        funders(303, 404, 404), (("structure", "999999"),)),
    Row("grant_import.home", P.FUND, "GET", "/conventions/import/", FUNDERS),
    Row("grant_import.upload", P.FUND, "POST", "/conventions/import/", funders(303, 422, 422)),
    Row("grant_import.template", P.FUND, "GET", "/conventions/import/modele.xlsx", FUNDERS),
    Row("grant_import.job_view", P.FUND, "GET", "/conventions/import/{liste_conventions}", FUNDED),
    Row("grant_import.choose_columns", P.FUND, "POST", "/conventions/import/{liste_conventions}/colonnes",
        funders(303, 422, 404)),
    Row("grant_import.apply_job", P.FUND, "POST", "/conventions/import/{liste_conventions}/appliquer",
        funders(303, 303, 404)),
    Row("grant_import.remind", P.FUND, "POST", "/conventions/import/{liste_conventions}/relancer",
        funders(303, 303, 404)),
    Row("grant_import.choose_sheet", P.FUND, "POST", "/conventions/import/{liste_conventions}/feuille",
        funders(303, 303, 404)),
    Row("grant_import.mend_line", P.FUND, "POST", "/conventions/import/{liste_conventions}/lignes/999999",
        funders(303, 404, 404)),
    Row("grant_import.undo", P.FUND, "POST", "/conventions/import/{liste_conventions}/defaire",
        funders(303, 303, 404)),
    Row("pne_survey.list_view", P.FUND, "GET", "/conventions/enquete/listes/999999", funders(303, 404, 404)),
    Row("pne_survey.undo", P.FUND, "POST", "/conventions/enquete/listes/999999/defaire", funders(303, 404, 404)),
    Row("pne_survey.remind", P.FUND, "POST", "/conventions/enquete/listes/999999/relancer", funders(303, 404, 404)),
    Row("imports.job_view", P.IMPORT, "GET", "/import/{liste_conventions}", (303, 404, 404, 404, 404, 403, 403, 403)),
    Row("pne_survey.index", P.FUND, "GET", "/conventions/enquete/?annee=2026&contact=absente", FUNDERS),
    Row("pne_survey.note", P.FUND, "POST", "/conventions/enquete/?annee=2026", funders(401, 303, 422),
        (("etape", "envoyer_questionnaire"), ("convention", "{convention_autre}"))),
    Row("pne_survey.note", P.FUND, "POST", "/conventions/enquete/?annee=2025", funders(401, 422, 422),
        (("etape", "envoyer_questionnaire"), ("convention", "{convention_autre}"))),
    Row("pne_survey.respondents", P.FUND, "POST", "/conventions/enquete/repondants", funders(303, 422, 422)),
    Row("pne_contact.page", P.PUBLIC, "GET", "/adresse-enquete/inconnu", NOBODY),
    Row("pne_contact.answer", P.PUBLIC, "POST", "/adresse-enquete/inconnu", NOBODY),
    Row("pne_contact.renew_link", P.PUBLIC, "POST", "/adresse-enquete/inconnu/renouveler", NOBODY),
    Row("own_grants.index", P.WRITE_FICHE, "GET", "/subventions/", (303, 200, 200, 403, 403, 403, 403, 403)),
    Row("own_grants.tie", P.WRITE_FICHE, "POST", "/subventions/fiches/{publiee}",
        (303, 303, 404, 403, 403, 403, 403, 403)),
)  # fmt: skip
"""The columns are those of ACTORS: see test_urls."""

WRITERS = (303, 200, 404, 403, 403, 403, 403, 403)
RULERS = (303, 403, 403, 200, 200, 403, 403, 200)
OF_CAMPAIGN = (303, 403, 403, 200, 404, 403, 403, 200)

NEXT_YEAR = (
    Row("renewals.choose", P.WRITE_FICHE, "GET", "/fiches/reconduire", (303, 200, 200, 403, 403, 403, 403, 403)),
    Row("renewals.choose", P.WRITE_FICHE, "GET", "/fiches/reconduire/{organisme}", WRITERS),
    Row("renewals.choose", P.WRITE_FICHE, "GET", "/fiches/reconduire?fiche={publiee}", WRITERS),
    Row("renewals.choose", P.WRITE_FICHE, "GET", "/fiches/reconduire?fiche=abc", (303, 404, 404, *WRITERS[3:])),
    Row(
        "renewals.renew",
        P.WRITE_FICHE,
        "POST",
        "/fiches/reconduire",
        (303, 303, *WRITERS[2:]),
        (("fiche", "{publiee}"),),
    ),
    Row(
        "renewals.renew",
        P.WRITE_FICHE,
        "POST",
        "/fiches/reconduire",
        (303, 409, *WRITERS[2:]),
        (("fiche", "{suspendue}"),),
    ),
    Row("renewals.result", P.WRITE_FICHE, "GET", "/fiches/reconduction?fiche={publiee}", WRITERS),
    Row("renewals.duplicate", P.WRITE_FICHE, "POST", "/fiches/{publiee}/dupliquer", (303, 303, *WRITERS[2:])),
    Row("renewals.duplicate", P.WRITE_FICHE, "POST", "/fiches/{brouillon}/dupliquer", (303, 303, *WRITERS[2:])),
    Row("campaigns.index", P.MANAGE_CAMPAIGNS, "GET", "/moderation/campagnes/", RULERS),
    Row("campaigns.new", P.MANAGE_CAMPAIGNS, "GET", "/moderation/campagnes/nouvelle", RULERS),
    Row(
        "campaigns.create",
        P.MANAGE_CAMPAIGNS,
        "POST",
        "/moderation/campagnes/nouvelle",
        (401, 403, 403, 422, 422, 403, 403, 422),
    ),
    Row("campaigns.campaign_view", P.MANAGE_CAMPAIGNS, "GET", "/moderation/campagnes/{campagne}", OF_CAMPAIGN),
    Row(
        "campaigns.campaign_view",
        P.MANAGE_CAMPAIGNS,
        "GET",
        "/moderation/campagnes/999999",
        (*RULERS[:3], 404, 404, 403, 403, 404),
    ),
    Row("campaigns.edit", P.MANAGE_CAMPAIGNS, "GET", "/moderation/campagnes/{campagne}/modifier", OF_CAMPAIGN),
    Row(
        "campaigns.save",
        P.MANAGE_CAMPAIGNS,
        "POST",
        "/moderation/campagnes/{campagne}/modifier",
        (401, 403, 403, 422, 404, 403, 403, 422),
    ),
    Row(
        "campaigns.invite",
        P.MANAGE_CAMPAIGNS,
        "POST",
        "/moderation/campagnes/{campagne}/inviter",
        (303, 403, 403, 303, 404, 403, 403, 303),
    ),
    Row("campaigns.csv", P.MANAGE_CAMPAIGNS, "GET", "/moderation/campagnes/{campagne}/avancement.csv", OF_CAMPAIGN),
    Row("campaigns.chart", P.MANAGE_CAMPAIGNS, "GET", "/moderation/campagnes/{campagne}/avancement.svg", OF_CAMPAIGN),
)

WHO_ADMINISTERS = (303, 403, 403, 403, 403, 403, 403, 303)
ADMINISTRATORS = (303, 403, 403, 403, 403, 403, 403, 200)
TYPED = (401, *ADMINISTRATORS[1:])
"""A form whose answers survive an expired session."""

TERRITOIRES = (
    Row("territoires.index", P.ADMINISTER, "GET", "/administration/territoires/", ADMINISTRATORS),
    Row("territoires.territoire", P.ADMINISTER, "GET", "/administration/territoires/normandie", ADMINISTRATORS),
    Row("territoires.territoire", P.ADMINISTER, "GET", "/administration/territoires/x", (*ADMINISTRATORS[:7], 404)),
    Row("territoires.set_action", P.ADMINISTER, "POST", "/administration/territoires/normandie/reglages",
        (401, *ADMINISTRATORS[1:7], 422)),
    Row("territoires.cover_action", P.ADMINISTER, "POST", "/administration/territoires/normandie/couverture",
        (401, *ADMINISTRATORS[1:7], 422), (("codes", "99999"),)),
    Row("territoires.collect_for", P.ADMINISTER, "POST", "/administration/territoires/normandie/collecte",
        (401, *ADMINISTRATORS[1:7], 422), (("collecte", "x"),)),
)  # fmt: skip

FLUXES = (
    Row("flux_administration.index", P.ADMINISTER, "GET", "/administration/flux/", ADMINISTRATORS),
    Row("flux_administration.new", P.ADMINISTER, "GET", "/administration/flux/nouveau", ADMINISTRATORS),
    Row("flux_administration.create", P.ADMINISTER, "POST", "/administration/flux/nouveau", (*TYPED[:7], 422)),
    Row("flux_administration.flux", P.ADMINISTER, "GET", "/administration/flux/{flux}", ADMINISTRATORS),
    Row("flux_administration.flux", P.ADMINISTER, "GET", "/administration/flux/999999", (*ADMINISTRATORS[:7], 404)),
    Row(
        "flux_administration.set_action",
        P.ADMINISTER,
        "POST",
        "/administration/flux/{flux}/reglages",
        (*TYPED[:7], 422),
    ),
    Row(
        "flux_administration.launch",
        P.ADMINISTER,
        "POST",
        "/administration/flux/{flux}/lancer",
        (401, *WHO_ADMINISTERS[1:]),
    ),
    Row(
        "flux_administration.create_key",
        P.ADMINISTER,
        "POST",
        "/administration/flux/{flux}/cles",
        (*TYPED[:7], 422),
    ),
    Row(
        "flux_administration.remove_key",
        P.ADMINISTER,
        "POST",
        "/administration/flux/cles/{cle}/retirer",
        WHO_ADMINISTERS,
    ),
    Row(
        "flux_administration.run_page_page",
        P.ADMINISTER,
        "GET",
        "/administration/flux/fabrications/{fabrication}",
        ADMINISTRATORS,
    ),
    Row(
        "flux_administration.stop",
        P.ADMINISTER,
        "POST",
        "/administration/flux/fabrications/{fabrication}/arreter",
        WHO_ADMINISTERS,
    ),
    Row(
        "flux_administration.again",
        P.ADMINISTER,
        "POST",
        "/administration/flux/fabrications/{fabrication}/recommencer",
        WHO_ADMINISTERS,
    ),
    Row(
        "flux_administration.file_page",
        P.ADMINISTER,
        "GET",
        "/administration/flux/fabrications/{fabrication}/fichier",
        (*ADMINISTRATORS[:7], 404),
    ),
    Row("webhooks.index", P.ADMINISTER, "GET", "/administration/webhooks/", ADMINISTRATORS),
    Row("webhooks.create", P.ADMINISTER, "POST", "/administration/webhooks/", (*TYPED[:7], 422)),
    Row("webhooks.page", P.ADMINISTER, "GET", "/administration/webhooks/{webhook}", ADMINISTRATORS),
    Row("webhooks.page", P.ADMINISTER, "GET", "/administration/webhooks/999999", (*ADMINISTRATORS[:7], 404)),
    Row("webhooks.change", P.ADMINISTER, "POST", "/administration/webhooks/{webhook}", (*TYPED[:7], 422)),
    Row("webhooks.renew_secret", P.ADMINISTER, "POST", "/administration/webhooks/{webhook}/secret", ADMINISTRATORS),
    Row("webhooks.stop", P.ADMINISTER, "POST", "/administration/webhooks/{webhook}/arreter", WHO_ADMINISTERS),
    Row("webhooks.resume", P.ADMINISTER, "POST", "/administration/webhooks/{webhook}/reprendre", WHO_ADMINISTERS),
    Row(
        "webhooks.tell_again",
        P.ADMINISTER,
        "POST",
        "/administration/webhooks/{webhook}/renvoyer",
        (*TYPED[:7], 422),
    ),
    Row("webhooks.remove", P.ADMINISTER, "POST", "/administration/webhooks/{webhook}/supprimer", WHO_ADMINISTERS),
    Row("file_checks.file_page", P.CONNECTED, "GET", "/lheo/verifier", (303, *EVERYONE[1:])),
    Row("file_checks.check_action", P.CONNECTED, "POST", "/lheo/verifier", (303,) + (422,) * 7),
    Row("file_checks.result", P.CONNECTED, "GET", "/lheo/verifier/resultat", (303,) * 8),
    Row("file_checks.remind", P.CONNECTED, "POST", "/lheo/verifier/relancer", (303,) * 8),
    Row("file_checks.report", P.CONNECTED, "GET", "/lheo/verifier/rapport.json", (303,) + (404,) * 7),
    Row("file_checks.reference", P.PUBLIC, "GET", "/lheo/reference", EVERYONE),
)

MANAGERS = (303, 200, 404, 200, 404, 403, 403, 403)
MODERATE_ALL = (303, 403, 403, 200, 200, 403, 403, 403)
ANYBODY = (303, *EVERYONE[1:])

PEOPLE = (
    Row("members.own", P.MANAGE_MEMBERS, "GET", "/structures/membres",
        (303, 303, 303, 404, 404, 403, 403, 403)),
    Row("members.index", P.MANAGE_MEMBERS, "GET", "/structures/{organisme}/membres", MANAGERS),
    Row("members.change_role", P.MANAGE_MEMBERS, "POST", "/structures/{organisme}/membres/{personne}/role",
        (303, 303, 404, 303, *MANAGERS[4:]), (("role", "responsable"),)),
    Row("members.change_role", P.MANAGE_MEMBERS, "POST", "/structures/{organisme}/membres/{personne}/role",
        (303, 422, 404, 422, *MANAGERS[4:]), (("role", "administrateur"),)),
    Row("members.remove", P.MANAGE_MEMBERS, "POST", "/structures/{organisme}/membres/{personne}/retirer",
        (303, 409, 404, 303, *MANAGERS[4:])),
    Row("members.remove", P.MANAGE_MEMBERS, "POST", "/structures/{organisme}/membres/{personne_voisine}/retirer",
        (303, 404, 404, 404, *MANAGERS[4:])),
    Row("members.account", P.MODERATE, "POST", "/structures/{organisme}/membres/{personne}/desactiver",
        (303, 403, 403, 303, *MANAGERS[4:])),
    Row("members.invite", P.MANAGE_MEMBERS, "POST", "/structures/{organisme}/invitations",
        (401, 303, 404, 409, *MANAGERS[4:]), (("courriel", "awa@exemple.fr"), ("role", "saisie"))),
    Row("members.invite", P.MANAGE_MEMBERS, "POST", "/structures/{organisme}/invitations",
        (401, 422, 404, 422, *MANAGERS[4:]), (("courriel", "awa@exemple.fr"), ("role", "moderateur"))),
    Row("members.invitation", P.MANAGE_MEMBERS, "POST", "/structures/{organisme}/invitations/{invitation}/retirer",
        (303, 303, 404, 409, *MANAGERS[4:])),
    Row("members.invitation", P.MANAGE_MEMBERS, "POST",
        "/structures/{organisme}/invitations/{invitation_reseau}/retirer", (303, 404, 404, 404, *MANAGERS[4:])),
    Row("members.decide", P.MANAGE_MEMBERS, "POST", "/structures/{organisme}/demandes/{demande}",
        (303, 303, 404, 409, *MANAGERS[4:]), (("reponse", "refuser"),)),
    Row("members.decide", P.MANAGE_MEMBERS, "POST", "/structures/{organisme}/demandes/{demande}",
        (303, 422, 404, 422, *MANAGERS[4:]), (("reponse", "financeur"),)),
    Row("people.index", P.MODERATE, "GET", "/moderation/personnes/", MODERATE_ALL),
    Row("joining.home", P.CONNECTED, "GET", "/mes-structures/", ANYBODY),
    Row("joining.leave", P.CONNECTED, "POST", "/mes-structures/{organisme}/quitter", (303, 409, *(404,) * 6)),
    Row("joining.cancel", P.CONNECTED, "POST", "/mes-structures/demandes/{demande}/annuler", (303, *(404,) * 7)),
    Row("joining.search", P.CONNECTED, "GET", "/mes-structures/rejoindre?q=tilleuls", ANYBODY),
    Row("joining.request_form", P.CONNECTED, "GET", "/mes-structures/rejoindre/{organisme}", ANYBODY),
    Row("joining.request_form", P.CONNECTED, "GET", "/mes-structures/rejoindre/999999", (303, *(404,) * 7)),
    Row("joining.ask", P.CONNECTED, "POST", "/mes-structures/rejoindre/{organisme}",
        (401, 409, *(303,) * 6), (("mots", "C’est moi."),)),
    Row("joining.begin", P.PUBLIC, "GET", "/rejoindre", (200, *(303,) * 7)),
    Row("joining.confirm", P.PUBLIC, "POST", "/rejoindre", (422,) * 8),
    Row("invitations.page", P.PUBLIC, "GET", "/invitation/inconnue", NOBODY),
    Row("invitations.create", P.PUBLIC, "POST", "/invitation/inconnue", NOBODY),
    Row("invitations.accept", P.CONNECTED, "POST", "/invitation/inconnue/accepter", (303, *NOBODY[1:])),
    Row("account_admin.index", P.ADMINISTER, "GET", "/administration/comptes/", ADMINISTRATORS),
    Row("account_admin.account", P.ADMINISTER, "GET", "/administration/comptes/{personne}", ADMINISTRATORS),
    Row("account_admin.account", P.ADMINISTER, "GET", "/administration/comptes/{financeur}", ADMINISTRATORS),
    Row("account_admin.account", P.ADMINISTER, "GET", "/administration/comptes/999999", (*ADMINISTRATORS[:7], 404)),
    Row("account_admin.close", P.ADMINISTER, "POST", "/administration/comptes/{personne}/desactiver", WHO_ADMINISTERS),
    Row("account_admin.close", P.ADMINISTER, "POST", "/administration/comptes/{administrateur}/desactiver",
        (*ADMINISTRATORS[:7], 409)),
    Row("account_admin.administration", P.ADMINISTER, "POST",
        "/administration/comptes/{personne}/administration/donner", WHO_ADMINISTERS),
    Row("account_admin.assign", P.ADMINISTER, "POST", "/administration/comptes/{personne}/affectations",
        (*TYPED[:7], 422)),
    Row("account_admin.follow", P.ADMINISTER, "POST", "/administration/comptes/{financeur}/affectations/{affectation}",
        (*TYPED[:7], 303), (("departements", "14"),)),
    Row("account_admin.follow", P.ADMINISTER, "POST", "/administration/comptes/{personne}/affectations/{affectation}",
        (*TYPED[:7], 404)),
    Row("account_admin.remove", P.ADMINISTER, "POST",
        "/administration/comptes/{financeur}/affectations/{affectation}/retirer", WHO_ADMINISTERS),
    Row("account_admin.invited", P.ADMINISTER, "GET", "/administration/comptes/invitations", ADMINISTRATORS),
    Row("account_admin.invite", P.ADMINISTER, "POST", "/administration/comptes/invitations", (*TYPED[:7], 422)),
    Row("account_admin.invitation", P.ADMINISTER, "POST",
        "/administration/comptes/invitations/{invitation_reseau}/retirer", WHO_ADMINISTERS),
    Row("account_admin.invitation", P.ADMINISTER, "POST",
        "/administration/comptes/invitations/{invitation}/retirer", (*ADMINISTRATORS[:7], 404)),
)  # fmt: skip

PERSONAL = (
    Row("personal_data.privacy_notice", P.PUBLIC, "GET", "/confidentialite", EVERYONE),
    Row("personal_data.home", P.CONNECTED, "GET", "/mes-donnees/", (303, *EVERYONE[1:])),
    Row("personal_data.archive", P.CONNECTED, "GET", "/mes-donnees/mes-donnees-relais.zip", (303, *EVERYONE[1:])),
    Row("personal_data.erase", P.CONNECTED, "POST", "/mes-donnees/effacer", (303, *(422,) * 7)),
    Row("personal_data.ask_link", P.CONNECTED, "POST", "/mes-donnees/effacer/lien", (303,) * 8),
    Row("personal_data.confirm", P.PUBLIC, "GET", "/mes-donnees/effacement/inconnu", NOBODY),
    Row("personal_data.erase_by_link", P.PUBLIC, "POST", "/mes-donnees/effacement/inconnu", NOBODY),
    Row("personal_data.erasure_page", P.ADMINISTER, "GET", "/administration/effacement/{compte}", ADMINISTRATORS),
    Row("personal_data.erase_for", P.ADMINISTER, "POST", "/administration/effacement/{compte}",
        (303, *ADMINISTRATORS[1:7], 422)),
    Row("personal_data.erase_for", P.ADMINISTER, "POST", "/administration/effacement/999999",
        (303, *ADMINISTRATORS[1:7], 404)),
)  # fmt: skip

CONNECTED = (303, *EVERYONE[1:])

ACCOUNT = (
    Row("login.check_code", P.PUBLIC, "POST", "/connexion/code", (401,) * 8, (("code", "123456"),)),
    Row("own_account.home", P.CONNECTED, "GET", "/compte/", CONNECTED),
    Row("second_factor.page", P.CONNECTED, "GET", "/compte/second-facteur", CONNECTED),
    Row("second_factor.begin", P.CONNECTED, "POST", "/compte/second-facteur/commencer", (303,) * 8),
    Row("second_factor.drawing", P.CONNECTED, "GET", "/compte/second-facteur/dessin.svg", (303, *NOBODY[1:])),
    Row("second_factor.confirm", P.CONNECTED, "POST", "/compte/second-facteur/confirmer", (303, *(422,) * 7)),
    Row("second_factor.act", P.CONNECTED, "POST", "/compte/second-facteur",
        (303, 404, 404, *(422,) * 5), (("action", "codes"),)),
    Row("second_factor.codes", P.CONNECTED, "POST", "/compte/second-facteur/codes.txt",
        (303, *NOBODY[1:]), (("codes", "abcd-efgh-ijkm-npqr"),)),
    Row("own_account.password", P.CONNECTED, "GET", "/compte/mot-de-passe", CONNECTED),
    Row("own_account.change_password", P.CONNECTED, "POST", "/compte/mot-de-passe", (303, *(422,) * 7)),
    Row("own_account.receive_link", P.CONNECTED, "POST", "/compte/mot-de-passe/lien", (303,) * 8),
    Row("own_account.email_page", P.CONNECTED, "GET", "/compte/adresse", CONNECTED),
    Row("own_account.change_email", P.CONNECTED, "POST", "/compte/adresse", (303, *(422,) * 7)),
    Row("own_account.logins_page", P.CONNECTED, "GET", "/compte/connexions", CONNECTED),
    Row("own_account.close", P.CONNECTED, "POST", "/compte/connexions/fermer", (303, *NOBODY[1:])),
    Row("own_account.close_others", P.CONNECTED, "POST", "/compte/connexions/fermer-les-autres", (303,) * 8),
    Row("email_tokens.forgotten", P.PUBLIC, "GET", "/mot-de-passe-oublie", EVERYONE),
    Row("email_tokens.ask", P.PUBLIC, "POST", "/mot-de-passe-oublie", (422,) * 8),
    Row("email_tokens.password", P.PUBLIC, "GET", "/mot-de-passe/inconnu", NOBODY),
    Row("email_tokens.choose", P.PUBLIC, "POST", "/mot-de-passe/inconnu", NOBODY),
    Row("email_tokens.email_page", P.PUBLIC, "GET", "/adresse/inconnu", NOBODY),
    Row("email_tokens.follow_email", P.PUBLIC, "POST", "/adresse/inconnu", NOBODY),
    Row("logins.index", P.ADMINISTER, "GET", "/administration/connexions/?q=%25", ADMINISTRATORS),
    Row("logins.account", P.ADMINISTER, "GET", "/administration/connexions/1", ADMINISTRATORS),
    Row("logins.remove", P.ADMINISTER, "POST", "/administration/connexions/1/second-facteur/retirer",
        WHO_ADMINISTERS),
)  # fmt: skip

KEPT = (303, 200, 404, 200, 404, 403, 403, 200)
"""Page of a structure: open to its members, the moderators of its territoire and administrators."""


def keeps(anonymous: int, theirs: int) -> tuple[int, ...]:
    return (anonymous, theirs, 404, theirs, 404, 403, 403, theirs)


STRUCTURES = (
    Row("structures.structure", P.KEEP_STRUCTURE, "GET", "/structures/{organisme}", KEPT),
    Row("structures.structure", P.KEEP_STRUCTURE, "GET", "/structures/999999", (303, *(404,) * 4, 403, 403, 404)),
    Row("structure_editing.identity", P.KEEP_STRUCTURE, "GET", "/structures/{organisme}/identite", KEPT),
    Row("structure_editing.contacts", P.KEEP_STRUCTURE, "GET", "/structures/{organisme}/contacts", KEPT),
    Row("structure_editing.qualiopi", P.KEEP_STRUCTURE, "GET", "/structures/{organisme}/qualiopi", KEPT),
    Row("structure_editing.locations", P.KEEP_STRUCTURE, "GET", "/structures/{organisme}/lieux", KEPT),
    Row("structure_editing.save_identity", P.KEEP_STRUCTURE, "POST", "/structures/{organisme}/identite",
        keeps(401, 422), (("structure-siret", "12"),)),
    Row("structure_editing.save_contacts", P.KEEP_STRUCTURE, "POST", "/structures/{organisme}/contacts",
        keeps(401, 422), (("direction-courriel", "à la direction"),)),
    Row("structure_editing.save_contacts", P.KEEP_STRUCTURE, "POST", "/structures/{organisme}/contacts",
        keeps(401, 409)),
    Row("structure_editing.save_qualiopi", P.KEEP_STRUCTURE, "POST", "/structures/{organisme}/qualiopi",
        keeps(401, 422), (("qualiopi", "oui"),)),
    Row("structure_editing.save_locations", P.KEEP_STRUCTURE, "POST", "/structures/{organisme}/lieux",
        keeps(401, 422), (("lieux-0-adresse-code_postal", "99999"),)),
    Row("structures.keep_location", P.KEEP_STRUCTURE, "POST", "/structures/{organisme}/lieux/garder",
        keeps(303, 409), (("lieu", "nulle part"),)),
    Row("structures.take_number", P.KEEP_STRUCTURE, "POST", "/structures/{organisme}/numeros/reprendre",
        keeps(303, 409), (("numero", "siret"), ("valeur", "12"))),
    Row("structures.check", P.MANAGE_STRUCTURES, "POST", "/structures/{organisme}/verification",
        (401, 403, 403, 422, 404, 403, 403, 422)),
    Row("structures.check", P.MANAGE_STRUCTURES, "POST", "/structures/{organisme}/verification",
        (401, 403, 403, 409, 404, 403, 403, 409), (("objet", "uai"), ("verdict", "verifiee"), ("note", "Un appel."))),
    Row("structure_duplicates.index", P.MANAGE_STRUCTURES, "GET", "/structures/doublons/", RULERS),
    Row("structure_duplicates.search", P.MANAGE_STRUCTURES, "GET", "/structures/doublons/{organisme}?q=voisine",
        (303, 403, 403, 200, 404, 403, 403, 200)),
    Row("structure_duplicates.merge_form", P.MANAGE_STRUCTURES, "GET", "/structures/doublons/{organisme}/{voisine}",
        (303, 403, 403, 200, 404, 403, 403, 200)),
    Row("structure_duplicates.merge_form", P.MANAGE_STRUCTURES, "GET", "/structures/doublons/{organisme}/{organisme}",
        (303, 403, 403, 404, 404, 403, 403, 404)),
    Row("structure_duplicates.merge_action", P.MANAGE_STRUCTURES, "POST", "/structures/doublons/{organisme}/{voisine}",
        (303, 403, 403, 422, 404, 403, 403, 422)),
    Row("structure_duplicates.set_apart", P.MANAGE_STRUCTURES, "POST", "/structures/doublons/distinguer",
        (303, 403, 403, 303, 404, 403, 403, 303), (("une", "{organisme}"), ("autre", "{voisine}"))),
    Row("structure_duplicates.set_apart", P.MANAGE_STRUCTURES, "POST", "/structures/doublons/distinguer",
        (303, 403, 403, 404, 404, 403, 403, 404), (("une", "{organisme}"), ("autre", "99999999999999999999"))),
)  # fmt: skip

NO_PAGE = (*ADMINISTRATORS[:7], 404)
ADMINISTRATION_POSTS = (*ADMINISTRATORS[:7], 303)

REGISTERS = (
    Row("registers.index", P.ADMINISTER, "GET", "/administration/registres/", ADMINISTRATORS),
    Row("registers.register_view", P.ADMINISTER, "GET", "/administration/registres/vacances?apres=x", ADMINISTRATORS),
    Row("registers.register_view", P.ADMINISTER, "GET", "/administration/registres/inconnu", NO_PAGE),
    Row("registers.upload", P.ADMINISTER, "POST", "/administration/registres/vacances", (*ADMINISTRATORS[:7], 422)),
    Row("registers.set_action", P.ADMINISTER, "POST", "/administration/registres/vacances/reglages",
        (*TYPED[:7], 422), (("additions", "0"), ("least", "9" * 30))),
    Row("registers.believe", P.ADMINISTER, "POST", "/administration/registres/vacances/attente", ADMINISTRATION_POSTS,
        (("cle", "B 2025-10-18"),)),
    Row("registers.status", P.ADMINISTER, "GET", "/administration/registres/vacances/etat.csv?jour=2026-01-01",
        ADMINISTRATORS),
    Row("registers.status", P.ADMINISTER, "GET", "/administration/registres/vacances/etat.csv?jour=hier",
        (*ADMINISTRATORS[:7], 422)),
    Row("registers.reading", P.ADMINISTER, "GET", "/administration/registres/lectures/{registre}", ADMINISTRATORS),
    Row("registers.reading", P.ADMINISTER, "GET", "/administration/registres/lectures/999999", NO_PAGE),
    Row("registers.act", P.ADMINISTER, "POST", "/administration/registres/lectures/{registre}/defaire",
        ADMINISTRATION_POSTS),
    Row("registers.act", P.ADMINISTER, "POST", "/administration/registres/lectures/{registre}/relancer",
        ADMINISTRATION_POSTS),
    Row("registers.act", P.ADMINISTER, "POST", "/administration/registres/lectures/{registre}/appliquer",
        ADMINISTRATION_POSTS),
    Row("registers.act", P.ADMINISTER, "POST", "/administration/registres/lectures/9/appliquer", NO_PAGE),
)  # fmt: skip
