import { defineSearchAttributeKey } from '@temporalio/common';
import { isGrpcServiceError } from '@temporalio/client';
import { readToken } from './token';

/** gRPC INVALID_ARGUMENT, Temporal's answer to a search attribute it has no mapping for. */
const INVALID_ARGUMENT = 3;

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

const rootOf = (err: unknown): unknown =>
  err instanceof Error && err.cause instanceof Error ? rootOf(err.cause) : err;

/** Whether a call failed because the server has no such search attribute. */
export const lacksAttributes = (err: unknown) =>
  isGrpcServiceError(rootOf(err)) &&
  Reflect.get(Object(rootOf(err)), 'code') === INVALID_ARGUMENT &&
  /search attribute/i.test(String(rootOf(err)));
