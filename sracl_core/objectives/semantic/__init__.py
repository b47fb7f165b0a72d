"""What SRA-CL's contrasts are made of: retrieved semantics, candidates and their mixture, substitutions."""
