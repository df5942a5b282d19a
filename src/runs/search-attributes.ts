import { defineSearchAttributeKey } from '@temporalio/common';
import { readToken } from './token';

const keyword = (name: string) => defineSearchAttributeKey(name, 'KEYWORD');
const DATA_PRODUCT = keyword('DataProduct');
const COMPONENT = keyword('Component');
const ENVIRONMENT = keyword('Environment');
const OPERATION = keyword('Operation');

/** Adds the search attributes to a server that lacks them. */
export const ADD_ATTRIBUTES = `temporal operator search-attribute create ${[
  DATA_PRODUCT,
  COMPONENT,
  ENVIRONMENT,
  OPERATION,
]
  .map(({ name }) => `--name ${name} --type Keyword`)
  .join(' ')}`;

export const attributesOf = (token: string) => {
  const { operation, environment, dataProduct, component } = readToken(token);
  return [
    { key: DATA_PRODUCT, value: dataProduct },
    { key: COMPONENT, value: component },
    { key: ENVIRONMENT, value: environment },
    { key: OPERATION, value: operation },
  ].filter(({ value }) => value !== '');
};
