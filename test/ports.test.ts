import { createServer } from 'node:net';
import { findFreePorts } from '../scripts/ports';
import { choosePorts } from '../scripts/stack-settings';
import type { Environment } from '../scripts/stack-settings';

const VARIABLES = [
  ...['PORT', 'WORKER_PORT', 'SIMULATOR_PORT', 'CODEC_PORT'],
  ...['SNOWFLAKE_SIMULATOR_PORT', 'DATABRICKS_SIMULATOR_PORT'],
];

/** Every port chosen by the user, so that none of a developer's own stack is looked at. */
const allChosen = async (): Promise<{ given: Environment; free: number[] }> => {
  const free = await findFreePorts(8);
  const [temporal, ui, ...programs] = free.map(String);
  const given = Object.fromEntries(VARIABLES.map((name, index) => [name, programs[index]]));
  const places = {
    TEMPORAL_ADDRESS: `127.0.0.1:${temporal ?? ''}`,
    TEMPORAL_UI_URL: `http://localhost:${ui ?? ''}`,
  };
  return { given: { ...given, ...places }, free };
};

const whileTaken = async (port: number, look: () => Promise<void>) => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  await look().finally(() => server.close());
};

describe('the ports of a stack', () => {
  it('are those that the user chose', async () => {
    const { given, free } = await allChosen();
    const ports = await choosePorts(given, {});
    const chosen = Object.values(ports).map(({ port }) => port);
    expect(chosen.sort()).toEqual(free.sort());
  });

  it.each(['never', 'when-taken'] as const)(
    'of two programs on one port both variables are named (%s)',
    async (freePorts) => {
      const { given } = await allChosen();
      const shared = { ...given, WORKER_PORT: given.PORT };
      await expect(choosePorts(shared, { freePorts })).rejects.toThrow(
        `Port ${given.PORT ?? ''} is for the gateway (PORT) and worker health (WORKER_PORT): set one of these variables to another port.\nNothing was started.`,
      );
    },
  );

  it('of a port that somebody else has taken its own variable is named', async () => {
    const { given } = await allChosen();
    await whileTaken(Number(given.WORKER_PORT), () =>
      expect(choosePorts(given, { freePorts: 'when-taken' })).rejects.toThrow(
        `Port ${given.WORKER_PORT ?? ''} (worker health) is taken by another program: set WORKER_PORT to choose another.`,
      ),
    );
  });
});
