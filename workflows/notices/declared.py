"""What people are told, each notice declared once: who, when, in which words.

To add one: a row here, its text in ``templates/notices/emails/<name>.txt``, and one call of ``outbox.tell``
where it happens. The text serves both forms of the e-mail: blank lines part paragraphs, lines that begin
with ``>`` quote somebody, lines that begin with ``-`` make a list; the HTML form is laid out from them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from backoffice.core.permissions import Permission
from backoffice.models import Assignment, Fiche, Membership, Territoire, User
from backoffice.models.accounts.account import moderates

Fact = str | int | bool | None | Sequence[str] | Sequence[Mapping[str, str | int]]


@dataclass(frozen=True)
class Addressee:
    """user_id: None for somebody who has no account. by_link: has no password, and comes in by the links of e-mails."""

    email: str
    name: str = ""
    user_id: int | None = None
    by_link: bool = False


@dataclass(frozen=True)
class Told:
    """What happened: what an audience and a text may speak of."""

    session: Session
    actor: User | None = None
    fiche: Fiche | None = None
    territoire: Territoire | None = None
    to: Sequence[Addressee] = ()
    facts: Mapping[str, Fact] = field(default_factory=dict)


Audience = Callable[[Told], Sequence[Addressee]]


@dataclass(frozen=True)
class Notice:
    """One kind of event.

    label: what it is about, as the person who chooses their e-mails reads it
    when: the moment, for whoever reads this table
    subject: Jinja text; page: path of the page to open, with {fiche}, {territoire} or a fact; may be empty
    concerns: whoever holds this permission may receive it, and chooses whether to
    obligatory: the person has to act, or has a right at stake: it cannot be muted
    by_mail: False: only in the list inside Relais; in_list: False: only by e-mail
    secret: its text lets somebody in, and is forgotten once sent
    """

    name: str
    label: str
    when: str
    audience: Audience
    subject: str
    page: str = ""
    concerns: Permission = Permission.WRITE_FICHE
    obligatory: bool = False
    by_mail: bool = True
    in_list: bool = True
    secret: bool = False


def structure(told: Told) -> Sequence[Addressee]:
    """The people who enter the fiches of the structure."""
    assert told.fiche is not None
    return _people(
        told, select(User).join(Membership).where(Membership.organisme_id == told.fiche.organisme_id, User.active)
    )


def structure_or_contact(told: Told) -> Sequence[Addressee]:
    """The same; while nobody of the structure has an account, the address that it gave."""
    assert told.fiche is not None
    if people := structure(told):
        return people
    said = told.fiche.organisme.structure
    email = said.get("courriel") or said.get("contact", {}).get("courriel")
    return [Addressee(email, told.fiche.organisme.nom)] if email else []


def moderators(told: Told) -> Sequence[Addressee]:
    """Those of the fiche's territoire, or of the one that is spoken of; and of the one that collects for it."""
    territoire_id = told.territoire.id if told.territoire else told.fiche.territoire_id if told.fiche else None
    return _people(
        told,
        select(User).join(Assignment).where(moderates([territoire_id]), User.active),
    )


def administrators(told: Told) -> Sequence[Addressee]:
    return _people(told, select(User).where(User.administrator, User.active))


def named(told: Told) -> Sequence[Addressee]:
    """Those whom the caller names."""
    return told.to


def _people(told: Told, query: Select[tuple[User]]) -> Sequence[Addressee]:
    columns = query.with_only_columns(User.id, User.email, User.name, User.password_hash)
    rows = told.session.execute(columns.distinct().order_by(User.id))
    return [Addressee(row.email, row.name, row.id, not row.password_hash) for row in rows]


