import { describe, expect, test } from 'vitest';
import { compilerOn, importing } from '../support/compiler.ts';

const HEADER = [
  importing('type ApprovedOrder, type OrderRequest', 'src/trading/approved-order.ts'),
  importing('type TradingPort', 'src/venues/trading-port.ts'),
  'declare const order: OrderRequest;',
  'declare const approved: ApprovedOrder;',
  'declare const port: TradingPort;',
];

describe('approved orders, as the compiler sees them', () => {
  test('a request cannot be sent, nor made an approved order, without approval; one that was approved can', () => {
    const [sent, copied, claimed, allowed] = compilerOn(HEADER, [
      'port.send(order);',
      'const copy: ApprovedOrder = { ...order };',
      'const copy: ApprovedOrder = { ...order, approval: true };',
      'port.send(approved);',
    ]);
    expect(sent).toContain("is not assignable to parameter of type 'ApprovedOrder'");
    expect(copied).toContain("not assignable to type 'ApprovedOrder'");
    expect(claimed).toContain("'ApprovedOrder'");
    expect(allowed).toBe('');
  });
});
