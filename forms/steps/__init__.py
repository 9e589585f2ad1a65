"""The steps that the paths are made of: what is asked, in which words, with which example."""
