"""The model: backbones, and the packed windows they encode."""
