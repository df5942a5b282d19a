"""Drives the simulator of Databricks with the official client, databricks-sdk, of one version.

python databricks-client.py URL WAREHOUSE CLUSTER CATALOG CLIENT_ID CLIENT_SECRET PAT
Prints a line for each check, and ends with 1 when one of them fails.
"""

import json
import sys
import time
import urllib.request
from datetime import timedelta

from databricks.sdk import WorkspaceClient
from databricks.sdk.core import Config
from databricks.sdk.errors import (
    BadRequest,
    DatabricksError,
    InvalidParameterValue,
    NotFound,
    PermissionDenied,
    ResourceDoesNotExist,
    Unauthenticated,
)
from databricks.sdk.service import catalog, compute, sql

URL, WAREHOUSE, CLUSTER, CATALOG, CLIENT_ID, CLIENT_SECRET, PAT = sys.argv[1:]

failures = []
checks = 0


def check(name, holds, told=""):
    global checks
    checks += 1
    if not holds:
        failures.append(name)
    print(f"  {'ok' if holds else 'FAILED'}  {name}{'' if holds else f': {told}'}")


def equal(name, found, wanted):
    check(name, found == wanted, f"{found!r}, not {wanted!r}")


def raises(name, kind, act, text=""):
    """That the client makes exactly this error of the answer."""
    try:
        told = act()
    except DatabricksError as err:
        check(name, type(err) is kind and text in str(err), f"{type(err).__name__}: {err}")
        return
    check(name, False, f"no error but {told!r}")


def control(path, body=None, method="POST"):
    request = urllib.request.Request(f"{URL}/_simulator{path}", method=method)
    request.add_header("Content-Type", "application/json")
    given = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(request, given) as answer:
        return json.load(answer)


def client(**credentials):
    return WorkspaceClient(config=Config(host=URL, retry_timeout_seconds=20, **credentials))


def kind_of(name):
    """The kind of a securable, as the client's enumeration has it."""
    return catalog.SecurableType[name]


def grants_call(method, *args, **kwargs):
    """Newer versions take the kind as a text, older ones as their enumeration."""
    kind, *rest = args
    try:
        return method(kind_of(kind), *rest, **kwargs)
    except (AttributeError, DatabricksError):
        return method(kind_of(kind).value, *rest, **kwargs)


def statements(w):
    run = w.statement_execution.execute_statement
    one = run(statement="SELECT 1 AS one", warehouse_id=WAREHOUSE, wait_timeout="30s")
    equal(
        "a statement starts the warehouse and is done",
        one.status.state,
        sql.StatementState.SUCCEEDED,
    )
    equal("its row", one.result.data_array, [["1"]])
    equal(
        "its column",
        [(c.name, c.type_name) for c in one.manifest.schema.columns],
        [("one", sql.ColumnInfoTypeName.INT)],
    )

    later = run(statement="SELECT current_user()", warehouse_id=WAREHOUSE, wait_timeout="0s")
    equal("a statement nobody waits for is pending", later.status.state, sql.StatementState.PENDING)
    for _ in range(50):
        later = w.statement_execution.get_statement(later.statement_id)
        if later.status.state is sql.StatementState.SUCCEEDED:
            break
        time.sleep(0.1)
    equal("and is done later", later.result.data_array, [[CLIENT_ID]])

    many = run(statement="SELECT id FROM range(2500)", warehouse_id=WAREHOUSE, wait_timeout="30s")
    rows, chunk = list(many.result.data_array), many.result
    while chunk.next_chunk_index is not None:
        chunk = w.statement_execution.get_statement_result_chunk_n(
            many.statement_id, chunk.next_chunk_index
        )
        rows += chunk.data_array
    equal(
        "all chunks have all rows",
        (many.manifest.total_chunk_count, len(rows), rows[-1]),
        (3, 2500, ["2499"]),
    )

    bound = run(
        statement="SELECT :name AS name",
        warehouse_id=WAREHOUSE,
        parameters=[sql.StatementParameterListItem(name="name", value="it's")],
        wait_timeout="30s",
    )
    equal("a parameter is a value", bound.result.data_array, [["it's"]])

    failed = run(statement="SELEC 1", warehouse_id=WAREHOUSE, wait_timeout="30s")
    equal(
        "a wrong statement is answered, and has failed",
        failed.status.state,
        sql.StatementState.FAILED,
    )
    equal("with its code", failed.status.error.error_code, sql.ServiceErrorCode.BAD_REQUEST)

    raises(
        "a wait that is too short",
        InvalidParameterValue,
        lambda: run(statement="SELECT 1", warehouse_id=WAREHOUSE, wait_timeout="3s"),
        "wait_timeout",
    )
    raises(
        "an id that is no warehouse's",
        InvalidParameterValue,
        lambda: run(statement="SELECT 1", warehouse_id="nosuch"),
        "is not a valid endpoint id",
    )
    raises(
        "a warehouse that is not there",
        PermissionDenied,
        lambda: run(statement="SELECT 1", warehouse_id="f" * 16),
        "permission",
    )

    control("/warehouse", {"state": "STOPPED"})
    waiting = run(statement="SELECT 1", warehouse_id=WAREHOUSE, wait_timeout="0s")
    w.statement_execution.cancel_execution(waiting.statement_id)
    equal(
        "a statement is cancelled",
        w.statement_execution.get_statement(waiting.statement_id).status.state,
        sql.StatementState.CANCELED,
    )


