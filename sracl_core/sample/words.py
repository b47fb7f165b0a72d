"""The words of the sample catalogue: activities, the things they need, styles and makers."""

from typing import NamedTuple


class Activity(NamedTuple):
    """One thing people do, the kinds of product it needs in the order they are usually bought, and its words."""

    name: str
    department: str
    kinds: tuple[str, ...]
    phrases: tuple[str, ...]


# Neighbours in this list (as a ring) are related: tastes drift along it.
ACTIVITIES = (
    Activity(
        "camping",
        "Outdoor",
        ("two-person tent", "sleeping bag", "gas stove", "headlamp", "camp chair", "water filter"),
        ("nights under the stars", "a weekend in the woods", "wet weather at the campsite"),
    ),
    Activity(
        "hiking",
        "Outdoor",
        ("daypack", "trekking poles", "hiking socks", "rain jacket", "trail map case", "insulated bottle"),
        ("long days on the trail", "steep mountain paths", "rocky ground and mud"),
    ),
    Activity(
        "cycling",
        "Sports",
        ("bike helmet", "floor pump", "rear light", "pannier bag", "multi-tool", "cycling gloves"),
        ("the daily ride to work", "gravel roads", "fast club rides"),
    ),
    Activity(
        "running",
        "Sports",
        ("running belt", "reflective vest", "stopwatch watch", "foam roller", "sports bottle", "ankle support"),
        ("training for a first marathon", "early morning laps", "recovery after a hard run"),
    ),
    Activity(
        "yoga",
        "Sports",
        ("yoga mat", "cork block", "meditation cushion", "stretching strap", "bolster", "resistance band"),
        ("a calm morning practice", "balance and breathing", "a small studio at home"),
    ),
    Activity(
        "tea",
        "Kitchen",
        ("cast iron teapot", "tea infuser", "loose leaf tin", "double-walled cup", "gooseneck kettle", "tea tray"),
        ("a slow afternoon brew", "green and oolong leaves", "quiet tea ceremonies"),
    ),
    Activity(
        "coffee",
        "Kitchen",
        ("pour-over dripper", "burr grinder", "milk frother", "coffee scale", "espresso cup", "bean canister"),
        ("freshly ground beans", "a cafe-style latte at home", "the first cup before work"),
    ),
    Activity(
        "baking",
        "Kitchen",
        ("stand mixer bowl", "bread proofing basket", "rolling pin", "cake tin", "pastry brush", "dough scraper"),
        ("sourdough with a crisp crust", "birthday cakes", "pies and pastry on Sundays"),
    ),
    Activity(
        "gardening",
        "Garden",
        ("pruning shears", "seed tray", "watering can", "garden gloves", "plant labels", "compost bin"),
        ("vegetables on the balcony", "roses and herbs", "sowing in early spring"),
    ),
    Activity(
        "pet care",
        "Pets",
        ("dog harness", "grooming brush", "chew toy", "feeding bowl", "travel crate", "training clicker"),
        ("a playful puppy", "older dogs with sore joints", "walks in every weather"),
    ),
    Activity(
        "painting",
        "Arts",
        ("watercolour set", "table easel", "round brushes", "cold-press paper", "palette knife", "sketchbook"),
        ("landscapes in watercolour", "colour studies", "painting outdoors"),
    ),
    Activity(
        "writing",
        "Arts",
        ("fountain pen", "dotted notebook", "ink bottle", "desk blotter", "pencil case", "letter set"),
        ("a daily journal", "handwritten letters", "plans and lists on paper"),
    ),
    Activity(
        "home office",
        "Office",
        ("monitor stand", "desk lamp", "cable organiser", "wrist rest", "filing box", "laptop sleeve"),
        ("long video calls", "a tidy desk", "focused work from home"),
    ),
    Activity(
        "music",
        "Instruments",
        ("guitar capo", "music stand", "clip-on tuner", "practice metronome", "instrument cable", "string set"),
        ("evening practice", "the first band rehearsal", "learning songs by ear"),
    ),
    Activity(
        "travel",
        "Luggage",
        ("cabin suitcase", "packing cubes", "travel pillow", "passport wallet", "toiletry bag", "universal adapter"),
        ("city breaks with hand luggage", "long-haul flights", "months on the road"),
    ),
    Activity(
        "photography",
        "Electronics",
        ("camera strap", "tripod", "lens cloth kit", "memory card case", "padded camera bag", "clip-on flash"),
        ("golden-hour portraits", "landscapes and night skies", "street scenes on holiday"),
    ),
)


class Style(NamedTuple):
    """A look and feel that some shoppers prefer: its adjectives, materials and makers."""

    name: str
    adjectives: tuple[str, ...]
    materials: tuple[str, ...]
    makers: tuple[str, ...]


STYLES = (
    Style(
        "minimalist",
        ("Slim", "Plain", "Pure"),
        ("anodised aluminium", "matte black steel"),
        ("Nordhus", "Linea", "Formwerk"),
    ),
    Style(
        "rustic",
        ("Heritage", "Handmade", "Classic"),
        ("waxed canvas", "oiled oak"),
        ("Oldbarn", "Farrow Mill", "Stonecroft"),
    ),
    Style(
        "eco", ("Natural", "Recycled", "Organic"), ("bamboo", "recycled cotton"), ("Greenleaf", "Terra Kind", "Reloop")
    ),
    Style(
        "technical", ("Pro", "Ultra", "Precision"), ("ripstop nylon", "carbon fibre"), ("Apexion", "Vectra", "Kinetik")
    ),
    Style(
        "playful",
        ("Bright", "Happy", "Colour-Pop"),
        ("soft silicone", "printed fabric"),
        ("Zesty", "Pipkin", "Confetti Lane"),
    ),
    Style(
        "luxury",
        ("Signature", "Atelier", "Grand"),
        ("full-grain leather", "polished brass"),
        ("Maison Verre", "Aurelle", "Belmonte"),
    ),
    Style(
        "budget", ("Basic", "Everyday", "Value"), ("sturdy plastic", "coated steel"), ("Simplo", "DailyGood", "Handi")
    ),
)
