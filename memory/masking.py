"""Secrets of common shapes are blotted out before a text is remembered.

Every pattern takes linear time on any text: it begins at a literal, its repetitions are possessive
or bounded, and it is tried only where one of its hints occurs. A secret of no known shape stays.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_NAMES = (
    "password|passwd|passphrase|pwd|secret|secret[_-]?key|client[_-]?secret|private[_-]?key"
    "|api[_-]?key|apikey|secret[_-]?access[_-]?key|account[_-]?key"
    "|(?:auth|access|api|refresh|bearer|session)[_-]?token"
)
_MIXED = r"(?=[^\s\"'`]{0,64}?[0-9])(?=[^\s\"'`]{0,64}?[A-Za-z])"
"""A word that nobody chose has a digit and a letter; `password = password` has not."""

_SPACE = r"(?:\\[rn]|[\s\"'+,])*+"
"""What stands between the lines of a key: also in JSON, and in strings that code puts together."""

_PEM = (
    r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----" + _SPACE + r"(?:[A-Z][\w-]{1,30}:"
    r" [^\r\n\\]{0,120}" + _SPACE + r"){0,6}[A-Za-z0-9+/]{32,}+={0,2}"
    r"(?:" + _SPACE + r"[A-Za-z0-9+/]{32,}+={0,2})*+"
    r"(?:(?:"
    + _SPACE
    + r"=?[A-Za-z0-9+/]{1,31}={0,2}){0,2}"
    + _SPACE
    + r"-----END [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----)?"
)


@dataclass(frozen=True, slots=True)
class Pattern:
    """One shape of secret; a group named `keep` stands before it and stays."""

    kind: str
    hints: tuple[str, ...]
    """In small letters; without one of them a text holds no such secret."""
    shape: re.Pattern[str]

    def mask(self, text: str, lower: str) -> str:
        """Replace every secret of this shape."""
        if not any(hint in lower for hint in self.hints):
            return text
        return self.shape.sub(self._masked, text)

    def _masked(self, match: re.Match[str]) -> str:
        return f"{match.groupdict().get('keep') or ''}[masked:{self.kind}]"


def _pattern(kind: str, hints: str, shape: str, flags: re.RegexFlag = re.NOFLAG) -> Pattern:
    return Pattern(kind, tuple(hints.split()), re.compile(shape, flags | re.ASCII))


PATTERNS = (
    _pattern("private-key", "-----begin", _PEM),
    _pattern("anthropic", "sk-ant-", r"(?<![\w-])sk-ant-[\w-]{16,}+"),
    _pattern("openai", "sk-", r"(?<![\w-])sk-(?:proj|svcacct|admin|or-v1)-[\w-]{20,}+"),
    _pattern("openai", "sk-", r"(?<![\w-])sk-[A-Za-z0-9]{32,}+(?![\w-])"),
    _pattern("aws", "akia asia", r"(?<![A-Za-z0-9])A(?:KI|SI)A[A-Z0-9]{16}(?![A-Za-z0-9])"),
    _pattern("github", "github_pat_", r"(?<!\w)github_pat_\w{22,}+"),
    _pattern("github", "ghp_ gho_ ghu_ ghs_ ghr_", r"(?<!\w)gh[pousr]_[A-Za-z0-9]{36,}+"),
    _pattern("gitlab", "glpat-", r"(?<![\w-])glpat-[\w-]{20,}+"),
    _pattern("slack", "xox", r"(?<![\w-])xox[abeoprs]-(?=[\w-]{0,64}?[0-9])[A-Za-z0-9-]{10,}+"),
    _pattern("google", "aiza", r"(?<![\w-])AIza[\w-]{35}(?![\w-])"),
    _pattern("huggingface", "hf_", r"(?<!\w)hf_[A-Za-z0-9]{30,}+(?!\w)"),
    _pattern(
        "stripe", "sk_live_ rk_live_ sk_test_", r"(?<!\w)[rs]k_(?:live|test)_[A-Za-z0-9]{16,}+"
    ),
    _pattern("jwt", "eyj", r"(?<![\w-])eyJ[\w-]{8,}+\.eyJ[\w-]{8,}+\.[\w-]*+"),
    _pattern(
        "authorization",
        "bearer",
        r"(?P<keep>\bbearer[ \t]{1,4})(?=[\w.~+/=-]{0,200}?[0-9])[\w.~+/=-]{16,}+",
        re.IGNORECASE,
    ),
    _pattern(
        "authorization",
        "authorization",
        r"(?P<keep>\bauthorization[\"']?\s{0,3}[:=]\s{0,3}[\"']?(?i:basic|token)\s{1,3})"
        r"(?=[\w.~+/=-]{0,64}?[a-z])(?=[\w.~+/=-]{0,64}?(?-i:[A-Z0-9]))[\w.~+/=-]{8,}+",
        re.IGNORECASE,
    ),
    _pattern(
        "url-password",
        "://",
        r"(?P<keep>://[^\s/:@\"'<>{}$()]{0,64}:)[^\s/@\"'<>{}$()]{1,128}+(?=@)",
    ),
    _pattern(
        "password",
        "pass pwd secret key token",
        rf"(?P<keep>(?=[abcprsABCPRS])(?:{_NAMES})\\?[\"']?\s{{0,3}}(?::=|=>|[:=])\s{{0,3}}\\?[\"'])"
        rf"{_MIXED}[^\s\"'`\\{{}}$<>()]{{8,256}}+(?=\\?[\"'])",
        re.IGNORECASE,
    ),
    _pattern(
        "password",
        "pass pwd secret key token",
        rf"(?P<keep>(?<![.\w])(?=\w{{1,64}}=)\w{{0,32}}?(?:{_NAMES})=)"
        rf"{_MIXED}[^\s\"'`\\{{}}$<>()\[\],;&.]{{8,256}}+(?=[\s&;]|$)",
        re.IGNORECASE,
    ),
    _pattern(
        "password",
        "pass pwd secret key token",
        rf"(?P<keep>^[ \t-]{{0,32}}+\w{{0,32}}?(?:{_NAMES}):[ ])(?!(?:u?int|float|bytes?)\d)"
        rf"{_MIXED}[^\s\"'`\\{{}}$<>()\[\],;]{{8,256}}+$",
        re.IGNORECASE | re.MULTILINE,
    ),
)


def mask(text: str) -> str:
    """Put `[masked:KIND]` in place of every secret; masking twice changes nothing more."""
    lower = text.lower()
    for pattern in PATTERNS:
        text = pattern.mask(text, lower)
    return text
