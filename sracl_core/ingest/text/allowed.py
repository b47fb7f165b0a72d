"""Which fields of a source may become attributes of an item.

An attribute reaches the prompts, so it may say nothing of what happened after the training part. A catalogue was
written down after the last interaction, and much in it counts interactions: ranks of sales, average ratings, numbers
of ratings and reviews and plays, what users say or tag, whether a shop still lists the product or a restaurant is
still open, what it costs today. No list of forbidden names would ever be complete, so each source lists what is
allowed: what an item is by its own nature, by its maker or its place, which was true before anybody bought it. A date
at which it appeared is known from then on, and allowed. Identifiers of the shop, URLs and shipping say nothing to a
reader, and are not listed.

Names count without case, blanks and punctuation: "Item model number" is "ItemModelNumber".
"""

from collections.abc import Iterable

# What wraps the attributes of an item in one cell, and is no name of an attribute.
WRAPPERS = ("details", "attributes")


def plain_name(name: str) -> str:
    """Return the letters and digits of `name`, without case.

    >>> plain_name("Age Range (Description)")
    'agerangedescription'
    """
    return "".join(filter(str.isalnum, name.casefold()))


def allowed_names(listed: str) -> frozenset[str]:
    """Return the names in `listed`, which are parted by commas, in the form in which `is_allowed` compares them."""
    return frozenset(filter(None, map(plain_name, listed.split(","))))


def chosen_names(names: Iterable[str], *, taken_apart: bool) -> frozenset[str]:
    """Return the `names` that a person chose, in the form in which `is_allowed` compares them.

    Where the source itself takes a cell apart, a name may be written with the cell's (`details.Color` for Color).
    """
    names = list(names)
    bare = [name.partition(".")[2] for name in names if taken_apart and name.partition(".")[0].lower() in WRAPPERS]
    return frozenset(filter(None, map(plain_name, [*names, *bare])))


def is_allowed(name: str, allowed: frozenset[str]) -> bool:
    """Return whether the attribute `name` is one of the names `allowed` (see `allowed_names`).

    Of a dotted name the first part decides, behind the wrappers: all of a group is allowed or none of it. The last
    part would let in ranks in shops that are called like an attribute.

    >>> names = allowed_names("Color, Business Parking, Style")
    >>> [is_allowed(name, names) for name in ("COLOR", "details.Color", "BusinessParking.garage")]
    [True, True, True]
    >>> [is_allowed(name, names) for name in ("Best Sellers Rank.Style", "details", "")]
    [False, False, False]
    """
    parts = [plain_name(part) for part in name.split(".")]
    if parts[0] in allowed or "".join(parts) in allowed:
        return True
    while len(parts) > 1 and parts[0] in WRAPPERS:
        del parts[0]
    # A name may hold a dot of its own: "Max. Weight".
    return parts[0] in allowed or "".join(parts) in allowed


# No attributes today: the only fields beyond title, brand, categories, description and price count sales or reviews.
AMAZON2014 = AMAZON2018 = allowed_names("")

