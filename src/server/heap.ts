// How the heap of a serving process is collected. Said here and not to Node as it starts, so that it holds however that is
// started, and does not keep it from the compiled code of its own modules, which is for its own flags only.

import { setFlagsFromString } from 'node:v8'

/**
 * From here on the heap is collected as suits a server.
 *
 * All that a request makes is given to the collector of young objects. V8 otherwise guesses, from what is in flight when it
 * looks, that some of it lives long, and makes it where only a full collection looks; dead there, each small object keeps
 * its whole request.
 *
 * A full collection comes when there is twice as much as the last one left. Where little grows old V8 would look again
 * after a tenth more, and each look is felt for a sixth of a second: it takes a part of the processor meanwhile, and drops
 * what was optimised of functions none of which is there at that moment, as those that a request makes for itself.
 */
export function collectForRequests(): void {
  setFlagsFromString('--no-allocation-site-pretenuring')
  setFlagsFromString('--heap-growing-percent=100')
}
