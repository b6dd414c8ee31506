"""Rows of files: exports of reviews, ranks and posts, with the columns that hold what."""
