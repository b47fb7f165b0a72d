"""What the cells of a catalogue mean: lists, markup, missing values, attributes, printed as text by other tools."""
