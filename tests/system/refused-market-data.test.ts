/** The whole process at an edge that refuses its socket for market data. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { until } from '../support/arbitrade.ts';
import { engineStage, statusOf } from '../support/running-engine.ts';

/** An edge that answers every upgrade with `status` and a page for people. @returns its address and its count of refusals. */
async function refusingEdge(status: string): Promise<{ url: string; refusals: () => number }> {
  let refusals = 0;
  const server = createServer().on('upgrade', (_request, socket) => {
    refusals++;
    socket.end(
      `HTTP/1.1 ${status}\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<html>Just a moment...</html>`,
    );
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => void server.close());
  return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/v2`, refusals: () => refusals };
}

test('a refusal pauses trading by its name, is tried again, and ends the process with code 3 when it lasts', async () => {
  const edge = await refusingEdge('403 Forbidden');
  const venue = { public_url: edge.url, refused_retry_min_ms: 300, refused_give_up_ms: 6_000 };
  const stage = await engineStage({ venue });
  const running = stage.run();
  await until(async () => {
    const status = await statusOf(stage).catch(() => undefined); // it may not listen yet
    return JSON.stringify(status ?? '').includes('market_data_refused');
  });
  const { code, stdout } = await running.ended;
  expect(code).toBe(3);
  expect(edge.refusals()).toBeGreaterThan(1);
  expect(stdout).toMatch(/"event":"market_data_refused".*HTTP 403 on upgrade; tried again later/);
  expect(stdout).toMatch(/"event":"actor_escalated".*has refused every connection for \d+ ms/);
});
