/** Kraken's REST side as the rest of the program asks it: checked answers, in our integers. */
import { z } from 'zod';
import { wholeNumberText } from './number-text-json.ts';
import { failed, type RestResult } from './rest-answer.ts';
import { RestClient, type RestClientDeps, type RestParams } from './rest-client.ts';
import type { EndpointName } from './rest-endpoints.ts';

export type Done<T> = (result: RestResult<T>) => void;

export interface WebSocketsToken {
  readonly token: string;
  /** The token must be used within this time (protocol reference 2.1). */
  readonly expiresMs: number;
}

const TOKEN = z.object({ token: z.string().min(1).max(512), expires: wholeNumberText.default(900) });

export class KrakenRest {
  readonly #client: RestClient;

  constructor(deps: RestClientDeps) {
    this.#client = new RestClient(deps);
  }

  /** A token for private WebSocket channels. */
  webSocketsToken(done: Done<WebSocketsToken>): void {
    this.#ask('GetWebSocketsToken', {}, TOKEN, done, ({ token, expires }) => ({ token, expiresMs: expires * 1_000 }));
  }

  stop(): void {
    this.#client.stop();
  }

  #ask<A, T>(
    endpoint: EndpointName,
    params: RestParams,
    schema: z.ZodType<A>,
    done: Done<T>,
    read: (answer: A) => T,
  ): void {
    this.#client.call(endpoint, params, (result) => {
      done(result.ok ? readChecked(endpoint, schema, result.value, read) : result);
    });
  }
}

function readChecked<A, T>(
  endpoint: EndpointName,
  schema: z.ZodType<A>,
  value: unknown,
  read: (answer: A) => T,
): RestResult<T> {
  const checked = schema.safeParse(value);
  if (checked.success) return { ok: true, value: read(checked.data) };
  const issue = checked.error.issues[0];
  return failed('unknown', 'unreadable', `${endpoint} ${issue?.path.join('.')}: ${issue?.message}`, 'later');
}
