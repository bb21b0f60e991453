"""The help pages, told from the figures of the rules: one article for each rule, or a few.

A rule's own `title` and `article` are used where it has them, else the words of its request and
its sentence. What is made depends on the pack and the locale alone, so it is made once of each.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache

from policies.article_search import Entry, Index
from policies.fields import ARTICLE_KNOWN
from policies.pack import Pack
from policies.parts import PackRule, pick
from policies.phrases import ENGLISH, locales
from policies.schema import PackDocument
from policies.wording import babel_locale, counted, joined, number, template

__all__ = ["Article", "Library", "Part", "Right", "articles", "library", "search"]

_RELATED = 4

Span = tuple[str, bool]  # a piece of text, and whether it is a figure
Paragraph = tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """What an article says of one rule; the first part stands under the article's own title."""

    rule: str
    heading: str
    paragraphs: tuple[Paragraph, ...]

    @property
    def text(self) -> str:
        """Return the paragraphs as plain text, one a line."""
        return "\n".join("".join(text for text, _ in spans) for spans in self.paragraphs)


@dataclass(frozen=True, slots=True)
class Right:
    """What a law gives customers of some countries at least, where the store has it switched on."""

    id: str
    countries: str
    sentence: str
    source: str
    advice: str


@dataclass(frozen=True, slots=True)
class Article:
    """One help page. `requests` are the guided forms that its rules settle.

    `enforced` says that a request is decided by it, rather than a question answered.
    `starts_on` and `ends_on` are the local days between which its rule exists, where it says so.
    """

    rule: str
    slug: str
    title: str
    summary: str
    parts: tuple[Part, ...]
    page: str
    section: str
    requests: tuple[str, ...]
    enforced: bool
    starts_on: date | None = None
    ends_on: date | None = None
    rights: tuple[Right, ...] = ()

    @property
    def rules(self) -> tuple[str, ...]:
        """Return the ids of all rules that are told here."""
        return tuple(part.rule for part in self.parts)

    @property
    def text(self) -> str:
        """Return everything it says, as plain text."""
        told = [part.text for part in self.parts]
        return "\n".join([*told, *(right.sentence for right in self.rights)])


@dataclass(frozen=True)
class Section:
    """One of the store's help pages with its articles, in the order of the pack."""

    slug: str
    title: str
    articles: tuple[Article, ...]


class Library:
    """Every article of one pack in one locale."""

    def __init__(self, pack: Pack, locale: str) -> None:
        """Write all articles; what it takes to search them is made when first asked."""
        self.pack = pack
        self.locale = locale
        self.articles = tuple(_written(pack, locale))
        self.by_slug = {article.slug: article for article in self.articles}
        self.by_rule = {rule: article for article in self.articles for rule in article.rules}

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        """Return the pack's pages that have articles, in its order."""
        made = (
            Section(
                slug,
                pick(titles, self.locale)[0],
                tuple(article for article in self.articles if article.page == slug),
            )
            for slug, titles in self.pack.pages.items()
        )
        return tuple(section for section in made if section.articles)

    @cached_property
    def index(self) -> Index:
        """Return the index over every language that the texts are in."""
        return _index(self.pack)

    def at(self, slug: str) -> Article | None:
        """Return the article at an address; a rule told on another's page leads there."""
        found = self.by_slug.get(slug)
        return found or self.by_rule.get(f"{self.pack.slug}.{slug}")

    def related(self, article: Article) -> tuple[Article, ...]:
        """Return a few other articles: of the same requests first, then of the same page."""
        wanted = set(article.requests)
        others = [other for other in self.articles if other.rule != article.rule]
        near = [other for other in others if wanted.intersection(other.requests)]
        near += [other for other in others if other.page == article.page and other not in near]
        return tuple(near[:_RELATED])


def articles(pack: Pack, locale: str = ENGLISH) -> tuple[Article, ...]:
    """Return every article of a pack in a locale, in the order of its rules."""
    return library(pack, locale).articles


def search(pack: Pack, words: str, locale: str = ENGLISH) -> tuple[Article, ...]:
    """Return the articles that fit what somebody typed, the best first.

    Case and accents do not count, parts of words do; texts of every language are searched, and
    words that mean the same (`help.words` in the shared texts) lead to each other.
    """
    shelf = library(pack, locale)
    return tuple(shelf.by_rule[rule] for rule in shelf.index.find(words))


@lru_cache(maxsize=128)
def library(pack: Pack, locale: str = ENGLISH) -> Library:
    """Return the articles of a pack in a locale; made once, a pack never changes."""
    return Library(pack, locale)


