"""What only the owners of a compound decide together: Civil Code, article 278, paragraph 1."""

from typing import NamedTuple


class OwnersItem(NamedTuple):
    """One item of the article, as the law words it and in English."""

    number: int
    numeral: str
    words_zh: str
    words_en: str

    @property
    def zh(self) -> str:
        """The basis as a card prints it."""
        return f"《民法典》第二百七十八条第一款第（{self.numeral}）项：{self.words_zh}"

    @property
    def en(self) -> str:
        return f"Civil Code 278(1)({self.number}): {self.words_en}"


OWNERS_ITEMS: dict[int, OwnersItem] = {
    item.number: item
    for item in (
        OwnersItem(
            1,
            "一",
            "制定和修改业主大会议事规则",
            "making or amending the rules of procedure of the owners' assembly",
        ),
        OwnersItem(2, "二", "制定和修改管理规约", "making or amending the management covenant"),
        OwnersItem(
            3,
            "三",
            "选举业主委员会或者更换业主委员会成员",
            "electing the owners' committee or changing its members",
        ),
        OwnersItem(
            4,
            "四",
            "选聘和解聘物业服务企业或者其他管理人",
            "hiring or dismissing the property firm or another manager",
        ),
        OwnersItem(
            5,
            "五",
            "使用建筑物及其附属设施的维修资金",
            "using the maintenance funds of the buildings and their facilities",
        ),
        OwnersItem(
            6,
            "六",
            "筹集建筑物及其附属设施的维修资金",
            "raising the maintenance funds of the buildings and their facilities",
        ),
        OwnersItem(
            7,
            "七",
            "改建、重建建筑物及其附属设施",
            "altering or rebuilding the buildings and their facilities",
        ),
        OwnersItem(
            8,
            "八",
            "改变共有部分的用途或者利用共有部分从事经营活动",
            "changing the use of common parts, or doing business on them",
        ),
        OwnersItem(
            9,
            "九",
            "有关共有和共同管理权利的其他重大事项",
            "other weighty matters of co-ownership and joint management",
        ),
    )
}
