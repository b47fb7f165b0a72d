"""Raw formats, one module each with a constant `PLUGIN` that satisfies `protocol.Source`."""
