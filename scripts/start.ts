import path from 'node:path';
import { styleText } from 'node:util';
import { ROOT } from './child';
import { SECRETS_DIR } from './simulator-keys';
import { startStack } from './stack';

const inColour = process.stdout.isTTY && !process.env.NO_COLOR;
const bold = (text: string) => (inColour ? styleText('bold', text) : text);
const cyan = (text: string) => (inColour ? styleText('cyan', text) : text);
const red = (text: string) => (process.stderr.isTTY && inColour ? styleText('red', text) : text);

const failWith = (message: string) => {
  process.stderr.write(`${red(message)}\n`);
  process.exitCode = 1;
};

const main = async () => {
  console.log('Starting Temporal, the simulators, the worker and the gateway …');
  const stack = await startStack({
    dbFile: path.join(ROOT, '.cache', 'temporal.db'),
    exitCode: 0,
    fabrics: true,
    configure: () => (process.env.SECRETS_DIR ? {} : { SECRETS_DIR }),
    onDeath: (_name, message) => {
      failWith(message);
      void stack.stop();
    },
  });
  const { simulator } = stack.processes;
  const addresses = [
    ['Gateway', stack.gatewayUrl],
    ['Temporal UI', stack.temporalUiUrl],
    [simulator ? 'Airbyte simulator' : 'Airbyte', stack.airbyteUrl],
    ['Snowflake simulator', stack.snowflakeUrl],
    ['Databricks simulator', stack.databricksUrl],
    ...(stack.codecUrl === undefined ? [] : [['Codec server', stack.codecUrl] as const]),
    ['Worker health', `${stack.workerUrl}/readyz`],
    ['Logs', stack.logDir],
    ['Command line', stack.cliCommand],
  ] as const;
  for (const [what, where] of addresses) console.log(`${bold(what.padEnd(21))} ${cyan(where)}`);
  console.log('Ready. Ctrl-C ends all of it.');
};

main().catch((err: unknown) => {
  failWith(err instanceof Error ? err.message : String(err));
});
