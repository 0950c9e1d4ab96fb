/** What faults do to the text of a frame. */

/** The frame with its checksum off by one bit. */
export function withWrongChecksum(frame: string): string {
  return frame.replace(/"checksum":(\d+)/, (_all, checksum) => `"checksum":${(Number(checksum) ^ 1) >>> 0}`);
}

/** The frame with the last digit of its first quantity raised by one (9 becomes 0). */
export function withWrongDigit(frame: string): string {
  return frame.replace(/("qty":[\d.]*)(\d)/, (_all, head, digit) => `${head}${(Number(digit) + 1) % 10}`);
}

/** The first half of the frame. */
export function cutShort(frame: string): string {
  return frame.slice(0, frame.length >>> 1);
}
