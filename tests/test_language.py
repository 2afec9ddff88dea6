"""The reader's language: every marked text has its translation, and an Indonesian reader meets no English."""

from __future__ import annotations

import ast
import inspect
import io
import re
import string
import tomllib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, redirect_stdout
from dataclasses import astuple, dataclass
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import polib
import pytest
from jinja2 import Environment
from jinja2.ext import extract_from_ast

import sim.language
from sim import __main__ as command_line
from sim import ledger, metrics, policies
from sim.calibration.decomposition import FACTORS, WINDOWS
from sim.calibration.fitted import MOMENTS
from sim.claims import article, statements
from sim.claims.statistics import STATISTICS
from sim.engine import timed
from sim.evidence import standing
from sim.experiment import bench, handwritten, mediation, speed
from sim.language import catalogue, listed, say, speaking
from sim.metrics.decision import RUNGS
from sim.policies.families import FAMILIES
from sim.policies.practice import PRACTICE, VARIABLES
from sim.population import IMPUTED
from sim.regime import axes, questions
from sim.report import number, percent, span, tables, template
from sim.report.manifest import DRAWN
from sim.report.mediation import TITLES
from sim.shipped import folder
from sim.start import wire
from sim.survey import population_from_survey, read_aggregates, read_survey
from sim.sweep import outcomes
from sim.sweep.study import STUDIES
from sim.ties import TIES

PACKAGE = Path(sim.__file__).parent
MARKS = ("say", "mark")


@cache
def marked() -> list[tuple[str, str]]:
    """Every literal that is said or marked, with its file; read once."""
    return [(text, where) for text, where in [*in_code(), *in_templates()] if text]


def in_code() -> Iterator[tuple[str, str]]:
    """Every literal of the code that is said or marked."""
    for path in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        imports = any(isinstance(node, ast.ImportFrom) and node.module == "sim.language" for node in tree.body)
        if not imports and path != Path(sim.language.__file__):
            continue  # what bears these names there is something else
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MARKS and node.args:
                text, where = node.args[0], f"{path.name}, line {node.lineno}"
                for one in (text.body, text.orelse) if isinstance(text, ast.IfExp) else (text,):
                    assert not isinstance(one, ast.JoinedStr | ast.BinOp), f"{where}: one whole text with named places"
                    if isinstance(one, ast.Constant):
                        yield one.value, path.relative_to(PACKAGE.parent).as_posix()
                    else:
                        assert node.func.id == "say", f"{where}: only a literal can be marked"


def in_templates() -> Iterator[tuple[str, str]]:
    """Every literal of the templates that is said."""
    for path in sorted(PACKAGE.rglob("*.html")):
        tree = Environment().parse(path.read_text(encoding="utf-8"))
        for _, _, text in extract_from_ast(tree, MARKS):
            yield text[0] if isinstance(text, tuple) else text, path.relative_to(PACKAGE.parent).as_posix()


