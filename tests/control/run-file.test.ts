import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runningProcess, whyNoAnswer } from '../../src/cli/operator/running-process.ts';
import { openRunFile, type RunFile, readOwnRuns, readRun, runFilePath } from '../../src/control/run-file.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { arbitradeError } from '../../src/platform/errors.ts';
import { readConfig } from '../../src/settings/read-config.ts';
import { until } from '../support/arbitrade.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

let folder: string;
let settings: string;
const before = process.env['XDG_RUNTIME_DIR'];
const opened: RunFile[] = [];

beforeEach(() => {
  folder = temporaryDirectory();
  settings = join(folder, 'run.yaml');
  writeFileSync(settings, 'mode: paper\n');
  process.env['XDG_RUNTIME_DIR'] = folder;
});

afterEach(() => {
  for (const run of opened.splice(0)) run.close();
  if (before === undefined) delete process.env['XDG_RUNTIME_DIR'];
  else process.env['XDG_RUNTIME_DIR'] = before;
});

const open = (): string => {
  const config = readConfig(settings);
  opened.push(openRunFile(config, settings, systemClock));
  return config.control.socket;
};

const UNREACHABLE = arbitradeError('CONTROL_SOCKET_UNREACHABLE', '/s', 'ENOENT');
const SILENT = arbitradeError('CONTROL_SOCKET_SILENT', '/s', 'no answer');

test('who runs is known without asking, and its heartbeat goes on', async () => {
  const socket = open();
  expect(readRun(socket, systemClock)).toMatchObject({
    ...{ pid: process.pid, mode: 'paper', socket, settings },
    killSwitch: `${socket}.halt`,
  });
  expect(statSync(runFilePath(socket)).mode & 0o777).toBe(0o600);
  const { mtimeMs } = statSync(runFilePath(socket));
  await until(() => statSync(runFilePath(socket)).mtimeMs > mtimeMs);
  opened.pop()?.close();
  expect(existsSync(runFilePath(socket))).toBe(false);
  expect(readRun(socket, systemClock)).toBeUndefined();
  expect(readOwnRuns(systemClock)).toEqual([]);
});

test('a process that died runs no more, nor one whose pid another has by now', async () => {
  const socket = open();
  const facts = JSON.parse(readFileSync(runFilePath(socket), 'utf8')) as object;
  const child = spawn('true');
  await once(child, 'exit');
  writeFileSync(runFilePath(socket), JSON.stringify({ ...facts, pid: child.pid, startedAt: '' }));
  expect(readRun(socket, systemClock)).toBeUndefined();
  writeFileSync(runFilePath(socket), JSON.stringify({ ...facts, startedAt: '1' }));
  expect(readRun(socket, systemClock)).toBeUndefined();
});

test('a process is named once, however many were killed on its socket before', () => {
  const socket = open();
  const links = join(folder, `arbitrade-${userInfo().uid}`);
  for (const pid of ['999999998', '999999999']) symlinkSync(runFilePath(socket), join(links, pid));
  expect(readOwnRuns(systemClock).map(({ pid }) => pid)).toEqual([process.pid]);
  expect(readdirSync(links), 'and what they left is gone').toEqual([String(process.pid)]);
});

test.each(['', '{', '[]', '{"pid":"x"}', '{"pid":-1}'])('a run file %j tells of nobody', (text) => {
  const socket = open();
  writeFileSync(runFilePath(socket), text);
  expect(readRun(socket, systemClock)).toBeUndefined();
});

test('a process is found by its settings, whatever stands in them by now, and named when it is not the one that was meant', () => {
  const socket = open();
  const found = { socket, killSwitch: `${socket}.halt` };
  expect(runningProcess(settings, systemClock)).toEqual(found);
  writeFileSync(settings, 'mode: [damaged');
  expect(runningProcess(settings, systemClock)).toEqual(found);
  expect(runningProcess(undefined, systemClock)).toEqual({ socket: resolve('arbitrade.sock'), killSwitch: undefined });
  expect(whyNoAnswer('/another.sock', UNREACHABLE, systemClock).message).toContain(`--config ${settings}`);
});

test('no answer and no process are two things', () => {
  const socket = open();
  expect(whyNoAnswer(socket, UNREACHABLE, systemClock)).toMatchObject({
    code: 'CONTROL_NO_ANSWER',
    message: expect.stringMatching(
      new RegExp(
        `is running \\(process ${process.pid}, mode paper, last heartbeat \\d+\\.\\d s ago\\) but does not answer`,
      ),
    ),
  });
  expect(whyNoAnswer(socket, SILENT, systemClock)).toMatchObject({ code: 'CONTROL_NO_ANSWER' });
  opened.pop()?.close();
  expect(whyNoAnswer(socket, SILENT, systemClock)).toMatchObject({ code: 'CONTROL_NO_ANSWER' });
  expect(whyNoAnswer(socket, UNREACHABLE, systemClock)).toMatchObject({ code: 'CONTROL_NOT_RUNNING' });
});

test('a second process on the same socket leaves the run file of the first alone', () => {
  const socket = open();
  const second = openRunFile(readConfig(settings), settings, systemClock);
  second.close();
  expect(readRun(socket, systemClock)).toMatchObject({ pid: process.pid });
});
