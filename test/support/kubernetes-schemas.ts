import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import Ajv from 'ajv';
import { parse } from 'yaml';
import { z } from 'zod';
import { TOOLS } from './chart';
import type { Manifest } from './chart';

/* Kubernetes' own schemas, without a cluster: of its OpenAPI, and of the operator's definitions. */

const OPENAPI = path.join(TOOLS, 'openapi');
const CRDS = path.join(TOOLS, 'crds');
export const haveSchemas = existsSync(OPENAPI) && existsSync(CRDS);

const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Go's way to ignore case, which JavaScript does not know: such a pattern is not looked at. */
const isOfGo = ([key, value]: [string, unknown]) =>
  key === 'pattern' && typeof value === 'string' && value.includes('(?i)');

/** As the API server takes it with strict validation: a field that is not named is a mistake. */
const strict = (schema: unknown): unknown => {
  if (Array.isArray(schema)) return schema.map(strict);
  if (!isRecord(schema)) return schema;
  const inner = Object.fromEntries(
    Object.entries(schema)
      .filter((entry) => !isOfGo(entry))
      .map(([key, value]) => [key, strict(value)]),
  );
  const isClosed =
    isRecord(schema.properties) &&
    schema.type === 'object' &&
    schema.additionalProperties === undefined &&
    schema['x-kubernetes-preserve-unknown-fields'] !== true;
  return isClosed ? { ...inner, additionalProperties: false } : inner;
};

const Kind = z.object({ group: z.string(), version: z.string(), kind: z.string() });
const OpenApi = z.object({
  components: z.object({
    schemas: z.record(
      z.string(),
      z.looseObject({ 'x-kubernetes-group-version-kind': z.array(Kind).optional() }),
    ),
  }),
});

const Crd = z.object({
  spec: z.object({
    names: z.object({ kind: z.string() }),
    versions: z.array(
      z.object({ name: z.string(), schema: z.object({ openAPIV3Schema: z.looseObject({}) }) }),
    ),
  }),
});

const ofCrd = (kind: string, version: string) => {
  const all = readdirSync(CRDS).map((file) =>
    Crd.parse(parse(readFileSync(path.join(CRDS, file), 'utf8'))),
  );
  const found = all.find(({ spec }) => spec.names.kind === kind);
  const schema = found?.spec.versions.find(({ name }) => name === version)?.schema;
  if (!schema) throw new Error(`no definition of ${kind} ${version}`);
  return ajv.compile(z.record(z.string(), z.unknown()).parse(strict(schema.openAPIV3Schema)));
};

const ofKubernetes = ({ group, version, kind }: z.infer<typeof Kind>) => {
  const file = `${group === '' ? 'api' : `apis__${group}`}__${version}_openapi.json`;
  const text: unknown = JSON.parse(readFileSync(path.join(OPENAPI, file), 'utf8'));
  const { components } = OpenApi.parse(text);
  const [name] =
    Object.entries(components.schemas).find(([, schema]) =>
      schema['x-kubernetes-group-version-kind']?.some(
        (each) => each.group === group && each.version === version && each.kind === kind,
      ),
    ) ?? [];
  if (name === undefined) throw new Error(`no ${kind} in ${file}`);
  if (!ajv.getSchema(file))
    ajv.addSchema(z.record(z.string(), z.unknown()).parse(strict(text)), file);
  return ajv.getSchema(`${file}#/components/schemas/${name}`);
};

/** What Kubernetes' schemas have against a manifest; empty: nothing. */
export const faultsIn = (manifest: Manifest): string[] => {
  const { apiVersion, kind, metadata } = manifest;
  const [group = '', version = ''] = apiVersion.includes('/')
    ? apiVersion.split('/')
    : ['', apiVersion];
  const isOperators = group === 'monitoring.coreos.com';
  const check = isOperators ? ofCrd(kind, version) : ofKubernetes({ group, version, kind });
  if (!check) throw new Error(`no schema of ${apiVersion} ${kind}`);
  if (check(manifest)) return [];
  return (check.errors ?? []).map(
    ({ instancePath, message, params }) =>
      `${kind} ${metadata.name}${instancePath} ${String(message)} ${JSON.stringify(params)}`,
  );
};
