"""The stages of the pipeline: one thin command each, run by DVC as `python -m stages.NAME`."""
