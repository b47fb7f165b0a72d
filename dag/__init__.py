"""The writer of dvc.yaml: what each stage reads, writes and runs is read from its code (`make dag`)."""
