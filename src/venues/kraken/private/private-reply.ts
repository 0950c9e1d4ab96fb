/**
 * Answers to what was asked on the private socket (protocol reference 1.3, 2). A missing or odd `success` is no success,
 * and it proves nothing either: only `success: false` with an error is a refusal.
 */
import { z } from 'zod';

/** One row of a batch's answer. */
export interface BatchRow {
  readonly orderId: string | undefined;
  readonly clOrdId: string | undefined;
  readonly error: string | undefined;
}

export interface PrivateReply {
  readonly kind: 'reply';
  readonly method: string;
  readonly reqId: number | undefined;
  /** `unclear`: neither said. */
  readonly success: 'yes' | 'no' | 'unclear';
  /** The venue's words; empty when it gave none. */
  readonly error: string;
  readonly channel: string | undefined;
  readonly orderId: string | undefined;
  readonly clOrdId: string | undefined;
  /** Orders cancelled. */
  readonly count: number | undefined;
  /** Threshold of the account's trading counter. */
  readonly maxRateCount: number | undefined;
  /** Rows of `batch_add`, in the order sent. */
  readonly rows: readonly BatchRow[];
  readonly warnings: readonly string[];
}

const ERROR_MAX = 300;
const WARNINGS_MAX = 8;
const id = z.string().min(1).max(100).nullish().catch(undefined);
const count = z.int().nullish().catch(undefined);
const ROW = z.object({ order_id: id, cl_ord_id: id, error: z.string().nullish().catch(undefined) });
const ROWS = z.array(ROW).max(100);
const RESULT = z.object({
  channel: z.string().nullish().catch(undefined),
  order_id: id,
  cl_ord_id: id,
  count,
  maxratecount: count,
  orders: ROWS.nullish().catch(undefined),
  warnings: z.array(z.string()).nullish().catch(undefined),
});
const REPLY = z.object({
  method: z.string(),
  req_id: z.int().nullish(),
  success: z.unknown().optional(),
  error: z.string().nullish(),
  result: z.unknown().optional(),
  orders_cancelled: count,
});

/** Reads a parsed frame; undefined when it is no reply. */
export function privateReplyOf(frame: unknown): PrivateReply | undefined {
  const checked = REPLY.safeParse(frame);
  if (!checked.success) return undefined;
  const { method, req_id, success, error, result, orders_cancelled } = checked.data;
  const rows = ROWS.safeParse(result);
  const read = RESULT.safeParse(result);
  const fields: Partial<z.infer<typeof RESULT>> = read.success ? read.data : {};
  return {
    kind: 'reply',
    method,
    reqId: req_id ?? undefined,
    success: success === true ? 'yes' : success === false ? 'no' : 'unclear',
    error: (error ?? '').slice(0, ERROR_MAX),
    channel: fields.channel ?? undefined,
    orderId: fields.order_id ?? undefined,
    clOrdId: fields.cl_ord_id ?? undefined,
    count: fields.count ?? orders_cancelled ?? undefined,
    maxRateCount: fields.maxratecount ?? undefined,
    rows: (rows.success ? rows.data : (fields.orders ?? [])).map(rowOf),
    warnings: (fields.warnings ?? []).slice(0, WARNINGS_MAX).map((warning) => warning.slice(0, ERROR_MAX)),
  };
}

function rowOf({ order_id, cl_ord_id, error }: z.infer<typeof ROW>): BatchRow {
  return { orderId: order_id ?? undefined, clOrdId: cl_ord_id ?? undefined, error: error ?? undefined };
}
