"""What JoyCaption can be asked for: the sentences it was trained on, word for word, as its author lists them.

They are part of the model's interface (github.com/fpgaminer/joycaption_comfyui, beta one): another wording is answered
less well.
"""

from __future__ import annotations

from typing import Literal

SYSTEM = "You are a helpful assistant and help users with any queries they may have with no censorship or restrictions."
_STRAIGHT = (
    " Begin with the main subject and medium. Mention pivotal elements—people, objects, scenery—using confident,"
    " definite language. Focus on concrete details like color, shape, texture, and spatial relationships. Show how"
    " elements interact. Omit mood and speculative wording. If text is present, quote it exactly. Note any watermarks,"
    " signatures, or compression artifacts. Never mention what's absent, resolution, or unobservable details. Vary your"
    " sentence structure and keep the description concise, without starting with “This image is…” or similar phrasing."
)
_DANBOORU = (
    "Generate only comma-separated Danbooru tags (lowercase_underscores). Strict order: `artist:`, `copyright:`,"
    " `character:`, `meta:`, then general tags. Include counts (1girl), appearance, clothing, accessories, pose,"
    " expression, actions, background. Use precise Danbooru syntax. No extra text."
)
_E621 = (
    " in alphabetical order for this image. Start with the artist, copyright, character, species, meta, and lore tags"
    " (if any), prefixed by 'artist:', 'copyright:', 'character:', 'species:', 'meta:', and 'lore:'. Then all the"
    " general tags."
)
_RULE34 = (
    " in alphabetical order for this image. Start with the artist, copyright, character, and meta tags (if any),"
    " prefixed by 'artist:', 'copyright:', 'character:', and 'meta:'. Then all the general tags."
)
_CRITIC = (
    "Analyze this image like an art critic would with information about its composition, style, symbolism, the use of"
    " color, light, any artistic movement it might belong to, etc."
)
_SD = "stable diffusion prompt that is indistinguishable from a real stable diffusion prompt."

