"""Template words that every face shares."""

from django import template

register = template.Library()
