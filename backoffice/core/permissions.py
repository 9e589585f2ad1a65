"""Roles and permissions. Every endpoint and every workflow transition requires a Permission."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """Role of a person in an organisme, in a territoire, or in the whole network."""

    SAISIE = "saisie"
    RESPONSABLE = "responsable"
    MODERATEUR = "moderateur"
    FINANCEUR = "financeur"
    ADMINISTRATEUR = "administrateur"

    @property
    def label(self) -> str:
        return _ROLES[self]


_ROLES = {
    Role.SAISIE: "Saisie",
    Role.RESPONSABLE: "Responsable",
    Role.MODERATEUR: "Modération",
    Role.FINANCEUR: "Financeur",
    Role.ADMINISTRATEUR: "Administration",
}


class Permission(StrEnum):
    PUBLIC = "public"  # anyone, logged in or not
    CONNECTED = "connected"  # any account
    WRITE_FICHE = "write_fiche"  # enter and submit the fiches of one's organismes
    ENTER_FICHE = "enter_fiche"  # the same; a moderator: those of the structures of one's territoires
    MANAGE_MEMBERS = "manage_members"  # members of one's structures; a moderator: of those of one's territoires
    KEEP_STRUCTURE = "keep_structure"  # see the page of a structure: its members, its moderators, administrators
    MANAGE_STRUCTURES = "manage_structures"  # verify structures, merge duplicates: of one's territoires, or of all
    IMPORT = "import"  # import files: for one's organismes, or for those of one's territoires
    MODERATE = "moderate"  # decide on the fiches of one's territoires
    MANAGE_CAMPAIGNS = "manage_campaigns"  # invite last year's structures: of one's territoires, or of all
    WRITE_RULES = "write_rules"  # write moderation rules: of one's territoires, or of the whole network
    READ_FICHE = "read_fiche"  # read the fiches in the scope of one's role
    READ_PUBLISHED = "read_published"  # read what is published in one's territoires
    READ_REPORT = "read_report"  # read the yearly figures of one's territoires and the board of their grants
    READ_CONVENTION = "read_convention"  # read the grants in the scope of one's role, and their obligations
    FUND = "fund"  # write the grants of one's programmes and départements, follow and check their obligations
    ADMINISTER = "administer"  # administer the whole network
    AUTOMATIC = "automatic"  # scheduled work of Relais: granted to no person


ENTRY = frozenset(
    {
        Permission.WRITE_FICHE,
        Permission.ENTER_FICHE,
        Permission.KEEP_STRUCTURE,
        Permission.IMPORT,
        Permission.READ_FICHE,
        Permission.READ_CONVENTION,
    }
)

GRANTS: dict[Role, frozenset[Permission]] = {
    Role.SAISIE: ENTRY,
    Role.RESPONSABLE: ENTRY | {Permission.MANAGE_MEMBERS},
    Role.MODERATEUR: frozenset(
        {
            Permission.MODERATE,
            Permission.MANAGE_MEMBERS,
            Permission.MANAGE_CAMPAIGNS,
            Permission.ENTER_FICHE,
            Permission.KEEP_STRUCTURE,
            Permission.MANAGE_STRUCTURES,
            Permission.IMPORT,
            Permission.WRITE_RULES,
            Permission.READ_FICHE,
            Permission.READ_REPORT,
            Permission.READ_CONVENTION,
        }
    ),
    Role.FINANCEUR: frozenset(
        {
            Permission.READ_PUBLISHED,
            Permission.READ_FICHE,
            Permission.READ_REPORT,
            Permission.READ_CONVENTION,
            Permission.FUND,
        }
    ),
    Role.ADMINISTRATEUR: frozenset(
        {
            Permission.ADMINISTER,
            Permission.KEEP_STRUCTURE,
            Permission.MANAGE_STRUCTURES,
            Permission.MANAGE_CAMPAIGNS,
            Permission.WRITE_RULES,
            Permission.READ_FICHE,
        }
    ),
}
"""Permissions of each role. The scope (which fiche, which territoire) is checked in the query."""


SECOND_FACTOR_ROLES = frozenset({Role.MODERATEUR, Role.FINANCEUR, Role.ADMINISTRATEUR})
"""Roles that require a second factor: they decide for others or read others' data."""


def granted(roles: set[Role]) -> frozenset[Permission]:
    """Union of the permissions of these roles, with those of any logged-in person."""
    return frozenset({Permission.PUBLIC, Permission.CONNECTED}).union(*(GRANTS[role] for role in roles))
