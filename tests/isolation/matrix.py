"""Which role may open which page: the whole of it, said here once more and by hand, so that a wrong decorator is found.

A page without a row fails the tests (R6).
"""

from schoolgate.tenancy.models import Role

OWNER, ADMIN, ENROLMENTS, PORTAL, INTEGRATIONS, AUDITOR = (
    Role.OWNER,
    Role.ADMINISTRATOR,
    Role.ENROLMENTS_OFFICER,
    Role.PORTAL_OFFICER,
    Role.INTEGRATIONS_OFFICER,
    Role.AUDITOR,
)

EVERY_MEMBER = frozenset(Role)
HEADS = frozenset({OWNER, ADMIN})
EDIT_ENROLMENTS = HEADS | {ENROLMENTS}
READ_ENROLMENTS = EDIT_ENROLMENTS | {PORTAL, AUDITOR}
RUN_SYNC = EDIT_ENROLMENTS
READ_SYNC = READ_ENROLMENTS
ACT_ON_KEYS = HEADS | {PORTAL}
READ_KEYS = ACT_ON_KEYS | {AUDITOR}
READ_SETTINGS = HEADS | {AUDITOR}
READ_MEMBERS = HEADS | {AUDITOR}
READ_AUDIT = EVERY_MEMBER

FAMILY = "family"  # Signed-in accounts of this tenant, and nobody else.
OPEN = "open"  # Anybody.
REDEEM = "redeem"  # Anybody but staff: who is signed in to the console can't redeem in the same session (R-RD-11).

# Whose own things these are stands in the page: of a job of another's area, members of the tenant get a 404 too.
MAY_BE_MISSING = {
    "console:by_school:deliver",
    "console:by_school:run",
    "console:contact_keys:run",
    "console:data_sync:progress",
    "console:records:job",
    "console:records:job_panel",
}

# Parts of addresses that are words of ours and nobody's id: the same in every tenant.
WORDS = {"tenant_code", "section", "channel", "system"}

