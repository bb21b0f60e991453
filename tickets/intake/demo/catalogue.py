"""What the demo's stores sell, and who buys. Artists, titles, figures and people are invented."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Item:
    """Something to buy. ``price`` in whole units of the store's first currency."""

    sku: str
    title: str
    price: str
    vendor: str


@dataclass(frozen=True, slots=True)
class Person:
    """Who buys, and where they live."""

    name: str
    email: str
    country: str
    province: str
    city: str
    zip: str
    street: str
    phone: str


def _items(vendor: str, *rows: tuple[str, str, str]) -> tuple[Item, ...]:
    return tuple(Item(sku, title, price, vendor) for sku, title, price in rows)


ALBUMS = (
    *_items(
        "Hanbit Distribution",
        ("ALB-LUM-01", "LUMARA – 3rd Mini Album “Tidal Hours” (Dawn ver.)", "19.99"),
        ("ALB-LUM-02", "LUMARA – 3rd Mini Album “Tidal Hours” (Dusk ver.)", "19.99"),
        ("ALB-NVR-01", "NOVARIS – 2nd Album “Orbit Diary” (Photobook ver.)", "24.50"),
        ("ALB-NVR-02", "NOVARIS – 2nd Album “Orbit Diary” (Digipack ver.)", "13.90"),
    ),
    *_items(
        "Seorae Music",
        ("ALB-HSN-01", "해선 HAESEON – 1st Album “첫 파도”", "22.00"),
        ("ALB-KTL-01", "KITE:LINE – Single Album “Paper Wings”", "15.00"),
        ("ALB-MSN-01", "Monsoon Café – EP “Été à Séoul”", "17.50"),
    ),
)
STICKS = _items(
    "Seorae Music",
    ("LS-LUM-V2", "LUMARA official light stick ver. 2", "54.00"),
    ("LS-NVR-V1", "NOVARIS official light stick", "49.00"),
)
POSTERS = _items(
    "Hanbit Distribution",
    ("PST-LUM-01", "LUMARA “Tidal Hours” poster, rolled in a tube", "6.00"),
    ("PST-NVR-01", "NOVARIS “Orbit Diary” poster, rolled in a tube", "6.00"),
)
GOODS = _items(
    "Blue Harbor Goods",
    ("GDS-KEY-01", "KITE:LINE acrylic key ring", "9.90"),
    ("GDS-BAG-01", "Monsoon Café tote bag", "21.00"),
    ("GDS-SLV-50", "Photocard sleeves, 50 pieces", "4.50"),
)
PREORDERS = _items(
    "Hanbit Distribution",
    ("ALB-LUM-03", "LUMARA – 4th Mini Album “Low Tide” [Pre-order]", "20.99"),
    ("ALB-HSN-02", "해선 HAESEON – 2nd Album “둘째 파도” [Pre-order]", "23.00"),
)
# When they are released, in days from the day of loading: one is past, and its orders are late.
RELEASES = {"ALB-LUM-03": 12, "ALB-HSN-02": -9, "FIG-CLD-SNW": 20}
BOXES = _items(
    "Larkspur Toys",
    ("BB-MOS-01", "Mossy Neighbours series 2 blind box", "15.99"),
    ("BB-FOX-01", "Tinker Fox in the Workshop blind box", "16.99"),
    ("BB-CLD-01", "Cloud Keepers weather blind box", "15.99"),
    ("BB-CLD-SET", "Cloud Keepers weather blind box, whole set of 9", "143.91"),
)
FIGURES = _items(
    "Larkspur Toys",
    ("FIG-FOX-400", "Tinker Fox 400 % figure", "139.00"),
    ("FIG-MOS-PLS", "Mossy Neighbours plush pendant", "27.99"),
    ("BAG-CLD-01", "Cloud Keepers rain bag", "34.99"),
)
TOY_PREORDERS = _items(
    "Larkspur Toys", ("FIG-CLD-SNW", "Cloud Keepers snow figure [Pre-order]", "89.00")
)


