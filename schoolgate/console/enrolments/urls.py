"""Under enrolments/ (design.md §4)."""

from django.urls import path

from schoolgate.console.enrolments.views import access, associations, contacts, households, restrictions, students

app_name = "enrolments"
urlpatterns = [
    path("students/", students.students, name="students"),
    path("students/add/", students.student_add, name="student_add"),
    path("students/<int:student_id>/", students.student, name="student"),
    path("students/<int:student_id>/edit/", students.student_edit, name="student_edit"),
    path("students/<int:student_id>/history/", students.student_history, name="student_history"),
    path("students/<int:student_id>/contacts/", students.student_contacts, name="student_contacts"),
    path("students/<int:student_id>/contacts/find/", associations.association_find, name="association_find"),
    path("students/<int:student_id>/contacts/new/", associations.association_new, name="association_new"),
    path(
        "students/<int:student_id>/contacts/<int:contact_id>/add/",
        associations.association_add,
        name="association_add",
    ),
    path(
        "students/<int:student_id>/contacts/<int:contact_id>/restrict/",
        restrictions.restrict,
        name="restrict",
    ),
    path("associations/<int:association_id>/edit/", associations.association_edit, name="association_edit"),
    path("associations/<int:association_id>/end/", associations.association_end, name="association_end"),
    path("associations/<int:association_id>/remove-now/", restrictions.remove_now, name="remove_now"),
    path("access/save/", access.access_save, name="access_save"),
    path("contacts/", contacts.contacts, name="contacts"),
    path("contacts/add/", contacts.contact_add, name="contact_add"),
    path("contacts/<int:contact_id>/", contacts.contact, name="contact"),
    path("contacts/<int:contact_id>/edit/", contacts.contact_edit, name="contact_edit"),
    path("contacts/<int:contact_id>/history/", contacts.contact_history, name="contact_history"),
    path("households/", households.households, name="households"),
    path("households/add/", households.household_add, name="household_add"),
    path("households/<int:household_id>/", households.household, name="household"),
    path("households/<int:household_id>/edit/", households.household_edit, name="household_edit"),
    path("households/<int:household_id>/history/", households.household_history, name="household_history"),
    path("households/<int:household_id>/join/", households.household_join, name="household_join"),
    path("households/members/<int:member_id>/leave/", households.household_leave, name="household_leave"),
    path("restrictions/", restrictions.restrictions, name="restrictions"),
    path("restrictions/<int:restriction_id>/", restrictions.restriction, name="restriction"),
    path("restrictions/<int:restriction_id>/change/", restrictions.restriction_change, name="restriction_change"),
    path("restrictions/<int:restriction_id>/lift/", restrictions.restriction_lift, name="restriction_lift"),
    path("restrictions/<int:restriction_id>/review/", restrictions.restriction_review, name="restriction_review"),
]
