"""The labelling server: the desk over HTTP, for a browser, a script or an agent."""
