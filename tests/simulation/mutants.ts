/**
 * Deliberate bugs, each between the sequencer and what it is made of: the port it trades through, the account it books
 * into, the gate it asks. Nothing of them is in the product.
 */

import type { RunningAccount } from '../../src/actors/sequencer/account/running-account.ts';
import { createSequencer } from '../../src/actors/sequencer/actor.ts';
import { VENUE } from '../../src/actors/sequencer/venue-route.ts';
import { assetIndex, type InstrumentIndex } from '../../src/market/instrument.ts';
import { EXECUTION, EXECUTION_EVENT } from '../../src/messages/execution-message.ts';
import { RECORD_KIND } from '../../src/messages/record-messages.ts';
import { lots, NO_UNITS, ticks, units } from '../../src/money/money.ts';
import type { ActorContext, ActorFactory } from '../../src/runtime/actor.ts';
import type { SimulatedFault } from '../../src/simulation/day-settings.ts';
import type { ApprovedOrder } from '../../src/trading/approved-order.ts';
import type {
  AccountQuestion,
  Fill,
  NoRoom,
  OrderReading,
  TradingEvent,
  TradingPort,
} from '../../src/venues/trading-port.ts';

export interface Mutant {
  /** What the bug does. */
  readonly name: string;
  /** Faults under which it shows; none for one that shows by itself. */
  readonly faults: readonly SimulatedFault[];
  readonly sequencer: () => ActorFactory<'sequencer'>;
}

/** Stands before a port. What it does not change passes through. */
export class PortBefore implements TradingPort {
  readonly inner: TradingPort;

  constructor(inner: TradingPort) {
    this.inner = inner;
  }

  get isConnected(): boolean {
    return this.inner.isConnected;
  }

  start(): void {
    this.inner.start();
  }

  agreesOn(instruments: readonly InstrumentIndex[]): boolean {
    return this.inner.agreesOn(instruments);
  }
  whyNoRoom(instruments: readonly InstrumentIndex[]): NoRoom | undefined {
    return this.inner.whyNoRoom(instruments);
  }

  send(order: ApprovedOrder): void {
    this.inner.send(order);
  }

  cancel(clOrdId: string): void {
    this.inner.cancel(clOrdId);
  }

  cancelAll(): void {
    this.inner.cancelAll();
  }

  lookUp(clOrdId: string, venueOrderId: string | undefined): void {
    this.inner.lookUp(clOrdId, venueOrderId);
  }

  readAccount(question: AccountQuestion): void {
    this.inner.readAccount(question);
  }

  setDeadMansSwitch(armed: boolean): void {
    this.inner.setDeadMansSwitch(armed);
  }

  poll(handle: (event: TradingEvent) => void, limit: number): number {
    return this.inner.poll((event) => this.tell(event, handle), limit);
  }

  tell(event: TradingEvent, handle: (event: TradingEvent) => void): void {
    handle(event);
  }

  onTimer(): void {
    this.inner.onTimer();
  }

  stop(): void {
    this.inner.stop();
  }
}

type MakePort = (inner: TradingPort) => TradingPort;
type BreakAccount = (account: RunningAccount) => Partial<RunningAccount>;

const throughPort = (make: MakePort) => (): ActorFactory<'sequencer'> => (context) =>
  createSequencer(context, { ...VENUE, makePort: (deps) => make(VENUE.makePort(deps)) });

const throughAccount = (spoil: BreakAccount) => (): ActorFactory<'sequencer'> => (context) =>
  createSequencer(context, { ...VENUE, makeAccount: (deps) => over(VENUE.makeAccount(deps), spoil) });

/** With some of its calls replaced; the others stay bound to it. */
function over<T extends object>(whole: T, spoil: (whole: T) => Partial<T>): T {
  const spoilt = spoil(whole);
  return new Proxy(whole, {
    get: (target, name) => {
      const found: unknown = Reflect.get(name in spoilt ? spoilt : target, name, name in spoilt ? spoilt : target);
      return typeof found === 'function' ? found.bind(name in spoilt ? spoilt : target) : found;
    },
  });
}

/** Changes every fill, however it is reported. `undefined` leaves it out. */
const everyFill = (change: (fill: Fill, clOrdId: string) => Fill | undefined): MakePort => {
  const read = (reading: OrderReading): OrderReading => ({
    ...reading,
    fills: reading.fills.flatMap((fill) => change(fill, reading.clOrdId ?? '') ?? []),
  });
  return (inner) =>
    new (class extends PortBefore {
      override tell(event: TradingEvent, handle: (event: TradingEvent) => void): void {
        if (event.type === 'order.filled') {
          const fill = change(event.fill, event.clOrdId);
          if (fill !== undefined) handle({ ...event, fill });
        } else if (event.type === 'order.fate' && event.found !== undefined) {
          handle({ ...event, found: read(event.found) });
        } else if (event.type === 'account') {
          const { account } = event;
          handle({ ...event, account: { ...account, endedOrders: account.endedOrders.map(read) } });
        } else handle(event);
      }
    })(inner);
};