def data() -> Iterator[tuple[str, str]]:
    """The words of what is data elsewhere and read by people: metrics, flows, rungs, axes, scenarios, studies."""
    for metric in metrics.catalogue().values():
        yield from ((text, "metrics") for text in (metric.label, metric.unit))
    yield from ((rule.rule.meaning.rstrip("."), "flows of the ledger") for rule in ledger.RULES)
    yield from ((name, "rungs of decision power") for _, name, *_ in RUNGS)
    for axis in axes.measured_axes(wire().parameters).values():
        yield from ((text, "axes of the map") for text in (axis.label, axis.unit, axis.meaning))
    for outcome in questions.OUTCOMES.values():
        yield from ((text, "outcomes of the map") for text in (outcome.label, outcome.unit))
    yield from ((one.unit, "numbers that sweeps draw") for one in wire().parameters.values())
    for outcome in outcomes.OWN.values():
        yield from ((text, "metrics of sweeps") for text in (outcome.label, outcome.unit))
    yield from ((text, "policies") for text in told_of_policies())
    for path in sorted(folder("scenarios").glob("*.toml")):
        read = tomllib.loads(path.read_text(encoding="utf-8"))
        for text in (read["title"], read.get("question"), read.get("report", {}).get("note")):
            yield from [(text, f"scenarios/{path.name}")] if text else []
    for path in sorted(STUDIES.glob("*.toml")):
        title = tomllib.loads(path.read_text(encoding="utf-8"))["title"]
        yield title, f"scenarios/sweeps/{path.name}"
    for path in sorted((folder("scenarios") / "evidence").glob("*.toml")):
        read = tomllib.loads(path.read_text(encoding="utf-8"))
        told = [read["title"], read.get("bars"), *(one[key] for one in read["outcomes"] for key in ("name", "unit"))]
        yield from ((text, f"scenarios/evidence/{path.name}") for text in told if text)
    yield from ((text, "scenarios/claims") for text in told_of_claims() if text)
    yield from ((unit, "parts of an effect") for unit in mediation.OUTCOMES.values())
    # said by files whose code decides whether stored verdicts are of today: marking them there would make these stale
    yield from (
        (text, "what is told of progress") for text in ("parameter sets", "mechanisms off", "sets of parameters")
    )
    yield from ((text, "what is imputed") for text in [*IMPUTED.values(), *TIES.values(), *of_a_survey()])
    yield from ((kind, "steps of a quarter") for kind in kinds_of_steps())
    for moment in MOMENTS:
        yield moment.unit, "moments that are fitted"
    yield from ((text, "what keeps people poor") for text in [*FACTORS.values(), *WINDOWS])


def of_a_survey() -> list[str]:
    """How what a survey does not say was drawn."""
    survey = read_survey(folder("scenarios") / "data" / "sample_survey.csv")
    return [DRAWN.fullmatch(text)[4] for text in population_from_survey(survey, read_aggregates(), 1).imputed.values()]


def kinds_of_steps() -> list[str]:
    """The kinds of steps that the engine, which speaks no language, tells apart."""
    return ["draw", *re.findall(r'"([a-z, ]+)"', inspect.getsource(timed.kind_of))]


def told_of_claims() -> Iterator[str]:
    """What `explain article` says in the words of the claims and of what is computed for them."""
    for claim in statements.read():
        yield from (claim.section, claim.says, claim.note)
        if claim.kind == "testable":
            statistic = STATISTICS[claim.statistic]
            yield from (statistic.meaning, statistic.unit_for(claim))
        else:
            yield from (claim.kind, statements.SILENT[claim.kind])


def told_of_policies() -> Iterator[str]:
    """What `explain policies` says in the words of policies, families and Rothman's table."""
    for policy in policies.catalogue().values():
        yield from (policy.decides, policy.flows, policy.targets, policy.level, policy.loses_when, policy.meaning)
        yield from (text for one in policy.parameters.values() for text in (one.unit, one.source))
    yield from (family.meaning for family in FAMILIES.values())
    yield from VARIABLES.values()
    yield from (text for practice in PRACTICE.values() for text in astuple(practice))


def wanted() -> dict[str, list[str]]:
    """Every text that needs a translation, and where it is."""
    found: dict[str, list[str]] = {}
    for text, where in [*marked(), *data()]:
        if text and where not in found.setdefault(text, []):
            found[text].append(where)
    return found


def renewed(code: str) -> None:
    """Bring the catalogue up to date: new texts get an empty translation, stale ones go, what is translated stays."""
    said, book = catalogue(code), polib.POFile(wrapwidth=110)
    book.metadata = {
        "Project-Id-Version": "swadaya",
        "Language": code,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": "nplurals=1; plural=0;",
    }
    for text, places in wanted().items():
        book.append(polib.POEntry(msgid=text, msgstr=said.get(text, ""), occurrences=[(one, "") for one in places]))
    book.save(str(sim.language.file(code)))


