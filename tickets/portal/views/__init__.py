"""Thin views: parse, ask access, call one action, show."""
