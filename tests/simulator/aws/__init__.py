"""Tests of the AWS Secrets Manager simulator."""
