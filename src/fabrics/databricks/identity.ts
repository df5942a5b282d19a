import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { CallInterest } from '../../concurrency/call-interest';
import type { Opening } from '../fabric';
import type { Client } from './client';
import type { Auth } from './settings';

const Me = z.object({ userName: z.string().min(1) });

export const SCIM = '/api/2.0/preview/scim/v2';

/**
 * How Unity Catalog calls who proves himself so: a service principal by its application id, which is what
 * its clients are called, too; the owner of a personal token as SCIM says.
 */
export const createIdentity = ({ demand }: Client, auth: Auth, secretOf: Opening['secretOf']) => {
  let known: { of: string; name: string } | undefined;
  return async (interest: CallInterest): Promise<string> => {
    const client = auth.oauth ?? auth.entra;
    if (client) return client.clientId;
    const secret = auth.pat ? await secretOf(auth.pat) : '';
    const of = createHash('sha256').update(secret).digest('hex');
    if (known?.of === of) return known.name;
    const { userName: name } = await demand({
      method: 'GET',
      path: `${SCIM}/Me`,
      operation: `${SCIM}/Me`,
      answer: Me,
      interest,
    });
    known = { of, name };
    return name;
  };
};
export type Identity = ReturnType<typeof createIdentity>;
