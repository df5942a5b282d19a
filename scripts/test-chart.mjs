// Tests chart/, after fetching into .cache/ what that takes: helm, Kubernetes' schemas, and with
// --apiserver an API server with its etcd, which take some ten minutes of a processor to build:
//   node scripts/setup.mjs node scripts/test-chart.mjs [--apiserver [--within MINUTES]] [--only-fetch]
// What is not built within these minutes is gone on with next time, by Go's own cache. Without Go or a
// network it says so in one line, and what cannot be tested is skipped.
import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const CACHE = path.join(ROOT, '.cache', 'chart');
/** Names and pins the versions: go.mod and go.sum. */
const MODULE = path.join(ROOT, 'test', 'chart');

/** Of the definitions of ServiceMonitor and PrometheusRule; nothing of it is built. */
const OPERATOR = {
  module: 'github.com/prometheus-operator/prometheus-operator@v0.85.0',
  sum: 'h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s=',
  folder: 'example/prometheus-operator-crd',
};
const KUBERNETES = { module: 'k8s.io/kubernetes', folder: 'api/openapi-spec/v3' };

const PROGRAMS = {
  helm: 'helm.sh/helm/v4/cmd/helm',
  etcd: 'go.etcd.io/etcd/server/v3',
  'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
};

const findGo = () =>
  ['go', '/usr/local/go/bin/go'].find((go) => spawnSync(go, ['version']).status === 0);

const run = (go, args, timeout) =>
  execFileSync(go, args, {
    cwd: MODULE,
    encoding: 'utf8',
    env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=readonly' },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout,
    killSignal: 'SIGINT',
  });

/** Complete or not there: a run that is broken off leaves nothing that is taken for whole. */
const once = (name, make) => {
  const target = path.join(CACHE, name);
  if (existsSync(target)) return;
  const unfinished = `${target}.${String(process.pid)}`;
  console.log(`Getting ${name} for the tests of chart/ …`);
  make(unfinished);
  renameSync(unfinished, target);
};

const fetchFolder = (go, { module, sum, folder }, target) => {
  const { Dir, Sum } = JSON.parse(run(go, ['mod', 'download', '-json', module]));
  if (sum && Sum !== sum) throw new Error(`${module} is not the one expected: ${Sum}`);
  cpSync(path.join(Dir, folder), target, { recursive: true });
};

/** An API server without a version is too old for every chart. */
const versionFlags = (go) => {
  const version = run(go, ['list', '-m', '-f', '{{.Version}}', KUBERNETES.module]).trim();
  const [major, minor] = version.replace('v', '').split('.');
  return Object.entries({ gitVersion: version, gitMajor: major, gitMinor: minor })
    .map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`)
    .join(' ');
};

const build = (go, name, { flags = '', until = Infinity } = {}) =>
  once(name, (target) => {
    const links = `-s -w ${flags}`;
    const left = until === Infinity ? undefined : Math.max(1, until - Date.now());
    run(go, ['build', '-trimpath', '-ldflags', links, '-o', target, PROGRAMS[name]], left);
  });

/** What was fetched of other versions goes. */
const prepareCache = () => {
  const wanted = OPERATOR.module + readFileSync(path.join(MODULE, 'go.mod'), 'utf8');
  const stamp = path.join(CACHE, 'versions');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  rmSync(CACHE, { recursive: true, force: true });
  mkdirSync(CACHE, { recursive: true });
  writeFileSync(stamp, wanted);
};

const minutes = Number(process.argv[process.argv.indexOf('--within') + 1]);
const isBounded = process.argv.includes('--within');

const fetchAll = (go, withServer) => {
  prepareCache();
  once('openapi', (target) => fetchFolder(go, KUBERNETES, target));
  once('crds', (target) => fetchFolder(go, OPERATOR, target));
  build(go, 'helm');
  if (!withServer) return;
  const until = isBounded ? Date.now() + minutes * 60_000 : Infinity;
  build(go, 'etcd', { until });
  build(go, 'kube-apiserver', { flags: versionFlags(go), until });
};

const fetchWhatCanBeHad = (withServer) => {
  const go = findGo();
  if (!go) {
    console.log('NOTE: there is no Go to get helm with: chart/ is hardly checked.');
    return;
  }
  try {
    fetchAll(go, withServer);
  } catch (err) {
    if (err.code === 'ETIMEDOUT') {
      console.log(
        `NOTE: chart/ is not installed on an API server, as it was not built within ${minutes} minutes: npm run test:chart -- --apiserver builds it.`,
      );
      return;
    }
    const told = err.stderr || /"Error": "(.*)"/.exec(err.stdout)?.[1] || err.message;
    const why = told.trim().split('\n').at(-1);
    console.log(`NOTE: chart/ is not checked in full, as its tools could not be had: ${why}`);
  }
};

const test = () => {
  if (existsSync(path.join(CACHE, 'helm')) && !existsSync(path.join(CACHE, 'kube-apiserver')))
    console.log('NOTE: chart/ is not installed on an API server: --apiserver builds one.');
  const jest = path.join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js');
  return spawnSync(process.execPath, [jest, 'test/chart'], { cwd: ROOT, stdio: 'inherit' }).status;
};

const has = (option) => process.argv.includes(option);
fetchWhatCanBeHad(has('--apiserver'));
if (!has('--only-fetch')) process.exitCode = test() ?? 1;
