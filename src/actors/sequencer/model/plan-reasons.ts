/** Everything that did not go as planned with a plan, in its order, each with its time: what it says at its end. */

import { PLAN_REASONS, type PlanReason } from '../../../messages/execution-message.ts';
import { type WallMs, wallMs } from '../../../platform/time.ts';

/** Reasons that are listed; of those beyond, the newest takes the place of the one before. */
export const REASONS_MAX = 8;

export interface NotedReason {
  readonly reason: PlanReason;
  /** Wall time when it came up first, milliseconds since 1970; 0 until the plan is written down. */
  atMs: WallMs;
  /** How often it came up without another in between. */
  count: number;
}

const ENTRY = { reason: 0, count: 8, atMs: 16, SIZE: 24 } as const;

/** Bytes for the reasons of one plan. */
export const REASONS_BYTES = 8 + REASONS_MAX * ENTRY.SIZE;

/** Notes a reason; the same again is counted. */
export function noteReason(reasons: NotedReason[], reason: PlanReason): void {
  const newest = reasons.at(-1);
  if (newest?.reason === reason) {
    newest.count++;
    return;
  }
  if (reasons.length === REASONS_MAX) reasons.pop();
  reasons.push({ reason, atMs: wallMs(0), count: 1 });
}

/** Gives reasons that were noted since the plan was written down last their time. */
export function stampReasons(reasons: readonly NotedReason[], nowMs: WallMs): void {
  for (const noted of reasons) if (noted.atMs === 0) noted.atMs = nowMs;
}

export function readReasons(view: DataView, at: number): NotedReason[] {
  return Array.from({ length: Math.min(view.getUint8(at), REASONS_MAX) }, (_, index) => {
    const entry = at + 8 + index * ENTRY.SIZE;
    return {
      reason: PLAN_REASONS[view.getUint16(entry + ENTRY.reason, true)] ?? 'none',
      atMs: wallMs(view.getFloat64(entry + ENTRY.atMs, true)),
      count: view.getFloat64(entry + ENTRY.count, true),
    };
  });
}

export function writeReasons(view: DataView, at: number, reasons: readonly NotedReason[]): void {
  view.setUint8(at, reasons.length);
  for (const [index, { reason, atMs, count }] of reasons.entries()) {
    const entry = at + 8 + index * ENTRY.SIZE;
    view.setUint16(entry + ENTRY.reason, PLAN_REASONS.indexOf(reason), true);
    view.setFloat64(entry + ENTRY.atMs, atMs, true);
    view.setFloat64(entry + ENTRY.count, count, true);
  }
}

/** `no_room 07:00:01.123 (3 times), out_of_patience 07:00:06.100`. */
export const describeReasons = (reasons: readonly NotedReason[]): string =>
  reasons
    .map(({ reason, atMs, count }) => {
      const time = new Date(atMs).toISOString().slice(11, 23);
      return `${reason} ${time}${count > 1 ? ` (${count} times)` : ''}`;
    })
    .join(', ');
