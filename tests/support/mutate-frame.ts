/** Damage as lines, proxies and bugs do it, by chance. */
import type { Chance } from '../../src/platform/chance.ts';

const INTERESTING = Buffer.from('{}[]",:.0123456789eE+-\\u\u0000tfn ');

/** Copies a frame with one to three changes: a byte, a cut, a part repeated, a part left out. Returns its length. */
export function mutateFrame(frame: Uint8Array, work: Buffer, chance: Chance): number {
  work.set(frame);
  let length = frame.length;
  for (let change = chance.integer(3); change >= 0; change--) {
    const at = chance.integer(length);
    const span = 1 + chance.integer(Math.min(40, length - at));
    switch (chance.integer(8)) {
      case 0:
        length = Math.max(1, at); // cut short
        break;
      case 1:
        work.copyWithin(at, at + span, length); // left out
        length = Math.max(1, length - span);
        break;
      case 2:
        work.copyWithin(at + span, at, length); // repeated
        length += span;
        break;
      case 3:
        work[at] = chance.integer(256);
        break;
      case 4:
        work[at] = INTERESTING[chance.integer(INTERESTING.length)] as number;
        break;
      default: {
        const digit = work.indexOf(0x30 + chance.integer(10), at); // another digit: still a frame
        if (digit !== -1 && digit < length) work[digit] = 0x30 + chance.integer(10);
      }
    }
  }
  return length;
}
