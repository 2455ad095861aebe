"""Every query on a table with a tenant says which tenant (spine rule: everything belongs to one).

A query that is meant to cross tenants (a worker that looks for work) says so in a comment on its line or the line above:
``# every tenant: why``.
"""

import ast

from django.apps import apps

from tests.architecture.tree import Source, sources

# These begin with a row or rows that name their tenant themselves.
WRITES_ROWS_GIVEN = {"create", "bulk_create", "bulk_update"}
# These take the tenant, or a row that was read within it, as an argument.
TAKES_THE_TENANT = {"filter", "get", "get_or_create", "update_or_create"}


def tenant_models() -> set[str]:
    """Names of our models that have a tenant."""
    models = [model for model in apps.get_models() if model.__module__.startswith("schoolgate.")]
    return {model.__name__ for model in models if any(field.name == "tenant" for field in model._meta.get_fields())}


def unscoped(source: Source, models: set[str]) -> list[int]:
    """The lines of a file where a tenant's table is read without saying whose."""
    parents = {child: node for node in ast.walk(source.tree) for child in ast.iter_child_nodes(node)}
    found = []
    for node in ast.walk(source.tree):
        is_manager = isinstance(node, ast.Attribute) and node.attr in {"objects", "_default_manager", "_base_manager"}
        if not is_manager or not (isinstance(node.value, ast.Name) and node.value.id in models):
            continue
        said = source.lines[max(0, node.lineno - 2) : node.lineno]
        if any("# every tenant: " in line for line in said):
            continue
        if not says_the_tenant(parents.get(node), parents):
            found.append(node.lineno)
    return found


def says_the_tenant(method: ast.AST | None, parents: dict[ast.AST, ast.AST]) -> bool:
    """Does one method of the chain that begins here name the tenant?"""
    while isinstance(method, ast.Attribute):
        call = parents.get(method)
        if method.attr == "for_tenant" or method.attr in WRITES_ROWS_GIVEN:
            return True
        if not isinstance(call, ast.Call):
            return False
        if method.attr in TAKES_THE_TENANT and any(names_the_tenant(keyword) for keyword in call.keywords):
            return True
        method = parents.get(call)
    return False


def names_the_tenant(keyword: ast.keyword) -> bool:
    """``tenant=…``, or ``pk=key.pk``, ``pk=member.user_id``: a row in hand, which was read within its tenant before."""
    value = keyword.value
    if isinstance(value, ast.Call) and getattr(value.func, "id", "") == "OuterRef":
        return True  # Within a query that names it.
    is_own = isinstance(value, ast.Attribute) and (value.attr in {"pk", "id"} or value.attr.endswith("_id"))
    is_a_row = keyword.arg in {"pk", "id"} and is_own
    return is_a_row or keyword.arg in {"tenant", "tenant_id"}


def test_every_query_on_a_tenants_table_says_which_tenant():
    models = tenant_models()
    found = [f"{source.name}:{line}" for source in sources() for line in unscoped(source, models)]
    assert not found, "Begin with .for_tenant(tenant), or say `# every tenant: why`:\n" + "\n".join(found)


def test_a_query_without_a_tenant_is_found(tmp_path):
    sample = Source(tmp_path / "sample.py")
    sample.path.write_text(
        "Key.objects.filter(state='live')\n"
        "Key.objects.for_tenant(tenant).live()\n"
        "Key.objects.filter(pk=key.pk)\n"
        "# every tenant: a worker takes the next, whoever's it is\n"
        "Key.objects.all()\n"
        "\n"
        "Key.objects.all()\n"
        "Other.objects.all()\n"
    )
    assert unscoped(sample, {"Key"}) == [1, 7]