def _people(country: str, *rows: str) -> tuple[Person, ...]:
    people = []
    for row in rows:
        name, local, province, city, code, street, phone = row.split("|")
        people.append(
            Person(name, f"{local}@example.com", country, province, city, code, street, phone)
        )
    return tuple(people)


US = _people(
    "US",
    "Mina Park|mina|NV|Las Vegas|89102|4520 Spring Mountain Rd|+1 702 555 0142",
    "José Núñez|jose|CA|Los Angeles|90006|812 S Vermont Ave|+1 213 555 0177",
    "Renée Dubois|renee|NY|Brooklyn|11211|77 Bedford Ave|+1 718 555 0121",
    "Yuki Tanaka|yuki|WA|Seattle|98104|610 Maynard Ave S|+1 206 555 0190",
    "김하늘|haneul|NV|Henderson|89014|300 N Green Valley Pkwy|+1 702 555 0118",
    "Ava Thompson|ava|TX|Austin|78704|1500 S Congress Ave|+1 512 555 0163",
    "Chloé Martin|chloe|IL|Chicago|60614|2100 N Clark St|+1 312 555 0135",
    "박지민|jimin|NV|Las Vegas|89146|6000 W Sahara Ave|+1 702 555 0155",
    "Noah Williams|noah|GA|Duluth|30096|2550 Pleasant Hill Rd|+1 770 555 0109",
    "Sofía García|sofia|AZ|Mesa|85201|25 W Main St|+1 480 555 0172",
    "Liam O’Connor|liam|MA|Boston|02111|88 Kneeland St|+1 617 555 0146",
    "이서연|seoyeon|NJ|Fort Lee|07024|1550 Lemoine Ave|+1 201 555 0188",
    "Zoë Fischer|zoe|OR|Portland|97205|900 SW Park Ave|+1 503 555 0114",
    "Ethan Nguyen|ethan|NV|Las Vegas|89103|4255 Spring Mountain Rd|+1 702 555 0160",
)
CANADA = _people(
    "CA",
    "Émilie Tremblay|emilie|QC|Montréal|H2X 1Y6|3600 Rue Saint-Denis|+1 514 555 0133",
    "Owen Singh|owen|BC|Vancouver|V6B 1A1|120 W Hastings St|+1 604 555 0151",
    "Grace Chen|grace|ON|Toronto|M5T 2C7|250 Spadina Ave|+1 416 555 0129",
)
KOREA = _people(
    "KR",
    "최민준|minjun||서울|04524|중구 세종대로 110|+82 2 555 0144",
    "정수아|sua||부산|48058|해운대구 센텀중앙로 79|+82 51 555 0167",
)
JAPAN = _people(
    "JP",
    "佐藤 さくら|sakura|JP-13|渋谷区|150-0002|渋谷 2-21-1|+81 3 5555 0120",
    "鈴木 蓮|ren|JP-27|大阪市|530-0001|梅田 3-1-3|+81 6 5555 0181",
)
EUROPE = (
    *_people("DE", "Jürgen Weiß|juergen||Berlin|10999|Oranienstraße 20|+49 30 555 0116"),
    *_people("FR", "Anaïs Lefèvre|anais||Paris|75011|12 rue Oberkampf|+33 1 55 55 01 38"),
    *_people("AT", "Lena Gruber|lena||Wien|1070|Neubaugasse 41|+43 1 555 0175"),
    *_people("GB", "Isla Murray|isla||Glasgow|G1 3SL|75 Buchanan Street|+44 141 555 0103"),
    *_people("PL", "Zofia Wójcik|zofia||Kraków|31-042|Rynek Główny 7|+48 12 555 01 92"),
)
ELSEWHERE = (
    *_people("AU", "Matilda Brown|matilda|VIC|Melbourne|3000|188 Swanston St|+61 3 5555 0110"),
    *_people("BR", "João Araújo|joao|SP|São Paulo|01310-100|Avenida Paulista 900|+55 11 5555 0148"),
    *_people("PH", "Maria Santos|maria||Quezon City|1100|45 Tomas Morato Ave|+63 2 5555 0139"),
)
