/**
 * Frames of the private socket, from bytes to what they say (protocol reference 1.3 to 1.5, 2). All that arrives has an
 * answer here: what cannot be read is `unreadable` with its reason, never an exception.
 */
import { z } from 'zod';
import { parseNumberTexts } from '../../../net/exact-json.ts';
import { reasonOf } from '../../../platform/errors.ts';
import type { VenueNotice } from '../../market-data.ts';
import { wholeNumberText } from '../amount-text.ts';
import { venueReplyOf } from '../wire/venue-reply.ts';
import { type BalanceEntries, balanceEntriesOf } from './balance-report.ts';
import { type ExecutionReport, executionReportOf, isReadable, type UnreadableReport } from './execution-report.ts';
import { type PrivateReply, privateReplyOf } from './private-reply.ts';

export interface ExecutionsFrame {
  readonly kind: 'executions';
  readonly isSnapshot: boolean;
  /** Undefined when the venue wrote none that can be read: as good as a gap. */
  readonly sequence: number | undefined;
  readonly reports: readonly ExecutionReport[];
  readonly unreadable: readonly UnreadableReport[];
}

export interface BalancesFrame extends BalanceEntries {
  readonly kind: 'balances';
  readonly isSnapshot: boolean;
  readonly sequence: number | undefined;
}

export type PrivateFrame =
  | ExecutionsFrame
  | BalancesFrame
  | PrivateReply
  | VenueNotice
  | { readonly kind: 'unreadable'; readonly why: string };

const TEXT = new TextDecoder();
const WHY_MAX = 160;

const CHANNEL = z.object({ channel: z.enum(['executions', 'balances']) });
const MESSAGE = z.object({
  type: z.enum(['snapshot', 'update']),
  data: z.array(z.unknown()).max(10_000),
  sequence: wholeNumberText.optional().catch(undefined),
});

/** Reads one frame. Never throws. */
export function privateFrameOf(bytes: Uint8Array): PrivateFrame {
  return privateFrameOfText(TEXT.decode(bytes));
}

export function privateFrameOfText(text: string): PrivateFrame {
  try {
    return frameOf(JSON.parse(text), text);
  } catch (thrown) {
    return unreadable(text, reasonOf(thrown));
  }
}

function frameOf(frame: unknown, text: string): PrivateFrame {
  const channel = CHANNEL.safeParse(frame);
  // Amounts keep their text: a second reading, for those frames only that have any.
  if (channel.success) return messageOf(channel.data.channel, parseNumberTexts(text), text);
  const reply = privateReplyOf(frame);
  if (reply !== undefined && reply.method !== 'pong') return reply;
  const notice = venueReplyOf(frame);
  return notice === undefined || 'method' in notice ? unreadable(text, 'of no known form') : notice;
}

function messageOf(channel: 'executions' | 'balances', frame: unknown, text: string): PrivateFrame {
  const message = MESSAGE.safeParse(frame);
  if (!message.success) {
    const [issue] = message.error.issues;
    return unreadable(text, `${channel}: ${issue?.path.join('.')}: ${issue?.message}`);
  }
  const { type, data, sequence } = message.data;
  const isSnapshot = type === 'snapshot';
  if (channel === 'balances') return { kind: 'balances', isSnapshot, sequence, ...balanceEntriesOf(data, isSnapshot) };
  const entries = data.map(executionReportOf);
  return {
    kind: 'executions',
    isSnapshot,
    sequence,
    reports: entries.filter(isReadable),
    unreadable: entries.filter((entry): entry is UnreadableReport => !isReadable(entry)),
  };
}

function unreadable(text: string, why: string): PrivateFrame {
  return { kind: 'unreadable', why: `${why.slice(0, WHY_MAX)}: ${text.slice(0, WHY_MAX)}` };
}
