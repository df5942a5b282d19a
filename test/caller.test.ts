import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import express from 'express';
import { MAX_WAIT, onceOver, whileCalled, withPatience } from '../src/concurrency/caller';
import { CallerLeft } from '../src/contract/problems';
import { createHttpServer } from '../src/http-server';
import { LONGEST_REQUEST } from '../src/runs/start';
import { listen } from '../src/program';
import { openAtMost } from '../src/gateway/reception';
import { eventually } from './support/harness';

/** What is tested, served; ends with the test. */
const serve = async (app: Parameters<typeof createHttpServer>[0]) => {
  const server = createHttpServer(app);
  const url = new URL(await listen(server, { host: '127.0.0.1', port: 0, variable: '' }));
  const end = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url, end };
};

const GET = 'GET / HTTP/1.1\r\nHost: gateway\r\n\r\n';

const sendTo = async ({ hostname, port }: URL, text: string) => {
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  socket.write(text);
  return socket;
};

test('answers that wait behind another of their connection are over when it closes', async () => {
  let come = 0;
  let over = 0;
  const { url, end } = await serve((_req, res) => {
    come += 1;
    onceOver(res, () => {
      over += 1;
    });
  });
  const socket = await sendTo(url, GET.repeat(20));
  await eventually(() => come === 20 || undefined, 'all requests');
  expect(over).toBe(0);
  socket.destroy();
  await eventually(() => over >= 20 || undefined, 'the end of all');
  // Nor is one told twice, as its connection and its answer close in the same moment.
  await pause(100);
  expect(over).toBe(20);
  end();
});

test('an answer is over once, whatever becomes of its connection', async () => {
  let over = 0;
  const { url, end } = await serve((_req, res) => {
    onceOver(res, () => {
      over += 1;
    });
    res.end('{}');
  });
  const socket = await sendTo(url, GET);
  await once(socket, 'data');
  await eventually(() => over === 1 || undefined, 'the end');
  socket.write(GET);
  await once(socket, 'data');
  socket.destroy();
  await eventually(() => over === 2 || undefined, 'the end of the second');
  end();
  expect(over).toBe(2);
});

test('so many requests are open at once, and room for more is when they are over', async () => {
  const app = express();
  const waiting: express.Response[] = [];
  app.use(openAtMost(2), (_req, res) => {
    waiting.push(res);
  });
  app.use(((_err, _req, res, _next) => {
    res.status(500).end();
  }) satisfies express.ErrorRequestHandler);
  const { url, end } = await serve(app);
  const first = await sendTo(url, GET.repeat(2));
  await eventually(() => waiting.length === 2 || undefined, 'two requests');
  expect((await fetch(url)).status).toBe(500);
  first.destroy();
  const second = await eventually(async () => {
    const socket = await sendTo(url, GET);
    const isTaken = () => waiting.length > 2 || undefined;
    return eventually(isTaken, 'a third', 200).then(
      () => socket,
      () => {
        socket.destroy();
        return undefined;
      },
    );
  }, 'room');
  second.destroy();
  end();
});

test('a caller that leaves cancels what it asked for, and one that stays has a time', async () => {
  const heard: unknown[] = [];
  const { url, end } = await serve((_req, res) => {
    void whileCalled(res, async ({ cancelled }) => {
      await once(cancelled, 'abort');
      throw new Error('whatever that has led to');
    }).catch((err: unknown) => heard.push(err));
  });
  const socket = await sendTo(url, GET);
  socket.end();
  await eventually(() => heard.length === 1 || undefined, 'the cancel');
  expect(heard).toEqual([expect.any(CallerLeft)]);
  end();
  await withPatience(({ timeUp }) => once(timeUp, 'abort'), { patience: 10 });
  expect([MAX_WAIT, LONGEST_REQUEST]).toEqual([120_000, 138_000]);
});
