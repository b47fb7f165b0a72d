"""The leakage certificate: a proof, from the artifacts alone, that only training interactions were used."""
