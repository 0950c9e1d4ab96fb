/** One price of the practice market, with the text it has on the wire. */
import { formatDecimal } from '../../money/money.ts';

/** Decimals: of the integers a book computes with (`scale`), or of the numbers it writes (`wire`). */
export interface Precision {
  readonly price: number;
  readonly qty: number;
}

/** An aggregated price level. Immutable but for the cached text; a change of quantity is a new object. */
export interface Level {
  /** Price × 10^scale.price. */
  readonly price: bigint;
  /** Quantity × 10^scale.qty; 0 says that the price is gone. */
  readonly qty: bigint;
  /** What `text` was written for: a precision change makes it void. */
  writtenFor: Precision | undefined;
  text: LevelText;
}

export interface LevelText {
  /** `{"price":63388.7,"qty":0.25761908}`, padded to the wire precision as the venue writes it. */
  readonly json: string;
  /** The same price with quantity 0: its deletion. */
  readonly gone: string;
  /** Its part of the checksum: digits without point and leading zeros (protocol reference 1.7). */
  readonly digits: string;
}

const UNWRITTEN: LevelText = { json: '', gone: '', digits: '' };

export function level(price: bigint, qty: bigint): Level {
  return { price, qty, writtenFor: undefined, text: UNWRITTEN };
}

/** The level's text at the `wire` precision; `scale` is what its integers count in. Cached on the level. */
export function writeLevel(of: Level, scale: Precision, wire: Precision): LevelText {
  if (of.writtenFor !== wire) {
    const price = writeNumber(of.price, scale.price, wire.price);
    const qty = writeNumber(of.qty, scale.qty, wire.qty);
    of.text = {
      json: `{"price":${price},"qty":${qty}}`,
      gone: `{"price":${price},"qty":${writeNumber(0n, 0, wire.qty)}}`,
      digits: checksumDigits(price) + checksumDigits(qty),
    };
    of.writtenFor = wire;
  }
  return of.text;
}

/** Decimal text with `wire` decimals; with more where the value needs them, since digits are never lost. */
function writeNumber(value: bigint, scale: number, wire: number): string {
  if (wire >= scale) return formatDecimal(value * 10n ** BigInt(wire - scale), wire);
  const divisor = 10n ** BigInt(scale - wire);
  return value % divisor === 0n ? formatDecimal(value / divisor, wire) : formatDecimal(value, scale);
}

/** A number's part of the checksum: no point, no leading zeros (protocol reference 1.7, step 2). */
export function checksumDigits(number: string): string {
  return number.replace('.', '').replace(/^0+/, '');
}
