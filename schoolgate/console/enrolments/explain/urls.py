"""Enrolments › Explain."""

from django.urls import path

from schoolgate.console.enrolments.explain import views

app_name = "explain"
urlpatterns = [path("", views.ask, name="ask")]
