import type { Bench } from './bench';
import { postOk } from './http';
import { compete } from './measure';
import { sidesOf, withPrograms, withServer } from './sides';
import { printResults } from './table';

/** Validation of an ordinary descriptor, against Express that reads and answers the same JSON. */
export const benchValidate = async (bench: Bench) => {
  const body = JSON.stringify(bench.requestFor('bookings'));
  const echo = { name: 'echo server', file: require.resolve('./echo-server'), health: '/' };
  const results = await withServer(bench, echo, (url) =>
    withPrograms(bench, { part: 'validate', worker: false }, async (programs) => {
      const sides = {
        floor: { prepare: () => () => postOk(url, body, 200) },
        ...sidesOf(programs, ({ gatewayUrl }) => ({
          prepare: () => () => postOk(`${gatewayUrl}/v1/validate`, body, 200),
        })),
      };
      return [
        await compete({ concurrency: 1, rounds: 7, count: 300, sides }),
        await compete({ concurrency: 10, rounds: 7, count: 600, sides }),
        await compete({ concurrency: 50, rounds: 7, count: 1000, sides }),
      ];
    }),
  );
  return printResults(
    `c. POST /v1/validate (${String(body.length)} bytes); floor: Express that answers the JSON it got`,
    results,
  );
};
