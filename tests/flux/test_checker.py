"""Checking a file: every fault, where it is and how to mend it; consumers; usage; flat memory."""

from __future__ import annotations

import gzip
import io
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from lxml import etree

from exports.lheo import consumers
from exports.lheo.business_rules import examine
from exports.lheo.checker import check_file, schema_faults
from exports.lheo.grammar import NAMESPACE
from exports.lheo.report import EXAMPLES, MOST_GROUPS, Report, as_text
from tests.support.factories import SIRET
from tests.support.formations import document, formation, formations

ACTION = "/lheo/offres/formation/action"


def checked(written: str | bytes) -> Report:
    return check_file(io.BytesIO(written.encode() if isinstance(written, str) else written))


def told(report: Report) -> set[tuple[str, str, int]]:
    return {(group.path, group.rule, group.number) for group in report.groups.values()}


# --- real documents


def test_documents_without_fault(lheo_facts: Path) -> None:
    for file in [*lheo_facts.glob("handmade/*.xml"), lheo_facts / "samples/asl-grand-est-2.3.xml"]:
        report = check_file(file)
        assert (report.status, report.groups, report.formations) == (0, {}, 1), file.name
        assert report.size == file.stat().st_size


def test_the_faulty_offer_shows_the_fault_hidden_behind_the_order_error(lheo_facts: Path) -> None:
    report = check_file(lheo_facts / "samples/fle-2.3-invalide.xml")
    assert report.status == 1
    assert {(group.path, group.rule, group.examples[0].line) for group in report.groups.values()} == {
        (f"{ACTION}/rythme-formation", "texte-court", 51),
        (f"{ACTION}/info-public-vise", "texte-court", 53),
        (f"{ACTION}/duree-indicative", "element-mal-place", 65),
        (f"{ACTION}/lieu-de-formation/coordonnees/adresse/denomination", "texte-court", 71),
    }


def test_the_former_version_is_one_fault_and_the_rest_is_checked(lheo_facts: Path) -> None:
    report = check_file(lheo_facts / "samples/bts-2.2.xml")
    assert told(report) == {("/lheo", "version-ancienne", 1)}
    assert (report.version, report.formations) == ("2.2", 1)
    written = (lheo_facts / "samples/bts-2.2.xml").read_text().replace("<certifiante>1<", "<certifiante>oui<")
    assert told(checked(written)) == {
        ("/lheo", "version-ancienne", 1),
        ("/lheo/offres/formation/certifiante", "code-inconnu", 1),
    }


def test_a_whole_file_is_told_as_a_tree_would_be(lheo_facts: Path) -> None:
    """The same faults, at the same paths and lines, as when the document is examined in one piece."""
    whole = [
        *(file.read_bytes() for file in sorted(lheo_facts.glob("handmade/*.xml"))),
        (lheo_facts / "samples/fle-2.3-invalide.xml").read_bytes(),
        document(formation(), formation().replace("<certifiante>0", "<certifiante>7")).encode(),
        document(formation(), extras="<extras/>text<autre/>").encode(),
        document(formation()).replace("</offres>", "</offres><offres/><extras/>").encode(),
        document(formation()).replace("<lheo ", '<lheo datemaj="hier" mot="" ').encode(),
        document().encode(),
        f'<offres xmlns="{NAMESPACE}">{formation()}</offres>'.encode(),
        formation().replace("<formation", f'<formation xmlns="{NAMESPACE}"').encode(),
        b"<catalogue/>",
    ]
    for written in whole:
        expected = {(f.path, f.rule, f.line) for f in examine(etree.fromstring(written), flow=True)}
        report = checked(written)
        found = {(e.path, g.rule, e.line) for g in report.groups.values() for e in g.examples}
        assert found == expected, written[:300]
        assert report.faults == len(expected)


# --- what is said


def test_a_repeated_fault_is_one_group_with_its_number_and_first_places() -> None:
    faulty = formation().replace("<certifiante>0", "<certifiante>7")
    report = checked(document(*[faulty] * 30, formation(), faulty.replace("<certifiante>7", "<certifiante>8")))
    (group,) = report.groups.values()
    assert (group.path, group.rule, group.number) == ("/lheo/offres/formation/certifiante", "code-inconnu", 31)
    assert [example.path for example in group.examples] == [
        f"/lheo/offres/formation[{rank}]/certifiante" for rank in (*range(1, 31), 32)
    ]
    told_ = report.as_json()
    assert len(told_["fautes"][0]["exemples"]) == told_["nombre_de_fautes"] == 31
    assert told_["fautes_non_listees"] == 0
    assert sum(line.startswith("  ligne") for line in as_text(told_)) == EXAMPLES
    assert group.examples[0].line == 2
    assert group.problem.replace("\u00a0", " ") == "« 7 » n’est pas un code de « certifiante »."
    assert group.cure == "Choisissez parmi 0, 1."


