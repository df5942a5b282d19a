import {
  CHART,
  KUBERNETES,
  PROFILES,
  deploymentOf,
  envOf,
  manifestsOf,
  profileText,
  runHelm,
  textOf,
  withHelm,
} from './support/chart';

/* Secrets are named by the chart, and never in it. */

const CANARY = 'canary-4f1d8a-never-shown';

/** What was said against values; undefined: nothing. */
const saidOf = (values: unknown) => {
  try {
    textOf(values);
    return undefined;
  } catch (err) {
    return String(err);
  }
};

withHelm.each([
  [
    'a secret among the worker’s variables',
    { worker: { config: { AIRBYTE_CLIENT_SECRET: CANARY } } },
    /AIRBYTE_CLIENT_SECRET.*name a Secret in worker\.secretEnv/,
  ],
  [
    'a secret of both among the variables',
    { config: { TEMPORAL_API_KEY: CANARY } },
    /TEMPORAL_API_KEY.*name a Secret in secretEnv/,
  ],
  [
    'a secret where a reference belongs',
    { worker: { secretEnv: { AIRBYTE_CLIENT_SECRET: CANARY } } },
    /AIRBYTE_CLIENT_SECRET.*want object/,
  ],
  [
    'a secret beside a reference',
    { worker: { secretEnv: { AIRBYTE_PASSWORD: { name: 'a', key: 'b', value: CANARY } } } },
    /AIRBYTE_PASSWORD.*'value' not allowed/,
  ],
  [
    'a secret of descriptors',
    { worker: { descriptorSecrets: { ERP_PASSWORD: CANARY } } },
    /ERP_PASSWORD.*want object/,
  ],
  ['a secret as a file', { secretFiles: { 'temporal.key': CANARY } }, /temporal\.key.*want object/],
  [
    'a header of each call to Temporal',
    { config: { TEMPORAL_GRPC_META_AUTHORIZATION: CANARY } },
    /TEMPORAL_GRPC_META_AUTHORIZATION' not allowed/,
  ],
])('%s is refused, and not shown', (_what, values, problem) => {
  const said = saidOf(values);
  expect(said?.replaceAll('\n', ' ')).toMatch(problem);
  expect(said).not.toContain(CANARY);
});

withHelm('an address with a password in it is refused', () => {
  expect(
    saidOf({ worker: { config: { AIRBYTE_URL: 'https://user:pw@airbyte.example.com' } } }),
  ).toMatch(/AIRBYTE_URL.*does not match pattern/s);
});

withHelm.each([
  ['a variable that there is not', { worker: { config: { AIRBYTE_URI: 'x' } } }, /AIRBYTE_URI/],
  ['a value that there is not', { gateway: { replica: 3 } }, /'replica' not allowed/],
  [
    'a variable that both read, for one of them',
    { gateway: { config: { AIRBYTE_GIVE_UP_AFTER: '1m' } } },
    /AIRBYTE_GIVE_UP_AFTER/,
  ],
  [
    'a duration without its unit',
    { config: { AIRBYTE_SETTLE_TIME: '30' } },
    /AIRBYTE_SETTLE_TIME.*does not match/s,
  ],
  [
    'a variable given twice',
    {
      worker: {
        config: { AIRBYTE_CLIENT_ID: 'a' },
        secretEnv: { AIRBYTE_CLIENT_ID: { name: 'a', key: 'b' } },
      },
    },
    /AIRBYTE_CLIENT_ID is given twice/,
  ],
  [
    'a secret given as a file as well',
    {
      worker: {
        config: { AIRBYTE_PASSWORD_FILE: '/credentials/airbyte' },
        secretEnv: { AIRBYTE_PASSWORD: { name: 'a', key: 'b' } },
        secretFiles: { airbyte: { name: 'a', key: 'b' } },
      },
    },
    /AIRBYTE_PASSWORD is given twice: by AIRBYTE_PASSWORD_FILE in config, and in secretEnv/,
  ],
  [
    'a secret as a file of another place',
    { worker: { config: { AIRBYTE_PASSWORD_FILE: '/tmp/airbyte' } } },
    /AIRBYTE_PASSWORD_FILE.*does not match/s,
  ],
  [
    'a secret as a file that only workers have, for both',
    {
      config: { OTEL_EXPORTER_OTLP_HEADERS_FILE: '/credentials/collector' },
      worker: { secretFiles: { collector: { name: 'a', key: 'b' } } },
    },
    /no secretFiles has collector/,
  ],
  [
    'a file that no Secret has',
    { config: { TEMPORAL_TLS_CLIENT_KEY_PATH: '/credentials/missing.key' } },
    /no secretFiles has missing\.key/,
  ],
  ['two private authorities', { privateCa: { configMap: 'a', secret: 'b' } }, /not both/],
  [
    'a former version that is the present one',
    { image: { tag: '1.0' }, worker: { versioning: { enabled: true, keep: [{ tag: '1.0' }] } } },
    /keep has 1\.0, which is there already/,
  ],
  [
    'no list where one is asked for',
    { networkPolicy: { allowAnywhere: false } },
    /networkPolicy\.\w+\.to is empty/,
  ],
])('%s is refused', (_what, values, problem) => {
  expect(saidOf(values)).toMatch(problem);
});

