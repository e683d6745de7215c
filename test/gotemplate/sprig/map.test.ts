// The function map as a whole: what is there, what is refused, what a call may cost.

import { describe, expect, it } from 'vitest'
import { SPRIG } from '../../../src/gotemplate/sprig/sprig.ts'
import { TemplateError } from '../../../src/gotemplate/template.ts'
import { problemOf, render } from './sprig.ts'

const REFUSED = [
  ['env "A"', 'environment'],
  ['expandenv "$A"', 'environment'],
  ['getHostByName "a"', 'network'],
  ['now', 'clock'],
  ['ago 0', 'clock'],
  ['uuidv4', 'random'],
  ['randAlphaNum 5', 'random'],
  ['shuffle "ab"', 'random'],
  ['genCA "x" 1', 'keys'],
  ['genPrivateKey "rsa"', 'keys'],
  ['htpasswd "a" "b"', 'keys'],
  ['derivePassword 1 "long" "a" "b" "c"', 'keys'],
] as const

describe('functions that reach outside', () => {
  it.each(REFUSED)('%s is refused: %s', (call, reason) => {
    const [name = ''] = call.split(' ')
    expect(() => render(`{{if false}}{{${call}}}{{end}}`)).toThrow(TemplateError)
    expect(problemOf(`{{${call}}}`)).toMatch(new RegExp(`"${name}".*refused.*${reason}`))
  })
})

it('has all 211 names of sprig 3.3.0', () => {
  expect(SPRIG.size).toBe(211)
})

describe('what would be large is refused before it is made', () => {
  it.each([
    '{{repeat 999999999 "x"}}',
    '{{until 999999999}}',
    '{{untilStep 0 999999999 1}}',
    '{{seq 999999999}}',
    '{{indent 999999999 "a"}}',
    '{{nindent 999999999 "a\\nb"}}',
    '{{$s := repeat 100000 "x"}}{{replace "" $s $s}}',
    '{{$s := repeat 1000 "x"}}{{replace "x" $s $s | len}}{{replace "x" $s $s | len}}{{replace "x" $s $s | len}}',
    '{{$s := repeat 100000 "x"}}{{join $s (until 100000)}}',
    '{{$s := repeat 100000 "x"}}{{wrapWith 1 $s $s}}',
    '{{$l := list "x"}}{{range until 40}}{{$l = list $l $l}}{{end}}{{toJson $l}}',
    '{{$l := list "x"}}{{range until 40}}{{$l = list $l $l}}{{end}}{{quote $l}}',
    '{{$l := list "x"}}{{range until 40}}{{$l = list $l $l}}{{end}}{{deepCopy $l}}',
    '{{$l := list "x"}}{{range until 40}}{{$l = list $l $l}}{{end}}{{$m := list "x"}}{{range until 40}}{{$m = list $m $m}}{{end}}{{deepEqual $l $m}}',
    '{{$l := until 100000}}{{range $l}}{{$_ := concat $l $l}}{{end}}',
  ])('%s', (template) => {
    const started = performance.now()
    expect(problemOf(template)).toMatch(/limit|steps/)
    expect(performance.now() - started).toBeLessThan(5000)
  })
})

it('the same call gives the same result', () => {
  const template = '{{keys (dict "b" 1 "a" 2)}}{{values (dict "b" 1 "a" 2)}}{{dateInZone "2006" 0 "Local"}}'
  expect(render(template)).toBe(render(template))
})
