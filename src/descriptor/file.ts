import { closeSync, openSync, readSync, statSync } from 'node:fs';
import type { ProvisioningRequest } from '../contract/coordinator';
import { isRecord } from '../contract/json';
import { RequestError } from '../contract/problems';
import { readYaml } from '../reading/yaml';
import type { Yaml } from '../reading/yaml';

/** Bytes of a descriptor: as much as a request may have (src/gateway/body.ts). */
const MAX_FILE = 2 * 1024 * 1024;

/** As many as there are, whatever size the file is said to have, but no more than one too many. */
const bytesOf = (file: string) => {
  // A pipe or a device may have no end, and to open one may take until somebody writes to it.
  if (!statSync(file).isFile()) throw new Error('it is no regular file');
  const bytes = Buffer.alloc(MAX_FILE + 1);
  const opened = openSync(file, 'r');
  try {
    let length = 0;
    for (let more = 1; more > 0 && length < bytes.length; length += more)
      more = readSync(opened, bytes, length, bytes.length - length, null);
    return bytes.subarray(0, length);
  } finally {
    closeSync(opened);
  }
};

/** Undefined for what is no UTF-8. UTF-16 of plain letters is, but with a zero byte beside each. */
const textIn = (bytes: Uint8Array) => {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return text.includes('\0') ? undefined : text;
  } catch {
    return undefined;
  }
};

const textOf = (file: string) => {
  try {
    const bytes = bytesOf(file);
    if (bytes.length > MAX_FILE) throw new Error(`it is over ${String(MAX_FILE)} bytes`);
    const text = textIn(bytes);
    if (text === undefined) throw new Error('it is not UTF-8 text');
    return text;
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
