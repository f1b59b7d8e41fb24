"""One layer's tar: read in one pass, written, cached by digest."""
