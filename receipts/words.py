"""Amounts in Vietnamese words, read back to the number before they are used (NĐ 254/2026 art. 23.2.đ).

A wrong amount in words makes a receipt faulty, so `amount_in_words` parses its own answer and
compares numbers, never strings. The parser also accepts the common variants (lẻ, ngàn, tư, nhăm).
"""

from __future__ import annotations

from receipts.errors import StatementInvalid

MAX_AMOUNT = 10**15
"""Đồng; far beyond any fee, and still exact everywhere."""

_DIGITS = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")
_BILLION = 10**9
_GROUPS = ((10**6, "triệu"), (10**3, "nghìn"), (1, ""))
_VALUES = {word: value for value, word in enumerate(_DIGITS)} | {
    "mốt": 1, "tư": 4, "lăm": 5, "nhăm": 5, "bẩy": 7,
}
_SCALES = {"triệu": 10**6, "nghìn": 10**3, "ngàn": 10**3}


def amount_in_words(amount: int) -> str:
    """`amount` đồng in words: "Một trăm linh năm nghìn đồng"; raises StatementInvalid outside 0..MAX_AMOUNT."""
    if isinstance(amount, bool) or not 0 <= amount <= MAX_AMOUNT:
        raise StatementInvalid("Số tiền phải là số đồng nguyên, không âm.")
    words = number_in_words(amount)
    if parse_number(words) != amount:
        raise StatementInvalid("Số tiền bằng chữ không khớp số tiền bằng số.")
    return f"{words[0].upper()}{words[1:]} đồng"


def parse_amount(text: str) -> int:
    """The number that an amount in words says; "đồng" and "chẵn" may close it. Raises ValueError."""
    words = text.strip().rstrip(".").lower().removesuffix(" chẵn").removesuffix(" đồng")
    return parse_number(words)


def number_in_words(number: int) -> str:
    """A whole number >= 0 in words, lower case."""
    if number == 0:
        return _DIGITS[0]
    billions, rest = divmod(number, _BILLION)
    words = [*number_in_words(billions).split(), "tỷ"] if billions else []
    for scale, name in _GROUPS:
        group = rest // scale % 1000
        if group:
            words += _group(group, full=bool(words))
            words += [name] if name else []
    return " ".join(words)


def _group(group: int, *, full: bool) -> list[str]:
    """One group of three digits; `full` says the leading "không trăm" where higher groups were spoken."""
    hundreds, rest = divmod(group, 100)
    tens, units = divmod(rest, 10)
    words = [_DIGITS[hundreds], "trăm"] if hundreds or full else []
    if rest == 0:
        return words
    if tens == 0:
        return [*words, "linh", _DIGITS[units]] if words else [_DIGITS[units]]
    words += ["mười"] if tens == 1 else [_DIGITS[tens], "mươi"]
    if units == 1 and tens > 1:
        return [*words, "mốt"]
    if units == 5:
        return [*words, "lăm"]
    return [*words, _DIGITS[units]] if units else words


def parse_number(words: str) -> int:
    """The inverse of `number_in_words`; raises ValueError where the words say no number."""
    return _parse(words.lower().split())


def _parse(words: list[str]) -> int:
    if "tỷ" in words:
        cut = len(words) - 1 - words[::-1].index("tỷ")
        return _parse(words[:cut]) * _BILLION + (_parse(words[cut + 1:]) if words[cut + 1:] else 0)
    total, group = 0, list[str]()
    last_scale = _BILLION
    for word in words:
        scale = _SCALES.get(word)
        if scale is None:
            group.append(word)
            continue
        if scale >= last_scale:
            raise ValueError("scales out of order")
        total, group, last_scale = total + _parse_group(group) * scale, [], scale
    return total + _parse_group(group) if group or not total else total


def _parse_group(words: list[str]) -> int:
    """Up to three digits: [x trăm] [linh x | mười x | x mươi x | x]."""
    value, left = 0, list(words)
    if len(left) >= 2 and left[1] == "trăm":
        value, left = _digit(left[0]) * 100, left[2:]
        if not left:
            return value
    return value + _parse_tens(left)


def _parse_tens(words: list[str]) -> int:
    match words:
        case ["mười", *rest] if len(rest) <= 1:
            return 10 + sum(map(_digit, rest))
        case [tens, "mươi", *rest] if len(rest) <= 1:
            return _digit(tens) * 10 + sum(map(_digit, rest))
        case ["linh" | "lẻ", units] | [units]:
            return _digit(units)
        case _:
            raise ValueError("not a number in words")


def _digit(word: str) -> int:
    try:
        return _VALUES[word]
    except KeyError:
        raise ValueError("not a digit in words") from None
