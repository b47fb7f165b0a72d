"""What a step is made of: sequences on the device, samples, windows, and the processes that share them."""
