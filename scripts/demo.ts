import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs, styleText } from 'node:util';
import type { Log, ProvisioningStatus } from '../src/contract/coordinator';
import { ROOT } from './child';
import type { Bodies, DemoClient, Entity } from './demo-client';
import {
  createDemoClient,
  EXAMPLE,
  prepareBodies,
  prepareConfiguration,
  REQUESTS,
} from './demo-client';
import { startStack } from './stack';
import type { Stack } from './stack';

/* What the terminal shows. */

const inColour = process.stdout.isTTY && !process.env.NO_COLOR;
type Style = 'bold' | 'dim' | 'cyan' | 'green' | 'red' | 'yellow';
const paint = (style: Style) => (text: string) => (inColour ? styleText(style, text) : text);
const bold = paint('bold');
const dim = paint('dim');
const cyan = paint('cyan');
const green = paint('green');

const say = (text = '') => {
  for (const line of text.split('\n')) console.log(line && `   ${line}`);
};

const LEVELS = {
  DEBUG: dim,
  INFO: green,
  WARNING: paint('yellow'),
  ERROR: paint('red'),
};
const sayLog = ({ timestamp, level, message }: Log) => {
  say(`${dim(timestamp.slice(11, 23))} ${LEVELS[level](level.padEnd(7))} ${message}`);
};

const sayEntities = (entities: Entity[]) => {
  for (const { kind, name, id } of entities) say(`${kind.padEnd(11)}  ${id}  ${name}`);
  if (entities.length === 0) say('(nothing)');
};

/* The story. */

interface Demo {
  stack: Stack;
  client: DemoClient;
  bodies: Bodies;
}

/** What a step promises is checked, so that the demo never shows a success that is none. */
function expect(ok: boolean, what: string): asserts ok {
  if (!ok) throw new Error(`Not as expected: ${what}`);
}

const curl = (url: string, body?: string) => {
  const data = body ? ` -H 'Content-Type: application/json' -d @${REQUESTS}/${body}.json` : '';
  say(dim(`$ curl -s ${url}${data}`));
};

/** Sends a request that changes something, and follows its run to the end. */
const run = async (
  { stack, client, bodies }: Demo,
  operation: 'provision' | 'unprovision' | 'updateacl',
  body: keyof Bodies,
) => {
  curl(`${stack.gatewayUrl}/v1/${operation}`, body);
  const { status, text: token } = await client.start(operation, bodies[body]);
  expect(status === 202, `${operation} answered ${String(status)} instead of 202`);
  say(`202 ${bold(token)}`);
  return { token, followed: () => follow({ stack, client }, token) };
};

const follow = async ({ stack, client }: Pick<Demo, 'stack' | 'client'>, token: string) => {
  curl(`${stack.gatewayUrl}/v1/provision/${token}/status`);
  const status = await client.follow(token, sayLog);
  say(`${bold(status.status)} ${status.result}`);
  say(`Temporal: ${cyan(`${stack.temporalUiUrl}/namespaces/default/workflows/${token}`)}`);
  return status;
};

const expectStatus = (seen: ProvisioningStatus, wanted: ProvisioningStatus['status']) => {
  expect(seen.status === wanted, `the run ended ${seen.status}, not ${wanted}: ${seen.result}`);
};

const expectSame = (seen: Entity[], wanted: Entity[], what: string) => {
  expect(JSON.stringify(seen) === JSON.stringify(wanted), what);
};

const validate = async ({ stack, client, bodies }: Demo) => {
  curl(`${stack.gatewayUrl}/v1/validate`, 'bookings');
  const right = await client.validate(bodies.bookings);
  say(JSON.stringify(right));
  expect(right.valid, 'the descriptor is not valid');
  say();
  say('The same with a password, a file name for a URL and an impossible schedule:');
  curl(`${stack.gatewayUrl}/v1/validate`, 'wrong');
  const wrong = await client.validate(bodies.wrong);
  const errors = wrong.error?.errors ?? [];
  say(JSON.stringify(wrong, undefined, 1));
  expect(!wrong.valid && errors.length === 3, 'the wrong descriptor has not three errors');
  expect(
    errors.every((error) => /\(line \d+\)/.test(error)),
    'an error has no line',
  );
};

