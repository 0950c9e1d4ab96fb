import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';

const LAUNCHER = fileURLToPath(new URL('../../bin/arbitrade.mjs', import.meta.url));
const CAPTURE = fileURLToPath(new URL('../../data/derived_ws2_d25_gemini_20210417.cap.jsonl.gz', import.meta.url));
const SETTINGS = fileURLToPath(new URL('../../config/paper.yaml', import.meta.url));

const folder = mkdtempSync(join(tmpdir(), 'arbitrade-'));
afterAll(() => rmSync(folder, { recursive: true }));
const written = (name: string, text: string): string => {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
};
const EMPTY = written('empty.yaml', '');
const ONLY_COMMENTS = written('comments.yaml', '# mode: paper\n\n# venue:\n');

function arbitrade(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [LAUNCHER, ...args], { encoding: 'utf8' });
  return { status, stdout, stderr };
}

describe('the command line', () => {
  test('help names every command and every exit code', () => {
    const { status, stdout } = arbitrade('--help');
    expect(status).toBe(0);
    const commands =
      'demo run paper alert dry-run live replay record practice status halt resume config topology'.split(' ');
    for (const command of commands) expect(stdout).toMatch(new RegExp(`^  ${command} `, 'm'));
    for (const code of [0, 1, 2, 3, 4]) expect(stdout).toMatch(new RegExp(`^  ${code}  `, 'm'));
  });

  test("the version is the package's", () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    expect(arbitrade('--version')).toMatchObject({ status: 0, stdout: `${version}\n` });
  });

  test.each([
    'demo',
    'rehearse',
    'run',
    'paper',
    'alert',
    'dry-run',
    'live',
    'replay',
    'record',
    'practice',
    'status',
    'halt',
    'resume',
    'config',
    'topology',
  ])('%s has help of its own, with the exit codes', (command) => {
    const { status, stdout } = arbitrade(command, '--help');
    expect(status).toBe(0);
    expect(stdout).toContain(`arbitrade ${command}`);
    expect(stdout).toContain('Exit codes:');
  });

  test.each([
    [['nonsense'], /unknown command 'nonsense'/],
    [['topology', '--colour'], /unknown option '--colour'/],
    [['replay'], /missing required argument 'capture'/],
    [['replay', 'no-such-file'], /CAPTURE_UNREADABLE: no-such-file/],
    [['replay', 'x', '--inline', '--threads'], /cannot be used with/],
    [['replay', 'x', '--min-edge-bps', '0.0000000000001'], /at most 12 decimals/],
    [['replay', 'x', '--min-edge-bps', '123456789.123456789012'], /at most 12 decimals and 15 digits/],
    [['replay', 'no-such-file', '--min-edge-bps', '0.000000000001'], /CAPTURE_UNREADABLE: no-such-file/],
    [['replay', 'x', '--cycle-length', '5'], /Allowed choices are 3, 4/],
    [['demo', '--speed', '0'], /OPTION_INVALID: --speed/],
    [['demo', '--for', 'soon'], /OPTION_INVALID: --for: expected a duration/],
    [['demo', '--fees', '0.1', '--tier', '3'], /cannot be used with/],
    [['demo', '--tier', '99'], /CONFIG_INVALID: fees\.tier/],
    [['run'], /'--config <file>' is missing: settings \(YAML\)/],
    [['run', '--cofnig', 'x'], /unknown option '--cofnig'\n\(Did you mean --config\?\)/],
    [['record', '--config', 'x', '--uot', 'y'], /unknown option '--uot'\n\(Did you mean --out\?\)/],
    [['resume', '--raeson', 'x'], /unknown option '--raeson'\n\(Did you mean --reason\?\)/],
    [['record', '--config', 'x'], /'--out <file>' is missing/],
    [['practice'], /'--capture <file>' is missing/],
    [['run', '--config', '--json'], /'--config <file>' needs a path, and --json follows it/],
    [['topology', '--config', ''], /'--config <file>' needs a path, and an empty text follows it/],
    [['run', '--config', EMPTY], /CONFIG_EMPTY: .*says nothing.*mode: paper/],
    [['config', 'check', ONLY_COMMENTS], /CONFIG_EMPTY: .*says nothing.*mode: paper/],
    [['status', 'halt'], /one command at a time: arbitrade status, then arbitrade halt/],
    [['demo', '--seed', '-1'], /a whole number from 0 to/],
    [['rehearse', '--fees', 'abc'], /OPTION_INVALID: --fees: expected a percentage/],
    [['rehearse', '--fees', '100'], /OPTION_INVALID: --fees: expected a percentage/],
    [['run', '--config', 'no-such.yaml'], /CONFIG_UNREADABLE: no-such\.yaml/],
    [['rehearse', '--folder', '/proc/x'], /OUTPUT_UNWRITABLE: --folder: \/proc\/x/],
    [['rehearse', '--folder', '/no/such/folder'], /OUTPUT_UNWRITABLE: --folder: \/no\/such\/folder/],
    [['resume'], /'--reason <text>' is missing/],
    [['drain'], /'--reason <text>' is missing/],
    [['halt', '--config', 'no-such.yaml'], /CONFIG_UNREADABLE: no-such\.yaml/],
    [['practice', '--capture', 'x', '--port', '70000'], /from 0 to 65535/],
    [['practice', '--capture', 'x', '--dislocate', '0'], /from 1 to 1000/],
    [['practice', '--capture', 'x', '--faults', 'earthquake'], /earthquake/],
  ])('%j is refused before anything starts, and says why', (args, message) => {
    const { status, stdout, stderr } = arbitrade(...args);
    expect(stderr).toMatch(message);
    expect(status).toBe(2);
    expect(stdout).toBe('');
  });

  test('a process that is not there has an exit code of its own', () => {
    const { status, stderr } = arbitrade('status');
    expect(status).toBe(4);
    expect(stderr).toMatch(/no arbitrade runs with the control socket \/.*\/arbitrade\.sock/);
  });

  test('config check prints what is in force, defaults included', () => {
    const { status, stdout } = arbitrade('config', 'check', SETTINGS);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ mode: 'paper', strategy: { min_edge_bps: 1 }, venue: { depth: 25 } });
  });

  test('config schema is a JSON Schema', () => {
    expect(JSON.parse(arbitrade('config', 'schema').stdout)).toMatchObject({ type: 'object' });
  });

  test('topology lists every actor, ring and table', () => {
    const { stdout } = arbitrade('topology');
    for (const name of ['persistence', 'detector_records', 'book_table', 'lag']) expect(stdout).toContain(name);
    expect(JSON.parse(arbitrade('topology', '--json').stdout).rings).toHaveLength(11);
  });

  test.each([
    ['--version'],
    ['--help'],
    ['topology'],
    ['config', 'schema'],
    ['config', 'check', SETTINGS],
    ['replay', CAPTURE, '--json'],
    ['simulate', '--plans', '1', '--seed', '1'],
  ])('%s says on stderr that what it had to say is lost on a full disk, and fails', (...args) => {
    const full = openSync('/dev/full', 'w');
    const { status, stderr } = spawnSync(process.execPath, [LAUNCHER, ...args], {
      ...{ encoding: 'utf8', stdio: ['ignore', full, 'pipe'] },
    });
    closeSync(full);
    expect(stderr).toMatch(/OUTPUT_LOST: stdout could not be written \(ENOSPC\)/);
    expect(status).toBe(1);
  });

  test.each([
    ['config', 'schema'],
    ['topology', '--json'],
    ['simulate', '--plans', '1', '--seed', '1'],
  ])('%s %s ends quietly when its reader has gone', (...args) => {
    const command = `set -o pipefail; "$0" "$@" | true`;
    const { status, stderr } = spawnSync('bash', ['-c', command, process.execPath, LAUNCHER, ...args], {
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });

  test('the launcher hands over to the pinned Node, whichever runs it', () => {
    const pinned = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).dependencies.node;
    const program = 'process.stdout.write(process.version)';
    const { stdout } = spawnSync(process.execPath, [LAUNCHER, '--help'], {
      encoding: 'utf8',
      env: { ...process.env, NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(`${program};`)}` },
    });
    expect(stdout).toContain(`v${pinned}`);
  });
});
