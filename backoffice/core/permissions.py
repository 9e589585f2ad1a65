"""Who may do what. Every endpoint carries one Permission; every transition of the workflow too."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What a person is, somewhere: in an organisme, for a territoire, or for the whole network."""

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
    PUBLIC = "public"  # anyone, connected or not
    CONNECTED = "connected"  # any account
    WRITE_FICHE = "write_fiche"  # enter and submit the entries of one's organismes
    ENTER_FICHE = "enter_fiche"  # the same, and for a moderator those of the structures of one's territoires
    MANAGE_MEMBERS = "manage_members"  # invite and remove the people of one's structures, or of one's territoires' ones
    KEEP_STRUCTURE = "keep_structure"  # the page of a structure: its own people, who moderates it, administrators
    MANAGE_STRUCTURES = "manage_structures"  # verify structures, join doubles: of one's territoires, or of all
    IMPORT = "import"  # import files: for one's organismes, or for those of one's territoires
    MODERATE = "moderate"  # decide on the entries of one's territoires
    MANAGE_CAMPAIGNS = "manage_campaigns"  # invite last year's structures: of one's territoires, or of all
    WRITE_RULES = "write_rules"  # rules on the entries: of one's territoires, or of the whole network
    READ_FICHE = "read_fiche"  # read an entry that one's role gives sight of
    READ_PUBLISHED = "read_published"  # read what is published in one's territoires
    READ_REPORT = "read_report"  # the yearly figures of one's territoires, the board of their grants
    READ_CONVENTION = "read_convention"  # read the grants that one's role gives sight of, and their obligations
    FUND = "fund"  # write the grants of one's programmes and départements, follow and check their obligations
    ADMINISTER = "administer"  # the whole network
    AUTOMATIC = "automatic"  # what Relais does by itself at its hour: no person holds it


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
"""What each role grants. The object's scope (whose fiche, which territoire) is checked in the query."""


SECOND_FACTOR_ROLES = frozenset({Role.MODERATEUR, Role.FINANCEUR, Role.ADMINISTRATEUR})
"""Who decides for others, or reads what is theirs: a password alone does not open that."""


def granted(roles: set[Role]) -> frozenset[Permission]:
    """All that these roles grant together, to a person who is connected."""
    return frozenset({Permission.PUBLIC, Permission.CONNECTED}).union(*(GRANTS[role] for role in roles))
