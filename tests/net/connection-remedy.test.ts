import { expect, test } from 'vitest';
import { remedyForClose, remedyForUpgrade } from '../../src/net/connection-remedy.ts';

test.each([
  [400, 'retry_late'],
  [401, 'retry_late'],
  [403, 'retry_late'],
  [404, 'retry_late'],
  [408, 'retry'],
  [429, 'retry_late'],
  [451, 'retry_late'],
  [500, 'retry'],
  [502, 'retry'],
  [503, 'retry'],
  [520, 'retry'],
])('an upgrade answered with HTTP %i asks for: %s', (status, remedy) => {
  expect(remedyForUpgrade(status)).toBe(remedy);
});

test.each([
  [1000, 'retry'],
  [1001, 'retry'],
  [1006, 'retry'],
  [1008, 'retry_late'],
  [1009, 'retry'],
  [1011, 'retry'],
  [1013, 'retry'],
  [4000, 'retry'],
])('a close with %i asks for: %s', (code, remedy) => {
  expect(remedyForClose(code)).toBe(remedy);
});
