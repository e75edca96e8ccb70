"""The name of a browser in a few words, from the User-Agent header that it sends."""

from __future__ import annotations

#: A part of the header, and the name: the first that occurs, because most browsers also name others.
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Vivaldi/", "Vivaldi"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
    ("python", "a Python program"),
)
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
)


def name_of_browser(user_agent: str) -> str:
    """Return a name such as "Firefox, Linux"; empty if nothing is recognized.

    Only words from the two lists are returned, never text of the header, which anybody may send.
    """
    parts = (next((name for part, name in names if part in user_agent), "") for names in (BROWSERS, SYSTEMS))
    return ", ".join(filter(None, parts))