# `main_category`, and the keys of `details` in which a maker describes a product. Not: Best Sellers Rank, Customer
# Reviews, Is Discontinued By Manufacturer, prices, ASIN, shipping, and whatever else isn't here.
AMAZON2023 = allowed_names("""
    main_category, subtitle, Brand, Brand Name, Manufacturer, Manufacturer Part Number, Part Number, Model,
    Model Name, Model Number, Item model number, Model Year, OEM Part Number, Series, Collection Name,
    Series Number, Department, Product Name, Country of Origin, Country as Labeled, Region of Origin, Made in, UPC,
    EAN, GTIN, Global Trade Identification Number, ISBN, ISBN 10, ISBN 13, UNSPSC Code, National Stock Number,
    Date First Available, Release date, Original Release Date, Publication date, Publication year,
    Product Release Date,

    Color, Colour, Color Name, Color Code, Manufacturer Color, Exterior Color, Interior Color, Band Color,
    Dial Color, Case Color, Frame Color, Lens Color, Stone Color, Strap Color, Body Color, Ink Color, Light Color,
    Handle Color, Material, Material Type, Material Types, Material Composition, Material Feature,
    Material Features, Material Type Free, Fabric Type, Fabric, Inner Material, Outer Material, Sole Material,
    Lining Material, Lining Description, Frame Material, Frame Material Type, Band Material, Band Material Type,
    Handle Material, Blade Material, Case Material, Case Material Type, Lens Material, Lens Material Type,
    Shade Material, Base Material, Top Material, Top Material Type, Fill Material, Fill Material Type,
    Cover Material, Shaft Material, Exterior Material, Fastener Material, Back Material Type, Bezel Material,
    Metal Type, Metal Stamp, Gem Type, Stone Type, Stone Cut, Stone Shape, Primary Stone Gem Type, Pearl Type,
    Wood Type, Paper Finish, Paper Type, Bristle Material, Style, Style Name, Pattern, Pattern Name, Theme,
    Subject Character, Cartoon Character, Character, Character Family, Franchise, Team Name, League, Shape,
    Item Shape, Shape Name, Finish, Finish Type, Finish types, Surface Finish, Coating, Coating Description,
    Embellishment, Embellishment Feature, Texture, Design, Decorative Style, Top Style,

    Size, Size Name, Size Map, Item Size, Shoe Size, Ring Size, Band Size, Band Width, Band Length, Waist Size,
    Product Dimensions, Item Dimensions, Item Dimensions LxWxH, Item Dimensions D x W x H, Package Dimensions,
    Item Package Dimensions L x W x H, Item Display Dimensions, Dimensions, Item Length, Item Width, Item Height,
    Item Thickness, Item Depth, Item Diameter, Length, Width, Height, Depth, Diameter, Thickness, Capacity, Volume,
    Item Volume, Liquid Volume, Item Weight, Package Weight, Net Weight, Weight, Maximum Weight Recommendation,
    Minimum Weight Recommendation, Weight Limit, Weight Capacity, Maximum Weight Capacity, Load Capacity,
    Number of Items, Number of Pieces, Number of Pieces in Set, Number of Pack, Unit Count, Units, Package Quantity,
    Item Package Quantity, Pack Quantity, Net Quantity, Number of Puzzle Pieces, Number of Players,
    Number of Sheets, Number of Pages, Sheet Count, Sheet Size, Number of Compartments, Number of Drawers,
    Number of Shelves, Number of Doors, Number of Pockets, Number of Wheels, Number of Light Sources,
    Number of Speeds, Number of Blades, Included Components, What's in the Box, Components Included,
    Item Firmness Description, Thread Count,

    Special Feature, Special Features, Additional Features, Additional product features, Other Special Features,
    Feature, Recommended Uses For Product, Recommended Use, Specific Uses For Product, Best uses, Use for, Usage,
    Indoor/Outdoor Usage, Surface Recommendation, Room Type, Occasion, Occasion Type, Season, Seasons, Lifestyle,
    Sport, Sport Type, Skill Level, Suggested Users, Target Audience, Target gender, Gender, Age Range,
    Age Range (Description), Age Range Description, Manufacturer recommended age, Manufacturer Minimum Age (MONTHS),
    Manufacturer Maximum Age (MONTHS), Reading age, Grade level, Lexile measure, Educational Objective,
    Product Care Instructions, Care instructions, Fabric cleaning, Assembly Required, Assembly Instructions,
    Installation Type, Installation Method, Mounting Type, Mounting Hardware, Warranty Description, Warranty Type,
    Manufacturer Warranty, Import, Import Designation, Certification, Safety Certification, Specification Met,
    Compliance, Reusability, Is Dishwasher Safe, Is Microwaveable, Microwaveable, Dishwasher Safe, Is Foldable,
    Is Portable, Is Adjustable, Is Electric, Is Cordless, Is Assembly Required, Water Resistance Level,
    Water Resistance, Water Resistance Depth, Water Resistant, Fit Type, Vehicle Service Type, Automotive Fit Type,
    Position, Orientation, Hand Orientation, Closure Type, Closure, Clasp Type, Fastener Type, Chain Type,
    Strap Type, Sleeve Type, Neck Style, Collar Style, Toe Style, Heel Type, Heel Height, Leg Style, Rise Style,
    Back Style, Shell Type, Pocket Description, Glove Type, Setting Type, Back Finding, Dial Window Material Type,
    Calendar, Display Type, Movement, Case Diameter, Case Thickness, Bezel Function, Frame Type, Item Type Name,
    Product Type, Type, Form Factor, Item Form, Format,

    Batteries, Batteries required, Batteries Included, Are Batteries Required, Are Batteries Included, Battery Type,
    Battery Cell Type, Battery Cell Composition, Battery Capacity, Battery Life, Number of Batteries,
    Lithium Battery Energy Content, Average Battery Life (in hours), Power Source, Voltage, Wattage, Amperage,
    Current Rating, Power Consumption, Horsepower, Torque, Maximum Rotational Speed, Maximum Pressure, Noise Level,
    Noise Control, Light Source Type, Lighting Method, Light Type, Brightness, Color Temperature, Bulb Shape Size,
    Bulb Base, Shade Color, Switch Type, Control Method, Controller Type, Control Type, Operation Mode,
    Remote Control Included, Plug Format, Connectivity Technology, Connectivity technologies, Connectivity Protocol,
    Connector Type, Connector Gender, Cable Type, Cable Length, Cable Feature, Hardware Interface,
    Hardware Platform, Platform, Hardware Connectivity, Input Device Interface, Compatible Devices,
    Compatible Phone Models, Compatible with Vehicle Type, Compatible Material, Compatibility Options,
    Supported Operating System, Operating System, OS, Screen Size, Standing screen display size, Screen Resolution,
    Max Screen Resolution, Resolution, Display resolution, Display Technology, Aspect Ratio, Refresh Rate,
    Image Brightness, Processor, Processor Brand, CPU Model, CPU Speed, CPU Manufacturer, Processor Count, RAM,
    RAM Memory Installed Size, Computer Memory Type, Memory Storage Capacity, Memory Speed,
    Digital Storage Capacity, Hard Drive, Hard Drive Size, Hard Disk Size, Hard Drive Interface, Flash Memory Size,
    Flash Memory Type, Chipset Brand, Card Description, Graphics Coprocessor, Graphics Card Description,
    Wireless Type, Wireless Carrier, Wireless communication technologies, Wireless Communication Technology,
    Wireless Communication Standard, Cellular Technology, Frequency Band Class, Frequency Response, Headphones Jack,
    Headphones Form Factor, Noise Cancellation, Speaker Type, Speaker Maximum Output Power, Audio Output Mode,
    Surround Sound Channel Configuration, Sensor Technology, Lens Type, Camera Lens Description, Optical Zoom,
    Video Capture Resolution, Optical Sensor Resolution, Field Of View, Form Factor Description,
    Keyboard Description, Number of Keys, Printing Technology, Printer Output, Max Printspeed Monochrome, Tip Type,
    Point Type, Line Size, Ruling Type, Binding, Closure Material, Paper Size, Cover Type, Hole Count,

    Skin Type, Skin Tone, Hair Type, Scent, Scent Name, Fragrance Concentration, Fragrance Name, Coverage,
    Product Benefits, Active Ingredients, Ingredients, Special Ingredients, Sun Protection Factor, Sun Protection,
    Item Formulation, Dosage Form, Flavor, Diet Type, Specialty, Allergen Information, Cuisine, Variety,
    Package Information, Package Type, Package Type Name, Container Type, Caffeine Content, Roast Level,
    Age Recommendation, Breed Recommendation, Target Species, Pet Type, Dog Breed Size,
    Plant or Animal Product Type, Blade Length, Blade Edge, Blade Type, Blade Shape, Handle Type, Head Style,
    Thread Type, Thread Size, Grit Type, Grit Number, Viscosity, Tire Type, Rim Size, Wheel Size, Wheel Type,
    Bike Type, Brake Style, Frame Size, Number of Strings, String Material, Instrument Key, Body Material,
    Fretboard Material Type, Neck Material Type, Top Type, Instrument, Pillow Type, Mattress Firmness, Curtain Type,
    Rug Form Type, Pile Height, Weave Type, Construction Type, Furniture Finish, Seat Material, Seat Height,
    Back Type, Arm Style,

    Language, Languages, Original Language, Subtitles, Dubbed, Publisher, Imprint, Edition, Author, Authors,
    Illustrator, Editor, Translator, Narrator, Contributor, Genre, Genres, Subject, Hardcover, Paperback,
    Mass Market Paperback, Board book, Library Binding, Spiral-bound, Print length, Pages, Listening Length,
    Audible.com Release Date, Program Type, Version, Director, Directors, Producers, Writers, Actors, Starring,
    Cast, Studio, Production Company, Run time, Runtime, Media Format, Number of discs, Discs, Region, Rated,
    MPAA rating, Content Rating, Label, Artist, Composer, Conductor, Performer, Orchestra, SPARS Code,
    Recording Year, Developed By, Developer, Application Permissions, Minimum Operating System, System Requirements,
    Type of item, Mechanism, Toy Figure Type, Animal Theme, Scale
""")

