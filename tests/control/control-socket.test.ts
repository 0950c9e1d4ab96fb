import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { halt } from '../../src/cli/operator/halt.ts';
import { resume } from '../../src/cli/operator/resume.ts';
import { status } from '../../src/cli/operator/status.ts';
import { askControl } from '../../src/control/control-client.ts';
import { type ControlTarget, LINE_BYTES_MAX } from '../../src/control/control-protocol.ts';
import { type ControlServer, startControlServer } from '../../src/control/control-server.ts';
import { EXIT } from '../../src/engine/exit-codes.ts';
import { type Clock, systemClock } from '../../src/platform/clock.ts';

/** A process with a latch, as small as one can be. */
function processWithLatch() {
  const audits: string[] = [];
  let halted = false;
  const target: ControlTarget = {
    status: () => ({ gate: { state: halted ? 'halted' : 'active' }, profit: 12_345_678_901_234_567_890n }),
    halt: (reason) => {
      halted = true;
      return { ok: true, text: `halted: ${reason}` };
    },
    drain: (reason) => ({ ok: true, text: `draining: ${reason}` }),
    resume: async () => {
      const ok = halted;
      halted = false;
      return { ok, text: ok ? 'active' : 'nothing is halted' };
    },
    flatten: () => ({ offers: [], kept: [] }),
    audit: (...words) => audits.push(words.join('|')),
  };
  return { target, audits };
}

let directory: string;
let path: string;
let server: ControlServer | undefined;
const opened: Socket[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'arbitrade-'));
  path = join(directory, 'control.sock');
});

afterEach(async () => {
  for (const socket of opened.splice(0)) socket.destroy();
  await server?.close();
  server = undefined;
  rmSync(directory, { recursive: true });
});

/** A raw client: what it writes and every line it gets back, until the server ends the connection. */
async function client() {
  const socket = connect(path);
  opened.push(socket);
  const lines: string[] = [];
  const waiting: (() => void)[] = [];
  let rest = '';
  let ended = false;
  const changed = () => {
    for (const wake of waiting.splice(0)) wake();
  };
  socket.setEncoding('utf8').on('data', (text) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts);
    changed();
  });
  socket.on('close', () => {
    ended = true;
    changed();
  });
  socket.on('error', () => undefined);
  await new Promise<void>((resolve) => socket.once('connect', () => resolve()));
  const until = async (done: () => boolean) => {
    while (!done()) await new Promise<void>((resolve) => waiting.push(resolve));
  };
  return {
    write: (text: string | Buffer) => socket.write(text),
    end: () => until(() => ended),
    line: async (index: number) => {
      await until(() => lines.length > index || ended);
      return JSON.parse(lines[index] as string) as { id: number | null; ok: boolean; error?: string; code?: string };
    },
    lines,
  };
}

