"""The model: backbones, the synthesizer, the losses, the objective."""
