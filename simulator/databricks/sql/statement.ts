import type { Column, Row } from '../store';

/* What can be said to the warehouse, once it is read. */

export interface Value {
  /** As SQL writes it; VOID is that of NULL. */
  type: string;
  value: string | null;
}

export type Expression =
  | { kind: 'value'; value: Value; label: string }
  | { kind: 'sum'; terms: string[]; label: string }
  | { kind: 'call'; call: 'current_user' | 'current_catalog' | 'current_schema'; label: string }
  | { kind: 'column'; column: string; label: string }
  | { kind: 'count'; label: string }
  | { kind: 'all' };

export type SecurableWord = 'CATALOG' | 'SCHEMA' | 'TABLE';

export type Source = { kind: 'table'; name: string[] } | { kind: 'range'; to: number };

export type Statement =
  | { kind: 'select'; expressions: Expression[]; from: Source | undefined; limit?: number }
  | { kind: 'showCatalogs' }
  | { kind: 'showSchemas'; catalog: string | undefined; like: string | undefined }
  | { kind: 'showTables'; schema: string[] | undefined; like: string | undefined }
  | { kind: 'showGrants'; principal: string | undefined; on: SecurableWord; name: string[] }
  | { kind: 'describeSchema'; name: string[] }
  | {
      kind: 'createSchema';
      name: string[];
      ifNotExists: boolean;
      comment: string | undefined;
      properties: Record<string, string>;
    }
  | { kind: 'dropSchema'; name: string[]; ifExists: boolean; cascade: boolean }
  | { kind: 'commentOn'; name: string[]; comment: string | undefined }
  | { kind: 'alterOwner'; name: string[]; owner: string }
  | {
      kind: 'grant' | 'revoke';
      privileges: string[];
      on: SecurableWord;
      name: string[];
      principal: string;
    }
  | {
      kind: 'createTable';
      name: string[];
      ifNotExists: boolean;
      columns: Column[];
      comment: string | undefined;
    }
  | { kind: 'dropTable'; name: string[]; ifExists: boolean }
  | { kind: 'undropTable'; name: string[] }
  | { kind: 'insert'; name: string[]; rows: Row[] };
