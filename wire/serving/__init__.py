"""Model deployments behind scoring URIs, as both SDKs know them: endpoints, their deployments, keys and traffic."""
