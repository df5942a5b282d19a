import type { Bench } from './bench';
import { postOk } from './http';
import { compete } from './measure';
import { sidesOf, withPrograms, withServer } from './sides';
import { printResults } from './table';

/** Ordinary descriptors, each of another component with another schedule. */
const bodyOf = (bench: Bench, id: string) => {
  const number = Number(id.split('-').at(-1));
  const schedule = `0 ${String(number % 60)} ${String(number % 24)} * * ?`;
  const { descriptor, ...request } = bench.requestFor(id);
  return JSON.stringify({ ...request, descriptor: descriptor.replace('0 0 6 * * ?', schedule) });
};

/** Validation of ordinary descriptors, against Express that reads and answers the same JSON. */
export const benchValidate = async (bench: Bench) => {
  const postsTo = (url: string) => ({
    prepare: (id: string) => {
      const body = bodyOf(bench, id);
      return () => postOk(url, body, 200);
    },
  });
  const echo = { name: 'echo server', file: require.resolve('./echo-server'), health: '/' };
  const results = await withServer(bench, echo, (url) =>
    withPrograms(bench, { part: 'validate', worker: false }, async (programs) => {
      const sides = {
        floor: postsTo(url),
        ...sidesOf(programs, ({ gatewayUrl }) => postsTo(`${gatewayUrl}/v1/validate`)),
      };
      return [
        await compete({ concurrency: 1, rounds: 7, count: 300, sides }),
        await compete({ concurrency: 10, rounds: 7, count: 600, sides }),
        await compete({ concurrency: 50, rounds: 7, count: 1000, sides }),
      ];
    }),
  );
  return printResults('c. POST /v1/validate; floor: Express that answers the JSON it got', results);
};
