import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect, test } from 'vitest';
import { loadMigrations, migrate } from '../../src/actors/persistence/database/migrations.ts';

const DOCUMENT = new URL('../../docs/database.md', import.meta.url);
const MARK =
  '<!-- Made from the migrations by tests/docs/database.test.ts; `npx vitest run tests/docs -u` renews it. -->\n';

/** Every table and view of the newest schema, with their comments, as Markdown. */
async function describeSchema(): Promise<string> {
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  await migrate(connection, loadMigrations(), 0n);
  const rowsOf = async (sql: string) => (await connection.runAndReadAll(sql)).getRowObjects();
  const relations = await rowsOf(`
    SELECT table_name AS name, comment, 'table' AS kind, table_oid AS oid FROM duckdb_tables()
    UNION ALL
    SELECT view_name, comment, 'view', view_oid FROM duckdb_views() WHERE NOT internal
    ORDER BY kind, oid`);
  const columns = await rowsOf(`
    SELECT table_name, column_name AS name, data_type, is_nullable, comment
    FROM duckdb_columns() WHERE NOT internal ORDER BY table_oid, column_index`);
  const sections = relations.map(({ name, comment, kind }) => {
    expect(comment, `${name} has a comment`).not.toBeNull();
    const rows = columns
      .filter((column) => column['table_name'] === name)
      .map((column) => {
        const type = `${column['data_type']}${kind === 'table' && column['is_nullable'] ? ' or NULL' : ''}`;
        return `| ${column['name']} | ${type} | ${column['comment'] ?? ''} |`;
      });
    return `### ${name} (${kind})\n\n${comment}\n\n| column | type | |\n|---|---|---|\n${rows.join('\n')}\n`;
  });
  return sections.join('\n');
}

test('the schema in docs/database.md is the one that the migrations make', async () => {
  const document = readFileSync(DOCUMENT, 'utf8');
  const introduction = document.slice(0, document.indexOf(MARK));
  await expect(`${introduction}${MARK}\n${await describeSchema()}`).toMatchFileSnapshot(fileURLToPath(DOCUMENT));
});