describe('control socket', () => {
  test('status, halt and resume reach the process, and halt and resume are audited', async () => {
    const { target, audits } = processWithLatch();
    server = await startControlServer(path, target);
    expect(await askControl(path, { command: 'halt', reason: 'lunch', by: 'ana' })).toBe('halted: lunch');
    expect(await askControl(path, { command: 'status' })).toEqual({
      gate: { state: 'halted' },
      profit: '12345678901234567890',
    });
    expect(await askControl(path, { command: 'resume', reason: 'back', by: 'ana' })).toBe('active');
    await expect(askControl(path, { command: 'resume', reason: 'again', by: 'ana' })).rejects.toThrow(
      'resume was refused: nothing is halted',
    );
    expect(audits).toEqual([
      'halt|ana|lunch|done',
      'resume|ana|back|done',
      'resume|ana|again|refused: nothing is halted',
    ]);
  });

  test('only its owner can open the socket file', async () => {
    server = await startControlServer(path, processWithLatch().target);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test('what is no request is refused with a reason, and the connection goes on', async () => {
    server = await startControlServer(path, processWithLatch().target);
    const raw = await client();
    const wrong = [
      '{',
      '[]',
      'null',
      '{"id":1,"command":"withdraw"}',
      '{"id":1,"command":"resume","by":"ana"}',
      '{"id":1,"command":"resume","reason":"  ","by":"ana"}',
      '{"id":1,"command":"status","extra":1}',
      '{"id":-1,"command":"status"}',
      '',
    ];
    for (const [index, line] of wrong.entries()) {
      raw.write(`${line}\n`);
      expect(await raw.line(index), line).toMatchObject({ id: null, ok: false, code: 'CONTROL_REQUEST_INVALID' });
    }
    raw.write('{"id":7,"command":"status"}\n');
    expect(await raw.line(wrong.length)).toMatchObject({ id: 7, ok: true });
  });

  test.each([
    ['a long one', 'x'.repeat(10_000), 'x'.repeat(160), /cut after 160 bytes, left out: "x{200}"$/],
    ['101 characters', 'y'.repeat(101), 'y'.repeat(101), undefined],
    ['one of many bytes', '🛑'.repeat(101), '🛑'.repeat(40), /cut after 160 bytes/],
    ['line ends and control characters', 'a\nb\u0000\u001b[2J\u2028c', 'a b [2J c', /control characters, line ends/],
    ['half a character', 'so\ud800', 'so\ufffd', /kept as/],
    ['nothing', '', '(no reason given)', /it was empty/],
    ['blanks', ' \t ', '(no reason given)', /it was empty/],
    ['no words at all', undefined, '(no reason given)', /it was empty/],
    ['a number', 5, '5', undefined],
    ['an object', { a: [1] }, '{"a":[1]}', undefined],
  ])('a halt is never refused for its text: %s', async (_what, reason, kept, said) => {
    const { target, audits } = processWithLatch();
    server = await startControlServer(path, target);
    const raw = await client();
    for (const [index, command] of ['halt', 'drain'].entries()) {
      raw.write(`${JSON.stringify({ id: 1, command, reason, by: 'ana' })}\n`);
      const { ok, result } = (await raw.line(index)) as unknown as { ok: boolean; result: string };
      expect(ok).toBe(true);
      expect(result.startsWith(command === 'halt' ? `halted: ${kept}` : `draining: ${kept}`)).toBe(true);
      if (said !== undefined) expect(result).toMatch(said);
      expect(audits[index]).toBe(`${command}|ana|${kept}|done`);
    }
  });

  test('nor for its name, for bytes that are no text, or for what else stands in it', async () => {
    const { target, audits } = processWithLatch();
    server = await startControlServer(path, target);
    const raw = await client();
    raw.write(`${JSON.stringify({ id: 1, command: 'halt', reason: 'a', by: 'n'.repeat(50), force: true })}\n`);
    expect(await raw.line(0)).toMatchObject({ ok: true });
    raw.write(Buffer.concat([Buffer.from('{"id":2,"command":"halt","reason":"'), Buffer.from([0xff, 0xfe, 0xc0])]));
    raw.write('"}\n');
    expect(await raw.line(1)).toMatchObject({ ok: true });
    expect(audits).toEqual([`halt|${'n'.repeat(32)}|a|done`, 'halt|(no name given)|\ufffd\ufffd\ufffd|done']);
  });

  test('two clients are answered each on its own, requests in order, bytes in any pieces', async () => {
    server = await startControlServer(path, processWithLatch().target);
    const [first, second] = [await client(), await client()];
    for (const byte of '{"id":1,"command":"status"}\n') first.write(byte);
    second.write('{"id":10,"command":"halt","reason":"später","by":"b"}\n{"id":11,"command":"status"}\n');
    expect(await second.line(0)).toMatchObject({ id: 10, ok: true, result: 'halted: später' });
    expect(await second.line(1)).toMatchObject({ id: 11, ok: true, result: { gate: { state: 'halted' } } });
    expect(await first.line(0)).toMatchObject({ id: 1, ok: true });
    expect(first.lines).toHaveLength(1);
  });

  test('an oversized line is refused and ends its connection, not the server', async () => {
    server = await startControlServer(path, processWithLatch().target);
    const raw = await client();
    raw.write(Buffer.alloc(LINE_BYTES_MAX + 1, 'x'));
    expect(await raw.line(0)).toMatchObject({ id: null, ok: false, error: expect.stringContaining('longer than') });
    await raw.end();
    expect(await askControl(path, { command: 'status' })).toMatchObject({ gate: { state: 'active' } });
  });

  test('a flood of requests on one connection is refused', async () => {
    server = await startControlServer(path, {
      ...processWithLatch().target,
      status: () => new Promise(() => undefined),
    });
    const raw = await client();
    raw.write('{"id":1,"command":"status"}\n'.repeat(17));
    expect(await raw.line(0)).toMatchObject({ ok: false, error: expect.stringContaining('too many') });
    await raw.end();
  });

  test('a failure inside the process is an answer, not a crash', async () => {
    const failing = { ...processWithLatch().target, status: () => Promise.reject(new Error('risk is down')) };
    server = await startControlServer(path, failing);
    await expect(askControl(path, { command: 'status' })).rejects.toThrow('status failed: risk is down');
    await expect(askControl(path, { command: 'halt', reason: 'x', by: 'ana' })).resolves.toBe('halted: x');
  });

  test('the socket file of a dead process is replaced', async () => {
    const dying = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
    spawnSync(process.execPath, ['-e', dying]);
    expect(statSync(path).isSocket()).toBe(true);
    server = await startControlServer(path, processWithLatch().target);
    expect(await askControl(path, { command: 'status' })).toMatchObject({ gate: { state: 'active' } });
  });

  test('the socket of a living process is refused, and stays its own', async () => {
    server = await startControlServer(path, processWithLatch().target);
    await expect(startControlServer(path, processWithLatch().target)).rejects.toMatchObject({
      code: 'CONTROL_SOCKET_TAKEN',
      message: expect.stringContaining('another arbitrade answers there'),
    });
    expect(await askControl(path, { command: 'status' })).toBeDefined();
  });

  test('a file that is no socket is left alone', async () => {
    writeFileSync(path, 'precious');
    await expect(startControlServer(path, processWithLatch().target)).rejects.toMatchObject({
      code: 'CONTROL_SOCKET_TAKEN',
    });
    expect(statSync(path).size).toBe(8);
  });

  test('a directory that does not exist is named', async () => {
    const nowhere = join(directory, 'nowhere', 'control.sock');
    await expect(startControlServer(nowhere, processWithLatch().target)).rejects.toMatchObject({
      code: 'CONTROL_SOCKET_FAILED',
      message: expect.stringContaining(nowhere),
    });
  });

  test('closing removes the socket file', async () => {
    server = await startControlServer(path, processWithLatch().target);
    await server.close();
    server = undefined;
    expect(statSync(path, { throwIfNoEntry: false })).toBeUndefined();
  });

  test('an answer that is not of this language is not believed', async () => {
    const impostor = createServer((socket) => socket.resume().write('HTTP/1.1 200 OK\n')).listen(path);
    await new Promise<void>((resolve) => impostor.once('listening', () => resolve()));
    await expect(askControl(path, { command: 'status' })).rejects.toMatchObject({ code: 'CONTROL_SOCKET_SILENT' });
    await new Promise<void>((resolve) => impostor.close(() => resolve()));
  });
});

/** A clock whose delays are over at once. */
const impatient = (): Clock => ({ ...systemClock, after: (_delayMs, run) => systemClock.after(0, run) });

describe('commands', () => {
  const printer = () => {
    const [out, errors]: [string[], string[]] = [[], []];
    const print = (line: string) => void out.push(line);
    const printError = (line: string) => void errors.push(line);
    return { out, errors, options: () => ({ socket: path, killSwitch: `${path}.halt`, print, printError }) };
  };

  test('halt, status and resume print what came of them and exit with 0', async () => {
    server = await startControlServer(path, processWithLatch().target);
    const { out, options } = printer();
    expect(await halt({ ...options(), reason: 'lunch', by: 'ana' })).toBe(0);
    expect(await status(options())).toBe(0);
    expect(await status({ ...options(), json: true })).toBe(0);
    expect(await resume({ ...options(), reason: 'back' })).toBe(0);
    expect(out).toEqual([
      'halted: lunch',
      `${'gate.state'.padEnd(32)} halted`,
      `${'profit'.padEnd(32)} 12345678901234567890`,
      '{"gate":{"state":"halted"},"profit":"12345678901234567890"}',
      'active',
    ]);
  });

  test('a refusal, a missing process and a silent one each end with a code of their own, and say why', async () => {
    server = await startControlServer(path, processWithLatch().target);
    const { errors, options } = printer();
    expect(await resume({ ...options(), reason: 'now' })).toBe(EXIT.REFUSED);
    await server.close();
    server = undefined;
    expect(await status(options())).toBe(EXIT.NOT_RUNNING);
    const silent = createServer((socket) => socket.resume()).listen(path);
    await new Promise<void>((resolve) => silent.once('listening', () => resolve()));
    const clock = impatient();
    expect(await status({ ...options(), clock })).toBe(EXIT.NO_ANSWER);
    await new Promise<void>((resolve) => silent.close(() => resolve()));
    expect(errors[2]).toMatch(/is running .* but does not answer on .*no answer within 5000 ms/);
    expect(errors[0]).toContain('nothing is halted');
    expect(errors[1]).toMatch(/no arbitrade runs with the control socket .*--config /);
    expect(errors[1]).toContain(path);
  });

  test('a halt that the process fails at or refuses makes the kill-switch file', async () => {
    const { target } = processWithLatch();
    const down = async (): Promise<never> => Promise.reject(new Error('risk is starting'));
    const { errors, options } = printer();
    for (const halts of [down, () => ({ ok: false, text: 'not now' })]) {
      server = await startControlServer(path, { ...target, halt: halts });
      expect(await halt({ ...options(), reason: 'lunch', by: 'ana' })).not.toBe(0);
      expect(readFileSync(`${path}.halt`, 'utf8')).toBe('halt by ana: lunch\n');
      rmSync(`${path}.halt`);
      await server.close();
    }
    server = undefined;
    expect(errors[0]).toContain('risk is starting');
    expect(errors[1]).toContain('kill-switch file');
  });

  test('a socket whose name is too long from here makes the kill-switch file', async () => {
    const { errors, options } = printer();
    const killSwitch = `${path}.halt`;
    const far = { ...options(), socket: `/${'long/'.repeat(30)}control.sock`, killSwitch };
    expect(await halt({ ...far, reason: 'lunch', by: 'ana' })).not.toBe(0);
    expect(errors[0]).toContain('103 bytes at most');
    expect(existsSync(killSwitch)).toBe(true);
  });

  test('a halt reaches its process from a folder that was deleted, and by a name of any length', async () => {
    server = await startControlServer(path, processWithLatch().target);
    const { out, options } = printer();
    const here = process.cwd;
    process.cwd = () => {
      throw new Error('ENOENT: no such file or directory, uv_cwd');
    };
    try {
      expect(await halt({ ...options(), reason: 'lunch', by: 'n'.repeat(LINE_BYTES_MAX) })).toBe(0);
    } finally {
      process.cwd = here;
    }
    expect(out[0]).toMatch(/^halted: lunch; the name is kept as "n+.*cut after/);
  });
});
