/**
 * The options of a run that are no settings: what they are called, and what they are. A host gives them to all actors or
 * to one; each context that is made checks them, so that none arrives on another thread under a wrong name or as
 * something else.
 */
import { z } from 'zod';
import type { Transport } from '../net/transport.ts';
import { arbitradeError } from '../platform/errors.ts';
import type { ApiKey } from '../settings/secrets-file.ts';
import { CAUSE_EFFECTS } from '../trading/gate-cause.ts';
import type { NonceStore } from '../trading/nonce-store.ts';
import type { StoredCause } from '../trading/stored-causes.ts';
import type { StoredLosses } from '../trading/stored-losses.ts';
import type { StoredTrading } from '../trading/stored-trading.ts';
import { GATE_REASONS } from '../trading/trading-gate.ts';

export interface RunOptions {
  /** The market is one of another time: what is measured against our clock is not looked at. */
  readonly replay?: boolean | undefined;
  /** Path of the capture that the feed replays. */
  readonly capture?: string | undefined;
  /** `max`, or how many times faster than recorded. */
  readonly speed?: number | 'max' | undefined;
  /** Begin the capture again at its end. Books are void until its own snapshots come round. */
  readonly loop?: boolean | undefined;
  /** In a replay: all actors but persistence follow the capture's time, which the feed moves on frame by frame. */
  readonly captureTime?: boolean | undefined;
  /** Frames of a capture in one turn of the feed at most; as many as it takes unless given. */
  readonly framesPerTurn?: number | undefined;
  /** Path of the capture that the feed writes. */
  readonly record?: string | undefined;
  /** The account's key. Of the sequencer alone: no other actor is given it. */
  readonly apiKey?: ApiKey | undefined;
  /** What earlier runs left of the account that is traded. Of the sequencer alone. */
  readonly storedTrading?: StoredTrading | undefined;
  /** Causes that wait for a person since an earlier run, for risk. */
  readonly causesAtStart?: readonly StoredCause[] | undefined;
  /** What earlier runs have lost, for risk. */
  readonly lossesAtStart?: StoredLosses | undefined;
  /** Inline only. The connections of a host that is not on the network. */
  readonly transport?: Transport | undefined;
  /** Inline only. With a {@link transport}, where nonces are kept: like the file, they outlive the actor. */
  readonly nonces?: NonceStore | undefined;
}

const text = z.string();
const texts = z.array(text);
const side = z.literal([0, 1]);
const amounts = z.array(z.strictObject({ asset: text, amount: text }));
const path = z.string().min(1);
const object = <T extends object>(what: string, ...methods: readonly (keyof T)[]) =>
  z.custom<T>((value) => {
    return typeof value === 'object' && value !== null && methods.every((name) => name in value);
  }, what);

const plan = z.strictObject({
  runMs: z.number(),
  plan: z.number(),
  startAsset: text.or(z.undefined()),
  firstOrder: z.strictObject({ clOrdId: text, gives: text }).or(z.undefined()),
  mark: text,
  fills: z.array(z.strictObject({ execId: text, changes: amounts })),
  entered: amounts,
});

const booking = z.strictObject({
  ...{ execId: text, clOrdId: text, symbol: text },
  ...{ qty: text, price: text, cost: text, fee: text, feeAsset: text },
});

const loss = z.strictObject({
  ...{ asset: text, realised: text, peak: text, outside: text },
  recent: z.array(z.strictObject({ endMs: z.number(), amount: text })),
});

/** What each option has to be. */
const CHECKS = {
  replay: z.boolean(),
  capture: path,
  speed: z.literal('max').or(z.number().positive()),
  loop: z.boolean(),
  captureTime: z.boolean(),
  framesPerTurn: z.int().min(1),
  record: path,
  apiKey: z.strictObject({ name: text, key: text, secret: text }),
  storedTrading: z.strictObject({
    sinceMs: z.number(),
    isEstablished: z.boolean(),
    ...{ balances: amounts, exposure: amounts, dust: amounts },
    plans: z.array(plan),
    plansEnded: texts,
    ordersOpen: z.array(z.strictObject({ clOrdId: text, venueOrderId: text, symbol: text, side })),
    ...{ ordersKnown: texts, ordersEnded: texts, fillsBooked: z.array(booking) },
  }),
  causesAtStart: z.array(
    z.strictObject({
      ...{ effect: z.enum(CAUSE_EFFECTS), reason: z.enum(GATE_REASONS), by: text, text },
      ...{ firstMs: z.number(), lastMs: z.number(), count: z.number(), slot: z.number().or(z.undefined()) },
    }),
  ),
  lossesAtStart: z.strictObject({
    assets: z.array(loss),
    ...{ losingPlans: z.number(), refusedOrders: z.number() },
  }),
  transport: object<Transport>('expected a transport', 'http', 'sockets'),
  nonces: object<NonceStore>('expected a store of nonces', 'highest', 'reserve', 'close'),
} satisfies { readonly [Name in keyof RunOptions]-?: z.ZodType<RunOptions[Name]> };

const nameOf = (name: string): keyof typeof CHECKS | undefined =>
  Object.hasOwn(CHECKS, name) ? (name as keyof typeof CHECKS) : undefined;

/** `options` as they are, if each is what its name says. @throws OPTION_INVALID, without its content. */
export function checkedRunOptions(options: RunOptions): RunOptions {
  for (const [given, value] of Object.entries(options)) {
    const name = nameOf(given);
    if (name === undefined) throw arbitradeError('OPTION_INVALID', given, Object.keys(CHECKS).join(', '), 'no option');
    const { error } = CHECKS[name].optional().safeParse(value);
    const [issue] = error?.issues ?? [];
    if (issue === undefined) continue;
    throw arbitradeError(
      'OPTION_INVALID',
      [name, ...issue.path].join('.'),
      'what the table of options says',
      issue.code,
    );
  }
  return options;
}