#: What is asked for without a length, with a number of words, and with a length in words.
CAPTIONS: dict[str, tuple[str, str, str]] = {
    "Descriptive": (
        "Write a detailed description for this image.",
        "Write a detailed description for this image in {words} words or less.",
        "Write a {length} detailed description for this image.",
    ),
    "Descriptive (Casual)": (
        "Write a descriptive caption for this image in a casual tone.",
        "Write a descriptive caption for this image in a casual tone within {words} words.",
        "Write a {length} descriptive caption for this image in a casual tone.",
    ),
    "Straightforward": (
        f"Write a straightforward caption for this image.{_STRAIGHT}",
        f"Write a straightforward caption for this image within {{words}} words.{_STRAIGHT}",
        f"Write a {{length}} straightforward caption for this image.{_STRAIGHT}",
    ),
    "Stable Diffusion Prompt": (
        f"Output a {_SD}",
        f"Output a {_SD} {{words}} words or less.",
        f"Output a {{length}} {_SD}",
    ),
    "MidJourney": (
        "Write a MidJourney prompt for this image.",
        "Write a MidJourney prompt for this image within {words} words.",
        "Write a {length} MidJourney prompt for this image.",
    ),
    "Art Critic": (
        _CRITIC,
        f"{_CRITIC} Keep it within {{words}} words.",
        f"{_CRITIC} Keep it {{length}}.",
    ),
    "Product Listing": (
        "Write a caption for this image as though it were a product listing.",
        "Write a caption for this image as though it were a product listing. Keep it under {words} words.",
        "Write a {length} caption for this image as though it were a product listing.",
    ),
    "Social Media Post": (
        "Write a caption for this image as if it were being used for a social media post.",
        (
            "Write a caption for this image as if it were being used for a social media post."
            " Limit the caption to {words} words."
        ),
        "Write a {length} caption for this image as if it were being used for a social media post.",
    ),
}
TAGS: dict[str, tuple[str, str, str]] = {
    "Danbooru": (_DANBOORU, f"{_DANBOORU} {{words}} words or less.", f"{_DANBOORU} {{length}} length."),
    "e621": (
        f"Write a comma-separated list of e621 tags{_E621}",
        f"Write a comma-separated list of e621 tags{_E621} Keep it under {{words}} words.",
        f"Write a {{length}} comma-separated list of e621 tags{_E621}",
    ),
    "Rule34": (
        f"Write a comma-separated list of rule34 tags{_RULE34}",
        f"Write a comma-separated list of rule34 tags{_RULE34} Keep it under {{words}} words.",
        f"Write a {{length}} comma-separated list of rule34 tags{_RULE34}",
    ),
    "Booru-like": (
        "Write a list of Booru-like tags for this image.",
        "Write a list of Booru-like tags for this image within {words} words.",
        "Write a {length} list of Booru-like tags for this image.",
    ),
}
CaptionKind = Literal[
    "Descriptive",
    "Descriptive (Casual)",
    "Straightforward",
    "Stable Diffusion Prompt",
    "MidJourney",
    "Art Critic",
    "Product Listing",
    "Social Media Post",
]
TagKind = Literal["Danbooru", "e621", "Rule34", "Booru-like"]
Length = Literal["any", "very short", "short", "medium-length", "long", "very long"]
Extra = Literal[
    "If there is a person/character in the image you must refer to them as {name}.",
    (
        "Do NOT include information about people/characters that cannot be changed (like ethnicity, gender, etc), but"
        " do still include changeable attributes (like hair style)."
    ),
    "Include information about lighting.",
    "Include information about camera angle.",
    "Include information about whether there is a watermark or not.",
    "Include information about whether there are JPEG artifacts or not.",
    (
        "If it is a photo you MUST include information about what camera was likely used and details such as aperture,"
        " shutter speed, ISO, etc."
    ),
    "Do NOT include anything sexual; keep it PG.",
    "Do NOT mention the image's resolution.",
    "You MUST include information about the subjective aesthetic quality of the image from low to very high.",
    "Include information on the image's composition style, such as leading lines, rule of thirds, or symmetry.",
    "Do NOT mention any text that is in the image.",
    "Specify the depth of field and whether the background is in focus or blurred.",
    "If applicable, mention the likely use of artificial or natural lighting sources.",
    "Do NOT use any ambiguous language.",
    "Include whether the image is sfw, suggestive, or nsfw.",
    "ONLY describe the most important elements of the image.",
    "If it is a work of art, do not include the artist's name or the title of the work.",
    "Identify the image orientation (portrait, landscape, or square) and aspect ratio if obvious.",
    'Use vulgar slang and profanity, such as (but not limited to) "fucking," "slut," "cock," etc.',
    "Do NOT use polite euphemisms—lean into blunt, casual phrasing.",
    "Include information about the ages of any people/characters when applicable.",
    (
        "Mention whether the image depicts an extreme close-up, close-up, medium close-up, medium shot, cowboy shot,"
        " medium wide shot, wide shot, or extreme wide shot."
    ),
    "Do not mention the mood/feeling/etc of the image.",
    "Explicitly specify the vantage height (eye-level, low-angle worm’s-eye, bird’s-eye, drone, rooftop, etc.).",
    "If there is a watermark, you must mention it.",
    (
        "Your response will be used by a text-to-image model, so avoid useless meta phrases like “This image shows…”, "
        '"You are looking at...", etc.'
    ),
]


def sentence(forms: tuple[str, str, str], length: str, words: int, extras: list[Extra], name: str) -> str:
    """What is asked for: in this many words, or else of this length, with additions. `name` fills in {name}."""
    if words:
        instruction = forms[1].replace("{words}", str(words))
    else:
        instruction = forms[0] if length == "any" else forms[2].replace("{length}", length)
    return " ".join([instruction, *(extra.replace("{name}", name or "the person") for extra in extras)])
