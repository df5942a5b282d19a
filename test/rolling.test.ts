import http from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { ProvisioningStatus } from '../src/contract/coordinator';
import { counts, eventually, startHarness, startProgram } from './support/harness';
import type { Harness, HarnessOptions, Program } from './support/harness';
import { descriptor, request } from './support/fixtures';

/** What a test has started, ended after it in reverse. */
const started: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of started.splice(0).toReversed()) await end();
});

const begin = async (options: HarnessOptions = {}) => {
  const harness = await startHarness(options);
  started.push(harness.stop);
  return harness;
};

interface Answer {
  status: number;
  text: string;
  headers: http.IncomingHttpHeaders;
}

/** Over kept connections, as proxies have them to each gateway: what breaks them is an error here. */
const createAgent = () => {
  const agent = new http.Agent({ keepAlive: true });
  started.push(() => {
    agent.destroy();
  });
  return (url: string, body?: object) =>
    new Promise<Answer>((resolve, reject) => {
      const options = {
        agent,
        method: body ? 'POST' : 'GET',
        headers: { 'content-type': 'application/json' },
      };
      const sent = http.request(url, options, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('error', reject).on('end', () => {
          resolve({ status: response.statusCode ?? 0, text, headers: response.headers });
        });
      });
      sent.on('error', reject).end(body && JSON.stringify(body));
    });
};

/** Sends each request to the next of the gateways that were ready when it last asked. */
const createBalancer = () => {
  const send = createAgent();
  const gateways = new Set<Program>();
  let ready: Program[] = [];
  let next = 0;
  let over = false;
  const isReady = ({ found }: Program) =>
    send(`${found}/readyz`).then(
      ({ status }) => status === 200,
      () => false,
    );
  const look = async () => {
    const asked = [...gateways];
    const answers = await Promise.all(asked.map(isReady));
    ready = asked.filter((_gateway, index) => answers[index]);
  };
  const keepLooking = async () => {
    while (!over) {
      await look();
      await pause(50);
    }
  };
  const looking = keepLooking();
  started.push(async () => {
    over = true;
    await looking;
  });
  return {
    gateways,
    readyCount: () => ready.length,
    send: async (at: string, body?: object) => {
      const gateway = ready[next++ % ready.length];
      if (!gateway) throw new Error('No gateway is ready.');
      return send(`${gateway.found}${at}`, body);
    },
  };
};

type Balancer = ReturnType<typeof createBalancer>;

const askedFor = (harness: Harness, component: string) =>
  request(descriptor({ environment: harness.environment, component }));

/** Sends a request and polls as the Coordinator does; whatever is not as it should be is told. */
const deploy = async (balancer: Balancer, at: string, body: object) => {
  const posted = await balancer.send(at, body);
  if (posted.status !== 202) return `${String(posted.status)} ${posted.text}`;
  return eventually(async () => {
    const answer = await balancer.send(`/v1/provision/${posted.text}/status`);
    if (answer.status !== 200) return `${String(answer.status)} ${answer.text}`;
    const { status, result } = ProvisioningStatus.parse(JSON.parse(answer.text));
    if (status === 'RUNNING') return undefined;
    return status === 'COMPLETED' ? status : result;
  }, `the end of ${posted.text}`);
};

/** So many callers, each of which provisions and unprovisions one component after the other. */
const keepDeploying = (harness: Harness, balancer: Balancer, callers: number) => {
  let over = false;
  const outcomes: string[] = [];
  let components = 0;
  const call = async () => {
    while (!over) {
      const body = askedFor(harness, `c${String((components += 1))}`);
      outcomes.push(await deploy(balancer, '/v1/provision', body));
      outcomes.push(await deploy(balancer, '/v1/unprovision', body));
      // What is up at the end shows that each exists once.
      outcomes.push(await deploy(balancer, '/v1/provision', body));
    }
  };
  const calling = Promise.all(Array.from({ length: callers }, call));
  return async () => {
    // Some of each caller's go on while programs are replaced, however slow the machine is.
    await eventually(() => components > 2 * callers || undefined, 'more deployments');
    over = true;
    await calling;
    return { outcomes, components };
  };
};

