/** `arbitrade flatten`: see {@link flatten}. */

import { EXIT, type ExitCode } from '../../engine/exit-codes.ts';
import { describeBegun, describePreview, type FlattenAnswer, readFlattenAnswer } from '../../readings/flatten-text.ts';
import { type AskOptions, askRunningProcess, operatorName, WORDS_SENT_MAX } from './ask-running-process.ts';

export interface FlattenOptions extends AskOptions {
  /** Assets to bring home; everything that is exposed unless given. */
  readonly asset?: readonly string[] | undefined;
  /** Asset that they come home to; the first of `strategy.start_assets` unless given. */
  readonly to?: string | undefined;
  readonly lossMaxBps?: number | undefined;
  /** What the preview shows is done without a question. */
  readonly yes?: boolean | undefined;
  readonly reason?: string | undefined;
  readonly by?: string | undefined;
  /** Puts a question to the person at the terminal; undefined when there is none. */
  readonly question?: ((text: string) => Promise<string>) | undefined;
}

const QUESTION = 'Type yes to send these orders: ';

/** Shows what bringing home what is stranded would come to, and has it done after a yes. @returns the exit code. */
export async function flatten(options: FlattenOptions): Promise<ExitCode> {
  const { asset: assets = [], to, lossMaxBps, reason = '', yes = false, json = false } = options;
  const ask = {
    command: 'flatten' as const,
    assets: [...assets],
    reason: reason.slice(0, WORDS_SENT_MAX),
    by: operatorName(options.by),
    ...(to === undefined ? {} : { to }),
    ...(lossMaxBps === undefined ? {} : { loss_max_bps: lossMaxBps }),
  };
  // In JSON an answer is one line: with a yes, the second one.
  const linesBy = (describe: (answer: FlattenAnswer) => readonly string[], isShown: boolean) => (result: unknown) => {
    answered = readFlattenAnswer(result);
    if (!json) return describe(answered);
    return isShown ? [JSON.stringify(result)] : [];
  };
  let answered: FlattenAnswer | undefined;
  const asking = { ...options, json: false };
  const code = await askRunningProcess(asking, ask, linesBy(describePreview, !yes));
  const preview: FlattenAnswer | undefined = answered;
  if (code !== EXIT.OK || preview === undefined) return code;
  if (yes && preview.refused !== undefined) {
    options.printError(`flatten was refused: ${preview.refused}`);
    return EXIT.REFUSED;
  }
  if (preview.refused !== undefined || preview.offers.length === 0 || !(await saysYes(options))) return code;
  const accepted = preview.offers.map((one) => ({
    ...{ asset: one.asset, to: one.to, amount: one.amount, reference: one.reference },
  }));
  return askRunningProcess(asking, { ...ask, accepted }, linesBy(describeBegun, true));
}

/** Without a terminal, or for a program that reads JSON, nothing but `--yes` is a yes. */
async function saysYes({ yes, json, question, print }: FlattenOptions): Promise<boolean> {
  if (yes === true) return true;
  if (json === true) return false;
  if (question === undefined) {
    print('nothing was done; add --yes to have it done');
    return false;
  }
  const isYes = (await question(QUESTION)).trim().toLowerCase() === 'yes';
  if (!isYes) print('nothing was done');
  return isYes;
}
