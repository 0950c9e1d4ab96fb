/** Short texts in messages: ASCII in a field of fixed length, filled up with zeros. */

/** Writes `text`; what does not fit is cut off, and what is not ASCII becomes `?`. */
export function writeAscii(view: DataView, offset: number, text: string, bytes: number): void {
  for (let index = 0; index < bytes; index++) {
    const code = index < text.length ? text.charCodeAt(index) : 0;
    view.setUint8(offset + index, code < 128 ? code : 63);
  }
}

export function readAscii(view: DataView, offset: number, bytes: number): string {
  let text = '';
  for (let index = 0; index < bytes; index++) {
    const code = view.getUint8(offset + index);
    if (code === 0) break;
    text += String.fromCharCode(code);
  }
  return text;
}