test('gateways and workers are replaced one by one under load, and no request and no run is lost', async () => {
  const harness = await begin({ env: { DRAIN_FOR: '500ms', AIRBYTE_GIVE_UP_AFTER: '2m' } });
  // Long enough for a signal to come in the middle of a call.
  await harness.fault({ operation: 'createConnection', delay: 200, times: 0 });
  const gateways = [harness.gateway(), await harness.startGateway()];
  const workers = [harness.worker(), await harness.startWorker()];
  const balancer = createBalancer();
  for (const gateway of gateways) balancer.gateways.add(gateway);
  await eventually(() => balancer.readyCount() === 2 || undefined, 'two gateways');
  const finish = keepDeploying(harness, balancer, 4);

  const ends: (string | undefined)[] = [];
  for (const [index, gateway] of gateways.entries()) {
    balancer.gateways.add(await harness.startGateway());
    await eventually(() => balancer.readyCount() === 3 || undefined, 'the new gateway');
    ends.push(await gateway.end());
    balancer.gateways.delete(gateway);
    await harness.startWorker();
    ends.push(await workers[index]?.end());
  }
  const { outcomes, components } = await finish();

  expect(ends).toEqual(Array(4).fill(expect.stringContaining('exit code 0')));
  expect(outcomes.filter((outcome) => outcome !== 'COMPLETED')).toEqual([]);
  expect(counts(await harness.entities())).toEqual([components, components, components]);
});

test('a gateway that is told to stop says so, finishes what it has, and lets go of connections', async () => {
  const harness = await begin({ worker: false, env: { DRAIN_FOR: '2s' } });
  const gateway = harness.gateway();
  const send = createAgent();
  const before = await send(`${gateway.found}/readyz`);
  expect(before).toMatchObject({ status: 200, headers: { connection: 'keep-alive' } });
  const ended = gateway.end();
  const during = await eventually(async () => {
    const answer = await send(`${gateway.found}/readyz`);
    return answer.status === 503 ? answer : undefined;
  }, 'the answer that it stops');
  expect(JSON.parse(during.text)).toEqual({ ready: false, problem: 'stopping' });
  expect(during.headers.connection).toBe('close');
  const late = await send(`${gateway.found}/v1/provision`, askedFor(harness, 'late'));
  expect(late).toMatchObject({ status: 202, headers: { connection: 'close' } });
  expect(await ended).toContain('exit code 0');
  await expect(send(`${gateway.found}/livez`)).rejects.toThrow('ECONNREFUSED');
});

test('a second signal ends a gateway at once', async () => {
  const harness = await begin({ worker: false, env: { DRAIN_FOR: '10m' } });
  const gateway = harness.gateway();
  const first = gateway.end();
  await eventually(() => gateway.output().includes('gateway stops') || undefined, 'the stop');
  await gateway.end();
  expect(await first).toContain('exit code 143');
});

test('a worker that waits for Temporal ends when it is told to', async () => {
  const harness = await begin({ worker: false });
  const worker = await startProgram('worker', {
    env: { ...harness.env, TEMPORAL_ADDRESS: '127.0.0.1:1' },
    ready: /"msg":"(Temporal does not answer yet)"/,
  });
  expect(await worker.end()).toContain('exit code 0');
});

test('a worker hands a step back that does not end in time, and another one takes it', async () => {
  const harness = await begin({
    env: { AIRBYTE_REQUEST_TIMEOUT: '2m', AIRBYTE_GIVE_UP_AFTER: '5m' },
  });
  await harness.fault({ operation: 'getStreamProperties', hang: 'before', times: 1 });
  const token = await harness.start('provision');
  await eventually(
    async () => (await harness.calls('getStreamProperties'))[0],
    'the call that hangs',
  );
  const old = harness.worker();
  await harness.startWorker();
  const stopped = Date.now();
  expect(await old?.end()).toContain('exit code 0');
  // After its grace time of ten seconds, not when the call would have timed out.
  expect(Date.now() - stopped).toBeLessThan(60_000);
  expect((await harness.finished(token)).status).toBe('COMPLETED');
  expect(counts(await harness.entities())).toEqual([1, 1, 1]);
});
