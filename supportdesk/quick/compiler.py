"""A parsed template of Django's as one Python function.

`quicken` goes through a template's nodes and puts functions in the place of what it understands:
texts, variables and filters, ``if``, ``for``, ``with``, includes whose name is written down,
translations, addresses, form tokens, simple tags and inclusion tags. Includes become a part of the
function. Whatever else there is stays Django's own, and is called with the names known around it.
A tag that takes the context finds there what the page was given, not the names of ``for``,
``with`` and ``as``.

Blocks and ``extends`` stay, too: what is inside a block is quickened for itself.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.template import Context, Engine, Node, NodeList, Template, TemplateDoesNotExist
from django.template.base import FilterExpression, TextNode, TokenType, Variable, VariableNode
from django.template.defaulttags import (
    CommentNode,
    CsrfTokenNode,
    ForNode,
    IfNode,
    LoadNode,
    URLNode,
    WithNode,
)
from django.template.library import InclusionNode, SimpleNode
from django.template.loader_tags import BlockNode, ExtendsNode, IncludeNode
from django.templatetags.i18n import BlockTranslateNode, TranslateNode
from django.templatetags.static import StaticNode
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import trim_whitespace

from supportdesk.quick import values

_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "in": lambda one, other: one in other,
    "not in": lambda one, other: one not in other,
    "is": operator.is_,
    "is not": operator.is_not,
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
_LOOP = {"counter": "({} + 1)", "counter0": "{}", "first": "({} == 0)", "last": "({} == {} - 1)"}
_GIVE_NAMES = ("asvar", "target_var", "variable", "variable_name", "varname", "var_name")
_DEEPEST = 12  # includes within includes


class NotUnderstood(Exception):
    """A piece of a template that is left to Django."""


class _LeaveIt(Exception):
    """A piece that gives names to what comes after it: all of it is left to Django."""


class QuickNode(Node):
    """Some nodes in a row, as a function."""

    child_nodelists = ()

    def __init__(self, made: Callable[[Context], str], source: str) -> None:
        self.made, self.source = made, source

    def render(self, context: Context) -> SafeString:
        """What the nodes would have rendered."""
        return mark_safe(self.made(context))


@dataclass
class Scope:
    """The names that are known at one place: Python's own, and a dict for all others."""

    context: str
    others: str
    names: dict[str, str] = field(default_factory=dict)
    loops: tuple[str, str] | None = None
    templates: tuple[str, ...] = ()
    kept: set[str] = field(default_factory=set)

    def inner(self, **names: str) -> Scope:
        """The same place with more names."""
        known = {**self.names, **names}
        return Scope(self.context, self.others, known, self.loops, self.templates)


def quicken(nodes: NodeList, engine: Engine) -> None:
    """Put functions in the place of what can be compiled, in the list itself."""
    found: list[Node] = []
    run: list[Node] = []
    for node in [*nodes, None]:
        if node is not None and not node.get_nodes_by_type((BlockNode, ExtendsNode)):
            run.append(node)
            continue
        found += _quickened(run, engine)
        run = []
        if isinstance(node, BlockNode | ExtendsNode):
            quicken(node.nodelist, engine)
        if node is not None:
            found.append(node)
    nodes[:] = found


def _quickened(run: list[Node], engine: Engine) -> Sequence[Node]:
    if all(isinstance(node, TextNode) for node in run):
        return run
    try:
        return [_Function(engine).of(run)]
    except _LeaveIt:
        return run


