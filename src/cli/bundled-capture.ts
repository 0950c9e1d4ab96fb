/** The recorded market that comes with the program; where it is from stands in `data/README.md`. */
import { fileURLToPath } from 'node:url';

export const BUNDLED_CAPTURE = fileURLToPath(
  new URL('../../data/derived_ws2_d25_gemini_20210417.cap.jsonl.gz', import.meta.url),
);
