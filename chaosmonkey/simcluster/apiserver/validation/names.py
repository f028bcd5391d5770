"""The forms of names, labels and ports, in the words of apimachinery's `validation` package.

Each function returns what is wrong with a value; nothing, if it is valid.
"""

from __future__ import annotations

import re

_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_DNS_1035 = "[a-z]([-a-z0-9]*[a-z0-9])?"
_QUALIFIED = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_LABEL_VALUE = "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?"
_CONFIG_KEY = "[-._a-zA-Z0-9]+"
_PERCENT = "[0-9]+%"
_HEADER = "[-A-Za-z0-9]+"

_ENDS = "and must start and end with an alphanumeric character"


def _form(text: str, pattern: str, *examples: str) -> str:
    """Say what a value must look like."""
    shown = " or ".join(f"'{example}', " for example in examples)
    return f"{text} (e.g. {shown}regex used for validation is '{pattern}')"


_SUBDOMAIN_FORM = _form(
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or "
    f"'.', {_ENDS}",
    _SUBDOMAIN,
    "example.com",
)
_LABEL_FORM = _form(
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', "
    f"{_ENDS}",
    _LABEL,
    "my-name",
    "123-abc",
)
_DNS_1035_FORM = _form(
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an "
    "alphabetic character, and end with an alphanumeric character",
    _DNS_1035,
    "my-name",
    "abc-123",
)
_QUALIFIED_FORM = _form(
    f"must consist of alphanumeric characters, '-', '_' or '.', {_ENDS}",
    _QUALIFIED,
    "MyName",
    "my.name",
    "123-abc",
)
_LABEL_VALUE_FORM = _form(
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or "
    f"'.', {_ENDS}",
    _LABEL_VALUE,
    "MyValue",
    "my_value",
    "12345",
)
_CONFIG_KEY_FORM = _form(
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
    _CONFIG_KEY,
    "key.name",
    "KEY_NAME",
    "key-name",
)
_PERCENT_FORM = _form(
    "a valid percent string must be a numeric string followed by an ending '%'",
    _PERCENT,
    "1%",
    "93%",
)
_HEADER_FORM = _form(
    "a valid HTTP header must consist of alphanumeric characters or '-'", _HEADER, "X-Header-Name"
)
_NOT_PRINTABLE = (
    "a valid environment variable name must consist only of printable ASCII characters other "
    "than '='"
)


def longest(most: int) -> str:
    """Say that a value is too long."""
    return f"must be no more than {most} bytes"


def between(low: int, high: int) -> str:
    """Say which numbers are valid."""
    return f"must be between {low} and {high}, inclusive"


def _check(value: str, most: int, pattern: str, form: str) -> list[str]:
    wrong = [longest(most)] if len(value.encode()) > most else []
    return wrong if re.fullmatch(pattern, value, re.ASCII) else [*wrong, form]


def subdomain(value: str) -> list[str]:
    """DNS-1123 subdomain: the name of most objects."""
    return _check(value, 253, _SUBDOMAIN, _SUBDOMAIN_FORM)


def label(value: str) -> list[str]:
    """DNS-1123 label: the name of a namespace, a container, a volume."""
    dotted = re.fullmatch(_SUBDOMAIN, value, re.ASCII)
    return _check(value, 63, _LABEL, "must not contain dots" if dotted else _LABEL_FORM)


def dns_1035(value: str) -> list[str]:
    """DNS-1035 label: the name of a service."""
    return _check(value, 63, _DNS_1035, _DNS_1035_FORM)


def qualified(value: str) -> list[str]:
    """The key of a label, with or without a prefix."""
    prefix, slash, name = value.rpartition("/")
    if value.count("/") > 1:
        prefixed = "with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
        return [f"a qualified name {_QUALIFIED_FORM} {prefixed}"]
    wrong = []
    if slash and not prefix:
        wrong.append("prefix part must be non-empty")
    elif slash:
        wrong += [f"prefix part {one}" for one in subdomain(prefix)]
    if not name:
        wrong.append("name part must be non-empty")
    return wrong + [f"name part {one}" for one in _check(name, 63, _QUALIFIED, _QUALIFIED_FORM)]


def label_value(value: str) -> list[str]:
    """The value of a label."""
    return _check(value, 63, _LABEL_VALUE, _LABEL_VALUE_FORM)


def config_key(value: str) -> list[str]:
    """The key of a ConfigMap or a Secret."""
    wrong = _check(value, 253, _CONFIG_KEY, _CONFIG_KEY_FORM)
    if value in {".", ".."}:
        wrong.append(f"must not be '{value}'")
    elif value.startswith(".."):
        wrong.append("must not start with '..'")
    return wrong


def variable(value: str) -> list[str]:
    """The name of an environment variable."""
    wrong = [] if value else ["environment variable name must be non-empty"]
    printable = all(" " <= letter <= "~" and letter != "=" for letter in value)
    return wrong if printable else [*wrong, _NOT_PRINTABLE]


def header(value: str) -> list[str]:
    """The name of an HTTP header."""
    return [] if re.fullmatch(_HEADER, value, re.ASCII) else [_HEADER_FORM]


def port_number(value: int) -> list[str]:
    """A port."""
    return [] if 1 <= value <= 65_535 else [between(1, 65_535)]


def port_name(value: str) -> list[str]:
    """The name of a port."""
    wrong = [longest(15)] if len(value) > 15 else []
    if not re.fullmatch("[-a-z0-9]+", value, re.ASCII):
        wrong.append("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
    if not re.search("[a-z]", value):
        wrong.append("must contain at least one letter (a-z)")
    if "--" in value:
        wrong.append("must not contain consecutive hyphens")
    if value.startswith("-") or value.endswith("-"):
        wrong.append("must not begin or end with a hyphen")
    return wrong


def percent(value: str) -> list[str]:
    """A percentage."""
    return [] if re.fullmatch(_PERCENT, value, re.ASCII) else [_PERCENT_FORM]
