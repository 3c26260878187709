"""OAuth 2.0 client credentials: NetSuite's side of it.

Assertions are verified with joserfc, because the product signs with another library, and the certificate id is
computed anew: a simulator that used the product's code would agree with its mistakes.
"""
