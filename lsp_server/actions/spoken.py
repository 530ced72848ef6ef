"""The language that answers are written in, from a setting or an editor's locale."""

_NAMES = {
    "ar": "Arabic",
    "bg": "Bulgarian",
    "ca": "Catalan",
    "cs": "Czech",
    "da": "Danish",
    "de": "German",
    "el": "Greek",
    "es": "Spanish",
    "fa": "Persian",
    "fi": "Finnish",
    "fr": "French",
    "he": "Hebrew",
    "hi": "Hindi",
    "hu": "Hungarian",
    "id": "Indonesian",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "nb": "Norwegian",
    "nl": "Dutch",
    "no": "Norwegian",
    "pl": "Polish",
    "pt": "Portuguese",
    "ro": "Romanian",
    "ru": "Russian",
    "sv": "Swedish",
    "th": "Thai",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "vi": "Vietnamese",
    "zh": "Chinese",
}


def spoken_language(setting: str, locale: str = "") -> str:
    """The English name of the user's language. The setting is a name or a tag such as `de` or
    `pt-BR`; `auto` means the locale's. What is not known is English."""
    wanted = locale if setting.strip().lower() in ("auto", "") else setting
    tag = wanted.strip().replace("_", "-").lower().split("-")[0].split(".")[0]
    named = setting.strip().lower() not in ("auto", "") and len(tag) > 3
    return _NAMES.get(tag, wanted.strip().title() if named else "English")
