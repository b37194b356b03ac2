"""Concord: the same task in every deep-learning framework, proven to be the same.

Data flows one way: project -> run -> judge -> report. Each word is a room; `data`, `ask` (features and gotchas), `cost`
(the benchmark) and `site` are the others.
"""
