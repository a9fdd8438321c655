"""What Alembic runs: migrations on the connection that `upgrade` hands over.

Alembic loads this file by its path, outside the package, so all it needs comes in the attributes.
"""

from alembic import context

given = context.config.attributes
connection = given["connection"]
context.configure(
    connection=connection,
    target_metadata=given["metadata"],
    version_table=given["version_table"],
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