def places(text: str) -> set[str]:
    """Names of the places in a text."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_catalogue_is_complete_and_holds_nothing_stale(renew):
    if renew:
        renewed("id")
        catalogue.cache_clear()
    texts, said = wanted(), catalogue("id")
    assert sorted(texts.keys() - said.keys()) == [], "add them: pytest tests/test_language.py --renew"
    assert sorted(said.keys() - texts.keys()) == [], "take them out: pytest tests/test_language.py --renew"
    assert [text for text, there in said.items() if not there.strip()] == [], "translate them in sim/language/id.po"


def test_translations_have_the_same_places_and_heads_of_columns_fit_a_terminal():
    for text, there in catalogue("id").items():
        assert places(text) == places(there), text
        assert text[:1].isspace() == there[:1].isspace() and text[-1:].isspace() == there[-1:].isspace(), text
    for measure in tables.HEADLINES:
        assert max(map(len, catalogue("id")[measure.short].split("\n"))) <= 12, measure.short


def test_texts_of_templates_cannot_break_the_page():
    told = {text for text, where in marked() if where.endswith(".html")}
    assert len(told) > 50
    assert not [text for text in told if set('<>&"') & set(text + catalogue("id")[text])]


# -- numbers and phrases ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "decimals", "english", "indonesian"),
    [
        (1112730, 0, "1\u202f112\u202f730", "1.112.730"),
        (-2.345, 1, "\u22122.3", "\u22122,3"),
        (9205768.25, 2, "9\u202f205\u202f768.25", "9.205.768,25"),
        (float("nan"), 1, "undefined", "tak terdefinisi"),
    ],
)
def test_numbers_are_written_as_the_reader_does(value, decimals, english, indonesian):
    """Decimal comma and points between thousands: Pedoman Umum Ejaan Bahasa Indonesia; CLDR says the same."""
    assert number(value, decimals) == english
    with speaking("id"):
        assert number(value, decimals) == indonesian
    assert number(value, decimals) == english


def test_one_thing_is_told_in_the_singular():
    """In English, in code and in templates; Bahasa Indonesia has one form."""
    text = "{villages} villages of about {households} households"
    assert say(text, villages=1, households=5000) == "1 village of about 5000 households"
    assert say(text, villages=11, households=number(1, 0)) == "11 villages of about 1 household"
    assert (
        template.said("{points} points", points=1) == "1 point"
        and say("{part} points", part="0 to 1") == "0 to 1 points"
    )
    some = "the listed villages of about {households} households"
    assert say(some, households=1) == "the listed villages of about 1 household"
    with speaking("id"):
        assert say(some, households=1) == "desa-desa dalam daftar dengan sekitar 1 rumah tangga per desa"


def test_shares_intervals_and_lists():
    assert (percent(12.34), listed("abc"), listed("ab")) == ("12.3\u00a0%", "a, b and c", "a and b")
    with speaking("id"):
        assert (percent(12.34), listed("abc"), listed("ab")) == ("12,3%", "a, b, dan c", "a dan b")
        assert span(-1.0, 2.0, signed=True) == "\u22121,0\u00a0s.d.\u00a0+2,0"


def test_a_language_is_that_of_who_set_it():
    with speaking("id"), ThreadPoolExecutor(1) as threads:
        assert say("Strategy") == "Strategi" and threads.submit(say, "Strategy").result() == "Strategy"
    with pytest.raises(RuntimeError), speaking("id"):
        raise RuntimeError
    assert say("Strategy") == "Strategy" and say("what nobody {marked}", marked=1) == "what nobody 1"


# -- a report in Bahasa Indonesia -------------------------------------------------------------------------------------


SMALL = """
title = "Dunia kecil"
question = "Apa yang bertahan?"
[population]
villages = 4
households = 40
seed = 3
[replications]
seeds = 2
[[arms]]
policy = "status_quo"
[[arms]]
policy = "dividend"
[[arms]]
policy = "locality_development"
[[arms]]
policy = "macro_growth"
"""


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A file with a small scenario."""
    path = tmp_path_factory.mktemp("language") / "kecil.toml"
    path.write_text(SMALL, encoding="utf-8")
    return path


class Said(dict):
    """A catalogue that remembers what was asked of it in vain."""

    def __init__(self, texts):
        super().__init__(texts)
        self.missed: set[str] = set()

    def get(self, text, other=None):
        if text and text not in self:
            self.missed.add(text)
        return super().get(text, other)


@contextmanager
def hearing() -> Iterator[set[str]]:
    """Everything within is said in Bahasa Indonesia; notes what is said without a translation."""
    said = Said(catalogue("id"))
    with pytest.MonkeyPatch.context() as patch, speaking("id"):
        patch.setattr(sim.language, "catalogue", lambda code: said if code == "id" else {})
        yield said.missed


