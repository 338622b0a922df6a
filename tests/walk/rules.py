"""What a walker knows of the operations: in which states of what they are about they are of use,
and how readily each is tried. Whoever may do them stands in the table of who may do what.

An operation that is not named here is tried in every state; so a new one is walked as it comes.
"""

from app.kit.web.api import PREFIX

# `METHOD /path`: states of what the address names last, and a weight where it is not 1.
STATES = """
PATCH /me | | 0.2
POST /me/offices | | 0.6
PUT /me/officer-key | | 1
POST /me/officer-key/revoke | | 0.1
POST /auth/wechat | | 0.3
POST /auth/refresh | | 0.3
POST /auth/logout | | 0.3
POST /me/inbox/{message_id}/read | UNREAD | 0.3
POST /me/inbox/read-all | | 0.2
POST /compounds/{compound_id}/register-imports | | 0.2
POST /residences | | 0.5
POST /residences/{residence_id}/verify | CLAIMED
POST /residences/{residence_id}/refuse | CLAIMED | 0.4
POST /compounds/{compound_id}/appointments | | 0.7
POST /communities/{community_id}/appointments | | 0.3
POST /appointments/{appointment_id}/end | HELD | 0.35
POST /compounds/{compound_id}/matters | | 9
PUT /matters/{matter_id}/endorsement | SUBMITTED LISTED DEFERRED | 1.5
DELETE /matters/{matter_id}/endorsement | SUBMITTED LISTED DEFERRED | 0.3
POST /matters/{matter_id}/correct | SUBMITTED LISTED DEFERRED | 0.5
POST /matters/{matter_id}/withdraw | SUBMITTED LISTED DEFERRED | 0.15
POST /matters/{matter_id}/screen | SUBMITTED DEFERRED LISTED | 7
POST /communities/{community_id}/rotation/skip | | 0.2
POST /communities/{community_id}/rotation/swap | | 0.4
POST /compounds/{compound_id}/sessions | | 2
PUT /sessions/{session_id}/roll | DRAFT COLLECTING LISTED | 0.5
PUT /sessions/{session_id}/ballot | VOTING EXTENDED | 3
DELETE /sessions/{session_id}/ballot | VOTING EXTENDED | 0.3
POST /sessions/{session_id}/start-collecting | DRAFT | 3
POST /sessions/{session_id}/freeze-list | COLLECTING | 3
POST /sessions/{session_id}/open-voting | LISTED | 6
POST /sessions/{session_id}/extend-voting | VOTING | 0.6
POST /sessions/{session_id}/close-voting | VOTING EXTENDED | 1
POST /sessions/{session_id}/cancel | DRAFT COLLECTING LISTED | 0.12
PUT /compounds/{compound_id}/countersigner | | 1.5
POST /sessions/{session_id}/countersignature | TALLIED MEETING RESOLVED EXECUTING CLOSED | 1.9
POST /sessions/{session_id}/countersignature/refusal | TALLIED MEETING RESOLVED EXECUTING | 0.5
POST /sessions/{session_id}/paper-batches | VOTING EXTENDED
POST /sessions/{session_id}/paper-slips/{serial}/enter | ISSUED
POST /sessions/{session_id}/paper-slips/{serial}/confirm | ENTERED | 2
POST /sessions/{session_id}/paper-slips/{serial}/withdraw | CONFIRMED | 0.4
POST /sessions/{session_id}/paper-slips/{serial}/void | ISSUED ENTERED | 0.3
POST /sessions/{session_id}/paper-slips/{serial}/photos | ENTERED | 0.6
POST /sessions/{session_id}/paper-voter | VOTING EXTENDED | 0.4
POST /sessions/{session_id}/paper-sheet/enter | VOTING EXTENDED | 0.6
POST /sessions/{session_id}/paper-sheet/confirm | VOTING EXTENDED | 0.6
PUT /sessions/{session_id}/manual-method | DRAFT COLLECTING LISTED | 1.2
PUT /sessions/{session_id}/manual-count | LISTED | 3
POST /sessions/{session_id}/manual-count/confirm | LISTED | 3
POST /sessions/{session_id}/conclude-count | LISTED | 3
POST /sessions/{session_id}/start-meeting | TALLIED | 3
POST /sessions/{session_id}/conclude-meeting | MEETING | 0.7
POST /sessions/{session_id}/invitations | TALLIED MEETING
POST /sessions/{session_id}/attendance | MEETING | 2
POST /sessions/{session_id}/remarks | MEETING | 0.4
POST /compounds/{compound_id}/attachments | | 0.2
POST /sessions/{session_id}/cards | TALLIED MEETING | 4
PUT /cards/{card_id}/support | OPEN
DELETE /cards/{card_id}/support | OPEN | 0.3
POST /cards/{card_id}/tag | OPEN | 0.4
POST /cards/{card_id}/merge | OPEN | 0.4
POST /cards/{card_id}/adopt | OPEN | 2
POST /cards/{card_id}/drop | OPEN | 0.3
POST /sessions/{session_id}/resolutions | MEETING | 4
PUT /resolutions/{resolution_id} | DRAFT | 0.5
POST /resolutions/{resolution_id}/review-request | DRAFT | 0.4
POST /resolutions/{resolution_id}/review | DRAFT | 0.8
POST /resolutions/{resolution_id}/table | DRAFT NO_QUORUM VOID | 3
PUT /resolutions/{resolution_id}/vote | TABLED | 3
POST /resolutions/{resolution_id}/count | TABLED | 2
POST /resolutions/{resolution_id}/close-vote | TABLED | 2
POST /resolutions/{resolution_id}/shelve | DRAFT TABLED NO_QUORUM VOID | 0.25
POST /resolutions/{resolution_id}/escalate | FAILED SHELVED | 0.6
POST /resolutions/{resolution_id}/publish | PASSED | 2
POST /compounds/{compound_id}/conventions | | 1.9
POST /conventions/{convention_id}/amend | IN_FORCE
POST /conventions/{convention_id}/repeal | IN_FORCE | 1.5
POST /conventions/{convention_id}/withdraw-repeal | IN_FORCE | 0.4
PUT /convention-versions/{version_id} | DRAFT | 0.6
POST /convention-versions/{version_id}/submit | DRAFT | 2
POST /convention-versions/{version_id}/flags/{flag_id}/clear | OPEN | 1.5
POST /convention-versions/{version_id}/flags/{flag_id}/uphold | OPEN | 0.5
POST /convention-versions/{version_id}/review | REVIEW | 2
POST /convention-versions/{version_id}/record-vote | REVIEW | 3
POST /convention-versions/{version_id}/record-owner-vote | REVIEW | 3
POST /convention-versions/{version_id}/publish | VOTED | 2
POST /convention-versions/{version_id}/file | NOTICED | 2
POST /convention-versions/{version_id}/withdraw | DRAFT REVIEW | 0.2
POST /clauses/{clause_id}/owner-vote | INACTIVE
POST /compounds/{compound_id}/conventions/from-case | | 1.5
POST /matters/{matter_id}/orders | DISPATCHED EXECUTING REOPENED | 1.5
POST /resolutions/{resolution_id}/orders | PASSED NOTICED EFFECTIVE | 1.5
POST /orders/{order_id}/assign | REQUESTED DECLINED ASSIGNED ACCEPTED RETURNED | 2
POST /orders/{order_id}/take | REQUESTED
POST /orders/{order_id}/accept | ASSIGNED | 2
POST /orders/{order_id}/decline | ASSIGNED | 0.4
POST /orders/{order_id}/withdraw | REQUESTED DECLINED | 0.4
POST /orders/{order_id}/contact | ASSIGNED ACCEPTED RETURNED | 0.5
POST /orders/{order_id}/progress | ACCEPTED RETURNED | 0.5
POST /orders/{order_id}/submit | ACCEPTED RETURNED | 3
POST /orders/{order_id}/verify | SUBMITTED | 2
POST /orders/{order_id}/return | SUBMITTED | 0.5
POST /orders/{order_id}/hours | ACCEPTED RETURNED SUBMITTED VERIFIED | 0.8
POST /hours/{hours_id}/reverse | GIVEN | 0.4
POST /matters/{matter_id}/whistles | WHISTLED EXECUTING REOPENED | 1
POST /whistles/{whistle_id}/blow | COLLECTED | 2
POST /whistles/{whistle_id}/object | BLOWN | 0.5
POST /whistles/{whistle_id}/sign | BLOWN | 2
POST /whistles/{whistle_id}/contact | SIGNED REPORTED REWORK | 0.6
POST /whistles/{whistle_id}/report | SIGNED | 2
POST /whistles/{whistle_id}/feed-back | REPORTED REWORK | 2
POST /whistles/{whistle_id}/verify-close | FED_BACK | 2
POST /whistles/{whistle_id}/rework | FED_BACK | 0.6
POST /whistles/{whistle_id}/recall | BLOWN SIGNED REPORTED REWORK | 0.3
POST /whistles/{whistle_id}/withdraw | COLLECTED | 0.2
POST /orders/{order_id}/follow-ups | VERIFIED RATED CLOSED | 1.5
POST /orders/{order_id}/follow-ups/taken | VERIFIED | 1
POST /orders/{order_id}/close | VERIFIED RATED
POST /orders/{order_id}/reopen | VERIFIED RATED
POST /whistles/{whistle_id}/follow-ups | FED_BACK VERIFIED_CLOSED
POST /whistles/{whistle_id}/follow-ups/taken | FED_BACK VERIFIED_CLOSED
POST /matters/{matter_id}/close | DONE | 1
POST /matters/{matter_id}/shelve | OWNER_VOTE RESOLVED EXECUTING DISPATCHED WHISTLED | 0.15
POST /matters/{matter_id}/owner-vote | OWNER_VOTE | 1.9
POST /matters/{matter_id}/evaluation-rounds | DONE | 2
POST /conventions/{convention_id}/evaluation-rounds | IN_FORCE
PUT /evaluation-rounds/{round_id}/answer | OPEN | 3
PUT /evaluation-rounds/{round_id}/paper | OPEN | 1.5
POST /evaluation-rounds/{round_id}/paper/confirm | OPEN | 1.5
POST /sessions/{session_id}/start-evaluation | RESOLVED EXECUTING | 0.7
POST /sessions/{session_id}/close | RESOLVED EVALUATING | 2
POST /matters/{matter_id}/cases | CLOSED | 3
PUT /cases/{case_id} | DRAFT | 0.5
POST /cases/{case_id}/publish | DRAFT | 2
POST /cases/{case_id}/withdraw | DRAFT PUBLISHED | 0.3
POST /communities/{community_id}/rating-lists | | 0.8
PUT /rating-lists/{list_id} | DRAFT | 0.5
POST /rating-lists/{list_id}/review | DRAFT | 1.5
POST /rating-lists/{list_id}/publish | REVIEWED | 2
POST /rating-entries/{entry_id}/strike | NOTICED
POST /rating-entries/{entry_id}/recolour | NOTICED
POST /notices/{notice_id}/objections | PUBLISHED | 1.5
POST /objections/{objection_id}/answer | RAISED | 2
POST /notices/{notice_id}/correct | PUBLISHED | 0.2
POST /notices/{notice_id}/withdraw | PUBLISHED | 0.15
"""


def _read(text: str) -> dict[str, tuple[frozenset[str], float]]:
    rules = {}
    for line in text.strip().splitlines():
        operation, states, weight = [part.strip() for part in (line + " | | ").split("|")][:3]
        rules[operation] = (frozenset(states.split()), float(weight or 1))
    return rules


RULES = _read(STATES)
ANY_STATE: tuple[frozenset[str], float] = (frozenset(), 1.0)


def short(operation: str) -> str:
    """`POST /api/v1/me` as `POST /me`."""
    return operation.replace(PREFIX, "", 1)
