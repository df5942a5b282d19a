/** One stream a source offers, as a discovery finds it. */
export interface Stream {
  name: string;
  namespace?: string;
  /** Top-level columns in the source's order. */
  columns: string[];
  incremental: boolean;
  /** Empty when the source has none. */
  defaultCursor: string[];
  /** The source moves the cursor itself; a client may not choose another. */
  sourceDefinedCursor: boolean;
  sourceDefinedPrimaryKey: string[][];
  /** The connector proposes it when a client names no streams. */
  suggested: boolean;
}

export const plainStream = (name: string, columns: string[]): Stream => ({
  name,
  columns,
  incremental: false,
  defaultCursor: [],
  sourceDefinedCursor: false,
  sourceDefinedPrimaryKey: [],
  suggested: false,
});

const table = (name: string, primaryKey: string[], columns: string[]): Stream => ({
  ...plainStream(name, [...primaryKey, ...columns]),
  namespace: 'public',
  incremental: true,
  sourceDefinedPrimaryKey: primaryKey.map((column) => [column]),
});

/** Cursors are the client's choice, and one table has no primary key: the awkward cases too. */
export const postgresCatalog: Stream[] = [
  table('customers', ['id'], ['name', 'email', 'country', 'created_at', 'updated_at']),
  table('orders', ['id'], ['customer_id', 'status', 'total', 'created_at', 'updated_at']),
  table('order_lines', ['order_id', 'line'], ['product', 'quantity', 'price']),
  table('audit_log', [], ['happened_at', 'actor', 'action', 'payload']),
];

/** Another schema of the same database, with a table of the same name. */
export const archiveCatalog: Stream[] = [
  {
    ...table('orders', ['id'], ['customer_id', 'status', 'total', 'created_at', 'updated_at']),
    namespace: 'archive',
  },
];

/** So many more of a database, `table_00000` and on. */
export const manyTables = (howMany: number): Stream[] =>
  Array.from({ length: howMany }, (_, index) =>
    table(`table_${String(index).padStart(5, '0')}`, ['id'], ['name', 'updated_at']),
  );

const sample = (name: string, columns: string[]): Stream => ({
  ...plainStream(name, ['id', ...columns, 'created_at', 'updated_at']),
  incremental: true,
  defaultCursor: ['updated_at'],
  sourceDefinedCursor: true,
  sourceDefinedPrimaryKey: [['id']],
  suggested: true,
});

export const fakerCatalog: Stream[] = [
  sample('users', ['name', 'title', 'age', 'email', 'telephone', 'gender', 'nationality']),
  sample('products', ['make', 'model', 'year', 'price']),
  sample('purchases', ['product_id', 'user_id', 'added_to_cart_at', 'purchased_at']),
];
