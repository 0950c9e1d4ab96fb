/** What the port reports of one order, as the changes of the journal it causes, one by one. */
import type { Lots } from '../../../money/money.ts';
import type { Fill, OrderReading, TradingEvent } from '../../../venues/trading-port.ts';
import type { OrderEventType } from '../model/order-machine.ts';

export type OrderEvent =
  | { readonly kind: 'fill'; readonly fill: Fill }
  | { readonly kind: 'ended'; readonly filledLots: Lots }
  /** It has ended, and the fills of the reading, which came before, are all there are. */
  | { readonly kind: 'whole'; readonly reading: OrderReading }
  | { readonly kind: 'refused'; readonly error: string; readonly isRetryable: boolean }
  /** What it is, as a reading of it says. */
  | { readonly kind: 'terms'; readonly reading: OrderReading }
  /** What was said of it cannot be true. */
  | { readonly kind: 'misreported'; readonly what: string }
  /** The venue had it, and knows no such order. */
  | { readonly kind: 'denied' }
  | { readonly kind: 'other'; readonly type: Exclude<OrderEventType, 'fill' | 'refused' | 'misreported'> };

export interface OrderNews {
  readonly clOrdId: string;
  /** Undefined when the venue did not name it. */
  readonly venueOrderId: string | undefined;
  readonly events: readonly OrderEvent[];
}

/** @returns undefined for what is not about one order. */
export function readNews(event: TradingEvent): OrderNews | undefined {
  switch (event.type) {
    case 'order.acked':
      return { ...named(event), events: [{ kind: 'other', type: 'acked' }] };
    case 'order.filled':
      return { ...named(event), events: [{ kind: 'fill', fill: event.fill }] };
    case 'order.ended':
      return { ...named(event), events: [{ kind: 'ended', filledLots: event.filledLots }] };
    case 'order.refused': {
      const { error, isRetryable } = event;
      return { ...unnamed(event), events: [{ kind: 'refused', error, isRetryable }] };
    }
    case 'order.misreported':
      return { ...named(event), events: [{ kind: 'misreported', what: event.what }] };
    case 'order.denied':
      return { ...named(event), events: [{ kind: 'denied' }] };
    case 'order.uncertain':
      return { ...unnamed(event), events: [{ kind: 'other', type: 'uncertain' }] };
    case 'order.fate_unknown':
      return { ...unnamed(event), events: [{ kind: 'other', type: 'fate.unknown' }] };
    case 'order.fate':
      return fateOf(event);
    default:
      return undefined;
  }
}

function fateOf({ clOrdId, found }: Extract<TradingEvent, { type: 'order.fate' }>): OrderNews {
  if (found === undefined) return { ...unnamed({ clOrdId }), events: [{ kind: 'other', type: 'fate.absent' }] };
  const fills = found.fills.map((fill) => ({ kind: 'fill', fill }) as const);
  const last: OrderEvent = found.isOpen ? { kind: 'other', type: 'fate.open' } : { kind: 'whole', reading: found };
  return { clOrdId, venueOrderId: found.venueOrderId, events: [{ kind: 'terms', reading: found }, ...fills, last] };
}

const named = ({ clOrdId, venueOrderId }: { clOrdId: string; venueOrderId: string }) => ({ clOrdId, venueOrderId });
const unnamed = ({ clOrdId }: { clOrdId: string }) => ({ clOrdId, venueOrderId: undefined });
