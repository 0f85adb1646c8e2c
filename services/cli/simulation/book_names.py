"""Names of companies and people that do not exist. Any likeness is chance."""

from __future__ import annotations

from random import Random
from typing import Final, NamedTuple

# Single characters, and words of two.
_STYLES: Final = "恒瑞昌盛嘉泰宏达鑫源顺和诚信华兴隆博远锦"
UNKNOWN_ADDRESS_EVERY: Final = 20  # customers: of one in so many nobody knows the address
_SURNAMES: Final = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
_GIVEN: Final = "伟芳娜敏静强磊洋艳勇军杰娟涛明超霞平刚文辉玲婷雪"
_CITIES: Final = "临江东湾南岭西川北原清河云泽海宁金石长屿白沙青山平湖安澜玉泉松滨"
_TRADES: Final = "机械电子食品建材纺织包装汽配化工物流医疗五金家具农业印刷能源塑胶"


class Names(NamedTuple):
    company: str
    person: str
    phone: str
    email: str
    address: str | None  # None: letters reach nobody, so that somebody has to ask for it.


def names(rng: Random, number: int) -> Names:
    """Of one customer; phone, e-mail and address lead nowhere."""
    style, city = "".join(rng.sample(_STYLES, 2)), _word(rng, _CITIES)
    is_known = number % UNKNOWN_ADDRESS_EVERY != 0
    return Names(
        company=f"{city}{style}{_word(rng, _TRADES)}有限公司",
        person=rng.choice(_SURNAMES) + rng.choice(_GIVEN),
        phone=f"000-5550-{number:04d}",
        email=f"ap{number:04d}@customer.example",
        address=f"{city}市人民路{number}号" if is_known else None,
    )


def _word(rng: Random, words: str) -> str:
    at = 2 * rng.randrange(len(words) // 2)
    return words[at : at + 2]
