import { spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { ROOT } from '../../scripts/child';

const Told = z.object({
  issuer: z.string(),
  kid: z.string(),
  key: z.record(z.string(), z.unknown()),
});

/** What the provider is an API's: the audience of its access tokens. */
export const AUDIENCE = 'urn:airbyte-provisioner';

/** A real OpenID provider, as a program of its own; `stop` ends it. */
export const startIdentityProvider = async () => {
  const script = path.join(ROOT, 'scripts', 'identity-provider.mjs');
  const program = spawn(process.execPath, [script, '--for-tests'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const lines = createInterface({ input: program.stdout })[Symbol.asyncIterator]();
  /** What the program itself says: the library warns on the same stream. */
  const told = async () => {
    for (;;) {
      const line = String((await lines.next()).value);
      if (line.startsWith('{')) return Told.parse(JSON.parse(line));
    }
  };
  let { issuer, kid, key } = await told();
  return {
    issuer,
    /** The key that signs now, its private part included. */
    signing: () => ({ kid, key }),
    /** An access token as a client gets it; a `resource` of another API's makes it another audience. */
    tokenFor: async (client: string, resource = AUDIENCE): Promise<string> => {
      const answer = await fetch(`${issuer}/token`, {
        method: 'POST',
        headers: { authorization: `Basic ${btoa(`${client}:${client}-secret`)}` },
        body: new URLSearchParams({ grant_type: 'client_credentials', resource }),
      });
      return z.object({ access_token: z.string() }).parse(await answer.json()).access_token;
    },
    /** What a client is told of somebody who has signed in at it: its audience is the client. */
    idTokenFor: async (client: string, person: string): Promise<string> => {
      const post = async (at: string, body: Record<string, string>): Promise<unknown> => {
        const answer = await fetch(`${issuer}${at}`, {
          method: 'POST',
          headers: { authorization: `Basic ${btoa(`${client}:${client}-secret`)}` },
          body: new URLSearchParams(body),
        });
        return answer.json();
      };
      const { auth_req_id } = z
        .object({ auth_req_id: z.string() })
        .parse(await post('/backchannel', { scope: 'openid', login_hint: person }));
      const grant_type = 'urn:openid:params:grant-type:ciba';
      const told = await post('/token', { grant_type, auth_req_id });
      return z.object({ id_token: z.string() }).parse(told).id_token;
    },
    /** A new key signs from now on; the former ones stay known, or are forgotten. */
    rotate: async (former: 'keep' | 'forget' = 'keep') => {
      program.stdin.write(`${former}\n`);
      ({ issuer, kid, key } = await told());
    },
    /** Answers nothing, until it goes on. */
    pause: () => program.kill('SIGSTOP'),
    resume: () => program.kill('SIGCONT'),
    stop: () => program.kill('SIGKILL'),
  };
};