def schemas(w):
    name = f"{CATALOG}.conformance"
    made = w.schemas.create(
        name="Conformance", catalog_name=CATALOG, comment="provisioner:x", properties={"a": "b"}
    )
    equal(
        "a schema is made, in lower case",
        (made.full_name, made.comment, made.owner, made.properties),
        (name, "provisioner:x", CLIENT_ID, {"a": "b"}),
    )
    raises(
        "one that is there",
        BadRequest,
        lambda: w.schemas.create(name="conformance", catalog_name=CATALOG),
        "already exists",
    )
    equal("it is read", w.schemas.get(name).comment, "provisioner:x")
    equal("it is changed", w.schemas.update(name, comment="other").comment, "other")
    equal("it is listed", [s.full_name for s in w.schemas.list(CATALOG)], [name])
    raises(
        "one that is not there",
        NotFound,
        lambda: w.schemas.get(f"{CATALOG}.nosuch"),
        "does not exist",
    )
    equal("the catalog is read", w.catalogs.get(CATALOG).name, CATALOG)

    added = grants_call(
        w.grants.update,
        "SCHEMA",
        name,
        changes=[
            catalog.PermissionsChange(
                principal="alice@example.com",
                add=[catalog.Privilege.USE_SCHEMA, catalog.Privilege.SELECT],
            )
        ],
    )
    equal(
        "privileges are granted",
        [(a.principal, [p.value for p in a.privileges]) for a in added.privilege_assignments],
        [("alice@example.com", ["SELECT", "USE_SCHEMA"])],
    )
    equal("and read", len(grants_call(w.grants.get, "SCHEMA", name).privilege_assignments), 1)
    inherited = grants_call(w.grants.get_effective, "SCHEMA", name).privilege_assignments
    equal(
        "with those of the catalog",
        sorted({str(p.inherited_from_name) for a in inherited for p in a.privileges}),
        ["None", CATALOG],
    )
    raises(
        "a principal nobody knows",
        NotFound,
        lambda: w.api_client.do(
            "PATCH",
            f"/api/2.1/unity-catalog/permissions/schema/{name}",
            body={"changes": [{"principal": "nobody@example.com", "add": ["SELECT"]}]},
        ),
        "Could not find principal",
    )
    raises(
        "a privilege that is none",
        InvalidParameterValue,
        lambda: w.api_client.do(
            "PATCH",
            f"/api/2.1/unity-catalog/permissions/schema/{name}",
            body={"changes": [{"principal": "alice@example.com", "add": ["FLY"]}]},
        ),
        "not applicable",
    )
    raises(
        "the catalog is somebody else's",
        PermissionDenied,
        lambda: w.api_client.do(
            "PATCH", f"/api/2.1/unity-catalog/permissions/catalog/{CATALOG}", body={"changes": []}
        ),
        "not an owner",
    )

    run = w.statement_execution.execute_statement
    for statement in [f"CREATE TABLE {name}.t (id BIGINT)", f"INSERT INTO {name}.t VALUES (1)"]:
        equal(
            statement,
            run(statement=statement, warehouse_id=WAREHOUSE, wait_timeout="30s").status.state,
            sql.StatementState.SUCCEEDED,
        )
    equal("tables are listed", [t.name for t in w.tables.list(CATALOG, "conformance")], ["t"])
    raises("a schema that is not empty", BadRequest, lambda: w.schemas.delete(name), "is not empty")
    w.api_client.do("DELETE", f"/api/2.1/unity-catalog/schemas/{name}", query={"force": "true"})
    raises("it is deleted with what is in it", NotFound, lambda: w.schemas.get(name))


def warehouses(w):
    control("/warehouse", {"state": "STOPPED"})
    equal("a warehouse that is stopped", w.warehouses.get(WAREHOUSE).state, sql.State.STOPPED)
    started = w.warehouses.start_and_wait(WAREHOUSE, timeout=timedelta(seconds=30))
    equal("is started", started.state, sql.State.RUNNING)
    equal("its path", started.odbc_params.path, f"/sql/1.0/warehouses/{WAREHOUSE}")
    equal("it is listed", [x.id for x in w.warehouses.list()], [WAREHOUSE])


