"""The FAISS index of a set of vectors, sealed."""
