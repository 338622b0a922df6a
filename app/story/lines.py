"""Which moves a story tells, and in which words: data."""

from typing import NamedTuple

from app.story.sources import Step


class Line(NamedTuple):
    """How a move is told; `{t}` is the thing and `{e}` the entry of the log."""

    kind: str
    step: Step
    zh: str
    en: str


R, T, D, X, V, P = Step
# (table, verb) or (table, verb, state that it came to). What is not named here is not told.
LINES: dict[tuple[str, ...], Line] = {
    ("matters", "withdraw"): Line("WITHDRAWN", R, "提出人撤回", "Taken back by its raiser"),
    ("matters", "screen", "LISTED"): Line(
        "SCREENED", R, "审题：列入题单", "Screened: to be listed"
    ),
    ("matters", "screen", "MERGED"): Line(
        "SCREENED", R, "审题：并入另一件", "Screened: merged into another matter"
    ),
    ("matters", "screen", "DISPATCHED"): Line(
        "SCREENED", R, "审题：直接派单办理", "Screened: dispatched"
    ),
    ("matters", "screen", "WHISTLED"): Line(
        "SCREENED", R, "审题：提请吹哨", "Screened: a whistle is to be blown"
    ),
    ("matters", "screen", "REFUSED"): Line("SCREENED", R, "审题：不予受理", "Screened: refused"),
    ("matters", "relist"): Line(
        "RELISTED", R, "未解决，再次列入题单", "Not solved: stands on the next list again"
    ),
    ("matters", "settle", "SHELVED"): Line("SHELVED", D, "圆桌会后暂缓", "Shelved"),
    ("matters", "settle", "OWNER_VOTE"): Line(
        "LEFT_TO_OWNERS", D, "提请业主共同决定", "Left to the owners' joint decision"
    ),
    ("matters", "shelve"): Line("SHELVED", D, "不再办理，暂缓", "Shelved: nobody carries it on"),
    ("matters", "record_owner_vote"): Line(
        "OWNERS_DECIDED", D, "业主表决通过", "Passed by the owners"
    ),
    ("matters", "execute"): Line("EXECUTION_STARTED", X, "开始办理", "Being carried out"),
    ("matters", "give_up_work"): Line(
        "WORK_GIVEN_UP", X, "重办的任务单已撤销，等待再办", "What was to be done anew was withdrawn"
    ),
    ("matters", "finish"): Line("DONE", X, "全部办完并核实", "All work is done and checked"),
    ("agenda_sessions", "cancel"): Line(
        "SESSION_CANCELLED", R, "{t.name}取消", "The session was called off"
    ),
    ("agenda_sessions", "void"): Line(
        "VOTE_VOID",
        R,
        "{t.name}投票作废，重新投票",
        "The vote was void, since its key was lost, and is held again",
    ),
    ("agenda_sessions", "start_meeting"): Line(
        "ROUND_TABLE", T, "{t.name}圆桌会开始", "The round table began"
    ),
    ("solution_cards", "put"): Line(
        "CARD_PUT", T, "方案卡片{t.label}「{t.text}」", "Card {t.label} was put"
    ),
    ("solution_cards", "merge"): Line(
        "CARD_MERGED", T, "卡片{t.label}并入另一张", "Card {t.label} was merged"
    ),
    ("solution_cards", "adopt"): Line(
        "CARD_ADOPTED", T, "采纳卡片{t.label}", "Card {t.label} was adopted"
    ),
    ("solution_cards", "drop"): Line(
        "CARD_DROPPED", T, "未采纳卡片{t.label}", "Card {t.label} was dropped"
    ),
    ("resolutions", "draft"): Line(
        "RESOLUTION_DRAFTED", D, "起草{t.label}「{t.title}」", "Resolution {t.number} drafted"
    ),
    ("resolutions", "table"): Line(
        "RESOLUTION_TABLED", D, "{t.label}付表决", "Resolution {t.number} put to the vote"
    ),
    ("resolutions", "void"): Line(
        "RESOLUTION_VOTE_VOID",
        D,
        "{t.label}的表决作废，可再次付表决",
        "The vote on resolution {t.number} was void, since its key was lost, and may be held again",
    ),
    ("resolutions", "shelve"): Line(
        "RESOLUTION_SHELVED", D, "{t.label}暂缓", "Resolution {t.number} shelved"
    ),
    ("resolutions", "escalate"): Line(
        "RESOLUTION_ESCALATED", D, "{t.label}提请他处决定", "Resolution {t.number} handed on"
    ),
    ("resolutions", "publish"): Line(
        "RESOLUTION_PUBLISHED", D, "{t.label}公示", "Resolution {t.number} published"
    ),
    ("resolutions", "take_effect"): Line(
        "RESOLUTION_EFFECTIVE", D, "{t.label}生效", "Resolution {t.number} took effect"
    ),
    ("resolutions", "be_superseded"): Line(
        "RESOLUTION_SUPERSEDED", D, "{t.label}由新决议代替", "Resolution {t.number} superseded"
    ),
    ("work_orders", "request"): Line(
        "ORDER_REQUESTED", X, "任务单 {t.label}「{t.title}」", "Order {t.label} was made"
    ),
    ("work_orders", "assign"): Line(
        "ORDER_ASSIGNED", X, "{t.label}派给{e.reason}", "{t.label} assigned to {e.reason}"
    ),
    ("work_orders", "take_back"): Line(
        "ORDER_TAKEN_BACK", X, "{t.label}收回，另行派单", "{t.label} taken back from its doer"
    ),
    ("work_orders", "take"): Line(
        "ORDER_TAKEN", X, "{t.label}有人接了（抢单）", "{t.label} was taken"
    ),
    ("work_orders", "accept"): Line("ORDER_ACCEPTED", X, "{t.label}已接单", "{t.label} accepted"),
    ("work_orders", "decline"): Line("ORDER_DECLINED", X, "{t.label}退单", "{t.label} declined"),
    ("work_orders", "withdraw"): Line("ORDER_WITHDRAWN", X, "{t.label}撤销", "{t.label} withdrawn"),
    ("work_orders", "submit"): Line(
        "ORDER_SUBMITTED", X, "{t.label}报完成", "{t.label} handed in as done"
    ),
    ("work_orders", "return"): Line(
        "ORDER_RETURNED", X, "{t.label}核实未完成，退回", "{t.label} sent back: not done"
    ),
    ("work_orders", "verify"): Line(
        "ORDER_VERIFIED", X, "{t.label}核实完成", "{t.label} checked: done"
    ),
    ("work_orders", "reopen"): Line(
        "ORDER_REOPENED", V, "{t.label}未解决，退回重办", "{t.label} not solved, done anew"
    ),
    ("work_orders", "close"): Line("ORDER_CLOSED", V, "{t.label}结项", "{t.label} closed"),
    ("work_orders", "escalate"): Line(
        "ORDER_OVERDUE", X, "{t.label}逾期，已上报", "{t.label} overdue, reported upwards"
    ),
    ("whistles", "request"): Line(
        "WHISTLE_REQUESTED", X, "提请吹哨{t.label}", "Whistle {t.number} asked for"
    ),
    ("whistles", "blow"): Line("WHISTLE_BLOWN", X, "{t.label}吹响", "Whistle {t.number} blown"),
    ("whistles", "recall"): Line(
        "WHISTLE_RECALLED",
        X,
        "{t.label}收回，另行派哨",
        "Whistle {t.number} recalled by the street",
    ),
    ("whistles", "object"): Line(
        "WHISTLE_OBJECTED", X, "{t.label}部门提出异议", "Whistle {t.number}: the department objects"
    ),
    ("whistles", "sign"): Line(
        "WHISTLE_SIGNED", X, "{t.label}部门签收", "Whistle {t.number} signed for"
    ),
    ("whistles", "contact"): Line(
        "WHISTLE_CONTACTED", X, "{t.label}部门已联系", "Whistle {t.number}: contact was made"
    ),
    ("whistles", "report"): Line(
        "WHISTLE_REPORTED", X, "{t.label}部门报到", "Whistle {t.number}: the department is on site"
    ),
    ("whistles", "feed_back"): Line(
        "WHISTLE_FED_BACK", X, "{t.label}部门反馈", "Whistle {t.number}: the department fed back"
    ),
    ("whistles", "rework"): Line(
        "WHISTLE_REWORK", X, "{t.label}未解决，退回重办", "Whistle {t.number} sent back: not solved"
    ),
    ("whistles", "verify_close"): Line(
        "WHISTLE_CLOSED", X, "{t.label}核实结项", "Whistle {t.number} checked and closed"
    ),
    ("whistles", "withdraw"): Line(
        "WHISTLE_WITHDRAWN", X, "{t.label}撤销", "Whistle {t.number} withdrawn"
    ),
    ("whistles", "escalate"): Line(
        "WHISTLE_OVERDUE", X, "{t.label}逾期，已上报", "Whistle {t.number} overdue"
    ),
    ("evaluation_rounds", "open"): Line("EVALUATION_OPENED", V, "民评开始", "Residents are asked"),
    ("evaluation_rounds", "close"): Line(
        "EVALUATION_COUNTED", V, "民评截止", "The evaluation closed"
    ),
    ("convention_versions", "publish"): Line(
        "CONVENTION_NOTICED", P, "规约「{t.name}」公示", "A convention that names it is published"
    ),
    ("convention_versions", "file"): Line(
        "CONVENTION_FILED", P, "规约「{t.name}」备案", "The convention was filed"
    ),
    ("convention_versions", "withdraw_noticed"): Line(
        "CONVENTION_WITHDRAWN", P, "规约「{t.name}」撤回", "The convention was withdrawn"
    ),
    ("convention_versions", "withdraw_repeal"): Line(
        "REPEAL_WITHDRAWN",
        P,
        "规约「{t.name}」不再废止",
        "The convention is not repealed after all",
    ),
    ("convention_versions", "enter_force"): Line(
        "CONVENTION_IN_FORCE", P, "规约「{t.name}」施行", "The convention is in force"
    ),
    ("convention_versions", "be_amended"): Line(
        "CONVENTION_AMENDED", P, "规约「{t.name}」由新版代替", "A new version took its place"
    ),
    ("convention_versions", "be_repealed"): Line(
        "CONVENTION_REPEALED", P, "规约「{t.name}」废止", "The convention was repealed"
    ),
}
TOOK_IN = Line("TOOK_IN", R, "「{t.title}」并入本件", "Another matter was merged into this one")
