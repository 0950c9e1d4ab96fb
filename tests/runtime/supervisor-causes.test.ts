import { expect, test } from 'vitest';
import { SupervisorCauses } from '../../src/runtime/supervision/supervisor-causes.ts';

const said = (causes: SupervisorCauses, down: readonly string[] = []) =>
  causes
    .list(down)
    .map(({ effect, reason, text, firstMs, count }) => `${effect} ${reason} ${firstMs} ×${count}: ${text}`);

test('says why its word is not active, since when, and who does not run', () => {
  const causes = new SupervisorCauses();
  causes.note({ state: 'halted', reason: 'starting' }, 5);
  expect(said(causes)).toEqual(['halted starting 5 ×1: the process is starting']);
  causes.note({ state: 'active', reason: 'none' }, 6);
  expect(said(causes)).toEqual([]);
  causes.note({ state: 'paused', reason: 'actor_down' }, 7);
  causes.note({ state: 'paused', reason: 'actor_down' }, 8);
  expect(said(causes, ['feed', 'book'])).toEqual(['paused actor_down 7 ×1: does not run: feed, book']);
});

test('messages set aside stay until a person resumes, beside an actor that is down, and do not grow without bound', () => {
  const causes = new SupervisorCauses();
  causes.noteSetAside('message 1', 10);
  causes.note({ state: 'paused', reason: 'actor_down' }, 11);
  expect(said(causes, ['feed'])).toEqual([
    'paused actor_down 11 ×1: does not run: feed',
    'paused message_set_aside 10 ×1: message 1',
  ]);
  causes.note({ state: 'paused', reason: 'message_set_aside' }, 12);
  for (let message = 2; message <= 100; message++) causes.noteSetAside(`message ${message}`, 10 + message);
  const all = said(causes);
  expect(all.length).toBe(6);
  expect(all[0]).toBe('paused message_set_aside 10 ×1: message 1');
  expect(all.at(-1)).toBe('paused message_set_aside 16 ×95: message 100');
  causes.resume();
  causes.note({ state: 'active', reason: 'none' }, 200);
  expect(said(causes)).toEqual([]);
});