const sayWarehouse = (lines: string[]) => {
  say('And Snowflake, of ours:');
  for (const line of lines) say(line);
  if (lines.length === 0) say('(nothing)');
};

const showEntities = async ({ client }: Demo) => {
  const entities = await client.entities();
  sayEntities(entities);
  const warehouse = await client.warehouse();
  sayWarehouse(warehouse);
  for (const what of ['schema', 'role', 'grant'])
    expect(
      warehouse.some((line) => line.startsWith(what)),
      `Snowflake has no ${what}`,
    );
  const kinds = entities.map(({ kind }) => kind).join();
  expect(kinds === 'source,destination,connection', `Airbyte has ${kinds || 'nothing'}`);
};

const provisionAgain = async (demo: Demo, firstToken: string) => {
  const { client } = demo;
  const before = await client.entities();
  await client.forgetCalls();
  const { token, followed } = await run(demo, 'provision', 'bookings');
  expect(token === firstToken, 'the same request has another token');
  expectStatus(await followed(), 'COMPLETED');
  const { reads, writes } = await client.calls();
  say(`Airbyte was read ${String(reads)} times and written ${bold(`${String(writes)} times`)}.`);
  expect(reads > 0 && writes === 0, 'Airbyte was written to');
  const sent = await client.statements();
  say(
    `Snowflake was asked ${String(sent.reads)} times and changed ${bold(`${String(sent.writes)} times`)}.`,
  );
  expect(sent.reads > 0 && sent.writes === 0, 'Snowflake was changed');
  expectSame(await client.entities(), before, 'the entities have changed');
};

const grantData = async (demo: Demo) => {
  const { followed } = await run(demo, 'updateacl', 'access');
  expectStatus(await followed(), 'COMPLETED');
  const members = (await demo.client.warehouse()).filter((line) => line.startsWith('member'));
  for (const line of members) say(line);
  expect(members.length === 1, `${String(members.length)} members instead of 1`);
};

const failAndUndo = async (demo: Demo) => {
  const { client } = demo;
  const before = await client.entities();
  const warehouse = await client.warehouse();
  await client.fault({
    operation: 'createConnection',
    status: 422,
    body: { title: 'unprocessable-entity', data: { message: 'The stream has no primary key.' } },
  });
  say('Airbyte is told to refuse the next connection. Another component, "forecast":');
  const { followed } = await run(demo, 'provision', 'forecast');
  const status = await followed();
  expectStatus(status, 'FAILED');
  expect(status.result.includes('no primary key'), 'the result does not say what Airbyte said');
  const { undone = [] } = status.info?.privateInfo ?? {};
  expect(undone.length === 3, `${String(undone.length)} steps were undone instead of 3`);
  say('What Airbyte has now, nothing of "forecast" among it:');
  const after = await client.entities();
  sayEntities(after);
  expectSame(after, before, 'the failed run has left something behind');
  const left = await client.warehouse();
  sayWarehouse(left);
  expect(left.join() === warehouse.join(), 'the failed run has left something in Snowflake');
};

const unprovision = async (demo: Demo) => {
  const { followed } = await run(demo, 'unprovision', 'everything');
  expectStatus(await followed(), 'COMPLETED');
  const left = await demo.client.entities();
  say('What Airbyte has now:');
  sayEntities(left);
  expect(left.length === 0, 'something is left in Airbyte');
  const warehouse = await demo.client.warehouse();
  sayWarehouse(warehouse);
  expect(warehouse.length === 0, 'something is left in Snowflake');
};

const show = async (demo: Demo) => {
  let number = 0;
  const step = (title: string) => {
    number += 1;
    console.log(`\n${bold(`${String(number)}. ${title}`)}`);
  };
  step('Validate: is the descriptor right?');
  await validate(demo);
  step('Provision: the answer is a token, at once');
  const { token, followed } = await run(demo, 'provision', 'bookings');
  step('Poll the status until the run has ended');
  expectStatus(await followed(), 'COMPLETED');
  step('What Airbyte and its fabric, a Snowflake, have now');
  await showEntities(demo);
  step('Provision the same again: the same token, and nothing to write');
  await provisionAgain(demo, token);
  step('Who may read the data: members of the component’s role');
  await grantData(demo);
  step('A provision that fails at its last step takes back the others');
  await failAndUndo(demo);
  step('Unprovision with its data: nothing is left');
  await unprovision(demo);
  return number;
};

