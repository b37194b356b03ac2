"""Concord: the same task in every deep-learning framework, proven to be the same.

Data flows one way: task -> worker -> evidence -> verdict -> report. Each word is a module.
"""
