"""One process: assembles wire, v1, v2 and studio; TLS; the state folder; start, stop, recover."""
