// How the heap of a serving process is collected.

import { setFlagsFromString } from 'node:v8'

/**
 * From here on all that a request makes is given to the collector of young objects. V8 otherwise guesses, from what is in
 * flight when it looks, that some of it lives long, and makes it where only a full collection looks; dead there, each small
 * object keeps its whole request. Said here and not to Node as it starts, so that it holds however that is started, and
 * does not keep it from the compiled code of its own modules, which is for its own flags only.
 */
export function keepRequestsYoung(): void {
  setFlagsFromString('--no-allocation-site-pretenuring')
}