# Name of the address: who may open it.
ROWS: dict[str, frozenset[Role] | str] = {
    "console:home": EVERY_MEMBER,
    "console:sign_in": OPEN,
    "console:sign_out": EVERY_MEMBER,
    "console:welcome": OPEN,
    "console:fresh": EVERY_MEMBER,
    "console:find": EVERY_MEMBER,
    "console:notice_close": EVERY_MEMBER,
    "console:contact_keys:list": READ_KEYS,
    "console:contact_keys:filter": READ_KEYS,
    "console:contact_keys:select": ACT_ON_KEYS,
    "console:contact_keys:actions": ACT_ON_KEYS,
    "console:contact_keys:generate": ACT_ON_KEYS,
    "console:contact_keys:replace": ACT_ON_KEYS,
    "console:contact_keys:unlock": ACT_ON_KEYS,
    "console:contact_keys:revoke": ACT_ON_KEYS,
    "console:contact_keys:show_chosen": ACT_ON_KEYS,
    "console:contact_keys:show": ACT_ON_KEYS,
    "console:contact_keys:hide": READ_KEYS,
    "console:contact_keys:run": READ_KEYS,
    "console:contact_keys:close": READ_KEYS,
    "console:contact_keys:undo": ACT_ON_KEYS,
    "console:contact_keys:cancel": ACT_ON_KEYS,
    "console:contact_keys:email": ACT_ON_KEYS,
    "console:contact_keys:letters": ACT_ON_KEYS,
    "console:contact_keys:mark": ACT_ON_KEYS,
    "console:contact_keys:print": ACT_ON_KEYS,
    "console:contact_keys:export": READ_KEYS,
    "console:by_school:plan": ACT_ON_KEYS,
    "console:by_school:start": ACT_ON_KEYS,
    "console:by_school:download": ACT_ON_KEYS,
    "console:by_school:run": READ_KEYS,
    "console:by_school:undo": ACT_ON_KEYS,
    "console:by_school:deliver": ACT_ON_KEYS,
    "console:by_school:download_run": READ_KEYS,
    "console:dashboard:home": READ_KEYS,
    "console:dashboard:students": READ_KEYS,
    "console:dashboard:parents": READ_KEYS,
    "console:dashboard:select": ACT_ON_KEYS,
    "console:dashboard:export": READ_KEYS,
    "console:settings:edit": READ_SETTINGS,
    "console:settings:save": HEADS,
    "console:settings:switch": frozenset({OWNER}),  # To Contact keys an administrator too; the world has those.
    "console:data_sync:home": READ_SYNC,
    "console:data_sync:publish": RUN_SYNC,
    "console:data_sync:approve": RUN_SYNC,
    "console:data_sync:progress": READ_SYNC,
    "console:data_sync:history": READ_SYNC,
    "console:data_sync:run": READ_SYNC,
    "console:data_sync:undo": RUN_SYNC,
    "console:explain:ask": READ_ENROLMENTS,
    "console:enrolments:students": READ_ENROLMENTS,
    "console:enrolments:student_add": EDIT_ENROLMENTS,
    "console:enrolments:student": READ_ENROLMENTS,
    "console:enrolments:student_edit": EDIT_ENROLMENTS,
    "console:enrolments:student_history": READ_ENROLMENTS,
    "console:enrolments:student_contacts": READ_ENROLMENTS,
    "console:enrolments:association_find": EDIT_ENROLMENTS,
    "console:enrolments:association_new": EDIT_ENROLMENTS,
    "console:enrolments:association_add": EDIT_ENROLMENTS,
    "console:enrolments:association_edit": EDIT_ENROLMENTS,
    "console:enrolments:association_end": EDIT_ENROLMENTS,
    "console:enrolments:remove_now": EDIT_ENROLMENTS,
    "console:enrolments:access_save": EDIT_ENROLMENTS,
    "console:enrolments:restrict": EDIT_ENROLMENTS,
    "console:enrolments:restrictions": EDIT_ENROLMENTS | {AUDITOR},
    "console:enrolments:restriction": EDIT_ENROLMENTS,
    "console:enrolments:restriction_change": EDIT_ENROLMENTS,
    "console:enrolments:restriction_lift": EDIT_ENROLMENTS,
    "console:enrolments:restriction_review": EDIT_ENROLMENTS,
    "console:enrolments:contacts": READ_ENROLMENTS,
    "console:enrolments:contact_add": EDIT_ENROLMENTS,
    "console:enrolments:contact": READ_ENROLMENTS,
    "console:enrolments:contact_edit": EDIT_ENROLMENTS,
    "console:enrolments:contact_history": READ_ENROLMENTS,
    "console:enrolments:households": READ_ENROLMENTS,
    "console:enrolments:household_add": EDIT_ENROLMENTS,
    "console:enrolments:household": READ_ENROLMENTS,
    "console:enrolments:household_edit": EDIT_ENROLMENTS,
    "console:enrolments:household_history": READ_ENROLMENTS,
    "console:enrolments:household_join": EDIT_ENROLMENTS,
    "console:enrolments:household_leave": EDIT_ENROLMENTS,
    "console:imports:list": EDIT_ENROLMENTS | {AUDITOR},
    "console:imports:new": EDIT_ENROLMENTS,
    "console:imports:import": EDIT_ENROLMENTS | {AUDITOR},
    "console:imports:findings": EDIT_ENROLMENTS | {AUDITOR},
    "console:imports:apply": EDIT_ENROLMENTS,
    "console:imports:cancel": EDIT_ENROLMENTS,
    "console:imports:leave_out": EDIT_ENROLMENTS,
    "console:imports:undo": EDIT_ENROLMENTS,
    "console:portal_console:templates": READ_KEYS,
    "console:portal_console:template": READ_KEYS,
    "console:portal_console:template_restore": ACT_ON_KEYS,
    "console:portal_console:template_preview": READ_KEYS,
    "console:portal_console:template_drawn": READ_KEYS,
    "console:portal_console:outbox": READ_KEYS,
    "console:portal_console:outbox_mail": READ_KEYS,
    "console:portal_console:outbox_body": READ_KEYS,
    "console:portal_console:outbox_show": ACT_ON_KEYS,
    "console:portal_console:outbox_cancel": ACT_ON_KEYS,
    "console:portal_console:outbox_resend": ACT_ON_KEYS,
    "console:portal_console:outbox_arrived": ACT_ON_KEYS,
    "console:school_information:campuses": EVERY_MEMBER,
    "console:school_information:campus_add": HEADS,
    "console:school_information:campus_edit": HEADS,
    "console:records:jobs": EVERY_MEMBER,
    "console:records:job": EVERY_MEMBER,
    "console:records:job_panel": EVERY_MEMBER,
    "console:records:job_control": EVERY_MEMBER,
    "console:records:audit": READ_AUDIT,
    "console:records:audit_export": EVERY_MEMBER,
    "console:records:audit_verify": READ_MEMBERS,
    "console:records:members": READ_MEMBERS,
    "console:records:member_add": HEADS,
    "console:records:member_edit": HEADS,
    "console:records:member_remove": HEADS,
    "console:records:member_link": HEADS,
    "portal:welcome": OPEN,
    "portal:key": REDEEM,
    "portal:sign_up": OPEN,
    "portal:key_account": REDEEM,
    "portal:key_student": REDEEM,
    "portal:student_account": REDEEM,
    "portal:new": REDEEM,
    "portal:confirm": REDEEM,
    "portal:complete": REDEEM,
    "portal:check": REDEEM,
    "portal:key_children": REDEEM,
    "portal:sign_in": REDEEM,
    "portal:sign_out": OPEN,
    "portal:sign_out_everywhere": FAMILY,
    "portal:recover": OPEN,
    "portal:recover_password": REDEEM,
    "portal:lost_letter": OPEN,
    "portal:not_you": OPEN,
    "portal:language": OPEN,
    "portal:home": FAMILY,
    "portal:child": FAMILY,
    "portal:disclaim": FAMILY,
    "portal:my_access": FAMILY,
    "portal:account": FAMILY,
    "portal:own_email": FAMILY,
}
