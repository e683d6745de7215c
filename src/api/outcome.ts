// How a request to the webhook ended, as metrics, log lines and tests name it. Both lists are closed:
// they become metric labels, so nothing that a caller can choose may get into them.

/** What the answer was: a patch, allowed without one, allowed false, or an HTTP error without a review. */
export type Outcome = 'patched' | 'skipped' | 'refused' | 'invalid'

/** Why a request got an HTTP error (contract §1.1 rows 1–3 and 10). */
export type InvalidReason =
  | 'body-unreadable'
  | 'body-too-large'
  | 'body-empty'
  | 'content-type'
  | 'not-encoded'
