"""Names of companies and people that do not exist. Any likeness is chance."""

from __future__ import annotations

from random import Random
from typing import Final, NamedTuple

_CITIES: Final = [
    "临江",
    "东湾",
    "南岭",
    "西川",
    "北原",
    "清河",
    "云泽",
    "海宁",
    "金石",
    "长屿",
    "白沙",
    "青山",
    "平湖",
    "安澜",
    "玉泉",
    "松滨",
]
_STYLES: Final = [
    "恒",
    "瑞",
    "昌",
    "盛",
    "嘉",
    "泰",
    "宏",
    "达",
    "鑫",
    "源",
    "顺",
    "和",
    "诚",
    "信",
    "华",
    "兴",
    "隆",
    "博",
    "远",
    "锦",
]
_TRADES: Final = [
    "机械设备",
    "电子科技",
    "食品贸易",
    "建材",
    "纺织",
    "包装材料",
    "汽车配件",
    "化工",
    "物流",
    "医疗器械",
    "五金制品",
    "家具",
    "农产品",
    "印刷",
    "新能源",
    "塑胶",
]
_SURNAMES: Final = [
    "王",
    "李",
    "张",
    "刘",
    "陈",
    "杨",
    "赵",
    "黄",
    "周",
    "吴",
    "徐",
    "孙",
    "胡",
    "朱",
    "高",
    "林",
    "何",
    "郭",
    "马",
    "罗",
]
_GIVEN: Final = [
    "伟",
    "芳",
    "娜",
    "敏",
    "静",
    "强",
    "磊",
    "洋",
    "艳",
    "勇",
    "军",
    "杰",
    "娟",
    "涛",
    "明",
    "超",
    "秀英",
    "霞",
    "平",
    "刚",
    "桂英",
    "文",
    "辉",
    "玲",
    "建华",
    "婷",
    "雪",
    "志强",
]


class Names(NamedTuple):
    company: str
    person: str
    phone: str
    email: str


def names(rng: Random, number: int) -> Names:
    """Of one customer; phone and e-mail lead nowhere."""
    style = "".join(rng.sample(_STYLES, 2))
    return Names(
        company=f"{rng.choice(_CITIES)}{style}{rng.choice(_TRADES)}有限公司",
        person=rng.choice(_SURNAMES) + rng.choice(_GIVEN),
        phone=f"000-5550-{number:04d}",
        email=f"ap{number:04d}@customer.example",
    )
