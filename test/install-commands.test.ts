import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { commandsOf } from '../scripts/commands';

/* The commands of docs/install.md where a step of them fails; scripts/containers runs them for real. */

const COPY = commandsOf('install.md', "### A copy of Temporal's database");
const PUT_BACK = commandsOf('install.md', '### Put it back');
const STEM = 'temporal-2026-11-27-0410';

/** Stand-ins: what `exec` is given runs here; the other commands of Docker are written down. */
const PROGRAMS = {
  docker: '[ "$2" = exec ] || { echo "$*" >> calls; exit 0; }\nshift 4\nexec "$@"',
  pg_dump: 'for database; do :; done\necho "-- $database"\n[ "$database" != "$BROKEN" ]',
  psql: 'cat > restored',
};

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'provisioner-install-'));
  mkdirSync(path.join(folder, 'bin'));
  for (const [name, text] of Object.entries(PROGRAMS))
    writeFileSync(path.join(folder, 'bin', name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const type = (shell: string, commands: string, variables: Record<string, string> = {}) =>
  spawnSync(shell, ['-c', commands], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...variables, PATH: `${path.join(folder, 'bin')}:${process.env.PATH ?? ''}` },
  });
const textOf = (name: string) => readFileSync(path.join(folder, name), 'utf8');
const copies = () => readdirSync(folder).filter((name) => name.endsWith('.gz'));

describe.each(['sh', 'bash'])('in %s', (shell) => {
  test('a copy has both databases, and Temporal is there again', () => {
    expect(type(shell, COPY).status).toBe(0);
    const [copy = ''] = copies();
    const text = execFileSync('gunzip', ['--stdout', path.join(folder, copy)], {
      encoding: 'utf8',
    });
    expect(text).toBe('-- temporal\n-- temporal_visibility\n');
    expect(textOf('calls')).toBe('compose stop temporal\ncompose up --detach temporal\n');
  });

  test.each(['temporal', 'temporal_visibility'])(
    'a copy without %s is told as none, and Temporal is there again',
    (BROKEN) => {
      const { status, stderr } = type(shell, COPY, { BROKEN });
      expect(status).not.toBe(0);
      expect(stderr).toMatch(/^NOT COPIED: temporal-.*\.sql is not whole\.$/m);
      expect(copies()).toEqual([]);
      expect(textOf('calls')).toContain('compose up --detach temporal\n');
    },
  );

  test('a copy is put back, and all is started', () => {
    writeFileSync(path.join(folder, `${STEM}.sql`), '-- both\n');
    execFileSync('gzip', [path.join(folder, `${STEM}.sql`)]);
    expect(type(shell, PUT_BACK).status).toBe(0);
    expect(textOf('restored')).toBe('-- both\n');
    expect(textOf('calls')).toMatch(/compose up --detach\n$/);
  });

  test('what is not a whole copy is not put back, and nothing more is started', () => {
    writeFileSync(path.join(folder, `${STEM}.sql.gz`), 'half');
    expect(type(shell, PUT_BACK).status).not.toBe(0);
    expect(readdirSync(folder)).not.toContain('restored');
    expect(textOf('calls')).toBe('compose up --detach --wait postgres\n');
  });
});
