"""Validation of what all objects share: metadata, labels and label selectors."""

from __future__ import annotations

from collections.abc import Callable

from chaosmonkey.simcluster.apiserver.validation import names
from chaosmonkey.simcluster.apiserver.validation.errors import FieldErrors
from chaosmonkey.simcluster.apiserver.watch_cache import Obj

NameForm = Callable[[str], list[str]]
"""What is wrong with a name; nothing, if it is valid."""

_MOST_ANNOTATIONS = 256 * 1024
"""Bytes of all annotations together (TotalAnnotationSizeLimitB)."""


def check_new_metadata(errors: FieldErrors, meta: Obj, *, namespaced: bool, form: NameForm) -> None:
    """Check the metadata of a new object, whose name may still be generated."""
    prefix = meta.get("generateName", "")
    if prefix:
        # A generated suffix follows: a dash at the end is no error.
        errors.invalid(
            "metadata.generateName",
            prefix,
            *form(f"{prefix[:-1]}a" if prefix[-1] == "-" else prefix),
        )
    if name := meta.get("name"):
        errors.invalid("metadata.name", name, *form(name))
    elif not prefix:
        errors.required("metadata.name", "name or generateName is required")
    if namespaced:
        namespace = meta.get("namespace", "")
        errors.invalid("metadata.namespace", namespace, *names.label(namespace))
    elif meta.get("namespace"):
        errors.forbidden("metadata.namespace", "not allowed on this type")
    _check_common(errors, meta)


def check_changed_metadata(errors: FieldErrors, meta: Obj, before: Obj) -> None:
    """Check the metadata of a changed object."""
    if "deletionTimestamp" in before:
        added = sorted(set(meta.get("finalizers", ())) - set(before.get("finalizers", ())))
        if added:
            listed = ", ".join(f'"{one}"' for one in added)
            errors.forbidden(
                "metadata.finalizers",
                "no new finalizers can be added if the object is being deleted, found new "
                f"finalizers []string{{{listed}}}",
            )
    _check_common(errors, meta)


def _check_common(errors: FieldErrors, meta: Obj) -> None:
    check_labels(errors, meta.get("labels"), "metadata.labels")
    check_annotations(errors, meta.get("annotations"), "metadata.annotations")
    path = "metadata.ownerReferences"
    for owner in meta.get("ownerReferences", ()):
        if not owner.get("apiVersion", "").rpartition("/")[2]:
            value = owner.get("apiVersion", "")
            errors.invalid(f"{path}.apiVersion", value, "version must not be empty")
        for field in ("kind", "name", "uid"):
            if not owner.get(field):
                errors.invalid(f"{path}.{field}", owner.get(field, ""), "must not be empty")
    for finalizer in meta.get("finalizers", ()):
        errors.invalid("metadata.finalizers", finalizer, *names.qualified(finalizer))


def check_labels(errors: FieldErrors, labels: dict[str, str] | None, path: str) -> None:
    """Check the keys and values of labels."""
    for key, value in sorted((labels or {}).items()):
        errors.invalid(path, key, *names.qualified(key))
        errors.invalid(path, value, *names.label_value(value))


def check_annotations(errors: FieldErrors, notes: dict[str, str] | None, path: str) -> None:
    """Check the keys of annotations, and their size."""
    for key in sorted(notes or {}):
        errors.invalid(path, key, *names.qualified(key.lower()))
    if sum(len(k.encode()) + len(v.encode()) for k, v in (notes or {}).items()) > _MOST_ANNOTATIONS:
        errors.too_long(path, _MOST_ANNOTATIONS)


def check_selector(errors: FieldErrors, selector: Obj | None, path: str) -> None:
    """Check a label selector."""
    check_labels(errors, (selector or {}).get("matchLabels"), f"{path}.matchLabels")
    for number, one in enumerate((selector or {}).get("matchExpressions", ())):
        _check_requirement(errors, one, f"{path}.matchExpressions[{number}]")


def _check_requirement(errors: FieldErrors, one: Obj, path: str) -> None:
    values = one.get("values", ())
    match one.get("operator", ""):
        case "In" | "NotIn":
            if not values:
                text = "must be specified when `operator` is 'In' or 'NotIn'"
                errors.required(f"{path}.values", text)
        case "Exists" | "DoesNotExist":
            if values:
                text = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
                errors.forbidden(f"{path}.values", text)
        case unknown:
            errors.invalid(f"{path}.operator", unknown, "not a valid selector operator")
    key = one.get("key", "")
    errors.invalid(f"{path}.key", key, *names.qualified(key))
    for number, value in enumerate(values):
        errors.invalid(f"{path}.values[{number}]", value, *names.label_value(value))
