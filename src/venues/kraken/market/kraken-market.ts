/** Kraken's market data: the public WebSocket v2 (protocol reference 1). */
import type { MarketData, RefusalMeaning } from '../../market-data.ts';
import * as requests from '../wire/requests.ts';
import { CHECKSUM_LEVELS } from './checksum.ts';
import { ChecksumProof } from './checksum-proof.ts';
import { FrameDecoder } from './frame-decoder.ts';
import { inferPrecisions, verifiesUnder } from './precision-inference.ts';

export const KRAKEN_MARKET: MarketData = {
  makeDecoder: (symbols) => new FrameDecoder(symbols),
  requests,
  precisions: { infer: inferPrecisions, isRight: verifiesUnder },
  meaningOfRefusal,
  makeProof: (books, clamped) => new ChecksumProof(books, clamped),
  provenLevels: CHECKSUM_LEVELS,
};

function meaningOfRefusal(error: string): RefusalMeaning {
  if (/already subscribed/i.test(error)) return 'already_subscribed';
  return isFinalRefusal(error) ? 'final' : 'other';
}

/** Refusals of a subscription that no repetition changes: the venue does not have what was asked for. */
export function isFinalRefusal(error: string): boolean {
  return /not supported|not found/i.test(error);
}