/** Changes what leaves. */
const everySend = (change: (order: ApprovedOrder, inner: TradingPort) => void): MakePort => {
  return (inner) =>
    new (class extends PortBefore {
      override send(order: ApprovedOrder): void {
        change(order, this.inner);
      }
    })(inner);
};

const changed = (order: ApprovedOrder, change: Partial<ApprovedOrder>): ApprovedOrder => ({ ...order, ...change });

/** Sends again what it has heard nothing certain of. */
const resending = (rename: (clOrdId: string) => string): MakePort => {
  return (inner) => {
    const sent = new Map<string, ApprovedOrder>();
    return new (class extends PortBefore {
      override send(order: ApprovedOrder): void {
        sent.set(order.clOrdId, order);
        this.inner.send(order);
      }

      override tell(event: TradingEvent, handle: (event: TradingEvent) => void): void {
        const order = event.type === 'order.uncertain' ? sent.get(event.clOrdId) : undefined;
        if (order !== undefined) this.inner.send(changed(order, { clOrdId: rename(order.clOrdId) }));
        handle(event);
      }
    })(inner);
  };
};

const believingTimeouts: MakePort = (inner) =>
  new (class extends PortBefore {
    override tell(event: TradingEvent, handle: (event: TradingEvent) => void): void {
      if (event.type !== 'order.uncertain') handle(event);
      else handle({ type: 'order.refused', clOrdId: event.clOrdId, error: event.why, isRetryable: true });
    }
  })(inner);

const neverAsking: MakePort = (inner) =>
  new (class extends PortBefore {
    override lookUp(): void {
      // waits for a report that may never come
    }
  })(inner);

function firstIdAgain(): MakePort {
  let first: string | undefined;
  return everySend((order, inner) => {
    first ??= order.clOrdId;
    inner.send(changed(order, { clOrdId: first }));
  });
}

/** Asks a gate that is always open. */
const throughOpenGate = () => (context: ActorContext<'sequencer'>) => {
  const gate = Object.create(context.gate, { state: { value: 'active' }, halts: { value: 0 } });
  return createSequencer(Object.create(context, { gate: { value: gate } }), VENUE);
};

/** Lets every plan spend what others are about to. */
const unreserved = () => (context: ActorContext<'sequencer'>) =>
  createSequencer(context, {
    ...VENUE,
    makeAccount: (deps) => {
      const plans = over(deps.plans, () => ({ reservedUnits: () => NO_UNITS }));
      return VENUE.makeAccount({ ...deps, plans });
    },
  });

/** Takes a gate that lets only those at work go on for an open one. */
const throughReducingGate = () => (context: ActorContext<'sequencer'>) => {
  const gate = Object.create(context.gate, {
    state: {
      get: () =>
        context.gate.state === 'reducing' || context.gate.state === 'draining' ? 'active' : context.gate.state,
    },
    halts: { get: () => context.gate.halts },
  });
  return createSequencer(Object.create(context, { gate: { value: gate } }), VENUE);
};

/** Credits each plan with what the one before it earned. */
const creditingOthers = () => (context: ActorContext<'sequencer'>) => {
  let before = 0n;
  const { records } = context;
  const spoilt = over(records, (whole) => ({
    tryWrite: (kind: number, fill: (view: DataView, offset: number) => void) =>
      whole.tryWrite(kind, (view, offset) => {
        fill(view, offset);
        const isEnd =
          kind === RECORD_KIND.EXECUTION && view.getUint8(offset + EXECUTION.event) === EXECUTION_EVENT.PLAN_ENDED;
        if (!isEnd) return;
        const earned = view.getBigInt64(offset + EXECUTION.profitUnits, true);
        view.setBigInt64(offset + EXECUTION.profitUnits, before, true);
        before = earned;
      }),
  }));
  return createSequencer(Object.create(context, { records: { value: spoilt } }), VENUE);
};

/** Without one of the port's calls. */
const without = (call: 'cancelAll' | 'setDeadMansSwitch'): MakePort => {
  return (inner) => over<TradingPort>(new PortBefore(inner), () => ({ [call]: () => undefined }));
};

