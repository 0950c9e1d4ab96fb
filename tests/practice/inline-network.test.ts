import { describe, expect, test } from 'vitest';
import { seededChance } from '../../src/platform/chance.ts';
import { VirtualClock } from '../../src/platform/clock.ts';
import type { ClientPort } from '../../src/practice/network/client-connection.ts';
import { InlineNetwork } from '../../src/practice/network/inline-network.ts';

function connect(refusal?: number) {
  const clock = new VirtualClock();
  const heard: string[] = [];
  const far: { port: ClientPort | undefined; heard: string[] } = { port: undefined, heard: [] };
  const listener = {
    admit: () => refusal,
    connect: (path: string, port: ClientPort) => {
      far.port = port;
      far.heard.push(`connect ${path}`);
      return {
        receive: (text: string) => far.heard.push(text),
        closed: () => far.heard.push('closed'),
        answersPings: () => true,
      };
    },
  };
  const network = new InlineNetwork(clock, seededChance(1), listener, { latencyMs: [1, 30] });
  const socket = network.open('ws://practice/v2', {
    onOpen: () => heard.push('open'),
    onMessage: (data) => heard.push(Buffer.from(data).toString('utf8')),
    onClosed: (code, reason, status) => heard.push(`closed ${code} ${reason} ${status ?? ''}`.trim()),
  });
  const settle = () => clock.advanceTo(clock.nowNs() + 1e9);
  return { network, socket, heard, far, settle };
}

describe('an inline connection', () => {
  test('nothing happens before time passes, and then messages arrive in order, each way', () => {
    const { socket, heard, far, settle } = connect();
    expect(socket.send('too early')).toBe(false);
    settle();
    expect(heard).toEqual(['open']);
    for (let index = 0; index < 50; index++) {
      socket.send(`out ${index}`);
      far.port?.send(`in ${index}`);
    }
    expect(heard).toHaveLength(1);
    settle();
    expect(far.heard).toEqual(['connect /v2', ...Array.from({ length: 50 }, (_, index) => `out ${index}`)]);
    expect(heard.slice(1)).toEqual(Array.from({ length: 50 }, (_, index) => `in ${index}`));
  });

  test('a refused upgrade says its status, once', () => {
    const { heard, far, settle } = connect(429);
    settle();
    expect(heard).toEqual(['closed 1006 HTTP 429 on upgrade 429']);
    expect(far.heard).toEqual([]);
  });

  test('what was sent before the far end closes still arrives; then nothing does', () => {
    const { socket, heard, far, settle } = connect();
    settle();
    far.port?.send('last words');
    far.port?.close(1001, 'going away');
    settle();
    expect(heard).toEqual(['open', 'last words', 'closed 1001 going away']);
    expect(socket.send('anybody?')).toBe(false);
  });

  test('a process that dies hears nothing more, and the far end sees every connection end', () => {
    const { network, heard, far, settle } = connect();
    settle();
    network.cutAll();
    far.port?.send('too late');
    settle();
    expect(far.heard.at(-1)).toBe('closed');
    expect(heard).not.toContain('too late');
  });
});
