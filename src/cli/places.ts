import { isRecord } from '../contract/json';
import type { Path, Problem } from '../contract/problems';
import type { DescriptorFile } from '../descriptor/file';

/* Where in a file somebody has to look. */

const partsOf = (path: string): Path =>
  path
    .replaceAll(/\[(\d+)\]/g, '.$1')
    .split('.')
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part));

const listIn = (value: unknown): unknown[] => {
  if (!isRecord(value)) return [];
  return Array.isArray(value.components) ? value.components : [];
};

/** The path of a component in its file, by its id or by the last name of it. */
const componentIn = (value: unknown, isIt: (id: string) => boolean): Path | undefined => {
  const isWrapped = isRecord(value) && isRecord(value.dataProduct);
  const at = listIn(isWrapped ? value.dataProduct : value).findIndex(
    (each) => isRecord(each) && typeof each.id === 'string' && isIt(each.id.toLowerCase()),
  );
  if (at < 0) return undefined;
  return [...(isWrapped ? ['dataProduct'] : []), 'components', at];
};

/** `specific.source.name`, or `bookings.specific.source.name` in a data product, from the top of the file. */
const fromTop = (value: unknown, path: string): Path | undefined => {
  const [first = '', second, ...rest] = partsOf(path);
  const wanted = isRecord(value) ? value.componentIdToProvision : undefined;
  if (first === 'specific' && typeof wanted === 'string') {
    const component = componentIn(value, (id) => id === wanted.toLowerCase());
    return component && [...component, ...partsOf(path)];
  }
  if (second === 'specific') {
    const component = componentIn(value, (id) => id.endsWith(`:${String(first).toLowerCase()}`));
    return component && [...component, second, ...rest];
  }
  return isRecord(value) && first in value ? partsOf(path) : undefined;
};

/** The problem with its line in the file, also where only the path was told. */
export const withLine = ({ yaml }: DescriptorFile, problem: Problem): Problem => {
  if (problem.line !== undefined) return problem;
  const path = fromTop(yaml.value, problem.path);
  const line = path && yaml.lineAt(path);
  return line === undefined ? problem : { ...problem, line };
};

/** As compilers have it, so that editors find it: `FILE:12: specific.source.name: is required`. */
export const placed = ({ file }: Pick<DescriptorFile, 'file'>, { path, line, message }: Problem) =>
  `${[file, line].filter((part) => part !== undefined).join(':')}: ${path === '' ? '' : `${path}: `}${message}`;
