// npm run audit: whether a hole is known in a package that production has, by the audit service of npm's
// registry. Exits with 0 when none is, 1 when one of level high or critical is, 2 when it could not be asked
// rightly, and 75 where the service cannot be reached or does not audit.
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

const FOUND = 1;
const WRONG = 2;
const NOT_REACHABLE = 75;

/** Of holes that let the audit fail; lower ones are told. */
const LEVEL = 'high';

/** One more try, so that a machine without a network is not kept for minutes; milliseconds. */
const PATIENCE = ['--fetch-retries=1', '--fetch-retry-mintimeout=500', '--fetch-timeout=30000'];

/** npm's exit code says the same of a hole and of a service that is away: its report is told apart. */
const askNpm = async () => {
  const args = ['audit', '--json', '--omit=dev', `--audit-level=${LEVEL}`, ...PATIENCE];
  const npm = spawn('npm', args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = new Promise((resolve, reject) => {
    npm.once('error', reject);
    npm.once('close', resolve);
  });
  const said = await text(npm.stdout);
  return { code: await ended, said };
};

const reportOf = (said) => {
  try {
    return JSON.parse(said);
  } catch {
    return {};
  }
};

/** Advisories are objects; a string names the package that they come with. */
const lines = ({ via }) =>
  via
    .filter((each) => typeof each === 'object')
    .map(
      ({ name, severity, range, title, url }) => `${severity}: ${name} ${range}: ${title} (${url})`,
    );

const conclude = ({ code, said }) => {
  const { vulnerabilities, message, statusCode, error } = reportOf(said);
  if (vulnerabilities) {
    for (const line of Object.values(vulnerabilities).flatMap(lines)) console.log(line);
    console.log(
      code === 0
        ? `No hole of level ${LEVEL} or above is known in the packages that production has.`
        : `A hole of level ${LEVEL} or above is known: update the package, or what needs it.`,
    );
    return code === 0 ? 0 : FOUND;
  }
  if (message && statusCode !== 400) {
    // Without the address, which may have credentials in it.
    const why = statusCode ?? message.replace(/^.*reason: /, '');
    console.log(`NOTE: dependencies are not audited: the audit service does not answer (${why}).`);
    return NOT_REACHABLE;
  }
  console.error(`npm could not audit: ${message ?? error?.summary ?? (said || 'it said nothing')}`);
  return WRONG;
};

process.exitCode = conclude(await askNpm());
