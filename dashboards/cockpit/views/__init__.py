"""What templates lay out: the answers of the marts as words, numbers and links of a language."""
