"""Delivery: what a run has published goes to those whom the market file names, each in her language, and nothing twice.

One way: `settings` (what the market file says) → `ledger` (what went out) → `message` (what is said, whatever the channel) → `mail`, `slack`,
`webhook` (how it is sent) → `room` (who gets what now). Only `settings` is read with the market file; all else is imported when something
is to be sent.
"""
