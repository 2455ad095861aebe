"""One sentence for each act of the audit. An act without a sentence here is told by its own words, never left out."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from schoolgate.audit.models import AuditEntry
from schoolgate.console.names import Names

# %(who)s acted; %(student)s, %(contact)s, %(household)s, %(user)s name the subjects of that kind; other words come from detail.
SENTENCES = {
    "student.added": gettext_lazy("%(who)s added the student %(student)s."),
    "student.edited": gettext_lazy("%(who)s changed %(fields)s of %(student)s."),
    "contact.edited": gettext_lazy("%(who)s changed %(fields)s of %(contact)s."),
    "household.added": gettext_lazy("%(who)s added the household %(household)s."),
    "household.edited": gettext_lazy("%(who)s changed %(fields)s of the household %(household)s."),
    "association.edited": gettext_lazy("%(who)s changed %(fields)s between %(contact)s and %(student)s."),
    "restriction.made": gettext_lazy("%(who)s recorded a restriction of %(contact)s from %(student)s."),
    "restriction.changed": gettext_lazy(
        "%(who)s changed %(fields)s of the restriction of %(contact)s from %(student)s."
    ),
    "restriction.lifted": gettext_lazy("%(who)s lifted the restriction of %(contact)s from %(student)s."),
    "restriction.reviewed": gettext_lazy("%(who)s reviewed the ended restriction of %(contact)s from %(student)s."),
    "restriction.read": gettext_lazy("%(who)s read the restriction of %(contact)s from %(student)s."),
    "access.withdrawn": gettext_lazy("%(who)s took the access of %(contact)s to %(student)s away at once."),
    "sync.planned": gettext_lazy("%(who)s asked for a Data Sync."),
    "sync.held": gettext_lazy("Data Sync run %(run)s of %(who)s was held for a second look."),
    "sync.approved": gettext_lazy("%(who)s approved the held Data Sync run %(run)s."),
    "sync.applied": gettext_lazy("%(who)s published Data Sync run %(run)s."),
    "sync.withdrawn": gettext_lazy("Data Sync run %(run)s of %(who)s withdrew links at once."),
    "sync.undone": gettext_lazy("%(who)s undid Data Sync run %(undone)s by run %(run)s."),
    "member.added": gettext_lazy("%(who)s gave %(user)s the role %(role)s."),
    "member.role_changed": gettext_lazy("%(who)s changed the role and rights of %(user)s."),
    "member.removed": gettext_lazy("%(who)s took the role of %(user)s away."),
    "member.link_made": gettext_lazy("%(who)s made a new sign-in link for %(user)s."),
    "member.password_chosen": gettext_lazy("%(user)s chose a password."),
    "tenant.created": gettext_lazy("%(who)s made this tenant."),
    "setting.changed": gettext_lazy("%(who)s changed settings."),
    "setting.changed_for_school": gettext_lazy("%(who)s changed settings of the school %(number)s."),
    "school.added": gettext_lazy("%(who)s added the school %(number)s."),
    "school.edited": gettext_lazy("%(who)s changed the school %(number)s."),
    "job.paused": gettext_lazy("%(who)s paused %(job)s."),
    "job.resumed": gettext_lazy("%(who)s carried on %(job)s."),
    "job.cancelled": gettext_lazy("%(who)s stopped %(job)s."),
    "notice.closed": gettext_lazy("%(who)s closed a notice."),
    "key.generated": gettext_lazy("%(who)s made %(keys)s keys: %(contact)s."),
    "group.added": gettext_lazy("%(who)s named a group of students, for keys of their parents."),
    "group.named": gettext_lazy("%(who)s kept a group of students under the name %(name)s."),
    "delivery.cancelled": gettext_lazy("%(who)s stopped the delivery of a run's keys."),
    "group.deleted": gettext_lazy("%(who)s deleted a group of students."),
    "key_plan.exported": gettext_lazy("%(who)s downloaded the preview of a run of keys (%(rows)s rows)."),
    "key_run.exported": gettext_lazy("%(who)s downloaded the list of a run of keys (%(rows)s rows)."),
    "key.replaced": gettext_lazy("%(who)s replaced the key of %(contact)s."),
    "keys.searched": gettext_lazy("%(who)s searched for students by %(fields)s: %(hits)s found."),
    "accounts.list_made": gettext_lazy("%(who)s had a list of accounts made (%(rows)s rows)."),
    "list.deleted": gettext_lazy("%(who)s deleted a list before its day was over."),
    "accounts.searched": gettext_lazy("%(who)s searched for accounts by %(fields)s: %(hits)s found."),
    "keys.opened": gettext_lazy("%(who)s opened the key information of %(student)s, who has a restriction."),
    "key.revoked": gettext_lazy("%(who)s revoked the key of %(contact)s."),
    "key.unlocked": gettext_lazy("%(who)s unlocked the key of %(contact)s."),
    "key.locked": gettext_lazy("The key of %(contact)s was locked after too many wrong tries."),
    "key.expired": gettext_lazy("%(key)s ended unused, by its date."),
    "key.shown": gettext_lazy("%(who)s had the key of %(contact)s shown."),
    "key.redeemed": gettext_lazy("%(account)s used the key of %(contact)s and is connected."),
    "key.disclaimed": gettext_lazy(
        "%(account)s entered the key of %(contact)s and said: these are not my children. The key is locked."
    ),
    "tie.ended": gettext_lazy("The connection of %(account)s with %(contact)s ended."),
    "child.disclaimed": gettext_lazy("%(account)s said that %(student)s is not their child, and no longer sees them."),
    "child.restored": gettext_lazy("%(who)s gave %(student)s back to %(account)s."),
    "account.registered": gettext_lazy("%(account)s was registered."),
    "account.registered_again": gettext_lazy("Somebody asked to register with the address of %(account)s."),
    "account.recovery_in_vain": gettext_lazy("A new password was asked for, for an address without an account."),
    "account.email_confirmed": gettext_lazy("%(account)s confirmed the e-mail address."),
    "account.completed": gettext_lazy("%(account)s finished the registration."),
    "account.lapsed": gettext_lazy("%(accounts)s accounts that were never confirmed were taken away."),
    "account.recovery_asked": gettext_lazy("A new password was asked for, for %(account)s."),
    "account.recovered": gettext_lazy("%(account)s chose a new password by a link."),
    "account.password_changed": gettext_lazy("%(account)s changed the password."),
    "account.disabled": gettext_lazy("%(who)s stopped the account of %(account)s."),
    "account.enabled": gettext_lazy("%(who)s enabled the account of %(account)s again."),
    "account.unlocked": gettext_lazy("%(who)s unlocked the sign-in of %(account)s."),
    "account.unlinked": gettext_lazy("%(who)s ended the connection of %(account)s with %(contact)s."),
    "account.updated": gettext_lazy("%(who)s changed %(fields)s of the account of %(account)s."),
    "account.renamed": gettext_lazy("%(who)s gave %(account)s another user name."),
    "account.address_asked": gettext_lazy("%(who)s asked for another e-mail address for %(account)s."),
    "account.email_given": gettext_lazy("%(account)s gave an e-mail address, which waits to be confirmed."),
    "account.address_confirmed": gettext_lazy("%(account)s confirmed another e-mail address."),
    "account.reset_sent": gettext_lazy("%(who)s had a link for a new password mailed to %(account)s."),
    "account.code_printed": gettext_lazy("%(who)s printed a code for a new password of %(account)s."),
    "account.code_used": gettext_lazy("%(account)s chose a new password by a printed code."),
    "account.deleted": gettext_lazy("%(who)s deleted the account of %(account)s; it can be taken back for seven days."),
    "account.kept": gettext_lazy("%(who)s took the account of %(account)s back out of the bin."),
    "account.erased": gettext_lazy("Deleted accounts were erased: %(account)s."),
    "account.signed_out_everywhere": gettext_lazy("%(account)s was signed out everywhere."),
    "roster.imported": gettext_lazy("%(who)s imported a roster (%(format)s, ids of %(source)s)."),
    "restriction.imported": gettext_lazy("%(who)s recorded %(restrictions)s restrictions that a roster states."),
    "findings.exported": gettext_lazy("%(who)s downloaded the findings of an import (%(rows)s rows)."),
    "roster.cancelled": gettext_lazy("%(who)s gave up an import; nothing of it was applied."),
    "roster.undone": gettext_lazy(
        "%(who)s undid an import: %(restored)s rows put back, %(ended)s taken away, %(kept)s left as they were saved since."
    ),
    "email.queued": gettext_lazy("%(who)s sent %(mails)s e-mails with keys."),
    "email.cancelled": gettext_lazy("%(who)s cancelled %(mails)s e-mails before they went out."),
    "email.stopped": gettext_lazy("E-mails that must not go out any more were stopped."),
    "email.resent": gettext_lazy("%(who)s sent an e-mail to %(contact)s again."),
    "email.confirmed": gettext_lazy("%(who)s confirmed that an e-mail to %(contact)s arrived."),
    "key.printed": gettext_lazy("%(who)s printed %(letters)s letters with keys."),
    "letter.fetched": gettext_lazy("%(who)s downloaded file %(file)s with %(letters)s letters."),
    "letter.posted": gettext_lazy("%(who)s marked %(letters)s letters as posted."),
    "letter.destroyed": gettext_lazy("%(who)s marked %(letters)s letters as destroyed."),
    "act.refused": gettext_lazy("%(who)s was refused an act (%(page)s)."),
    "template.saved": gettext_lazy("%(who)s saved the text of the %(channel)s, version %(version)s."),
    "email.shown": gettext_lazy("%(who)s had a mail to %(account)s shown, with its code."),
    "audit.verified": gettext_lazy("%(who)s had the audit verified."),
}
FIELDS = {
    "family_name": gettext_lazy("family name"),
    "given_name": gettext_lazy("given name"),
    "middle_name": gettext_lazy("middle name"),
    "preferred_name": gettext_lazy("preferred name"),
    "student_no": gettext_lazy("Student Id"),
    "surname": gettext_lazy("family name"),
    "last_name": gettext_lazy("family name"),
    "student_last_name": gettext_lazy("family name of a student"),
    "username": gettext_lazy("user name"),
    "school": gettext_lazy("school"),
    "contact_no": gettext_lazy("Contact ID"),
    "school_id": gettext_lazy("school"),
    "second_school_id": gettext_lazy("second school"),
    "year_level": gettext_lazy("year"),
    "roll_class": gettext_lazy("class"),
    "birth_date": gettext_lazy("date of birth"),
    "state": gettext_lazy("status"),
    "starts_on": gettext_lazy("first day"),
    "ends_on": gettext_lazy("end"),
    "email": gettext_lazy("e-mail"),
    "review_on": gettext_lazy("review date"),
    "note": gettext_lazy("note"),
    "phone_home": gettext_lazy("phone at home"),
    "phone_work": gettext_lazy("phone at work"),
    "address_1": gettext_lazy("address"),
    "address_2": gettext_lazy("address, second line"),
    "is_emergency": gettext_lazy("emergency contact"),
    "is_legal_guardian": gettext_lazy("legal guardian"),
    "lives_with": gettext_lazy("lives with"),
}


def sentence_of(entry: AuditEntry, names: Names) -> str:
    """The entry in a school's words."""
    told = _told_specially(entry, names)
    if told:
        return told
    words = _words_of(entry, names)
    pattern = SENTENCES.get(entry.act)
    if pattern is None:
        about = ", ".join(names.of(kind, id_) for kind, id_ in entry.subjects[:3])
        what = entry.act.replace("_", " ").replace(".", ": ")
        return f"{words['who']} – {what}" + (f" ({about})" if about else "")
    return str(pattern) % words


