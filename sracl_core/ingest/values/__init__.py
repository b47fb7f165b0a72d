"""What a cell of a catalogue holds: lists, missing values, attributes."""
