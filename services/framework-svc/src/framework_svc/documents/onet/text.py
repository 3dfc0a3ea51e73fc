"""Small changes of wording: ids, singulars, British spelling."""

import re


def slug(name: str) -> str:
    """Return a name as an id: lower-case letters, digits and hyphens, at most 60."""
    plain = name.lower().replace("'", "").replace("’", "")
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].rstrip("-")


_NO_PLURAL = re.compile(
    r"\b(arts|athletics|economics|electronics|goods|logistics|mathematics|metals|operations|physics|plastics|"
    r"resources|sales|services|sports|statistics|systems)$",
    re.IGNORECASE,
)


def singular(title: str) -> str:
    """Return what one person of an occupation is called: “Accountants and Auditors” → “Accountant / Auditor”."""
    first = title.partition(",")[0]
    head, of, rest = (first if _one(first) != first else title).partition(" of ")
    parts = head.split(" and ")
    single = [_one(part) for part in parts]
    all_people = len(parts) > 1 and all(part != one for part, one in zip(parts, single, strict=True))
    return british((" / " if all_people else " and ").join(single) + of + rest)


def _one(title: str) -> str:
    if _NO_PLURAL.search(title):
        return title
    for plural, single in (
        ("ies", "y"),
        ("sses", "ss"),
        ("ches", "ch"),
        ("shes", "sh"),
        ("men", "man"),
        ("wives", "wife"),
    ):
        if title.endswith(plural):
            return title.removesuffix(plural) + single
    return title[:-1] if title.endswith("s") and not title.endswith("ss") else title


_BRITISH = (
    (r"\b([Aa])nalyz", r"\1nalys"),
    (r"ehavior", "ehaviour"),
    (r"\b([Cc])olor", r"\1olour"),
    (r"\b([Ll])abor\b", r"\1abour"),
    (r"\b([Cc])enter\b", r"\1entre"),
    (r"\b([Jj])udgment", r"\1udgement"),
    (r"\b([Cc])ounsel(ing|or)", r"\1ounsell\2"),
    (r"\b([Cc])anceled", r"\1ancelled"),
    (r"\b([Ff])ulfill\b", r"\1ulfil"),
    (r"\besthetic", "aesthetic"),
)


def british(text: str) -> str:
    """Return an American text with the commonest words spelt the British way; -ize stays."""
    for american, ours in _BRITISH:
        text = re.sub(american, ours, text)
    return text


def capitalised(text: str) -> str:
    """Return the text with its first letter as a capital."""
    return text[:1].upper() + text[1:]
