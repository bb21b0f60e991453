"""Django's templates, compiled: what the desk's pages are made with.

A page of the desk has two thousand small pieces. Django walks over them one by one, and looks
every name up in a stack of contexts; that took longer than the database and all decisions. Here
the same parsed template becomes one Python function. What a template means does not change, and
what is not understood is left to Django, piece by piece: see `compiler`.
"""