def clusters(w):
    equal("a cluster that is stopped", w.clusters.get(CLUSTER).state, compute.State.TERMINATED)
    raises(
        "one that is not there",
        ResourceDoesNotExist,
        lambda: w.clusters.get("nosuch"),
        "does not exist",
    )
    started = w.clusters.start_and_wait(CLUSTER, timeout=timedelta(seconds=30))
    equal("is started", started.state, compute.State.RUNNING)
    commands = w.command_execution
    python = compute.Language.PYTHON
    context = commands.create_and_wait(
        cluster_id=CLUSTER, language=python, timeout=timedelta(seconds=30)
    )
    told = commands.execute_and_wait(
        cluster_id=CLUSTER, context_id=context.id, language=python, command="print('hello')\n1 + 1"
    )
    equal(
        "a command's text",
        (told.results.result_type, told.results.data),
        (compute.ResultType.TEXT, "hello\n2"),
    )
    told = commands.execute_and_wait(
        cluster_id=CLUSTER, context_id=context.id, language=python, command="raise ValueError('no')"
    )
    equal(
        "a command that failed is finished",
        (told.status, told.results.result_type),
        (compute.CommandStatus.FINISHED, compute.ResultType.ERROR),
    )
    commands.destroy(cluster_id=CLUSTER, context_id=context.id)
    equal("no context is left", control("/entities", method="GET")["contexts"], [])
    sql_context = commands.create_and_wait(
        cluster_id=CLUSTER, language=compute.Language.SQL, timeout=timedelta(seconds=30)
    )
    told = commands.execute_and_wait(
        cluster_id=CLUSTER,
        context_id=sql_context.id,
        language=compute.Language.SQL,
        command="SELECT 1",
    )
    equal(
        "a table", (told.results.result_type, told.results.data), (compute.ResultType.TABLE, [[1]])
    )
    commands.destroy(cluster_id=CLUSTER, context_id=sql_context.id)


def principals(w):
    equal("who calls", w.current_user.me().user_name, CLIENT_ID)
    equal(
        "a user by his e-mail",
        [u.user_name for u in w.users.list(filter='userName eq "alice@example.com"')],
        ["alice@example.com"],
    )
    equal("nobody of a name", list(w.users.list(filter='userName eq "nobody@example.com"')), [])
    equal(
        "a group by its name",
        [g.display_name for g in w.groups.list(filter='displayName eq "analysts"')],
        ["analysts"],
    )
    equal(
        "a service principal by its id",
        [
            p.application_id
            for p in w.service_principals.list(filter=f'applicationId eq "{CLIENT_ID}"')
        ],
        [CLIENT_ID],
    )


def tokens(w):
    made = w.tokens.create(comment="conformance", lifetime_seconds=600)
    other = client(token=made.token_value, auth_type="pat")
    equal("a token that was made works", other.current_user.me().user_name, CLIENT_ID)
    equal("it is listed", "conformance" in [t.comment for t in w.tokens.list()], True)
    w.tokens.delete(made.token_info.token_id)
    raises(
        "and is refused when it is deleted",
        PermissionDenied,
        other.current_user.me,
        "Invalid access token",
    )


def faults(w):
    control("/faults", {"operation": "getMe", "status": 429, "retryAfter": 1, "times": 2})
    began = time.time()
    equal("429 with Retry-After is tried again", w.current_user.me().user_name, CLIENT_ID)
    check("after as long as it says", time.time() - began >= 2, f"{time.time() - began} s")
    control("/tokens?how=expire&kind=oauth", method="DELETE")
    raises("a token that has expired", Unauthenticated, w.current_user.me, "expired")
    control("/addresses", {"blocked": ["127.0.0.1"]})
    raises(
        "an address that is blocked",
        PermissionDenied,
        client(token=PAT, auth_type="pat").current_user.me,
        "127.0.0.1 is blocked",
    )
    control("/addresses", {"blocked": []})


machine = client(client_id=CLIENT_ID, client_secret=CLIENT_SECRET, auth_type="oauth-m2m")
for part in (statements, schemas, warehouses, clusters, principals, tokens, faults):
    print(f" {part.__name__}")
    part(machine)
print(" personal access token")
equal("who calls", client(token=PAT, auth_type="pat").current_user.me().user_name, CLIENT_ID)
raises(
    "a wrong one",
    PermissionDenied,
    client(token="dapi-wrong", auth_type="pat").current_user.me,
    "Invalid access token",
)
try:
    client(client_id=CLIENT_ID, client_secret="wrong", auth_type="oauth-m2m").current_user.me()
    check("a client's wrong secret", False, "no error")
except Exception as err:
    check("a client's wrong secret", "invalid_client" in str(err), err)
print(f"{checks - len(failures)} of {checks} checks hold")
sys.exit(1 if failures else 0)
