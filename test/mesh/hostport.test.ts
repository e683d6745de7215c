import { isIP } from 'node:net'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  atoi,
  isIpAddress,
  proxyAddressProblem,
  splitHostPort,
  wildcardDomainProblem,
} from '../../src/mesh/hostport.ts'

describe('splitHostPort', () => {
  test.each([
    ['h:1', 'h', '1'],
    [':1', '', '1'],
    ['[::1]:x', '::1', 'x'],
    ['[a]:', 'a', ''],
  ])('splits %s', (address, host, port) => {
    expect(splitHostPort(address)).toStrictEqual({ host, port })
  })

  test.each([
    ['', 'missing port in address'],
    ['h', 'address h: missing port in address'],
    ['a:b:c', 'address a:b:c: too many colons in address'],
    ['[::1', "address [::1: missing ']' in address"],
    ['[::1]', 'address [::1]: missing port in address'],
    ['[::1]a:1', 'address [::1]a:1: missing port in address'],
    ['[::1]:1:2', 'address [::1]:1:2: too many colons in address'],
    ['a[:1', "address a[:1: unexpected '[' in address"],
    ['a]:1', "address a]:1: unexpected ']' in address"],
    ['[[a]:1', "address [[a]:1: unexpected '[' in address"],
  ])('refuses %j', (address, problem) => {
    expect(splitHostPort(address)).toStrictEqual({ problem })
  })
})

describe('atoi', () => {
  test.each<[string, number | string]>([
    ['+007', 7],
    ['-9223372036854775808', -(2 ** 63)],
    ['9223372036854775807', 2 ** 63],
    ['9223372036854775808', 'strconv.Atoi: parsing "9223372036854775808": value out of range'],
    ['', 'strconv.Atoi: parsing "": invalid syntax'],
    ['1_0', 'strconv.Atoi: parsing "1_0": invalid syntax'],
  ])('reads %j', (text, value) => {
    expect(atoi(text)).toBe(value)
  })
})

describe('isIpAddress', () => {
  test.each(['1.2.3.4', '::', '1::', '::ffff:1.2.3.4', 'fe80::1%eth0', '1:2:3:4:5:6:7::'])(
    'takes %s',
    (text) => {
      expect(isIpAddress(text)).toBe(true)
    },
  )

  test.each([
    '',
    '1.2.3',
    '01.2.3.4',
    '1.2.3.256',
    ':::',
    '1::2::3',
    '1.2.3.4%eth0',
    '::%',
    '1:2:3:4:5:6:7:8::',
  ])('refuses %j', (text) => {
    expect(isIpAddress(text)).toBe(false)
  })

  test('agrees with the platform on addresses without zones', () => {
    const address = fc.oneof(fc.ipV4(), fc.ipV6(), fc.string({ unit: fc.constantFrom(...'0:1f.') }))
    fc.assert(fc.property(address, (text) => isIpAddress(text) === isIP(text) > 0))
  })
})

describe('names', () => {
  test.each([
    ['Istiod.ns.svc.:15012', undefined],
    [`${'a'.repeat(63)}:1`, undefined],
    [`${'a'.repeat(64)}:1`, `"${'a'.repeat(64)}" is not a valid hostname or an IP address`],
    ['a..b:1', '"a..b" is not a valid hostname or an IP address'],
    [':1', '"" is not a valid hostname or an IP address'],
    ['a.9:1', '"a.9" is not a valid hostname or an IP address'],
    ['9.8.7.6:1', undefined],
  ])('%s', (address, problem) => {
    expect(proxyAddressProblem(address)).toBe(problem)
  })

  test.each([
    ['*', undefined],
    ['*-x.y', undefined],
    ['', 'empty domain name not allowed'],
    ['*x*.y', 'domain name "*x*.y" invalid (label "*x*" invalid)'],
    ['x.1', 'domain name "1" invalid (top level domain "1" cannot be all-numeric)'],
    ['é'.repeat(128), `domain name "${'é'.repeat(128)}" too long (max 255)`],
  ])('wildcard %s', (domain, problem) => {
    expect(wildcardDomainProblem(domain)).toBe(problem)
  })
})
