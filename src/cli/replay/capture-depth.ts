/**
 * The book depth a capture was recorded with. A book that is cut elsewhere than the venue cut it fails its checksums, so
 * a replay takes the depth from the capture: from an acknowledgement where there is one, otherwise from the number of
 * levels in the first snapshot.
 */
import { CAPTURE_ROW_KINDS } from '../../captures/capture-format.ts';
import { CaptureReader, READ_END, READ_ROW } from '../../captures/capture-reader.ts';
import { arbitradeError } from '../../platform/errors.ts';
import type { Config } from '../../settings/config.ts';

export type BookDepth = Config['venue']['depth'];

const DEPTHS: readonly BookDepth[] = [10, 25, 100, 500, 1000];
/** Acknowledgements stand at the beginning. */
const FRAMES_LOOKED_AT = 2_000;
const RECV = CAPTURE_ROW_KINDS.indexOf('recv');

/** Undefined when the first frames hold neither. @throws CAPTURE_UNREADABLE. */
export async function captureDepth(path: string): Promise<BookDepth | undefined> {
  let ready = Promise.withResolvers<void>();
  const reader = new CaptureReader(path, () => ready.resolve());
  let fromSnapshot: BookDepth | undefined;
  try {
    while (reader.recvIndex < FRAMES_LOOKED_AT) {
      const found = reader.next();
      if (found === READ_END && reader.recvIndex === -1) {
        throw arbitradeError('CAPTURE_UNREADABLE', path, 'it holds no received frame');
      }
      if (found === READ_END) break;
      if (found !== READ_ROW) {
        await ready.promise;
        ready = Promise.withResolvers();
        continue;
      }
      const frame = reader.kind === RECV ? parsedFrame(reader) : undefined;
      const acknowledged = depthNamed(frame);
      if (acknowledged !== undefined) return acknowledged;
      fromSnapshot ??= depthHolding(levelsOf(frame));
    }
    return fromSnapshot;
  } finally {
    reader.close();
  }
}

interface Frame {
  readonly type?: unknown;
  readonly channel?: unknown;
  readonly result?: { readonly channel?: unknown; readonly depth?: unknown };
  readonly data?: readonly { readonly bids?: readonly unknown[]; readonly asks?: readonly unknown[] }[];
}

function parsedFrame(reader: CaptureReader): Frame | undefined {
  reader.unescape();
  try {
    return JSON.parse(Buffer.from(reader.frame.subarray(0, reader.frameLength)).toString()) as Frame;
  } catch {
    return undefined; // the replay counts it as malformed
  }
}

function depthNamed(frame: Frame | undefined): BookDepth | undefined {
  if (frame?.result?.channel !== 'book') return undefined;
  return DEPTHS.find((depth) => depth === frame.result?.depth);
}

function levelsOf(frame: Frame | undefined): number {
  if (frame?.channel !== 'book' || frame.type !== 'snapshot' || !Array.isArray(frame.data)) return 0;
  return Math.max(0, ...frame.data.map(({ bids, asks }) => Math.max(bids?.length ?? 0, asks?.length ?? 0)));
}

function depthHolding(levels: number): BookDepth | undefined {
  return levels === 0 ? undefined : DEPTHS.find((depth) => depth >= levels);
}
