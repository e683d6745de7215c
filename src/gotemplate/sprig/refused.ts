// Functions of sprig that a render must not offer: rendering depends on its inputs alone, so that the same pod always
// gives the same patch, and templates reach nothing outside. Each is refused by name with the reason.

const ENVIRONMENT = 'it reads the environment of the process'
const NETWORK = 'it asks the network'
const CLOCK = 'it reads the clock'
const RANDOM = 'its result is random'
const KEYS = 'it makes keys or passwords'

const REASONS: Readonly<Record<string, readonly string[]>> = {
  [ENVIRONMENT]: ['env', 'expandenv'],
  [NETWORK]: ['getHostByName'],
  [CLOCK]: ['now', 'ago'],
  [RANDOM]: [
    'randAlpha',
    'randAlphaNum',
    'randAscii',
    'randBytes',
    'randInt',
    'randNumeric',
    'shuffle',
    'uuidv4',
  ],
  [KEYS]: [
    'bcrypt',
    'buildCustomCert',
    'derivePassword',
    'encryptAES',
    'genCA',
    'genCAWithKey',
    'genPrivateKey',
    'genSelfSignedCert',
    'genSelfSignedCertWithKey',
    'genSignedCert',
    'genSignedCertWithKey',
    'htpasswd',
  ],
}

/** Refused functions by name. */
export const REFUSED: readonly (readonly [name: string, reason: { readonly refused: string }])[] =
  Object.entries(REASONS).flatMap(([refused, names]) => names.map((name) => [name, { refused }] as const))
