"""What others see of auctions while they run: traces, metrics, a log for programs; off at first.

No text of a task, a plan or an answer leaves through here.
"""
