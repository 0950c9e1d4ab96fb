/** What `flatten` is answered, for a person. */
import { z } from 'zod';

const OFFER = z.object({
  asset: z.string(),
  to: z.string(),
  amount: z.string(),
  reference: z.string(),
  side: z.enum(['sell', 'buy']),
  pair: z.string(),
  order: z.enum(['sell', 'buy']),
  now: z.string(),
  price: z.string(),
  total: z.string(),
  loss: z.string(),
  lossBps: z.string(),
  lossMaxBps: z.number(),
  bound: z.string(),
  plan: z.number().optional(),
});

const REPORT = z.object({
  refused: z.string().optional(),
  offers: z.array(OFFER),
  kept: z.array(z.object({ asset: z.string(), amount: z.string(), why: z.string() })),
});
export type FlattenAnswer = z.infer<typeof REPORT>;

/** @throws what is no answer to `flatten` of this version. */
export const readFlattenAnswer = (result: unknown): FlattenAnswer => REPORT.parse(result);

export function describePreview({ refused, offers, kept }: FlattenAnswer): readonly string[] {
  if (refused !== undefined && offers.length + kept.length === 0) return [`not now: ${refused}`];
  if (offers.length + kept.length === 0) return ['nothing is exposed'];
  return [
    ...offers.flatMap(offerLines),
    ...kept.map(({ asset, amount, why }) => `${asset}: ${amount} stays: ${why}`),
    ...(refused === undefined ? [] : [`not now: ${refused}`]),
  ];
}

function offerLines(offer: FlattenAnswer['offers'][number]): readonly string[] {
  const { asset, amount, side, order, pair, now, price, total, reference, loss, lossBps, lossMaxBps, bound } = offer;
  const what = side === 'sell' ? `${asset}: sell ${amount}` : `${asset}: buy back ${amount} that is owed`;
  const brings = side === 'sell' ? 'brings' : 'costs';
  const worse = order === 'sell' ? 'below' : 'above';
  return [
    `${what}, by ${order} orders of ${pair}`,
    `  the book takes ${now} now: ${brings} ${total} after the fee, ${price} on average`,
    `  by the middle of the book, ${reference}, that loses ${loss} (${lossBps} bps); allowed are ${lossMaxBps} bps: no order ${worse} ${bound}`,
  ];
}

export function describeBegun({ offers, kept }: FlattenAnswer): readonly string[] {
  return [
    ...offers.map(
      ({ plan, order, pair, amount, asset, bound }) =>
        `plan ${plan} has begun: ${order} ${pair} for ${amount} ${asset}, at ${bound} or better`,
    ),
    ...kept.map(({ asset, amount, why }) => `${asset}: ${amount} stays: ${why}`),
    '`arbitrade status` shows what is left of it; what cannot be traded within the bound is exposure again',
  ];
}
