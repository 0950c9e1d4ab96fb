/** A REST call and its answer without a socket, so that the inline host can ask the same code as a real client. */

export interface RestRequest {
  /** `GET` or `POST`. */
  readonly method: string;
  /** Path and query as they came: `/0/public/Depth?pair=XBTUSD`. */
  readonly target: string;
  /** Names in small letters. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The body as it came: signatures are over its bytes. */
  readonly body: string;
}

export type RestAnswer =
  | { readonly kind: 'answer'; readonly status: number; readonly contentType: string; readonly body: string }
  /** The connection ends without an answer. */
  | { readonly kind: 'cut' };

/** The venue's envelope around a result. */
export function resultAnswer(result: unknown): RestAnswer {
  return jsonAnswer(JSON.stringify({ error: [], result }));
}

/** The venue's envelope around an error; HTTP status 200 all the same (protocol reference 3.1). */
export function errorAnswer(error: string): RestAnswer {
  return jsonAnswer(JSON.stringify({ error: [error] }));
}

/** What the venue's edge says, not the venue: a page for people. */
export function pageAnswer(status: number, title: string): RestAnswer {
  const body = `<!DOCTYPE html>\n<html><head><title>${title}</title></head><body><h1>${status} ${title}</h1></body></html>\n`;
  return { kind: 'answer', status, contentType: 'text/html; charset=UTF-8', body };
}

function jsonAnswer(body: string): RestAnswer {
  return { kind: 'answer', status: 200, contentType: 'application/json', body };
}
