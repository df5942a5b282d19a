import type { z } from 'zod';
import { isRecord } from '../contract/json';
import type { Path } from '../contract/problems';
import { createReader } from '../reading/reader';
import { readYaml } from '../reading/yaml';
import { EnvironmentSettings } from './environments';
import { FabricSettings } from '../fabrics/types';
import { GatewaySettings } from './gateway';
import { judge } from './rules';
import type { Judged } from './rules';
import { Settings } from './settings';
import { TeamSettings } from './teams';

/** What the whole file is called where no part of it is meant. */
const WHOLE = { name: 'file', solutions: ['Correct the file at the paths named above.'] };

/** Where a key stands that no object should have: the schemas would pass over it. */
const prototypeKeysIn = (value: unknown, at: Path = []): Path[] => {
  if (typeof value !== 'object' || value === null) return [];
  return Reflect.ownKeys(value).flatMap((key) => {
    const path = [...at, Array.isArray(value) ? Number(key) : key];
    if (Array.isArray(value) && key === 'length') return [];
    return key === '__proto__' ? [path] : prototypeKeysIn(Reflect.get(value, key), path);
  });
};

/** Those that are right by themselves, so that what is between them can be judged whatever else is wrong. */
const rightOnes = <Schema extends z.ZodType>(schema: Schema, given: unknown) =>
  Object.fromEntries(
    Object.entries(isRecord(given) ? given : {}).flatMap(([name, value]) => {
      const { data } = schema.safeParse(value);
      return data === undefined ? [] : [[name, data] as const];
    }),
  );

const namesIn = (given: unknown) => Object.keys(isRecord(given) ? given : {});

const toJudge = ({ environments, teams, fabrics, gateway }: Record<string, unknown>): Judged => ({
  environments: rightOnes(EnvironmentSettings, environments),
  teams: rightOnes(TeamSettings, teams),
  fabrics: rightOnes(FabricSettings, fabrics),
  auth: GatewaySettings.safeParse(gateway ?? {}).data?.auth,
  names: {
    environments: namesIn(environments),
    teams: namesIn(teams),
    fabrics: namesIn(fabrics),
  },
});

/**
 * The settings of a configuration file, as PROVISIONER_CONFIG names one. Throws a RequestError with
 * every problem at once, each with its path and line; none tells a value where a secret could stand.
 */
export const readSettings = (text: string): Settings => {
  const yaml = readYaml(text, WHOLE.name);
  const reader = createReader(yaml, WHOLE);
  if (yaml.value === undefined) throw reader.requestError();
  for (const path of prototypeKeysIn(yaml.value)) reader.refuse(path, 'is not a key that is taken');
  const settings = reader.read(Settings, yaml.value, []);
  if (isRecord(yaml.value))
    judge(toJudge(yaml.value), (path, message) => {
      reader.refuse(path, message);
    });
  if (!settings || reader.problems.length > 0) throw reader.requestError();
  return settings;
};
