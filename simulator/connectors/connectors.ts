import type { Stream } from './catalog';
import { fakerCatalog, postgresCatalog } from './catalog';
import { fakerSpec, fileSpec, type Schema, snowflakeSpec } from './specs';
import { postgresDestinationSpec, postgresSourceSpec } from './specs-postgres';
import { bigquerySpec, databricksSpec, s3DestinationSpec, s3SourceSpec } from './specs-stores';

export type ActorKind = 'source' | 'destination';

export interface Connector {
  kind: ActorKind;
  /** `sourceType` or `destinationType` of the public API. */
  type: string;
  /** The definition's id, the same in every Airbyte. */
  id: string;
  name: string;
  dockerRepository: string;
  dockerImageTag: string;
  documentationUrl: string;
  spec: Schema;
  /** What a discovery finds; absent when it looks at the real thing. */
  catalog?: Stream[];
}

const docs = 'https://docs.airbyte.com/integrations';

const connectors: Connector[] = [
  {
    kind: 'source',
    type: 'file',
    id: '778daa7c-feaf-4db6-96f3-70fd645acc77',
    name: 'File (CSV, JSON, Excel, Feather, Parquet)',
    dockerRepository: 'airbyte/source-file',
    dockerImageTag: '0.6.0',
    documentationUrl: `${docs}/sources/file`,
    spec: fileSpec,
  },
  {
    kind: 'source',
    type: 'postgres',
    id: 'decd338e-5647-4c0b-adf4-da0e75f5a750',
    name: 'Postgres',
    dockerRepository: 'airbyte/source-postgres',
    dockerImageTag: '3.7.0',
    documentationUrl: `${docs}/sources/postgres`,
    spec: postgresSourceSpec,
    catalog: postgresCatalog,
  },
  {
    kind: 'source',
    type: 'faker',
    id: 'dfd88b22-b603-4c3d-aad7-3701784586b1',
    name: 'Sample Data',
    dockerRepository: 'airbyte/source-faker',
    dockerImageTag: '6.2.0',
    documentationUrl: `${docs}/sources/faker`,
    spec: fakerSpec,
    catalog: fakerCatalog,
  },
  {
    kind: 'source',
    type: 's3',
    id: '69589781-7828-43c5-9f63-8925b1c1ccc2',
    name: 'S3',
    dockerRepository: 'airbyte/source-s3',
    dockerImageTag: '4.14.0',
    documentationUrl: `${docs}/sources/s3`,
    spec: s3SourceSpec,
  },
  {
    kind: 'destination',
    type: 'snowflake',
    id: '424892c4-daac-4491-b35d-c6688ba547ba',
    name: 'Snowflake',
    dockerRepository: 'airbyte/destination-snowflake',
    dockerImageTag: '4.0.33',
    documentationUrl: `${docs}/destinations/snowflake`,
    spec: snowflakeSpec,
  },
  {
    kind: 'destination',
    type: 'postgres',
    id: '25c5221d-dce2-4163-ade9-739ef790f503',
    name: 'Postgres',
    dockerRepository: 'airbyte/destination-postgres',
    dockerImageTag: '3.0.0',
    documentationUrl: `${docs}/destinations/postgres`,
    spec: postgresDestinationSpec,
  },
  {
    kind: 'destination',
    type: 's3',
    id: '4816b78f-1489-44c1-9060-4b19d5fa9362',
    name: 'S3',
    dockerRepository: 'airbyte/destination-s3',
    dockerImageTag: '1.9.0',
    documentationUrl: `${docs}/destinations/s3`,
    spec: s3DestinationSpec,
  },
  {
    kind: 'destination',
    type: 'bigquery',
    id: '22f6c74f-5699-40ff-833c-4a879ea40133',
    name: 'BigQuery',
    dockerRepository: 'airbyte/destination-bigquery',
    dockerImageTag: '3.0.0',
    documentationUrl: `${docs}/destinations/bigquery`,
    spec: bigquerySpec,
  },
  {
    kind: 'destination',
    type: 'databricks',
    id: '072d5540-f236-4294-ba7c-ade8fd918496',
    name: 'Databricks Lakehouse',
    dockerRepository: 'airbyte/destination-databricks',
    dockerImageTag: '4.0.2',
    documentationUrl: `${docs}/destinations/databricks`,
    spec: databricksSpec,
  },
];

export const connectorsOf = (kind: ActorKind) => connectors.filter((found) => found.kind === kind);

/** Airbyte public API, DefinitionResponse. */
export const showDefinition = ({
  id,
  name,
  dockerRepository,
  dockerImageTag,
  documentationUrl,
}: Connector) => ({ id, name, dockerRepository, dockerImageTag, documentationUrl });
