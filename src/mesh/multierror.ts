// Several errors as one text, as hashicorp's multierror prints them; Istio's validators report this way.

/** `1 error occurred:` or `n errors occurred:`, a line each, and an empty line. */
export function errorList(errors: readonly string[]): string {
  const head = errors.length === 1 ? '1 error occurred:' : `${errors.length} errors occurred:`
  return `${head}\n\t${errors.map((error) => `* ${error}`).join('\n\t')}\n\n`
}