withHelm('what no default can know is asked for, all at once', () => {
  expect(() => runHelm(['template', 'pipelines', CHART, ...KUBERNETES])).toThrow(
    /config\.TEMPORAL_ADDRESS .*worker\.config\.AIRBYTE_URL .*worker\.config\.AIRBYTE_WORKSPACE_ID /,
  );
});

withHelm.each(PROFILES)(
  'the profile %s makes no Secret, and shows what none may show',
  (profile) => {
    const text = profileText(profile);
    expect(text).not.toMatch(/^kind: Secret$/m);
    expect(text).not.toMatch(/PRIVATE KEY-----/);
  },
);

withHelm('a secret is a reference in the environment, and a file where files are read', () => {
  const values = {
    worker: {
      config: {
        SNOWFLAKE_PRIVATE_KEY_FILE: '/credentials/key.pem',
        FINGERPRINT_KEY_FILE: '/credentials/fingerprint',
      },
      secretEnv: { AIRBYTE_CLIENT_SECRET: { name: 'airbyte', key: 'secret' } },
      secretFiles: {
        'key.pem': { name: 'snowflake', key: 'private' },
        fingerprint: { name: 'airbyte', key: 'fingerprint' },
      },
      descriptorSecrets: {
        ERP_PASSWORD: { name: 'erp', key: 'password' },
        CRM_TOKEN: { name: 'crm', key: 'token' },
      },
    },
  };
  const worker = deploymentOf('worker', manifestsOf(values));
  expect(envOf(worker)).toMatchObject({
    AIRBYTE_CLIENT_SECRET: { name: 'airbyte', key: 'secret' },
    FINGERPRINT_KEY_FILE: '/credentials/fingerprint',
    SECRETS_DIR: '/secrets',
    SECRETS_ALLOWED: 'CRM_TOKEN,ERP_PASSWORD',
  });
  const { spec } = worker.spec.template;
  expect(spec.volumes).toEqual([
    { name: 'tmp', emptyDir: { sizeLimit: '64Mi' } },
    projected('credentials', [
      ['airbyte', 'fingerprint', 'fingerprint'],
      ['snowflake', 'private', 'key.pem'],
    ]),
    projected('secrets', [
      ['crm', 'token', 'CRM_TOKEN'],
      ['erp', 'password', 'ERP_PASSWORD'],
    ]),
  ]);
  expect(spec.containers[0].volumeMounts).toEqual([
    { name: 'tmp', mountPath: '/tmp' },
    { name: 'credentials', mountPath: '/credentials', readOnly: true },
    { name: 'secrets', mountPath: '/secrets', readOnly: true },
  ]);
  expect(deploymentOf('gateway', manifestsOf(values)).spec.template.spec.volumes).toHaveLength(1);
});

const projected = (name: string, files: [string, string, string][]) => ({
  name,
  projected: {
    defaultMode: 0o440,
    sources: files.map(([secret, key, file]) => ({
      secret: { name: secret, items: [{ key, path: file }] },
    })),
  },
});

withHelm.each(['configMap', 'secret'])('a private authority comes from a %s', (kind) => {
  const manifests = manifestsOf({ privateCa: { [kind]: 'authority', key: 'root.pem' } });
  for (const program of ['gateway', 'worker']) {
    const deployment = deploymentOf(program, manifests);
    const { containers, volumes } = deployment.spec.template.spec;
    expect(envOf(deployment)).toMatchObject({ NODE_EXTRA_CA_CERTS: '/ca/ca.crt' });
    expect(containers[0].volumeMounts).toContainEqual({
      name: 'ca',
      mountPath: '/ca',
      readOnly: true,
    });
    const items = [{ key: 'root.pem', path: 'ca.crt' }];
    const sources = [{ [kind]: { name: 'authority', items } }];
    expect(volumes).toContainEqual({ name: 'ca', projected: { sources } });
  }
});
