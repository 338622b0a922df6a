"""How often each operation may be used: classes of use with their limits, and who is in which.

Data alone; `app.limiter` counts. What is limited is what costs the server, an upstream's quota or
somebody's secret more than it costs the one who asks. A number is chosen so that nobody who means
well meets it, on the evening of a vote and behind one address with the whole compound least of all.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum

MINUTE, HOUR, DAY = 60, 3600, 86_400
READING = ("GET", "HEAD", "OPTIONS")
ANY_ANSWER, REFUSED, DONE = range(100, 600), range(400, 500), range(200, 300)

# What the numbers for an address are made for: the voters of a compound of some 1,100 homes (2,219)
# and their guests, all behind its one address. PEOPLE_BEHIND_ONE_ADDRESS scales them.
PEOPLE = 3_000


class By(Enum):
    """For whom uses are counted."""

    LOGIN = "the person logged in"
    LOGIN_AND_THING = "the person logged in, for each thing that the URL names"
    ADDRESS = "the address that the request came from"
    REQUEST = "the same body sent again"


@dataclass(frozen=True)
class Limit:
    """At most `amount` uses in `seconds`; `counts` says which answers are a use."""

    amount: int
    seconds: int
    by: By
    counts: range = ANY_ANSWER


class Use(StrEnum):
    """What an operation is to the limits."""

    READ = "read"
    CAST = "cast"
    VOTE = "vote"
    SIGN_IN = "sign in"
    REFRESH = "refresh"
    CLAIM = "claim"
    CODE = "code"
    UPLOAD = "upload"
    IMPORT = "import"
    WRITE = "write"
    EXPORT = "export"
    POSTER = "poster"
    PUBLIC_READ = "public read"


# Of several limits each holds.
LIMITS: Mapping[Use, tuple[Limit, ...]] = {
    # Nothing is counted here, so neither costs a trip to another server. How often a ballot may be
    # replaced is counted by the ballot itself (`app.ballots.cast.casting`).
    Use.READ: (),
    Use.CAST: (),
    # A vote at the round table or of an evaluation, and a ballot taken back: given once, replaced
    # twenty times at most, as a ballot is.
    Use.VOTE: (Limit(21, DAY, By.LOGIN_AND_THING, DONE),),
    # 2,219 voters sign in within minutes of an announcement, most of them once, some three times:
    # 6,000 in ten minutes. WeChat's codes cannot be guessed, and WeChat takes each once; the first
    # number stops a phone in a loop and nobody else.
    Use.SIGN_IN: (Limit(5, MINUTE, By.REQUEST), Limit(6_000, 10 * MINUTE, By.ADDRESS)),
    # Each phone refreshes four times an hour. After a change of the secret all of them fail at
    # once, and must be told to sign in rather than to wait.
    Use.REFRESH: (Limit(10, MINUTE, By.REQUEST), Limit(6_000, 10 * MINUTE, By.ADDRESS)),
    # Whoever tries units learns which are taken. Typing errors are few.
    Use.CLAIM: (Limit(20, HOUR, By.LOGIN), Limit(40, DAY, By.LOGIN)),
    # What proves something by being known: a right one is no use of the limit.
    Use.CODE: (Limit(10, HOUR, By.LOGIN, REFUSED), Limit(30, DAY, By.LOGIN, REFUSED)),
    # A clerk who photographs slips takes one in five seconds at best.
    Use.UPLOAD: (Limit(120, 10 * MINUTE, By.LOGIN), Limit(1_000, DAY, By.LOGIN)),
    # 20,000 rows each; a compound is imported once, and again after each error that is found.
    Use.IMPORT: (Limit(20, HOUR, By.LOGIN),),
    # One each second for ten minutes: no hand does that.
    Use.WRITE: (Limit(600, 10 * MINUTE, By.LOGIN),),
    # Seconds of a core: a log recounted, the figures of a street, PDFs and sheets.
    Use.EXPORT: (Limit(60, 10 * MINUTE, By.LOGIN),),
    # For printing; one in ten people of a compound at once is beyond any notice.
    Use.POSTER: (Limit(300, 10 * MINUTE, By.ADDRESS),),
    # After a count everybody looks at the bundle, the board or a feed, at two or three of them.
    Use.PUBLIC_READ: (Limit(9_000, 10 * MINUTE, By.ADDRESS),),
}
# Who is not logged in where that is asked for is refused by the guard, and counted here instead.
WITHOUT_LOGIN = Limit(9_000, 10 * MINUTE, By.ADDRESS)

_NAMES: Mapping[Use, str] = {
    Use.READ: """
        agenda.list_matter_versions
        agenda.list_sessions agenda.read_roll agenda.read_rotation agenda.read_session
        attachments.read_attachment attachments.read_content ballots.list_participations
        ballots.read_ballot ballots.read_operator_key ballots.read_result ballots.read_turnout
        board.list_objections cases.list_cases cases.list_cases_of_compound cases.read_case
        cases.read_frequent_categories cases.read_lineage compounds.list_compounds
        compounds.read_community compounds.read_compound compounds.read_register_import
        conventions.list_conventions conventions.read_convention conventions.read_difference
        conventions.read_version countersigning.list_countersigners deliberation.list_attendance
        deliberation.list_cards deliberation.list_invitations deliberation.list_remarks
        deliberation.read_attendance_code deliberation.read_card deliberation.read_round_table
        docs.api_docs docs.error_list docs.front docs.openapi docs.verify docs.verify_alone
        evaluations.list_comments evaluations.list_evaluations evaluations.list_follow_ups
        evaluations.list_rounds evaluations.read_compound_rates evaluations.read_round
        evaluations.read_session_rates health.healthz health.readyz hours.list_hours
        manual.read_count matters.list_matters matters.read_matter
        messages.read_inbox oversight.read_community_log oversight.read_compound_log
        paper.list_slips people.list_appointments people.list_community_appointments
        people.list_residences people.list_residents people.list_subdistrict_appointments
        people.read_me
        rating_lists.list_rating_lists rating_lists.read_rating_list
        resolutions.list_resolutions resolutions.read_resolution static story.read_story
        whistles.list_whistles whistles.read_whistle works.list_orders works.read_order
    """,
    Use.CAST: "ballots.cast_ballot",
    Use.VOTE: "evaluations.answer_round paper.withdraw_ballot resolutions.cast_vote",
    Use.SIGN_IN: "people.log_in_with_wechat",
    Use.REFRESH: "people.refresh_tokens",
    Use.CLAIM: "people.claim_residence",
    Use.CODE: """
        countersigning.register_officer_key countersigning.revoke_officer_key
        deliberation.arrive people.take_office
    """,
    Use.UPLOAD: "attachments.upload_attachment paper.add_photos",
    Use.IMPORT: "compounds.import_register paper.confirm_sheet paper.enter_sheet",
    Use.WRITE: """
        agenda.cancel_session agenda.correct_matter
        agenda.create_session agenda.freeze_list agenda.replace_roll
        agenda.skip_host agenda.start_collecting agenda.swap_host agenda.withdraw_matter
        ballots.close_voting
        ballots.extend_voting ballots.open_voting board.answer_objection board.correct_notice
        board.raise_objection board.withdraw_notice cases.adopt_case cases.draft_case
        cases.publish_case cases.revise_case cases.withdraw_case conventions.amend_convention
        conventions.attach_owner_vote conventions.clear_flag conventions.draft_convention
        conventions.file_version conventions.publish_version conventions.record_owner_vote
        conventions.record_vote conventions.repeal_convention conventions.review_version
        conventions.revise_version conventions.submit_version conventions.uphold_flag
        conventions.withdraw_version countersigning.countersign
        countersigning.name_countersigner countersigning.refuse_countersignature
        deliberation.adopt_card deliberation.drop_card deliberation.invite
        deliberation.merge_card deliberation.note_remark deliberation.put_card
        deliberation.start_meeting deliberation.support_card deliberation.tag_card
        deliberation.withdraw_support evaluations.answer_order evaluations.answer_whistle
        evaluations.close_matter evaluations.close_order evaluations.close_session
        evaluations.confirm_paper evaluations.count_paper evaluations.enter_order_answer
        evaluations.enter_whistle_answer evaluations.open_convention_round
        evaluations.open_matter_round evaluations.reopen_order evaluations.start_evaluation
        hours.log_hours hours.reverse_hours manual.choose_method manual.conclude_count
        manual.confirm_count manual.enter_count
        matters.endorse_matter matters.raise_matter matters.screen_matter
        matters.withdraw_endorsement messages.read_all_messages messages.read_message
        paper.confirm_slip paper.enter_slip paper.find_voter
        paper.issue_slips paper.void_slip paper.withdraw_slip people.appoint_in_community
        people.appoint_in_compound people.end_appointment people.log_out people.refuse_residence
        people.update_me people.verify_residence rating_lists.draft_rating_list
        rating_lists.publish_rating_list rating_lists.recolour_entry
        rating_lists.review_rating_list rating_lists.revise_rating_list
        rating_lists.strike_entry resolutions.close_vote resolutions.conclude_meeting
        resolutions.count_votes resolutions.draft_resolution resolutions.escalate_resolution
        resolutions.give_review resolutions.publish_resolution resolutions.request_review
        resolutions.revise_resolution resolutions.shelve_resolution resolutions.table_resolution
        whistles.blow_whistle whistles.contact_residents whistles.feed_back
        whistles.object_to_dispatch whistles.report_in whistles.request_whistle
        whistles.rework_whistle whistles.sign_whistle whistles.verify_close
        whistles.withdraw_whistle works.accept_order works.add_progress works.assign_order
        works.contact_raiser works.create_order_from_matter works.create_order_from_resolution
        works.decline_order works.return_order works.submit_order works.take_order
        works.verify_order works.withdraw_order
    """,
    Use.EXPORT: """
        oversight.check_community_log oversight.check_compound_log paper.print_slips
        paper.read_sheet_template reports.read_community_figures reports.read_community_sheet
        reports.read_compound_figures reports.read_compound_sheet reports.read_session_figures
        reports.read_session_sheet reports.read_subdistrict_figures
        reports.read_subdistrict_sheet
    """,
    Use.POSTER: "board_pages.notice_poster",
    Use.PUBLIC_READ: """
        ballots.read_bundle board.read_atom_feed board.read_json_feed board_pages.feed
        board_pages.notice_page board_pages.place_board
    """,
}
# Use by the name `blueprint.view`.
OPERATIONS: Mapping[str, Use] = {
    endpoint: use for use, names in _NAMES.items() for endpoint in names.split()
}


def use_of(endpoint: str, method: str) -> Use:
    """The use of an operation, by the name `blueprint.view`. One that nobody put into the table
    counts as a read or as a write by its method."""
    return OPERATIONS.get(endpoint, Use.READ if method in READING else Use.WRITE)
