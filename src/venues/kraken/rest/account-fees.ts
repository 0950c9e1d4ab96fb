/**
 * What the account pays as a taker, from `TradeVolume` (protocol reference 3.3, 5.1). What the venue does not say is not
 * known: nothing stands in for it.
 */
import { z } from 'zod';
import type { Instrument, InstrumentIndex } from '../../../market/instrument.ts';
import type { PartsPerMillion } from '../../../money/money.ts';
import type { TakerFee } from '../../venue.ts';
import { amountText } from '../amount-text.ts';
import { amountUp } from '../wire/rounded-amount.ts';
import type { VenueNames } from '../wire/venue-names.ts';

export const TRADE_VOLUME = z.object({
  fees: z.record(z.string().max(64), z.object({ fee: amountText }).nullable()).nullish(),
});

const PERCENT_DECIMALS = 4;
const WHOLE_PPM = 1_000_000n;

/** The taker fee of each of `instruments` for which the venue reports one. */
export function takerFeesOf(
  { fees }: z.infer<typeof TRADE_VOLUME>,
  instruments: readonly Instrument[],
  names: VenueNames,
): TakerFee[] {
  const reported = new Map<InstrumentIndex, PartsPerMillion>();
  for (const [pair, row] of Object.entries(fees ?? {})) {
    const instrument = names.instrument(pair);
    const fee = row === null ? undefined : ppmOf(row.fee);
    if (instrument !== undefined && fee !== undefined) reported.set(instrument.index, fee);
  }
  return instruments.flatMap(({ index }) => {
    const takerPpm = reported.get(index);
    return takerPpm === undefined ? [] : [{ instrument: index, takerPpm }];
  });
}

/** A percentage in parts per million, rounded up; undefined when it is no fee. */
function ppmOf(percent: string): PartsPerMillion | undefined {
  const ppm = amountUp(percent, PERCENT_DECIMALS, 'taker fee');
  return ppm < WHOLE_PPM ? (Number(ppm) as PartsPerMillion) : undefined;
}
