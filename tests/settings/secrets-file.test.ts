import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { readSecretsFile } from '../../src/settings/secrets-file.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const KEY = 'oJ2XnNgCkZ8f3dQqKEYKEYKEY';
const SECRET = 'kQH5HWp1uGOVjbgWA7FunAmGO8lsSUXNsu3eow76sz84Q18fWxnyRzBHCd3pd5nE9qa99HAZtuZuj6F1huXg==';
const WHOLE = `name: trading-eu\nkey: ${KEY}\nsecret: "${SECRET}"\n`;

function fileWith(text: string, mode = 0o600, directory = temporaryDirectory()): string {
  const file = join(directory, 'kraken');
  rmSync(file, { force: true }); // one that its owner may only read cannot be written over
  writeFileSync(file, text);
  chmodSync(file, mode);
  return file;
}

function refusalOf(file: string): { readonly code: string; readonly message: string } {
  try {
    readSecretsFile(file);
  } catch (thrown) {
    return thrown as { code: string; message: string };
  }
  throw new Error('it was read');
}

describe('secrets file', () => {
  afterEach(() => vi.unstubAllEnvs());

  test.each([0o600, 0o400])('is read when its owner alone can read it (mode %o)', (mode) => {
    expect(readSecretsFile(fileWith(WHOLE, mode))).toEqual({ name: 'trading-eu', key: KEY, secret: SECRET });
  });

  test.each([0o644, 0o640, 0o604, 0o660, 0o610, 0o601])(
    'is refused with what to do when others can (mode %o)',
    (mode) => {
      const file = fileWith(WHOLE, mode);
      const { code, message } = refusalOf(file);
      expect(code).toBe('SECRETS_EXPOSED');
      expect(message).toContain(`chmod 600 ${file}`);
      expect(message).not.toContain(SECRET);
    },
  );

  test('a link is as open as what it leads to', () => {
    const link = join(temporaryDirectory(), 'link');
    symlinkSync(fileWith(WHOLE, 0o644), link);
    expect(refusalOf(link).code).toBe('SECRETS_EXPOSED');
  });

  test('a systemd credential may show the group as reader, a file that only lies elsewhere may not', () => {
    const directory = join(temporaryDirectory(), 'credentials');
    mkdirSync(directory);
    vi.stubEnv('CREDENTIALS_DIRECTORY', directory);
    expect(readSecretsFile(fileWith(WHOLE, 0o440, directory)).name).toBe('trading-eu');
    expect(refusalOf(fileWith(WHOLE, 0o444, directory)).code).toBe('SECRETS_EXPOSED');
    const beside = `${directory}-too`;
    mkdirSync(beside);
    expect(refusalOf(fileWith(WHOLE, 0o440, beside)).code).toBe('SECRETS_EXPOSED');
  });

  test.each([
    ['a missing file', (directory: string) => join(directory, 'none'), 'ENOENT'],
    ['a folder', (directory: string) => directory, 'no file'],
  ])('%s is refused by name', (_what, pathIn, why) => {
    const file = pathIn(temporaryDirectory());
    const { code, message } = refusalOf(file);
    expect(code).toBe('SECRETS_UNREADABLE');
    expect(message).toContain(file);
    expect(message).toContain(why);
  });

  test.each([
    ['empty', ''],
    ['a list', `- ${SECRET}\n`],
    ['text', SECRET],
    ['broken YAML', `name: x\nsecret: "${SECRET}\n  key: [`],
    ['YAML with an unknown tag', `name: x\nkey: k\nsecret: !${KEY} ${SECRET}\nmore: *${KEY}`],
    ['the secret twice', `name: x\nkey: ${KEY}\nsecret: ${SECRET}\nsecret: ${SECRET}`],
    ['a reference to itself', `name: &a x\nkey: ${KEY}\nsecret: *a`],
    ['without a name', `key: ${KEY}\nsecret: ${SECRET}`],
    ['with an empty secret', `name: x\nkey: ${KEY}\nsecret: ""`],
    ['the secret as a name', `name: x\nkey: ${KEY}\n${SECRET}: yes\nsecret: ${SECRET}`],
    ['the secret as a list', `name: x\nkey: ${KEY}\nsecret: [${SECRET}]`],
    ['too large', `${WHOLE}#${' '.repeat(20_000)}`],
  ])('one that is %s is refused, and what is in it stays in it', (_what, text) => {
    const { code, message } = refusalOf(fileWith(text));
    expect(code).toBe('SECRETS_INVALID');
    for (const part of [SECRET, KEY]) expect(message).not.toContain(part);
  });
});
