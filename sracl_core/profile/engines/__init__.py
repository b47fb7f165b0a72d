"""Who writes profiles: one module an engine, with its PLUGIN."""
