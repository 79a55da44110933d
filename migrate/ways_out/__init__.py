"""What to do about symbols of SDK v1 that no rule converts, by topic: one table ``WAYS_OUT`` in each module.

A key is a class or a function ("DatabricksStep"), which stands for all of its members as well, a member
("Environment.clone"), or a member of any class ("*.get_docs_url"). The nearest one counts.
Source: Microsoft's articles on the migration to SDK v2, and the public references of both SDKs.
"""
