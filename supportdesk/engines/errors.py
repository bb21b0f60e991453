"""What the engines raise. Apart, because a server without the embedded extra imports it too."""


class EngineError(Exception):
    """An engine cannot run; the message is one sentence for a person."""