@lru_cache(maxsize=32)
def _index(pack: Pack) -> Index:
    tongues = sorted(locales())
    shelves = [library(pack, tongue) for tongue in tongues]
    entries = []
    for article in library(pack, ENGLISH).articles:
        told = [shelf.by_rule[article.rule] for shelf in shelves]
        labels = [
            pack.label(request, shelf.locale) for shelf in shelves for request in article.requests
        ]
        labels += [part.heading for item in told for part in item.parts]
        entries.append(
            Entry(
                article.rule,
                tuple(item.title for item in told),
                (*labels, *(item.section for item in told)),
                tuple(item.text for item in told),
            )
        )
    groups = [line for tongue in tongues for line in pack.phrases("help.words", tongue)[0]]
    fillers = [line for tongue in tongues for line in pack.phrases("help.fillers", tongue)[0]]
    return Index(entries, groups, fillers)


def _written(pack: Pack, locale: str) -> Iterator[Article]:
    requests = _requests(pack.document)
    members: dict[str, list[PackRule]] = {}
    for rule in pack.rules.values():
        members.setdefault(rule.data.article_of or rule.id, []).append(rule)
    for rule_id, rule in pack.rules.items():
        if rule.data.article_of is not None:
            continue
        told = [rule, *(item for item in members[rule_id] if item.id != rule_id)]
        settles = dict.fromkeys(name for item in told for name in requests.get(item.id, ()))
        about = tuple(settles) or _nearest(rule_id, requests)
        yield Article(
            rule=rule_id,
            slug=rule_id.removeprefix(f"{pack.slug}."),
            title=_title(rule, about, locale),
            summary=rule.sentence(locale),
            parts=tuple(_part(item, locale, first=item.id == rule_id) for item in told),
            page=rule.page,
            section=pick(pack.pages[rule.page], locale)[0],
            requests=about,
            enforced=bool(settles) and any("E" in item.kinds for item in told),
            starts_on=rule.data.starts_on,
            ends_on=rule.data.ends_on,
            rights=tuple(_rights(pack, settles, locale)),
        )


def _rights(pack: Pack, requests: Collection[str], locale: str) -> Iterator[Right]:
    """Yield the floors that are on and speak of what an article's rules settle."""
    names = babel_locale(locale).territories
    for floor in pack.floors.values():
        if floor.on and not set(requests).isdisjoint(floor.data.requests):
            countries = [names.get(code, code) for code in floor.data.countries]
            yield Right(
                floor.id,
                joined(countries, locale),
                floor.sentence(locale),
                floor.source(locale),
                floor.advice(locale),
            )


def _requests(document: PackDocument) -> Mapping[str, tuple[str, ...]]:
    """Return by rule the request types whose checks lead to it."""
    found: dict[str, dict[str, None]] = {}
    for request, item in document.requests.items():
        source = item if item.same_as is None else document.requests[item.same_as]
        rules = {rule for check in source.checks if (rule := getattr(check, "rule", None))}
        for rule in rules or {document.unwritten}:
            found.setdefault(rule, {})[str(request)] = None
    return {rule: tuple(names) for rule, names in found.items()}


def _nearest(rule_id: str, requests: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return the requests of the rule whose id this one's continues: a timer's, say."""
    parent = rule_id
    while "." in parent:
        parent = parent.rpartition(".")[0]
        if parent in requests:
            return requests[parent]
    return ()


def _title(rule: PackRule, requests: tuple[str, ...], locale: str) -> str:
    if rule.data.title is not None:
        text, used = pick(rule.data.title, locale)
        return template(text).render(lambda name: rule.pack.value(name, rule.id), used) or text
    if requests:
        return rule.pack.label(requests[0], locale)
    return pick(rule.pack.pages[rule.page], locale)[0]


def _part(rule: PackRule, locale: str, *, first: bool) -> Part:
    heading = "" if first or rule.data.title is None else _title(rule, (), locale)
    if rule.data.article is None:
        text, used = pick(rule.data.sentence, locale)
        lines: tuple[str, ...] = (text,)
    else:
        lines, used = pick(rule.data.article, locale)
    told = (_spans(line, rule, used) for line in lines)
    return Part(rule.id, heading, tuple(spans for spans in told if spans is not None))


def _spans(text: str, rule: PackRule, locale: str) -> Paragraph | None:
    """Return a paragraph with its figures apart; None when a channel it names is switched off."""
    made: list[Span] = []
    for before, name, forms in template(text).parts:
        if before:
            made.append((before, False))
        if not name:
            continue
        value = rule.pack.value(name, rule.id)
        if value is None:
            return None
        told = counted(value, forms, locale) if forms else number(value, locale)
        made.append((told, name not in ARTICLE_KNOWN))
    return tuple(made)
