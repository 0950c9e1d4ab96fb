import { describe, test } from 'vitest';
import { CASES, type CaseName, CUT_CASES, expectOrderly } from './contract.ts';
import { PortStage } from './port-stage.ts';
import { PORTS } from './ports.ts';

const NAMES = Object.keys(CASES) as CaseName[];

describe.each(PORTS)('$name', ({ make, skips }) => {
  test.for(NAMES)('%s', (name, context) => {
    const reason = skips[name];
    if (reason !== undefined) context.skip(reason);
    const stage = new PortStage(make(CUT_CASES.has(name)));
    CASES[name](stage);
    expectOrderly(stage);
  });
});