def test_every_fault_has_a_cure() -> None:
    """The mutations of the oracle make every kind of structural fault."""
    from random import Random

    from tests.support.lheo_generator import mutate, valid_document

    seen = {}
    for index in range(400):
        random = Random(f"cure-{index}")
        root, _ = mutate(random, valid_document(random, "formation"))
        for fault in examine(root):
            seen.setdefault(fault.rule, fault)
            assert fault.problem.endswith("."), fault
            assert fault.cure.endswith("."), fault
            assert f"{fault.problem} {fault.cure}" == fault.message
    assert len(seen) >= 12


def test_kinds_of_faults_without_end_are_counted_not_kept() -> None:
    odd = "".join(f"<a{rank}/>" for rank in range(MOST_GROUPS + 50))
    report = checked(document(formation().replace("<extras", odd + "<extras", 1)))
    assert len(report.groups) == MOST_GROUPS
    assert report.ungrouped == report.faults - MOST_GROUPS == 50


@pytest.mark.parametrize(
    ("change", "path", "rule"),
    [
        (("<debut>20260915", "<debut>20260231"), f"{ACTION}/session/periode/debut", "date-reelle"),
        (("<fin>20270630", "<fin>20250630"), f"{ACTION}/session/periode/fin", "periode-inversee"),
        (("77897285100068", "77897285100069"), "", "siret"),
        ((' ref="V14"', ""), "", "ref-absente"),
        (("<intitule-formation>", "<intitule-formation> </intitule-formation><!--"), "", ""),
        (('datemaj="', 'datemaj="hier" x="'), "", "date-attribut"),
        (("<nb-places-financees>12", "<nb-places-financees>-1"), "", "entier-hors-bornes"),
        (("<numero-activite>00000000000", "<numero-activite>NON DECLARE"), "", "numero-activite"),
    ],
)
def test_each_business_rule_is_told(change: tuple[str, str], path: str, rule: str) -> None:
    written = formation()
    assert change[0] in written
    if not rule:
        written, rule = written.replace("<ville>Caen", "<ville>\u00a0", 1), "texte-blanc"
    else:
        written = written.replace(*change, 1)
    report = checked(document(written))
    assert rule in {group.rule for group in report.groups.values()}
    assert not path or path in {group.path for group in report.groups.values()}


def test_identifiers_are_those_of_the_whole_file() -> None:
    def marked(written: str, **attributes: str) -> str:
        return written.replace(
            "<formation ", "<formation " + " ".join(f'{n}="{v}"' for n, v in attributes.items()) + " "
        )

    one = formation()
    assert checked(document(marked(one, idref="b"), marked(one, id="b"), extras='<extras idref="b"/>')).status == 0
    report = checked(document(marked(one, id="a"), marked(one, id="a"), marked(one, idref="b")))
    assert {(g.rule, g.examples[0].path) for g in report.groups.values()} == {
        ("attribut-forme", "/lheo/offres/formation[2]/@id"),
        ("idref-orphelin", "/lheo/offres/formation[3]/@idref"),
    }


def test_what_stands_between_formations_is_checked() -> None:
    one = formation()
    report = checked(document(one, "<extras><extra/>mot</extras>", one, "texte", "<autre/>", one, "<formation/>x"))
    assert {(g.path, g.rule) for g in report.groups.values() if "/formation/" not in g.path} == {
        ("/lheo/offres/extras", "element-mal-place"),
        ("/lheo/offres", "texte-interdit"),
        ("/lheo/offres/autre", "element-inconnu"),
    }


def test_a_formation_of_a_hundred_thousand_faults_is_told_in_linear_time() -> None:
    """Paths are counted once for all the children of an element: this would take hours otherwise."""
    lines = "<ligne/>" * 60_000
    report = checked(document(formation().replace("<ligne>12 rue des Tilleuls</ligne>", lines, 1)))
    assert report.faults >= 60_000


# --- consumers and usage


def test_a_plain_formation_loses_nothing() -> None:
    assert checked(document(formation())).drops == {}