# The attributes of businesses, which their owners state, in the spelling of today and that of the data of 2013 to 2016,
# and the place. Not: stars, review_count, is_open, open, and the hours, which are those of the day of writing.
YELP = allowed_names("""
    city, state, neighborhood, neighborhoods, AcceptsInsurance, AgesAllowed, Alcohol, Ambience, BYOB, BYOBCorkage,
    BestNights, BikeParking, BusinessAcceptsBitcoin, BusinessAcceptsCreditCards, BusinessParking, ByAppointmentOnly,
    Caters, CoatCheck, Corkage, DietaryRestrictions, DogsAllowed, DriveThru, GoodForDancing, GoodForKids,
    GoodForMeal, HairSpecializesIn, HappyHour, HasTV, Music, NoiseLevel, Open24Hours, OutdoorSeating,
    RestaurantsAttire, RestaurantsCounterService, RestaurantsDelivery, RestaurantsGoodForGroups,
    RestaurantsPriceRange, RestaurantsPriceRange2, RestaurantsReservations, RestaurantsTableService,
    RestaurantsTakeOut, Smoking, WheelchairAccessible, WiFi, Accepts Credit Cards, Accepts Insurance, Ages Allowed,
    Attire, BYOB/Corkage, By Appointment Only, Coat Check, Delivery, Dietary Restrictions, Dogs Allowed, Drive-Thru,
    Good For, Good For Dancing, Good For Groups, Good For Kids, Hair Types Specialized In, Happy Hour, Has TV,
    Noise Level, Open 24 Hours, Order at Counter, Outdoor Seating, Parking, Payment Types, Price Range, Take-out,
    Take Out, Takes Reservations, Waiter Service, Wheelchair Accessible, Wi-Fi
""")

# What items are in RecBole's data sets (MovieLens, Steam, books, anime, music, news, shops, and those derived from the
# sources above). Not: sales_rank and sales_type, item_stars, avg_rating, metascore and sentiment (what players say),
# item_review_count, members, playcount, popularity, is_open, early_access and episodes (as of the day of writing), tags
# and tag_value (put on by users, at any time), coordinates, ids and URLs.
RECBOLE = allowed_names("""
    title, name, movie_title, movie_name, book_title, item_name, app_name, abstract, description, brand, class,
    genre, genres, category, categories, sub_category, type, season, specs, platform, release_year, release_date,
    year, publication_year, book_year, author, authors, book_author, artist, artists, artist_name, album,
    album_name, track_name, director, directors, actor, actors, cast, developer, publisher, studio, label, language,
    country, city, state, duration, length, runtime, pages, format, color, size, material, style, department,
    gender
""")

MOVIELENS = allowed_names("release_date")
