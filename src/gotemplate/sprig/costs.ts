// What calls of functions cost, in steps: those that take longer than a call usually takes, even with short arguments.
// A step stands for 0.1 µs: 2,000,000 of them (DEFAULT_LIMITS) end within 200 ms, whatever the template calls. The
// numbers were measured and doubled; what grows with the arguments is charged by the functions themselves.

import type { TemplateFunc } from '../func.ts'

/** Names by steps. */
const COSTS: readonly (readonly [steps: number, names: string])[] = [
  [500, 'decryptAES semverCompare'],
  [300, 'date dateInZone date_in_zone durationRound fromJson htmlDate htmlDateInZone mustFromJson'],
  [240, 'semver toDate mustToDate'],
  [160, 'urlJoin urlParse'],
  [80, 'b32dec duration wrap wrapWith'],
  [
    40,
    'abbrevboth adler32sum b32enc b64dec b64enc camelcase dateModify date_modify dict initials join kebabcase ' +
      'mustDateModify must_date_modify nospace regexQuoteMeta seq sha1sum sha256sum sha512sum snakecase sortAlpha split ' +
      'splitList splitn swapcase title toDecimal toJson toPrettyJson toRawJson toStrings trimAll mustToJson ' +
      'mustToPrettyJson mustToRawJson',
  ],
]

const BY_NAME: ReadonlyMap<string, number> = new Map(
  COSTS.flatMap(([steps, names]) => names.split(' ').map((name) => [name, steps] as const)),
)

/** The functions with their costs. */
export function withCosts(funcs: Readonly<Record<string, TemplateFunc>>): [string, TemplateFunc][] {
  return Object.entries(funcs).map(([name, func]) => {
    const cost = BY_NAME.get(name)
    return [name, cost === undefined ? func : { ...func, cost }]
  })
}