LOSSES: list[tuple[tuple[str, str], set[str]]] = [
    ((">15235<", ">31054<"), {"domaine"}),
    (("<intitule-formation>", "<intitule-formation>" + "x" * 150), {"titre"}),
    (("organisme-formateur", "organisme-autre"), {"sans-formateur", "anotea-reperes"}),
    (("code-public-vise", "code-public"), {"sans-public"}),
    (("lieu-de-formation", "lieu-autre"), {"sans-lieu", "ri-titre", "ri-point", "anotea-reperes"}),
    (("</lieu-de-formation>", '</lieu-de-formation><lieu-de-formation tag="autre"/>'), {"autres-lieux"}),
    (("<prix-total-TTC>0</prix-total-TTC>", ""), {"sans-prix"}),
    (("<modalites-enseignement>0", "<modalites-enseignement>2"), {"presence"}),
    (("url-formation", "url-autre"), {"sans-lien", "moteur-page"}),
    (('<organisme-formateur numero="01_O000001"', "<organisme-formateur"), {"sans-numero"}),
    (("<latitude>49.18", "<latitude>nord"), {"sans-point", "ri-point"}),
    (("<code-perimetre-recrutement>2", "<code-perimetre-recrutement>0"), {"perimetre"}),
    (('"V14">81042', '"V14">81018'), {"autres-publics"}),
    (('"V14">81023', '"V14">81021'), {"public-ignore"}),
    (('<code-public-vise ref="V14">81042</code-public-vise>', ""), {"ri-un-public"}),
    (("<codepostal>14000", "<codepostal>01000"), {"ri-code-postal"}),
    (("<conventionnement>1", "<conventionnement>0"), {"ri-payant"}),
    (("<code-financeur>19", "<code-financeur>20"), {"ri-payant"}),
    (("<denomination>Maison de quartier</denomination>", ""), {"ri-titre"}),
    (("\n</formation>", "</formation>"), {"anotea-ligne"}),
    ((f"<SIRET>{SIRET}", "<SIRET>00000000000000"), {"anotea-reperes"}),
    (("<duree-indicative>", "<frais-restants>10 €</frais-restants><duree-indicative>"), {"gratuit", "frais"}),
    (("<session ", "<session><x/></session><session "), {"ri-sessions", "anotea-reperes"}),
]


@pytest.mark.parametrize(("change", "codes"), LOSSES)
def test_each_thing_that_a_reader_leaves_out(change: tuple[str, str], codes: set[str]) -> None:
    before = formation()
    assert change[0] in before
    report = checked(document(before.replace(*change), before))
    assert {found: drop.number for found, drop in report.drops.items()} == dict.fromkeys(codes, 1)
    assert all(report.drops[code].lines[0] >= 2 for code in codes)


def test_words_that_no_text_repeats() -> None:
    """Level, childcare and the address of the trainer: our own flow repeats them, those of others may not."""
    before = formation()
    silent = re.sub("<contenu-formation>[^<]*", "<contenu-formation>Jeux de rôle", before)
    silent = re.sub("<conditions-specifiques>[^<]*", "<conditions-specifiques>Aucune", silent)
    assert set(checked(document(silent)).drops) == {"niveau", "ri-niveau"}
    kept = before.replace("</session>", f"{CHILDCARE}</session>")
    assert set(checked(document(kept)).drops) == {"garde"}
    start = before.index("<contact-formateur")
    nowhere = before[:start] + re.sub("<adresse>.*?</adresse>", "", before[start:], count=1)
    assert set(checked(document(nowhere)).drops) == {"adresse-structure"}
    assert set(checked(document(re.sub("<web>.*?</web>", "", before))).drops) == {"sans-site"}


CHILDCARE = '<extras info="accueil"><extra info="garde-enfants">À la crèche</extra></extras>'


def test_nobody_to_call() -> None:
    silent = formation()
    for name in ("numtel", "courriel"):
        silent = silent.replace(f"<{name}>", f"<x{name}>").replace(f"</{name}>", f"</x{name}>")
    assert set(checked(document(silent)).drops) == {"injoignable"}


def test_actions_that_consumers_take_for_one() -> None:
    one = formation()
    start, end = one.index("<action "), one.index("</action>") + len("</action>")
    action = one[start:end]

    def with_(*actions: str) -> set[str]:
        return set(checked(document(one[:start] + "".join(actions) + one[end:])).drops)

    longer = action.replace("<nombre-heures-total>120", "<nombre-heures-total>{}")
    assert with_(action, action) == {"semblable", "30056"}
    assert with_(action, longer.format(125)) == {"semblable", "30057"}
    assert with_(action, longer.format(130)) == {"semblable"}
    elsewhere = action.replace("14118", "14119").replace("Caen", "Ailleurs")
    assert with_(action, elsewhere) == set()


def test_every_consumer_rule_is_met_here() -> None:
    met = set().union(*(codes for _, codes in LOSSES))
    elsewhere = {
        "injoignable",
        "semblable",
        "30056",
        "30057",
        "niveau",
        "garde",
        "adresse-structure",
        "ri-niveau",
        "sans-site",
    }
    assert met | elsewhere == set(consumers.RULES)