_TABLE = (
    Notice(
        "fiche_envoyee",
        "Vos fiches bien reçues",
        "a person has sent a fiche for verification",
        structure,
        "Votre fiche est envoyée : {{ titre }}",
        "/fiches/{fiche}",
    ),
    Notice(
        "fiche_validee",
        "Vos fiches validées",
        "a moderator has approved a version",
        structure,
        "Votre fiche est validée : {{ titre }}",
        "/fiches/{fiche}",
    ),
    Notice(
        "fiche_renvoyee",
        "Vos fiches à corriger",
        "a moderator has returned a version",
        structure,
        "Votre fiche est à corriger : {{ titre }}",
        "/fiches/{fiche}",
        obligatory=True,
    ),
    Notice(
        "fiche_refusee",
        "Vos fiches refusées",
        "a moderator has refused a version",
        structure,
        "Votre fiche n’est pas publiée : {{ titre }}",
        "/fiches/{fiche}",
        obligatory=True,
    ),
    Notice(
        "fiche_suspendue",
        "Vos fiches suspendues",
        "a moderator has taken a fiche offline",
        structure,
        "La publication de votre fiche est suspendue : {{ titre }}",
        "/fiches/{fiche}",
        obligatory=True,
    ),
    Notice(
        "fiche_republiee",
        "Vos fiches publiées de nouveau",
        "a moderator has put a suspended fiche back online",
        structure,
        "Votre fiche est de nouveau publiée : {{ titre }}",
        "/fiches/{fiche}",
    ),
    Notice(
        "correction_moderateur",
        "Vos fiches corrigées par un modérateur",
        "a moderator has approved a version that they corrected",
        structure,
        "Votre fiche est validée, avec une petite correction : {{ titre }}",
        "/fiches/{fiche}",
        obligatory=True,
    ),
    Notice(
        "contestation_repondue",
        "Les réponses à vos contestations",
        "a moderator has answered what the structure contests",
        structure,
        "Le modérateur vous a répondu : {{ titre }}",
        "/fiches/{fiche}",
        obligatory=True,
    ),
    Notice(
        "fiche_fusionnee",
        "Vos fiches réunies avec une autre",
        "a moderator has joined two fiches that say the same",
        structure,
        "Votre fiche est réunie avec une autre : {{ titre }}",
        "/fiches/{fiche}",
        obligatory=True,
    ),
    Notice(
        "correction_contestee",
        "Les corrections contestées par une structure",
        "a structure does not agree with the corrections of a moderator",
        moderators,
        "Une correction est contestée : {{ titre }}",
        "/moderation/corrections",
        Permission.MODERATE,
    ),
    Notice(
        "fiche_arrivee",
        "Les fiches publiées qui arrivent d’un autre territoire",
        "the approved version of a fiche has its place in another territoire than before",
        moderators,
        "Une fiche publiée arrive dans votre territoire : {{ titre }}",
        "/historique/{fiche}",
        Permission.MODERATE,
    ),
    Notice(
        "fiche_alerte",
        "Vos fiches dont la certification a fini ou l’établissement a fermé",
        "a register says that the certification of a fiche has ended or will soon, or that its establishment is closed",
        structure,
        "Votre fiche est à regarder : {{ titre }}",
        "/fiches/{fiche}",
        obligatory=True,
    ),
    Notice(
        "alertes_du_jour",
        "Les fiches à regarder, d’après les répertoires",
        "registers have flagged fiches of the territoire",
        moderators,
        "{{ nombre }} fiche{{ 's' if nombre > 1 }} à regarder, d’après les répertoires",
        "/moderation/?onglet=traitees&alerte=toute",
        Permission.MODERATE,
        by_mail=False,
    ),
    Notice(
        "lien_fiche_asl",
        "Le lien qui commence une Fiche ASL",
        "somebody without account asks to describe their workshops",
        named,
        "Commencez votre fiche : un lien pour confirmer votre adresse",
        "/lien/{jeton}",
        obligatory=True,
        in_list=False,
        secret=True,
    ),
    Notice(
        "lien_connexion",
        "Le lien qui remplace le mot de passe",
        "somebody asks to come in without password",
        named,
        "Votre lien pour entrer dans Relais",
        "/lien/{jeton}",
        obligatory=True,
        in_list=False,
        secret=True,
    ),
    Notice(
        "second_facteur_ajoute",
        "Le second facteur de votre compte",
        "a telephone becomes the second factor of an account, the first or another one",
        named,
        "Votre compte Relais a un second facteur",
        "/compte/",
        Permission.CONNECTED,
        obligatory=True,
    ),
    Notice(
        "second_facteur_retire",
        "Le retrait du second facteur de votre compte",
        "the person, an administrator or the command line takes the second factor off an account",
        named,
        "Le second facteur de votre compte Relais est retiré",
        "/compte/",
        Permission.CONNECTED,
        obligatory=True,
    ),
    Notice(
        "mot_de_passe_oublie",
        "Le lien pour choisir un nouveau mot de passe",
        "somebody has forgotten their password, or has none yet",
        named,
        "Choisissez un nouveau mot de passe",
        "/mot-de-passe/{jeton}",
        Permission.CONNECTED,
        obligatory=True,
        in_list=False,
        secret=True,
    ),
    Notice(
        "mot_de_passe_change",
        "Le changement de votre mot de passe",
        "a person has changed their password, or chosen one by a link",
        named,
        "Votre mot de passe Relais a changé",
        "/compte/",
        Permission.CONNECTED,
        obligatory=True,
    ),
    Notice(
        "adresse_a_confirmer",
        "La confirmation de votre nouvelle adresse",
        "a person asks to change the e-mail address of their account: at the new address",
        named,
        "Confirmez votre nouvelle adresse",
        "/adresse/{jeton}",
        Permission.CONNECTED,
        obligatory=True,
        in_list=False,
        secret=True,
    ),
    Notice(
        "adresse_changee",
        "Le changement de votre adresse",
        "the e-mail address of an account has changed: at the address that it had",
        named,
        "L’adresse de votre compte Relais a changé",
        "/adresse/{jeton}",
        Permission.CONNECTED,
        obligatory=True,
        in_list=False,
        secret=True,
    ),
    Notice(
        "lien_rejoindre",
        "Le lien qui permet de rejoindre une structure",
        "somebody without account asks to join a structure that is in Relais",
        named,
        "Rejoignez votre structure : un lien pour confirmer votre adresse",
        "/lien/{jeton}",
        Permission.CONNECTED,
        obligatory=True,
        in_list=False,
        secret=True,
    ),
    Notice(
        "invitation",
        "Les invitations",
        "a responsable, a moderator or an administrator invites an address",
        named,
        "{{ hote }} vous invite dans Relais{{ ' : ' ~ lieu if lieu }}",
        "/invitation/{jeton}",
        Permission.CONNECTED,
        obligatory=True,
        in_list=False,
        secret=True,
    ),
    Notice(
        "invitation_acceptee",
        "Les invitations acceptées",
        "the invited person has accepted",
        named,
        "{{ personne }} a accepté votre invitation",
        "{page}",
        Permission.MANAGE_MEMBERS,
    ),
    Notice(
        "demande_rattachement",
        "Les personnes qui demandent à rejoindre vos structures",
        "somebody asks to join a structure: its responsables decide",
        named,
        "{{ personne }} demande à rejoindre {{ structure }}",
        "/structures/{organisme}/membres",
        Permission.MANAGE_MEMBERS,
        obligatory=True,
    ),
    Notice(
        "demande_moderateurs",
        "Les demandes à rejoindre une structure qui n’a pas répondu",
        "the structure has no responsable, or none answered within five working days",
        named,
        "{{ personne }} demande à rejoindre {{ structure }}, qui ne répond pas",
        "/structures/{organisme}/membres",
        Permission.MODERATE,
    ),
    Notice(
        "demande_acceptee",
        "Les réponses à vos demandes",
        "somebody has accepted the request to join",
        named,
        "Vous faites maintenant partie de {{ structure }}",
        "/fiches/",
        Permission.CONNECTED,
        obligatory=True,
    ),
    Notice(
        "demande_refusee",
        "Les refus de vos demandes",
        "somebody has refused the request to join",
        named,
        "Votre demande à rejoindre {{ structure }} n’est pas acceptée",
        "/mes-structures/",
        Permission.CONNECTED,
        obligatory=True,
    ),
    Notice(
        "acces_change",
        "Ce qui change dans vos accès",
        "somebody else has changed the role of a person, or removed them",
        named,
        "Vos accès dans Relais ont changé",
        "/mes-structures/",
        Permission.CONNECTED,
        obligatory=True,
    ),
    Notice(
        "compte_rouvert",
        "Votre compte ouvert de nouveau",
        "an account that was closed is open again",
        named,
        "Votre compte Relais est ouvert de nouveau",
        "/",
        Permission.CONNECTED,
        obligatory=True,
    ),
    Notice(
        "structures_orphelines",
        "Les structures qui n’ont plus personne pour saisir",
        "each Monday, when new ones appeared in a territoire",
        named,
        "{{ nombre }} structure{{ 's' if nombre > 1 }} sans personne pour saisir en {{ territoire }}",
        "/moderation/personnes/",
        Permission.MODERATE,
    ),
    Notice(
        "fiche_archivee",
        "Vos fiches archivées",
        "a moderator has archived a fiche in place of its structure",
        structure,
        "Votre fiche est archivée : {{ titre }}",
        "/fiches/{fiche}",
        obligatory=True,
    ),
    Notice(
        "saisie_pour_structure",
        "Vos fiches remplies avec un modérateur",
        "a moderator begins to write a fiche in place of its structure",
        structure_or_contact,
        "{{ auteur }} remplit une fiche pour {{ structure }}",
        "/fiches/{fiche}",
    ),
    Notice(
        "structure_porteuse",
        "La demande faite à une structure porteuse",
        "a structure without SIRET has sent a fiche and named the one that carries it",
        named,
        "Portez-vous {{ structure }} ?",
        "/porteuse/{jeton}",
        obligatory=True,
        in_list=False,
        secret=True,
    ),
    Notice(
        "brouillon_endormi",
        "Vos brouillons laissés de côté",
        "8, then 30 days after a draft was last saved",
        structure,
        "Votre fiche vous attend : {{ titre }}",
        "/fiches/{fiche}",
    ),
    Notice(
        "places_a_dire",
        "Les places libres à mettre à jour",
        "a week before a published session begins, when nothing was said of its places for two weeks",
        structure,
        "Reste-t-il des places ? {{ titre }}",
        "/fiches/{fiche}/places",
    ),
    Notice(
        "fiche_terminee",
        "Vos fiches dont la dernière session est terminée",
        "the day after the last session of a published fiche",
        structure,
        "La dernière session est terminée : {{ titre }}",
        "/fiches/{fiche}",
        obligatory=True,
    ),
    Notice(
        "fiche_terminee_archivee",
        "Vos fiches archivées, leur dernière session étant terminée",
        "30 days after the last session, when the structure has been told and did nothing",
        structure,
        "Votre fiche est archivée : {{ titre }}",
        "/fiches/{fiche}",
        obligatory=True,
    ),
    Notice(
        "structures_reunies",
        "Vos structures réunies avec une autre",
        "a moderator or an administrator has made two structures one",
        named,
        "« {{ disparue }} » et « {{ structure }} » sont réunies",
        "/structures/{organisme}",
        obligatory=True,
    ),
    Notice(
        "campagne_invitation",
        "Les campagnes de reconduction",
        "a territoire opens a campaign: the structures that had a fiche last year are invited, once each",
        named,
        "{{ campagne }} : reconduisez vos fiches, au plus tard le {{ echeance }}",
        "/fiches/reconduire/{organisme}",
    ),
    Notice(
        "campagne_rappel",
        "Les rappels avant la fin d’une campagne",
        "14, then 3 days before the end of a campaign, to the structures invited that have not sent everything",
        structure,
        "{{ campagne }} : plus que {{ jours }} jour{{ 's' if jours > 1 }} pour reconduire vos fiches",
        "/fiches/reconduire/{organisme}",
    ),
    Notice(
        "releve_du_jour",
        "Le relevé du jour de la file de modération",
        "each morning when something waits in a territoire",
        named,
        "{{ a_prendre }} fiche{{ 's' if a_prendre > 1 }} à prendre en {{ territoire }}",
        "/moderation/",
        Permission.MODERATE,
    ),
    Notice(
        "adresse_enquete",
        "L’adresse de l’enquête PNE à confirmer",
        "a funder asks whether the address of the survey is right, or that address named another one",
        named,
        "Est-ce la bonne adresse pour l’enquête PNE {{ annee }} ?",
        "/adresse-enquete/{jeton}",
        obligatory=True,
        in_list=False,
        secret=True,
    ),
    Notice(
        "page_a_reverifier",
        "Les pages de Réfugiés.info à vérifier de nouveau",
        "six months after a funder last checked a page",
        named,
        "{{ nombre }} page{{ 's' if nombre > 1 }} de Réfugiés.info à vérifier de nouveau",
        "/conventions/",
        Permission.FUND,
    ),
    Notice(
        "relance_subvention",
        "Ce que vos subventions vous demandent encore",
        "a funder reminds the structure of a project of what it still has to do",
        named,
        "Subvention {{ programme }} {{ annee }} : il vous reste à faire",
        "/conventions/{convention}",
        Permission.READ_CONVENTION,
        obligatory=True,
    ),
    Notice(
        "compte_a_effacer",
        "Le lien qui confirme l’effacement de votre compte",
        "somebody without password asks that their account be erased",
        named,
        "Confirmez l’effacement de votre compte",
        "/mes-donnees/effacement/{jeton}",
        Permission.CONNECTED,
        obligatory=True,
        in_list=False,
        secret=True,
    ),
    Notice(
        "compte_inactif",
        "L’effacement prochain d’un compte qui ne sert plus",
        "30 days before the end of the period of an account that nobody uses (see conservation.toml)",
        named,
        "Votre compte sera effacé le {{ jour }}",
        "/connexion",
        Permission.CONNECTED,
        obligatory=True,
    ),
    Notice(
        "brouillon_a_effacer",
        "Vos brouillons qui vont être effacés",
        "30 days before the end of the period of a draft that was never sent (see conservation.toml)",
        structure,
        "Votre brouillon sera effacé le {{ jour }} : {{ titre }}",
        "/fiches/{fiche}",
        obligatory=True,
    ),
    Notice(
        "flux_en_echec",
        "Les flux qui n’ont pas pu être publiés",
        "a flow fails its check, or its making",
        administrators,
        "Un flux n’a pas pu être publié : {{ flux }}",
        "/administration/flux/fabrications/{fabrication}",
        Permission.ADMINISTER,
        obligatory=True,
    ),
    Notice(
        "travail_en_echec",
        "Les travaux de fond en échec",
        "a job has failed",
        administrators,
        "Un travail de fond a échoué : {{ travail }}",
        "/administration/travaux",
        Permission.ADMINISTER,
        obligatory=True,
    ),
)

NOTICES: dict[str, Notice] = {notice.name: notice for notice in _TABLE}
