"""`make bench`: this project beside a program written by hand, a shell loop, and the calls alone."""
