"""Typed parameters, one module a section of `params.yaml`.

A stage imports just the sections it reads, so that a new training parameter leaves the earlier stages untouched.
"""
