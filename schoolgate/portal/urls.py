"""The families' pages (design.md §4). A key stands in no address: links carry it in their fragment."""

from django.urls import URLPattern, URLResolver, path

from schoolgate.portal.views import door, home, key, office, own_email, register, student

app_name = "portal"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", door.welcome, name="welcome"),
    path("sign-up/", student.sign_up, name="sign_up"),
    path("key/", key.key, name="key"),
    path("key/account/", register.key_account, name="key_account"),
    path("key/account/new/", register.new, name="new"),
    path("key/account/confirm/", register.confirm, name="confirm"),
    path("key/account/complete/", register.complete, name="complete"),
    path("key/student/", student.key_student, name="key_student"),
    path("key/student/account/", student.student_account, name="student_account"),
    path("key/check/", key.check, name="check"),
    path("key/children/", key.children, name="key_children"),
    path("sign-in/", door.sign_in, name="sign_in"),
    path("sign-out/", door.sign_out, name="sign_out"),
    path("sign-out/everywhere/", home.sign_out_all, name="sign_out_everywhere"),
    path("recover/", door.recover, name="recover"),
    path("recover/password/", door.recover_password, name="recover_password"),
    path("recover/code/", office.recover_code, name="recover_code"),
    path("lost-letter/", door.lost_letter, name="lost_letter"),
    path("not-you/", door.not_you, name="not_you"),
    path("language/", door.language, name="language"),
    path("home/", home.home, name="home"),
    path("children/<int:student_id>/", home.child, name="child"),
    path("children/<int:student_id>/disclaim/", home.disclaim, name="disclaim"),
    path("my-access/", home.my_access, name="my_access"),
    path("account/", home.account, name="account"),
    path("account/email/", own_email.own_email, name="own_email"),
    path("account/new-address/", office.new_address, name="new_address"),
]
