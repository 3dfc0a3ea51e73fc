"""Small changes of wording: ids, singulars, British spelling."""

import re


def slug(name: str) -> str:
    """Return a name as an id: lower-case letters, digits and hyphens, at most 60."""
    plain = name.lower().replace("'", "").replace("’", "")
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].rstrip("-")


def singular(title: str) -> str:
    """Return what one person of an occupation is called: “Accountants and Auditors” → “Accountant / Auditor”."""
    head, of, rest = title.partition(",")[0].partition(" of ")
    parts = head.split(" and ")
    if len(parts) > 1 and all(part.endswith("s") for part in parts):
        return " / ".join(_one(part) for part in parts) + of + rest
    return _one(head) + of + rest


def _one(title: str) -> str:
    for plural, single in (("ies", "y"), ("sses", "ss"), ("ches", "ch"), ("shes", "sh"), ("men", "man")):
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
    (r"\b([Cc])ounseling", r"\1ounselling"),
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