/** What every plan may spend is not what there is. */
const overdrawing = throughAccount((account) => ({
  available: (asset) => {
    const free = account.available(asset);
    return free === undefined ? undefined : units(free * 10n);
  },
}));

const UNPROVEN = ['ack-lost', 'disconnect-before-ack', 'taken-with-error', 'execution-gap'] as const;
const LATE = ['disconnect-before-fill', 'execution-gap', 'private-silent', ...UNPROVEN] as const;

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'sends an order again under its id when it is uncertain',
    faults: UNPROVEN,
    sequencer: throughPort(resending((id) => id)),
  },
  {
    name: 'sends an order again under another id when it is uncertain',
    faults: UNPROVEN,
    sequencer: throughPort(resending((id) => `${id.slice(0, -2)}zz`)),
  },
  { name: 'takes a time-out for a refusal', faults: UNPROVEN, sequencer: throughPort(believingTimeouts) },
  { name: 'never asks what became of an order', faults: LATE, sequencer: throughPort(neverAsking) },
  {
    name: 'overlooks every third fill',
    faults: [],
    sequencer: () => throughPort(everyFill((fill) => (fill.execId.charCodeAt(1) % 3 === 0 ? undefined : fill)))(),
  },
  {
    name: 'skips the fee',
    faults: [],
    sequencer: throughPort(everyFill((fill) => ({ ...fill, feeUnits: units(0n) }))),
  },
  {
    name: 'books the fee in another asset',
    faults: [],
    sequencer: throughPort(everyFill((fill) => ({ ...fill, feeAsset: assetIndex(fill.feeAsset === 0 ? 1 : 0) }))),
  },
  {
    name: 'rounds costs as floats do',
    faults: [],
    sequencer: throughPort(
      everyFill((fill) => ({ ...fill, costUnits: units(BigInt(Math.round(Number(fill.costUnits) * (1 + 1e-6)))) })),
    ),
  },
  {
    name: 'books an execution again under another name',
    faults: [],
    sequencer: throughPort(
      (inner) =>
        new (class extends PortBefore {
          override tell(event: TradingEvent, handle: (event: TradingEvent) => void): void {
            handle(event);
            if (event.type !== 'order.filled') return;
            handle({ ...event, fill: { ...event.fill, execId: `${event.fill.execId.slice(0, -1)}x` } });
          }
        })(inner),
    ),
  },
  {
    name: 'books every fill at a price a tick lower',
    faults: [],
    sequencer: throughPort(everyFill((fill) => ({ ...fill, priceTicks: ticks(fill.priceTicks - 1n) }))),
  },
  {
    name: 'books every fill at a price a tick higher',
    faults: [],
    sequencer: throughPort(everyFill((fill) => ({ ...fill, priceTicks: ticks(fill.priceTicks + 1n) }))),
  },
  { name: 'credits profit to the wrong plan', faults: [], sequencer: creditingOthers },
  { name: 'begins plans while the gate is reducing', faults: [], sequencer: throughReducingGate },
  {
    name: 'cancels nothing when it cancels all',
    faults: ['operator-halt'],
    sequencer: throughPort(without('cancelAll')),
  },
  { name: 'never arms the dead-man’s switch', faults: [], sequencer: throughPort(without('setDeadMansSwitch')) },
  { name: 'forgets dust', faults: [], sequencer: throughAccount(() => ({ addDust: () => undefined })) },
  {
    name: 'forgets exposure',
    faults: ['ioc-unfilled', 'partial-then-cancel', 'unwind-refused', 'price-runs-away'],
    sequencer: throughAccount(() => ({ addExposure: () => undefined })),
  },
  {
    name: 'takes back on the wrong side',
    faults: ['ioc-unfilled', 'partial-then-cancel'],
    sequencer: throughPort(
      everySend((order, inner) =>
        inner.send(order.attempt > 2 ? changed(order, { side: order.side === 0 ? 1 : 0 }) : order),
      ),
    ),
  },
  { name: 'does not ask the gate', faults: ['operator-halt', 'status'], sequencer: throughOpenGate },
  { name: 'believes to have ten times as much', faults: [], sequencer: overdrawing },
  { name: 'reserves nothing for the plans at work', faults: [], sequencer: unreserved },
  { name: 'uses one client order id for all orders', faults: [], sequencer: () => throughPort(firstIdAgain())() },
  {
    name: 'orders three times what was approved',
    faults: [],
    sequencer: throughPort(
      everySend((order, inner) => inner.send(changed(order, { qtyLots: lots(order.qtyLots * 3n) }))),
    ),
  },
];