/* The stage. */

const ESSENTIAL =
  /^componentIdToProvision|^ +(domain|environment|source|destination|connection|name|url|database|schema|schedule|cronExpression):/;

const showDescriptor = (descriptor: string) => {
  console.log(`\n${bold(`The descriptor: ${EXAMPLE}, its essential lines`)}`);
  const lines = descriptor.split('\n').map((text, index) => ({ text, number: index + 1 }));
  for (const { text, number } of lines.filter(({ text }) => ESSENTIAL.test(text)))
    say(`${dim(String(number).padStart(2))}  ${text}`);
  say('Here its url is that of a sample file, which the simulator serves and can read.');
};

const showAddresses = (stack: Stack) => {
  const { gatewayUrl, temporalUiUrl, airbyteUrl, snowflakeUrl, workerUrl, logDir } = stack;
  const addresses = [
    ['Gateway', gatewayUrl],
    ['Temporal UI', temporalUiUrl],
    ['Airbyte simulator', airbyteUrl],
    ['Snowflake simulator', snowflakeUrl],
    ['Worker health', `${workerUrl}/readyz`],
    ['Logs', path.relative(ROOT, logDir)],
  ] as const;
  for (const [what, where] of addresses) say(`${what.padEnd(19)}  ${cyan(where)}`);
};

/** The demo breaks and counts what Airbyte does, so a real one in the environment is not for it. */
const NOT_FOR_THE_DEMO =
  /^(AIRBYTE|SNOWFLAKE|DATABRICKS)_|^(PROVISIONER_CONFIG|SECRETS_DIR|SIMULATOR_AUTH|TEMPORAL_NAMESPACE|TEMPORAL_TASK_QUEUE|LOG_LEVEL)$/;
const cleared = Object.fromEntries(
  Object.keys(process.env)
    .filter((name) => NOT_FOR_THE_DEMO.test(name))
    .map((name) => [name, '']),
);

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const perform = async (stack: Stack, keep: boolean) => {
  showAddresses(stack);
  const descriptor = readFileSync(path.join(ROOT, EXAMPLE), 'utf8');
  showDescriptor(descriptor);
  const client = createDemoClient(stack);
  const steps = await show({ stack, client, bodies: prepareBodies(descriptor, stack) });
  console.log(`\n${bold(green(`All ${String(steps)} steps went as they should.`))}`);
  if (!keep) return;
  say(`All of it stays up; the commands above can be repeated. Ctrl-C ends it.`);
  showAddresses(stack);
  await new Promise(() => undefined);
};

const main = async () => {
  const { values } = parseArgs({ options: { keep: { type: 'boolean', default: false } } });
  const began = Date.now();
  console.log(
    bold('The Airbyte Specific Provisioner at work on a simulated Airbyte and Snowflake'),
  );
  say('Starting Temporal, the simulators, the worker and the gateway …');
  let mourn: (err: Error) => void = () => undefined;
  const death = new Promise<never>((_resolve, reject) => {
    mourn = reject;
  });
  const stack = await startStack({
    freePorts: 'when-taken',
    logDir: path.join(ROOT, '.cache', 'logs', 'demo'),
    env: cleared,
    fabrics: true,
    configure: prepareConfiguration,
    say,
    onDeath: (_name, message) => {
      mourn(new Error(message));
    },
    ...(values.keep && { exitCode: 0 }),
  });
  const interruption = new AbortController();
  const interrupt = () => {
    if (!interruption.signal.aborted) say('\nEnding all of it …');
    interruption.abort();
  };
  for (const signal of SIGNALS) process.on(signal, interrupt);
  try {
    await Promise.race([death, perform(stack, values.keep)]);
  } catch (err) {
    // The stack ends itself and us on a signal; that a step lost its gateway is no news then.
    if (!interruption.signal.aborted) throw err;
  } finally {
    await stack.stop();
  }
  if (interruption.signal.aborted) return;
  const seconds = ((Date.now() - began) / 1000).toFixed(0);
  say(`It took ${seconds} s, and everything that was started has ended.`);
  say(`The links above live as long as the stack: npm run demo -- --keep, or npm start.`);
};

main().catch((err: unknown) => {
  process.stderr.write(`${paint('red')(err instanceof Error ? err.message : String(err))}\n`);
  process.exitCode = 1;
});