class Shown(HTMLParser):
    """What a reader sees of a page, but for the manifest, the scenario's text and what is marked as English."""

    def __init__(self, text: str):
        super().__init__()
        self.words: list[str] = []
        self.hidden = 0
        self.feed(text.split('<section id="manifest">')[0])

    def handle_starttag(self, tag, attributes):
        kept = dict(attributes)
        self.hidden += tag in ("style", "i")
        self.words += [kept[name] for name in ("alt", "aria-label") if kept.get(name)]

    def handle_endtag(self, tag):
        self.hidden -= tag in ("style", "i")

    def handle_data(self, data):
        self.words += [] if self.hidden else [data]


@dataclass(frozen=True)
class Told:
    """A run in Bahasa Indonesia: its folder, its page, what it printed, and what it said without a translation."""

    folder: Path
    page: str
    printed: str
    missed: set[str]


@pytest.fixture(scope="module")
def told(small, tmp_path_factory):
    """The command, as a reader of Bahasa Indonesia calls it."""
    base, printed = tmp_path_factory.mktemp("hasil"), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, hearing() as missed, redirect_stdout(printed):
        patch.setenv("COLUMNS", "80")
        assert command_line.main(["run", str(small), "--lang", "id", "--results", str(base)]) == 0
    (folder,) = base.iterdir()
    page = (folder / "report.html").read_text(encoding="utf-8")
    return Told(folder, page, printed.getvalue(), missed)


def test_everything_that_is_said_has_a_translation(told):
    left = {text for text in told.missed if re.search("[A-Za-z]{2}", text)}
    assert left == {"Dunia kecil", "Apa yang bertahan?", "PKH", "Rastra"}  # the author's own, and names


def words(text: str) -> set[str]:
    """Words of two letters or more, without the places for what changes."""
    return {word.lower() for word in re.findall("[A-Za-z]{2,}", re.sub(r"{\w+}", "", text))}


def only(texts: Iterable[str], others: Iterable[str]) -> set[str]:
    """Words that occur in some texts and never in others."""
    return words(" ".join(texts)) - words(" ".join(others))


def test_no_english_is_left(told):
    english = only(catalogue("id"), catalogue("id").values())
    assert {"the", "of", "and", "without", "households"} <= english
    drawn = [ElementTree.parse(path).getroot() for path in (told.folder / "figures").glob("*.svg")]
    figures = [text.text or "" for one in drawn for text in one.iter("{http://www.w3.org/2000/svg}text")]
    assert len(figures) > 100
    for where, text in (
        ("page", Shown(told.page).words),
        ("terminal", [told.printed.split("laporan: ")[0]]),
        ("figures", figures),
    ):
        assert sorted(words(" ".join(text)) & english) == [], where


def test_data_stay_as_they_are(told):
    indonesian = only(catalogue("id").values(), catalogue("id"))
    assert {"yang", "dan", "rumah", "mandiri"} <= indonesian
    for path in sorted(told.folder.rglob("*.csv")):
        assert sorted(words(path.read_text(encoding="utf-8")) & indonesian - {"rupiah"}) == [], path.name


def test_the_page_says_its_language_and_formats_its_numbers(told):
    shown = " ".join(" ".join(Shown(told.page).words).split())
    assert '<html lang="id">' in told.page and '<i lang="en">R1 locality development</i>' in told.page
    assert "Pengembangan masyarakat lokal" in shown and "90% dari 2 ulangan acak" in shown
    assert "Rp1.112.730 pada harga September 2017" in shown and "simpangan baku 0,15" in shown
    assert not re.search(r"\d\.\d{1,2}\b", re.sub(r"\d{1,3}(\.\d{3})+", "", shown))  # no decimal point
    assert "Apa yang berubah, menurut strategi" in told.printed and "laporan: " in told.printed
    table = told.printed.split("Baris pertama")[0]
    assert "Apa adanya" in table and max(map(len, table.splitlines())) <= 80


