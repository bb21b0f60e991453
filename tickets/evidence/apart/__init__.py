"""What opens strangers' files: programs of their own under limits, which know nothing of the desk.

Nothing here imports Django or the product's other rooms. `tickets.evidence.programs` starts them.
"""
