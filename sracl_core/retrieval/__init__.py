"""Semantic neighbours: the FAISS index and the candidate pools."""
