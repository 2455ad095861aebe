"""The stock of names, by home language: forename and surname are drawn apart, so that a pair is nobody in particular."""

import csv
import unicodedata
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Literal

from schoolgate.enrolments.roster_make.chance import Weighted

Gender = Literal["F", "M"]


@dataclass(frozen=True, slots=True)
class Name:
    """As it is written at home, and in Latin letters."""

    local: str
    latin: str


@dataclass(frozen=True)
class Language:
    """code: BCP 47. Countries whose names its families bear. is_plain: Latin spellings go without accents."""

    code: str
    weight: float
    countries: tuple[str, ...]
    is_plain: bool = False


ENGLISH = Language("en", 63, ("GB", "AU", "US", "CA", "NZ", "IE"))
# Shares of homes where English is not spoken: Indian languages 20 %, Arabic 14, Mandarin 9.5, Cantonese 4.7, a long tail.
OTHERS = [
    Language("hi", 8, ("IN",)),
    Language("pa", 6, ("IN",)),
    Language("gu", 3, ("IN",)),
    Language("ta", 3, ("IN", "LK")),
    Language("ar", 14, ("AE",)),
    Language("zh-Hans", 9.5, ("CN",), is_plain=True),
    Language("yue", 4.7, ("TW",), is_plain=True),
    Language("vi", 7, ("VN",)),
    Language("fil", 5, ("PH",)),
    Language("ne", 4, ("NP",)),
    Language("es", 4, ("ES", "CL", "AR", "MX")),
    Language("el", 4, ("GR",)),
    Language("it", 3, ("IT",)),
    Language("ko", 3, ("KR",)),
    Language("tr", 3, ("TR",)),
    Language("bn", 3, ("BD",)),
    Language("ru", 2.5, ("RU",)),
    Language("sr", 2, ("RS",)),
    Language("pt", 2, ("PT", "BR")),
    Language("ja", 2, ("JP",)),
    Language("mk", 1.5, ("MK",)),
    Language("fr", 1.5, ("FR",)),
    Language("de", 1, ("DE", "AT")),
    Language("pl", 1, ("PL",)),
    Language("hr", 1, ("HR",)),
    Language("hy", 1, ("AM",)),
    Language("he", 0.7, ("IL",)),
    Language("bg", 0.6, ("BG",)),
    Language("ka", 0.5, ("GE",)),
    Language("kk", 0.4, ("KZ",)),
    Language("hu", 0.4, ("HU",)),
    Language("fi", 0.3, ("FI",)),
]
OTHER_LANGUAGES = Weighted(*((language, language.weight) for language in OTHERS))


@dataclass
class Stock:
    """The names of one language. own_script: those that families use who write both names in a script of their own."""

    forenames: dict[Gender, list[Name]] = field(default_factory=lambda: {"F": [], "M": []})
    surnames: list[Name] = field(default_factory=list)
    own_script: "Stock | None" = None


@cache
def stocks() -> dict[str, Stock]:
    """By language code, read from the files beside."""
    forenames, surnames = _by_country()
    found = {}
    for language in [ENGLISH, *OTHERS]:
        stock = Stock()
        for country in language.countries:
            for gender, name in forenames[country]:
                stock.forenames[gender].append(_plain(name) if language.is_plain else name)
            stock.surnames += [_plain(name) if language.is_plain else name for name in surnames[country]]
        stock.own_script = _in_own_script(stock)
        _keep_latin(stock)
        found[language.code] = stock
    return found


def _by_country() -> tuple[dict[str, list[tuple[Gender, Name]]], dict[str, list[Name]]]:
    forenames: dict[str, list[tuple[Gender, Name]]] = defaultdict(list)
    surnames: dict[str, list[Name]] = defaultdict(list)
    for row in _rows("common-forenames-by-country.csv"):
        if row["Gender"] == "F" or row["Gender"] == "M":
            gender: Gender = "F" if row["Gender"] == "F" else "M"
            forenames[row["Country"]].append((gender, _name(row["Localized Name"], row["Romanized Name"])))
    for row in _rows("common-surnames-by-country.csv"):
        surnames[row["Country"]].append(_name(row["Localized Name"], row["Romanized Name"]))
    for row in _rows("more-names.csv"):
        name = _name(row["local"], row["romanised"])
        if row["kind"] == "S":
            surnames[row["country"]].append(name)
        else:
            forenames[row["country"]].append(("F" if row["kind"] == "F" else "M", name))
    return forenames, surnames


def _rows(name: str) -> list[dict[str, str]]:
    text = files("schoolgate.enrolments.roster_make").joinpath("data", name).read_text(encoding="utf-8-sig")
    return list(csv.DictReader(text.splitlines()))


def _name(local: str, latin: str) -> Name:
    """Of "Huỳnh/Hoàng" the first; stress marks, which no register writes, go."""
    local, latin = (text.replace("\u0301", "").split("/")[0].split("(")[0].strip() for text in (local, latin))
    return Name(unicodedata.normalize("NFC", local or latin), unicodedata.normalize("NFC", latin or local))


def _plain(name: Name) -> Name:
    letters = unicodedata.normalize("NFD", name.latin)
    return Name(name.local, "".join(letter for letter in letters if not unicodedata.combining(letter)))


def _is_latin(text: str) -> bool:
    return all(unicodedata.name(letter, "").startswith("LATIN") for letter in text if letter.isalpha())


def _in_own_script(stock: Stock) -> Stock | None:
    """Both names in it, or neither: None where there are too few."""
    women, men, surnames = (
        [name for name in names if not _is_latin(name.local)]
        for names in (stock.forenames["F"], stock.forenames["M"], stock.surnames)
    )
    return Stock({"F": women, "M": men}, surnames) if min(len(women), len(men), len(surnames)) >= 4 else None


def _keep_latin(stock: Stock) -> None:
    for names in (stock.forenames["F"], stock.forenames["M"], stock.surnames):
        names[:] = [Name(name.latin, name.latin) for name in names if _is_latin(name.latin)]
