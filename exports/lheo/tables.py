"""The code tables of LHEO 2.3, each with its codes, and the elements that use them.

The order is that of the published schema; it is not always numeric (« AIS », « financeurs »). French labels are not
here: they are declared with the form's fields.
"""

# table → its codes
TABLES: dict[str, tuple[str, ...]] = {
    name: tuple(codes.split())
    for name, codes in {
        "boolean": "0 1",
        "modalites-enseignement": "0 1 2",
        "modalites-es": "0 1",
        "etat-recrutement": "1 2 3",
        "AIS": "1 6 7 8 5 9 2 3 4",
        "perimetre-recrutement": "0 1 2 3 4 5 6",
        "financeurs": "11 12 13 2 3 4 5 6 7 8 9 15 10 0 14 16 17 18 19 20 1",
        "type-contact": "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14",
        "type-parcours": "1 2 3 4",
        "type-positionnement": "1 2",
        "type-module": "0 1 2",
        "modalite-recrutement": "0 1 2 3 4 5 6 7 8 9",
        "type-enseignement": "1 2 3 4 5 6 7 8 9 10",
        "type-equipement": "0 1 2 3 4 5 6 7 8 9 10 11",
        "type-validation-blocs": "0 1 2",
        "type-alternance": "0 1 2",
        "unite-rythme": "0 1 2 3 4",
        "type-cycle": "0 1",
        "niveaux": "0 1 2 3 4 5 6 7 8 11 12 13 14 15 16 17 18",
    }.items()
}

# table → the elements whose value is one of its codes
USERS: dict[str, str] = {
    "boolean": "certifiante niveau-entree-obligatoire prise-en-charge-frais-possible a-distance obligatoire "
    "conventionnement",
    "modalites-enseignement": "modalites-enseignement",
    "modalites-es": "modalites-entrees-sorties",
    "etat-recrutement": "etat-recrutement",
    "AIS": "objectif-general-formation",
    "perimetre-recrutement": "code-perimetre-recrutement",
    "financeurs": "code-financeur",
    "type-contact": "type-contact",
    "type-parcours": "parcours-de-formation",
    "type-positionnement": "positionnement",
    "type-module": "type-module",
    "modalite-recrutement": "modalite-recrutement",
    "type-enseignement": "type-enseignement",
    "type-equipement": "type-equipement",
    "type-validation-blocs": "validation-blocs",
    "type-alternance": "type-alternance",
    "unite-rythme": "unite-rythme-alternance",
    "type-cycle": "type-cycle",
    "niveaux": "code-niveau-entree code-niveau-sortie",
}

# element → its table
KEYS: dict[str, str] = {element: table for table, elements in USERS.items() for element in elements.split()}
