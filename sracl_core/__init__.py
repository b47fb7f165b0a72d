"""SRA-CL: semantic retrieval augmented contrastive learning for sequential recommendation."""