def test_fill_rates_count_what_holds_something() -> None:
    bare = formation().replace("<objectif-general-formation>5</objectif-general-formation>", "<certification/>")
    report = checked(document(formation(), bare, bare, bare))
    usage = {fill.path: fill for fill in report.fill}
    general = usage["/formation/objectif-general-formation"]
    assert (general.unit, general.occurrences, general.units, general.total) == ("formation", 1, 1, 4)
    assert general.rate == 0.25
    assert "/formation/certification" not in usage
    lines = usage["/formation/action/session/adresse-inscription/adresse/ligne"]
    assert (lines.unit, lines.units, lines.total) == ("session", 4, 4)
    publics = usage["/formation/action/code-public-vise"]
    assert (publics.unit, publics.occurrences, publics.units) == ("action", 8, 4)
    assert usage["/formation/action"].unit == "formation"
    assert (report.formations, report.actions, report.sessions) == (4, 4, 4)


# --- the command


def run(app, *args: str) -> tuple[int, str]:
    result = app.test_cli_runner().invoke(args=["lheo", "check", *args])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output.replace("\u00a0", " ")


def test_the_command_says_all_and_its_status_is_0_1_or_2(app, tmp_path: Path) -> None:
    good, bad, cut = tmp_path / "bon.xml.gz", tmp_path / "faux.xml", tmp_path / "coupe.xml"
    good.write_bytes(gzip.compress(document(formation()).encode()))
    faulty = document(formation(), formation().replace("<certifiante>0", "<certifiante>7").replace(">15235", ">31054"))
    bad.write_text(faulty)
    cut.write_text(faulty[:-30])
    status, text = run(app, str(good))
    assert (status, "Aucune faute." in text) == (0, True)
    status, text = run(app, str(bad))
    assert status == 1
    assert "/lheo/offres/formation/certifiante [code-inconnu]" in text
    assert "Choisissez parmi 0, 1." in text
    assert "ligne 4, /lheo/offres/formation[2]/certifiante" in text
    assert "data·inclusion, 1 formation sur 2 : Écartée" in text
    assert "100,0 % des formations  /formation/intitule-formation (2)" in text
    status, text = run(app, str(cut))
    assert (status, "Lecture arrêtée." in text) == (2, True)
    assert run(app, str(tmp_path / "absent.xml"))[0] == 2


def test_the_json_report_holds_the_same(app, tmp_path: Path) -> None:
    file = tmp_path / "flux.xml"
    file.write_text(document(formation().replace("<certifiante>0", "<certifiante>7")))
    status, text = run(app, str(file), "--format", "json")
    report = json.loads(text.replace("\u00a0", " "))
    assert status == report["etat"] == 1
    assert report["comptes"] == {"formations": 1, "actions": 1, "sessions": 1}
    (fault,) = report["fautes"]
    assert fault["regle"] == "code-inconnu"
    assert fault["remede"] == "Choisissez parmi 0, 1."
    assert fault["exemples"][0]["ligne"] == 2
    assert {"chemin", "unite", "occurrences", "presents_dans", "total", "taux"} == set(report["remplissage"][0])
    assert list(as_text(report))


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "0 formation, 0 action, 0 session."),
        (1, "1 formation, 1 action, 1 session."),
        (2, "2 formations, 2 actions,"),
    ],
)
def test_what_is_counted_agrees_in_number(number: int, words: str) -> None:
    report = checked(document(*[formation()] * number) if number else "<lheo/>")
    assert words in next(iter(as_text(report.as_json()))).replace("\u00a0", " ")


# --- cost

PEAK = """
import resource, sys
from pathlib import Path
from exports.lheo.checker import check_file
report = check_file(Path(sys.argv[1]))
print(report.formations, report.faults, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.parametrize(("few", "faulty"), [(2000, False), (500, True)], ids=["valid", "faulty"])
def test_memory_is_flat(tmp_path: Path, few: int, faulty: bool) -> None:
    """The most that a process of its own ever held, for some formations and for four times as many."""
    peaks = []
    for number in (few, 4 * few):
        file = tmp_path / f"{number}.xml"
        with file.open("w") as stream:
            for part in formations(number, sessions=1):
                stream.write(part.replace("<certifiante>0", "<certifiante>7") if faulty else part)
        out = subprocess.run([sys.executable, "-c", PEAK, file], capture_output=True, text=True, check=True).stdout
        read, faults, peak = map(int, out.split())
        assert (read, faults) == (number, number * faulty)
        peaks.append(peak)
    assert peaks[1] - peaks[0] < 4_000, f"{peaks} Kio"


def test_the_schema_part_alone_tells_what_xmllint_refuses(tmp_path: Path, xmllint: str, lheo_facts: Path) -> None:
    for number, written in enumerate(
        (document(formation()), document(formation().replace("<certifiante>0", "<certifiante>7")))
    ):
        file = tmp_path / f"{number}.xml"
        file.write_text(written)
        command = [xmllint, "--stream", "--noout", "--schema", lheo_facts / "lheo-2.3.xsd", file]
        refused = subprocess.run(command, capture_output=True, check=False).returncode != 0
        assert bool(list(schema_faults(file))) is refused is bool(number)
