"""The methods of a ``Scheduler``, by what they are about. Each calls one use case."""
