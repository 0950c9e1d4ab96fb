import { expect, test } from 'vitest';
import { holdLog } from '../../src/cli/log.ts';

test('what happens while a screen is shown is told afterwards, the newest when it was too much', () => {
  const told: string[] = [];
  const held = holdLog((_actor, _severity, _event, text) => void told.push(text));
  for (let number = 0; number < 250; number++) held.log('feed', 'warn', 'venue_disconnected', `event ${number}`);
  expect(told).toEqual([]);
  held.release();
  expect(told).toHaveLength(200);
  expect([told[0], told.at(-1)]).toEqual(['event 50', 'event 249']);
  held.log('feed', 'warn', 'venue_disconnected', 'later');
  expect(told.at(-1)).toBe('later');
  held.release();
  expect(told).toHaveLength(201);
});