class _Function:
    """One function while it is being written."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.first: list[str] = []
        self.lines: list[str] = []
        self.depth = 1
        self.pending: list[str] = []
        self.fixed: dict[str, Any] = {name: getattr(values, name) for name in _HELPERS}
        self.number = 0

    def of(self, nodes: Sequence[Node]) -> QuickNode:
        """The node that renders these."""
        scope = Scope("context", "others")
        self.nodes(nodes, scope)
        self.flush()
        source = "\n".join(
            [
                "def made(context):",
                " others = context.flatten()",
                " told = words()",
                " out = []",
                " write = out.append",
                " extend = out.extend",
                *self.first,
                *self.lines,
                " return ''.join(out)",
            ]
        )
        exec(compile(source, "<template>", "exec"), self.fixed)  # noqa: S102  (our own templates)
        return QuickNode(self.fixed["made"], source)

    # --- writing ----------------------------------------------------------------------

    def name(self, kind: str) -> str:
        self.number += 1
        return f"{kind}{self.number}"

    def constant(self, value: Any) -> str:
        """The name under which the function finds a value that never changes."""
        if type(value) in (str, int, float, bool, type(None)):
            return repr(value)
        name = self.name("k")
        self.fixed[name] = value
        return name

    def text(self, expression: str) -> None:
        self.pending.append(expression)

    def line(self, code: str) -> None:
        self.flush()
        self.lines.append(" " * self.depth + code)

    def flush(self) -> None:
        if self.pending:
            pieces = _joined(self.pending)
            call = f"write({pieces[0]})" if len(pieces) == 1 else f"extend(({', '.join(pieces)}))"
            self.lines.append(" " * self.depth + call)
            self.pending = []

    @contextmanager
    def under(self, head: str) -> Iterator[None]:
        self.line(head)
        self.depth += 1
        before = len(self.lines)
        yield
        self.flush()
        if len(self.lines) == before:
            self.line("pass")
        self.depth -= 1

    # --- nodes ------------------------------------------------------------------------

    def nodes(self, nodes: Sequence[Node], scope: Scope) -> None:
        for node in nodes:
            write = _WRITERS.get(type(node))
            mark = (len(self.lines), list(self.pending), self.depth, dict(scope.names))
            try:
                if write is None:
                    raise NotUnderstood
                write(self, node, scope)
            except NotUnderstood:
                self.pending = mark[1]
                del self.lines[mark[0] :]
                self.depth = mark[2]
                scope.names.clear()
                scope.names.update(mark[3])
                self._left_to_django(node, scope)

    def _left_to_django(self, node: Node, scope: Scope) -> None:
        if scope.loops is not None:
            raise NotUnderstood  # it may speak of ``forloop``: the whole loop is Django's
        if any(getattr(node, name, None) for name in _GIVE_NAMES):
            raise _LeaveIt
        names = ", ".join(f"{name!r}: {known}" for name, known in scope.names.items())
        self.text(f"left_to_django({self.constant(node)}, {scope.context}, {{{names}}})")

    def _text(self, node: TextNode, scope: Scope) -> None:
        self.text(repr(str(node.s)))

    def _nothing(self, node: Node, scope: Scope) -> None:
        pass

    def _variable(self, node: VariableNode, scope: Scope) -> None:
        found = self.value(node.filter_expression, scope)
        bare = found.removeprefix("dig(") if found.startswith("dig(") else ""
        self.text(f"show_it({bare}" if bare.endswith(")") else f"show({found})")

    def _if(self, node: IfNode, scope: Scope) -> None:
        depth = self.depth
        for condition, inner in node.conditions_nodelists:
            if condition is None:
                with self.under("if True:"):
                    self.nodes(inner, scope)
                break
            with self.under(f"if {self.condition(condition, scope, truth=True)}:"):
                self.nodes(inner, scope)
            self.line("else:")
            self.depth += 1
            self.line("pass")
        self.flush()
        self.depth = depth

    def _for(self, node: ForNode, scope: Scope) -> None:
        # The stubs have these as texts.
        sequence: Any = node.sequence
        looped: Any = node.nodelist_loop
        empty: Any = node.nodelist_empty
        rows, place, last = self.name("rows"), self.name("at"), self.name("n")
        self.line(f"{rows} = rows_of(maybe({self.value(sequence, scope, none=True)}))")
        self.line(f"{last} = len({rows})")
        inner = scope.inner()
        inner.loops = (place, last)
        own = [self.name("v") for _name in node.loopvars]
        inner.names.update(zip(node.loopvars, own, strict=True))
        target = own[0] if len(own) == 1 else f"({', '.join(own)})"
        source = f"reversed({rows})" if node.is_reversed else rows
        with self.under(f"for {place}, {target} in enumerate({source}):"):
            self.nodes(looped, inner)
        if empty:
            with self.under(f"if {last} == 0:"):
                self.nodes(empty, scope)

    def _with(self, node: WithNode, scope: Scope) -> None:
        self.nodes(node.nodelist, self.named(node.extra_context, scope))

    def named(self, given: Mapping[str, FilterExpression], scope: Scope) -> Scope:
        """The scope with these names, their values taken now."""
        names = {}
        for name, expression in given.items():
            names[name] = self.name("v")
            self.line(f"{names[name]} = given({self.value(expression, scope)})")
        return scope.inner(**names)

    def _include(self, node: IncludeNode, scope: Scope) -> None:
        template = node.template.var
        if node.template.filters or not isinstance(template, str) or template.startswith("."):
            raise NotUnderstood
        inside = self.named(node.extra_context, scope)
        if node.isolated_context:
            known = {name: inside.names[name] for name in node.extra_context}
            inside = self._apart("{}", known, scope)
        self._inline(str(template), inside)

    def _inclusion(self, node: InclusionNode, scope: Scope) -> None:
        if not isinstance(node.filename, str):
            raise NotUnderstood
        names = self.name("d")
        self.line(f"{names} = {self.call(node, scope)}")
        self._inline(node.filename, self._apart(names, {}, scope))

    def _apart(self, others: str, known: dict[str, str], scope: Scope) -> Scope:
        """The scope of a template that sees nothing of what is around it."""
        given = ", ".join(f"{name!r}: {value}" for name, value in known.items())
        context, names = self.name("c"), self.name("d")
        self.line(f"{names} = {{**{_BUILTINS}, **{others}, {given}}}")
        self.line(f"{context} = inner_context({scope.context}, {names})")
        return Scope(context, names, dict(known), None, scope.templates)

    def _inline(self, name: str, scope: Scope) -> None:
        if name in scope.templates or len(scope.templates) > _DEEPEST:
            raise NotUnderstood
        try:
            template = self.engine.find_template(name)[0]
        except TemplateDoesNotExist:
            raise NotUnderstood from None
        nodes = _original(template)
        if any(isinstance(node, ExtendsNode | BlockNode) for node in nodes):
            raise NotUnderstood
        scope.templates = (*scope.templates, name)
        scope.loops = None  # a ``forloop`` in there is its own
        self.nodes(nodes, scope)

    def _translate(self, node: TranslateNode, scope: Scope) -> None:
        expression = node.filter_expression
        variable = expression.var
        known = isinstance(variable, Variable) and isinstance(variable.literal, str)
        if not known or expression.filters or node.noop:
            raise NotUnderstood
        about = self.about(node.message_context)
        said = f"told[{str(variable.literal).replace('%', '%%')!r}{about}]"
        if "%" in variable.literal:
            said += ".replace('%%', '%')"
        self.keep_or_write(node.asvar, said, scope)

    def about(self, context: FilterExpression | None) -> str:
        """The last argument of a translation: what it is about, if that is said."""
        if context is None:
            return ""
        if (context.is_var and context.var.literal is None) or context.filters:
            raise NotUnderstood
        return f", {str(context.resolve(Context()))!r}"

    def _blocktranslate(self, node: BlockTranslateNode, scope: Scope) -> None:
        inside = self.named(node.extra_context, scope)
        singular, needed = _message(node, node.singular)
        about = self.about(node.message_context)
        if node.plural and node.countervar and node.counter:
            count = self.name("v")
            self.line(f"{count} = given({self.value(node.counter, inside)})")
            inside.names[node.countervar] = count
            plural, more = _message(node, node.plural)
            needed = [*needed, *more]
            said = f"counted({singular!r}, {plural!r}, {count}{about})"
        else:
            said = f"told[{singular!r}{about}]"
        data = ", ".join(f"{name!r}: show({self.look_up(name, inside)})" for name in needed)
        # Even without names in it: percent signs are doubled in there.
        self.keep_or_write(node.asvar, f"({said} % {{{data}}})", scope)

    def keep_or_write(self, name: str | None, expression: str, scope: Scope) -> None:
        """Write a text, or give it a name: HTML either way."""
        if not name:
            self.text(expression)
        else:
            self.keep(name, f"SafeString({expression})", scope)

    def keep(self, name: str, expression: str, scope: Scope) -> None:
        """Give a value a name, from here on."""
        if name not in scope.kept:
            own = self.name("v")
            # Where the piece that gives the name is not passed.
            self.first.append(f" {own} = MISSING")
            scope.names[name] = own
            scope.kept.add(name)
        self.line(f"{scope.names[name]} = {expression}")

    def _url(self, node: URLNode, scope: Scope) -> None:
        view = f"given({self.value(node.view_name, scope)})"
        given = ", ".join(f"given({self.value(one, scope)})" for one in node.args)
        named = self.mapping(node.kwargs, scope)
        if node.asvar:
            call = f"address_or_nothing({scope.context}, {view}, [{given}], {named})"
            self.keep(node.asvar, call, scope)
        else:
            self.text(f"escaped(address({scope.context}, {view}, [{given}], {named}))")

    def _static(self, node: StaticNode, scope: Scope) -> None:
        path = node.path
        if node.varname or path.filters or (path.is_var and path.var.literal is None):
            raise NotUnderstood
        self.text(f"static_file({str(path.resolve(Context()))!r})")

    def mapping(self, given: Mapping[str, FilterExpression], scope: Scope) -> str:
        pairs = (f"{name!r}: given({self.value(one, scope)})" for name, one in given.items())
        return f"{{{', '.join(pairs)}}}"

    def _token(self, node: CsrfTokenNode, scope: Scope) -> None:
        self.text(f"form_token({scope.context})")

    def _simple(self, node: SimpleNode, scope: Scope) -> None:
        call = self.call(node, scope)
        if node.target_var is not None:
            self.keep(node.target_var, call, scope)
        else:
            self.text(f"escaped({call})")

    def call(self, node: SimpleNode | InclusionNode, scope: Scope) -> str:
        given = [f"given({self.value(one, scope)})" for one in node.args]
        if node.takes_context:
            given.insert(0, scope.context)
        if node.kwargs:
            given.append(f"**{self.mapping(node.kwargs, scope)}")
        return f"{self.constant(node.func)}({', '.join(given)})"

    # --- expressions ------------------------------------------------------------------

    def value(self, expression: FilterExpression, scope: Scope, *, none: bool = False) -> str:
        """A variable or constant with its filters. MISSING where there is nothing."""
        found = (
            self.variable(expression.var, scope)
            if expression.is_var
            else self.constant(expression.var)
        )
        if expression.filters:
            found = f"{'maybe' if none else 'given'}({found})"
        for function, arguments in expression.filters:
            told = [
                f"given({self.variable(one, scope)})"
                if looked_up
                else self.constant(mark_safe(one))
                for looked_up, one in arguments
            ]
            found = f"filtered({', '.join([self.constant(function), found, *told])})"
        return found

    def variable(self, variable: Variable, scope: Scope) -> str:
        if variable.lookups is None or variable.translate:
            return self.constant(variable.resolve(Context()))
        first, *path = variable.lookups
        if first == "forloop":
            return self.loop(path, scope)
        found = self.look_up(first, scope)
        if not path:
            return f"dig({found})"
        for bit in path:
            found = f"look({found}, {bit!r})"
        return found

    def loop(self, path: Sequence[str], scope: Scope) -> str:
        if scope.loops is None or len(path) != 1 or path[0] not in _LOOP:
            raise NotUnderstood
        return _LOOP[path[0]].format(*scope.loops)

    def look_up(self, name: str, scope: Scope) -> str:
        return scope.names.get(name) or f"{scope.others}.get({name!r}, MISSING)"

    def condition(self, condition: Any, scope: Scope, *, truth: bool = False) -> str:
        """A condition; ``truth`` where it only matters whether it holds: nothing is false, too."""
        kind = condition.id
        if kind == "literal":
            found = self.value(condition.value, scope, none=True)
            return found if truth else f"maybe({found})"
        if kind in ("not", "and", "or"):
            first = self.condition(condition.first, scope, truth=True)
            if kind == "not":
                return f"(not {first})"
            return f"({first} {kind} {self.condition(condition.second, scope, truth=True)})"
        first, second = (self.condition(one, scope) for one in (condition.first, condition.second))
        if kind in ("==", "!="):
            return f"({first} {kind} {second})"
        return f"compared({self.constant(_COMPARE[kind])}, {first}, {second})"


def _joined(pieces: Sequence[str]) -> list[str]:
    """Texts that stand side by side become one."""
    found: list[str] = []
    for piece in pieces:
        if found and piece[0] in "'\"" and found[-1][0] in "'\"":
            found[-1] = f"{found[-1]} {piece}"
        else:
            found.append(piece)
    return found


def _message(node: BlockTranslateNode, tokens: Sequence[Any]) -> tuple[str, list[str]]:
    """The text to be translated and the names in it, as `BlockTranslateNode` has them."""
    texts, names = [], []
    for token in tokens:
        if token.token_type == TokenType.TEXT:
            texts.append(token.contents.replace("%", "%%"))
        elif token.token_type == TokenType.VAR:
            texts.append(f"%({token.contents})s")
            names.append(token.contents)
    text = "".join(texts)
    return (trim_whitespace(text) if node.trimmed else text), names


def _original(template: Template) -> NodeList:
    """The nodes of a template as they were parsed, before any were put together."""
    kept: NodeList | None = getattr(template, "parsed", None)
    return template.nodelist if kept is None else kept


_HELPERS = (
    "MISSING",
    "SafeString",
    "address",
    "address_or_nothing",
    "compared",
    "counted",
    "dig",
    "escaped",
    "filtered",
    "form_token",
    "given",
    "inner_context",
    "left_to_django",
    "look",
    "maybe",
    "rows_of",
    "show",
    "show_it",
    "static_file",
    "words",
)
_BUILTINS = "{'True': True, 'False': False, 'None': None}"
_WRITERS: Mapping[type[Node], Callable[[_Function, Any, Scope], None]] = {
    TextNode: _Function._text,
    VariableNode: _Function._variable,
    LoadNode: _Function._nothing,
    CommentNode: _Function._nothing,
    IfNode: _Function._if,
    ForNode: _Function._for,
    WithNode: _Function._with,
    IncludeNode: _Function._include,
    InclusionNode: _Function._inclusion,
    TranslateNode: _Function._translate,
    BlockTranslateNode: _Function._blocktranslate,
    URLNode: _Function._url,
    StaticNode: _Function._static,
    CsrfTokenNode: _Function._token,
    SimpleNode: _Function._simple,
}
