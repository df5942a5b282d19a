import { readFileSync, statSync } from 'node:fs';
import type { ProvisioningRequest } from '../contract/coordinator';
import { isRecord } from '../contract/json';
import { RequestError } from '../contract/problems';
import { readYaml } from '../reading/yaml';
import type { Yaml } from '../reading/yaml';

/** Bytes of a descriptor: as much as a request may have (src/gateway/body.ts). */
const MAX_FILE = 2 * 1024 * 1024;

const textOf = (file: string) => {
  try {
    if (statSync(file).size > MAX_FILE) throw new Error(`it is over ${String(MAX_FILE)} bytes`);
    return readFileSync(file, 'utf8');
  } catch (err) {
    const why = err instanceof Error ? err.message : String(err);
    throw new RequestError([{ path: file, message: `cannot be read: ${why}` }], {
      solutions: ['Give the files of descriptors, as the Coordinator sends them.'],
    });
  }
};

/** A descriptor that somebody has in a file. */
export interface DescriptorFile {
  file: string;
  yaml: Yaml;
  /** What the Coordinator adds around it: a component's says which component is meant. */
  request: Pick<ProvisioningRequest, 'descriptorKind' | 'descriptor' | 'removeData'>;
}

/** Throws a RequestError where there is none; what is wrong in it is for who reads the descriptor. */
export const readDescriptorFile = (file: string): DescriptorFile => {
  const descriptor = textOf(file);
  const yaml = readYaml(descriptor, 'descriptor');
  const isOfComponent = isRecord(yaml.value) && 'componentIdToProvision' in yaml.value;
  const descriptorKind = isOfComponent ? 'COMPONENT_DESCRIPTOR' : 'DATAPRODUCT_DESCRIPTOR';
  return { file, yaml, request: { descriptorKind, descriptor, removeData: false } };
};
