"""OAuth 2.0 client credentials: keys and certificates, the assertion, the access token, calls that carry it.

Each module is imported by itself, so that a program that signs with TBA loads none of it.
"""
