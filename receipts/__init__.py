"""Slips, fee receipts, sealed copies and results: number, render, sign, verify."""
