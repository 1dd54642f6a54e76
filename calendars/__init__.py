"""A plan as people see it: calendar files, tables, JSON.

Pure: plans and preferences in, bytes and text out (design §2).
"""
