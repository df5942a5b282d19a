import Ajv from 'ajv';
import * as fc from 'fast-check';
import { z } from 'zod';
import { schemas } from './support/contract/schema';
import { descriptors } from './support/descriptor-mutations';
import type { Kind } from './support/descriptor-mutations';
import { request } from './support/fixtures';
import { counts, eventually, isWrite, startHarness, slowness } from './support/harness';
import type { Harness } from './support/harness';

/** Another one with FUZZ_SEED; a failure prints it, with the descriptor made as small as it goes. */
const SEED = Number(process.env.FUZZ_SEED ?? 20260131);
const RUNS = 300;
/** Milliseconds for an answer. */
const PATIENCE = 5000;

let harness: Harness;
beforeAll(async () => {
  // Nobody works on what is started, so that it can be counted.
  harness = await startHarness({
    worker: false,
    // This is not about Airbyte's time: validations are to end well on a busy machine too.
    env: { AIRBYTE_REQUEST_TIMEOUT: '10s', AIRBYTE_GIVE_UP_AFTER: '1m' },
  });
});
afterAll(() => harness.stop());

const ajv = new Ajv();
const Verdict = z.object({ valid: z.boolean() });

/** Tokens by whether Airbyte would be written to. */
const validations = new Set<string>();
const changing = new Set<string>();
let broken = 0;

const answerTo = async (path: string, kind: Kind, text: string) => {
  const since = Date.now();
  const answer = await harness.post(path, request(text, { descriptorKind: kind }));
  expect(Date.now() - since).toBeLessThan(PATIENCE * slowness());
  expect(answer.text).not.toMatch(/\bat .*\.js|node_modules/);
  if (answer.status === 400) {
    ajv.validate(schemas.RequestValidationError, answer.json());
    expect(ajv.errors).toBeNull();
  }
  return answer;
};

/** Whether a run was started; nothing but that and a refusal is an answer. */
const starts = async (path: string, kind: Kind, text: string, tokens: Set<string>) => {
  const answer = await answerTo(path, kind, text);
  expect([202, 400]).toContain(answer.status);
  if (answer.status === 202) tokens.add(answer.text);
  return answer.status === 202;
};

const isAnsweredWell = async ({ kind, text }: { kind: Kind; text: string }) => {
  const verdict = await answerTo('/v1/validate', kind, text);
  expect(verdict.status).toBe(200);
  ajv.validate(schemas.ValidationResult, verdict.json());
  expect(ajv.errors).toBeNull();
  const { valid } = Verdict.parse(verdict.json());
  if (!valid) broken += 1;
  expect(await starts('/v1/provision', kind, text, changing)).toBe(valid);
  const removes = await starts('/v1/unprovision', kind, text, changing);
  if (valid) expect(removes).toBe(true);
  expect(await starts('/v2/validate', kind, text, validations)).toBe(true);
};

const runsOf = async () => {
  const found: string[] = [];
  const query = `TaskQueue = '${harness.environment}'`;
  for await (const { workflowId } of harness.client.workflow.list({ query }))
    found.push(workflowId);
  return new Set(found);
};

test(`a broken descriptor is refused, by every operation, and starts nothing (seed ${String(SEED)})`, async () => {
  await fc.assert(fc.asyncProperty(descriptors(harness.environment), isAnsweredWell), {
    seed: SEED,
    numRuns: RUNS,
    endOnFailure: false,
  });
  expect(broken).toBeGreaterThanOrEqual(200);
  const issued = new Set([...validations, ...changing]);
  const started = await eventually(async () => {
    const runs = await runsOf();
    return runs.size >= issued.size ? runs : undefined;
  }, 'the list of runs');
  expect(started).toEqual(issued);
  expect(await harness.calls()).toEqual([]);
});

const Validation = z.object({
  status: z.enum(['RUNNING', 'COMPLETED', 'FAILED']),
  info: z.object({ publicInfo: Verdict }).optional(),
});

test('their asynchronous validations all come to a verdict, and write nothing', async () => {
  for (const token of changing) await harness.client.workflow.getHandle(token).terminate();
  await harness.startWorker();
  const verdicts = new Map<boolean | undefined, number>();
  for (const token of validations) {
    const { status, info } = await eventually(async () => {
      const answer = await harness.call('GET', `/v2/validate/${token}/status`);
      const told = Validation.parse(answer.json());
      return told.status === 'RUNNING' ? undefined : told;
    }, `the verdict of ${token}`);
    expect({ token, status }).toEqual({ token, status: 'COMPLETED' });
    const valid = info?.publicInfo.valid;
    verdicts.set(valid, (verdicts.get(valid) ?? 0) + 1);
  }
  expect(verdicts.get(undefined)).toBeUndefined();
  expect(verdicts.get(false)).toBeGreaterThan(100);
  expect((await harness.calls()).filter(isWrite)).toEqual([]);
  expect(counts(await harness.entities())).toEqual([0, 0, 0]);
});