def test_policies_are_explained_in_the_language_and_what_is_not_is_refused(capsys):
    assert command_line.main(["explain", "policies", "social_action", "--lang", "id"]) == 0
    said = capsys.readouterr().out
    assert "social_action  Aksi sosial · Social action" in said and "0,8 (asumsi)" in said
    assert not [text for text in catalogue("id") if text.count(" ") > 1 and text in said]
    assert command_line.main(["explain", "order", "--lang", "id"]) == 2
    assert (
        capsys.readouterr().err == "explain order speaks English only; allowed with --lang id: policies and article\n"
    )


def test_check_answers_in_the_language_and_another_is_refused(small, capsys):
    assert command_line.main(["check", str(small), "--lang", "id"]) == 0
    assert "4 desa dengan sekitar 40 rumah tangga, 80 triwulan, 2 ulangan" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        command_line.main(["check", str(small), "--lang", "jv"])
    assert "invalid choice: 'jv'" in capsys.readouterr().err


def asked_in_vain(*arguments):
    """What a command prints to a reader of Bahasa Indonesia, on one line, and what it said without a translation."""
    printed = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, hearing() as missed, redirect_stdout(printed):
        patch.setenv("COLUMNS", "120")
        assert command_line.main([*map(str, arguments), "--lang", "id"]) == 0
    return " ".join(printed.getvalue().split()), missed


def barred():
    """What results may not be quoted for, in Bahasa Indonesia; stands beside all that compares programmes."""
    with speaking("id"):
        found = standing.warnings()
    assert found
    return found


def test_the_article_is_told_in_the_language_with_its_verdicts():
    printed, missed = asked_in_vain("explain", "article")
    assert missed == set() and not [said for said in barred() if said not in printed]
    assert not [text for text in catalogue("id") if text.count(" ") > 2 and text in printed]
    for words in ("pengembangan masyarakat lokal, perencanaan sosial, aksi sosial, dan kebijakan sosial", "keberdayaan",
                  "kemandirian ekonomi", "kerentanan", "ensambel, tanpa perangkap: ", "selang 95%"):  # fmt: skip
        assert words in printed, words
    with speaking("en"):
        shares = [row for row in article.read()[0].to_dict("records") if row["claim"] == "S17"]
    for row in shares:
        assert f"berlaku dalam {row['holds']} dari {row['sets']} set" in printed


def test_what_runs_through_participation_is_told_in_the_language(small):
    printed, missed = asked_in_vain("mediate", small)
    assert missed == set() and not [text for text in TITLES.values() if text in printed]
    assert not [said for said in barred() if said not in printed]
    assert "Pengembangan masyarakat lokal" in printed and "90% dari 2 ulangan acak" in printed


def test_the_benchmark_is_told_in_the_language(small, monkeypatch):
    """With made-up times in place of those that take minutes."""
    costs = dict.fromkeys(kinds_of_steps(), 2000.0)
    split = speed.Split(costs, [("luck", "draw", 2000.0)])
    beside = [speed.Yardstick(name, way, 3.0, 1.5, 2.0, name != "luck") for name, (_, way) in handwritten.LOOPS.items()]
    for name, found in {"timed_where_possible": 1, "split": split, "draws": 8.0, "yardsticks": beside}.items():
        monkeypatch.setattr(speed, name, lambda *_, found=found: found)
    monkeypatch.setattr(speed, "grown", lambda *_: {1: (1_000, 40.0), 2: (2_000, 40.0)})
    monkeypatch.setattr(handwritten, "compiler", lambda: "cc")
    monkeypatch.setattr(bench.subprocess, "run", lambda *_, **__: SimpleNamespace(stdout="0.5"))
    monkeypatch.setattr(bench, "_mesa", lambda *_: 1e-4)
    printed, missed = asked_in_vain("bench", small)
    assert missed == set()
    names = re.compile(r"CPython [\d.]+|distress_sale|output|luck|\w+\([a-z_]+.*?\)")
    assert words(names.sub(" ", printed)) & only(catalogue("id"), catalogue("id").values()) <= {"ns"}
    for text in ("2.000,00 ns per rumah tangga-triwulan tarikan acak", "ns; jalur 2,00 kali", "BIT BERBEDA",
                 "1.000 rumah tangga", "Bilangan acak bersama", "0,50 s mulainya proses kedua"):  # fmt: skip
        assert text in printed, text
    assert command_line.main(["bench", "--app", "--lang", "id"]) == 2
