"""物业红黑榜: the red and black list of property firms of a community."""
