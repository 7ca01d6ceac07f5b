"""Wire formats, one file each: what a vendor's SDK sends, made into calls in the shape that intake reads. Pure."""
