"""The office's pages: a folder for each menu. Each folder's urls.py is included here under its path."""

from django.urls import URLPattern, URLResolver

app_name = "console"
urlpatterns: list[URLPattern | URLResolver] = []