class _Words(dict[str, str]):
    """A word that the entry lacks reads as a dash: an old entry is told as well as it can be."""

    def __missing__(self, key: str) -> str:
        return "–"


def _words_of(entry: AuditEntry, names: Names) -> _Words:
    words = _Words({key: str(value) for key, value in entry.detail.items() if not isinstance(value, dict | list)})
    for kind in {kind for kind, _id in entry.subjects}:
        of_kind = [names.of(kind, id_) for one, id_ in entry.subjects if one == kind]
        words[kind] = _listed(of_kind)
    if "fields" in entry.detail:
        words["fields"] = _listed([str(FIELDS.get(name, name.replace("_", " "))) for name in entry.detail["fields"]])
    if entry.act.startswith("key.") and "student" in words:
        words.setdefault("contact", words["student"])  # A student's own key.
    words["who"] = names.who(entry)
    return words


def _listed(items: list[str]) -> str:
    """Up to three by name, the rest as a number."""
    if len(items) > 3:
        more = len(items) - 2
        return ngettext("%(first)s and %(more)d more", "%(first)s and %(more)d more", more) % {
            "first": ", ".join(items[:2]),
            "more": more,
        }
    return ", ".join(items)


def _told_specially(entry: AuditEntry, names: Names) -> str:
    """Acts whose sentence depends on what they did."""
    words, detail = _words_of(entry, names), entry.detail
    if entry.act.endswith(".exported") and entry.act not in SENTENCES:
        words["what"] = entry.act.removesuffix(".exported")
        return _("%(who)s downloaded a list (%(what)s) of %(rows)s rows.") % words
    match entry.act:
        case "access.saved":
            return _access_saved(words["who"], detail.get("pairs", []), names)
        case "contact.added" | "association.made":
            told = _("%(who)s added %(contact)s") if entry.act == "contact.added" else _("%(who)s tied %(contact)s")
            if "student" in words:
                on = _("with portal access") if detail.get("access") else _("without portal access")
                return (told + _(" to %(student)s, ")) % words + on + "."
            return told % words + "."
        case "association.ended":
            stays = _(" They stay together by their household.") if detail.get("household_stays") else ""
            return _("%(who)s took away the tie of %(contact)s with %(student)s.") % words + stays
        case "sync.applied":
            links = detail.get("links", {})
            words |= {"added": str(links.get("added", 0)), "removed": str(links.get("removed", 0))}
            return _("%(who)s published by Data Sync %(run)s: %(added)s links added, %(removed)s withdrawn.") % words
        case "key.generated" if detail.get("keys") == 1 and "contact" in words:
            return _("%(who)s made a key for %(contact)s.") % words
        case "key.revoked" if detail.get("undone"):
            return _("%(who)s took the new key of %(contact)s back.") % words
        case "key.generated" | "key.revoked" if "contact" not in words:
            told = (
                _("%(who)s made %(keys)s keys.")
                if entry.act == "key.generated"
                else _("%(who)s revoked %(keys)s keys.")
            )
            return told % words
        case "key_system.changed":
            for word, when in (("was", "before"), ("now", "after")):
                words[word] = detail.get(when, {}).get("key_system", "–")
            changed = _("%(who)s changed the key system from %(was)s to %(now)s keys.")
            return f"{changed} {_('%(keys)s keys and %(ties)s connections ended.')}" % words
        case "household.joined" | "household.left":
            person = words.get("student") or words.get("contact") or "–"
            told = _("%(who)s put %(person)s into the household %(household)s.")
            if entry.act == "household.left":
                told = _("%(who)s took %(person)s out of the household %(household)s.")
            words["person"] = person
            return told % words
    return ""


def _access_saved(who: str, pairs: list[dict[str, Any]], names: Names) -> str:
    if len(pairs) > 3:
        on = sum(1 for pair in pairs if pair["on"])
        counts = {"who": who, "on": on, "off": len(pairs) - on}
        return _("%(who)s turned portal access on for %(on)d pairs and off for %(off)d.") % counts
    told = []
    for pair in pairs:
        people = {"contact": names.of("contact", pair["contact"]), "student": names.of("student", pair["student"])}
        told.append(
            (_("on for %(contact)s to see %(student)s") if pair["on"] else _("off for %(contact)s to see %(student)s"))
            % people
        )
    return _("%(who)s turned portal access %(what)s.") % {"who": who, "what": "; ".join(told)}


def before_and_after(entry: AuditEntry) -> list[tuple[str, str, str]]:
    """What the entry says of before and after: (what, before, after)."""
    before, after = entry.detail.get("before"), entry.detail.get("after")
    if not isinstance(before, dict) or not isinstance(after, dict):
        return []
    return [
        (str(FIELDS.get(name, name.replace("_", " "))), _shown(before.get(name)), _shown(after.get(name)))
        for name in sorted({*before, *after})
    ]


def _shown(value: Any) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return str(value)
