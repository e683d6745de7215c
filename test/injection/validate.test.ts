import { describe, expect, it } from 'vitest'
import { NEWEST, type Release } from '../../src/api/release.ts'
import { prefixError } from '../../src/injection/netip.ts'
import { annotationError, validateAnnotations } from '../../src/injection/validate.ts'

const at = (minor: number): Release => ({ major: 1, minor })

describe('annotation checks', () => {
  const table: readonly [string, string, string | undefined][] = [
    ['sidecar.istio.io/interceptionMode', 'TPROXY', undefined],
    [
      'sidecar.istio.io/interceptionMode',
      'tproxy',
      'interceptionMode invalid, use REDIRECT,TPROXY,NONE: tproxy',
    ],
    ['prometheus.istio.io/merge-metrics', 'yes', 'strconv.ParseBool: parsing "yes": invalid syntax'],
    ['status.sidecar.istio.io/port', ' 80', undefined],
    [
      'status.sidecar.istio.io/port',
      '70000',
      `excludeInboundPorts invalid: failed parsing port '70000': strconv.ParseUint: parsing "70000": value out of range`,
    ],
    ['readiness.status.sidecar.istio.io/periodSeconds', '4294967295', undefined],
    [
      'readiness.status.sidecar.istio.io/periodSeconds',
      '4294967296',
      'strconv.ParseUint: parsing "4294967296": value out of range',
    ],
    [
      'readiness.status.sidecar.istio.io/periodSeconds',
      '99999999999x',
      'strconv.ParseUint: parsing "99999999999x": value out of range',
    ],
    [
      'readiness.status.sidecar.istio.io/periodSeconds',
      '1x',
      'strconv.ParseUint: parsing "1x": invalid syntax',
    ],
    ['traffic.sidecar.istio.io/includeInboundPorts', '*', undefined],
    [
      'traffic.sidecar.istio.io/excludeInboundPorts',
      '*',
      `excludeInboundPorts invalid: failed parsing port '*': failed parsing port '*': strconv.ParseUint: parsing "*": invalid syntax`,
    ],
    ['traffic.sidecar.istio.io/includeOutboundIPRanges', '*', undefined],
    [
      'traffic.sidecar.istio.io/excludeOutboundIPRanges',
      '10.0.0.0/8,1.2.3.4/33',
      `excludeIPRanges invalid: failed parsing cidr '1.2.3.4/33': netip.ParsePrefix("1.2.3.4/33"): prefix length out of range`,
    ],
    ['traffic.sidecar.istio.io/kubevirtInterfaces', 'eth0, net.1', undefined],
    ['traffic.sidecar.istio.io/kubevirtInterfaces', 'eth0,', 'empty interface name'],
    [
      'traffic.sidecar.istio.io/kubevirtInterfaces',
      'much-too-long-name',
      'interface name "much-too-long-name" too long (max 15 chars)',
    ],
    ['sidecar.istio.io/proxyCPU', '100m', undefined],
    ['sidecar.istio.io/proxyCPU', '1\u0085', 'value contains control characters'],
    ['proxy.istio.io/config', 'concurrency: 2', undefined],
    [
      'proxy.istio.io/config',
      '[1]',
      'failed to convert to apply proxy config: json: cannot unmarshal array into Go value of type map[string]json.RawMessage',
    ],
    ['sidecar.istio.io/logLevel', 'anything: [', undefined],
  ]
  for (const [name, value, want] of table) {
    it(`${name}: ${JSON.stringify(value)}`, () => expect(annotationError(name, value, NEWEST)).toBe(want))
  }

  it('come and go with releases', () => {
    const bad = (name: string, minor: number): boolean => annotationError(name, '!', at(minor)) !== undefined
    expect([28, 29].map((minor) => bad('sidecar.istio.io/proxyCPU', minor))).toEqual([false, true])
    expect([29, 30].map((minor) => bad('istio.io/reroute-virtual-interfaces', minor))).toEqual([false, true])
    expect([24, 25].map((minor) => bad('sidecar.istio.io/enableCoreDump', minor))).toEqual([true, false])
  })

  it('are listed one a line, in the order of their names', () => {
    const annotations = {
      'sidecar.istio.io/interceptionMode': 'x',
      'prometheus.istio.io/merge-metrics': '',
      other: '',
    }
    expect(validateAnnotations(annotations, NEWEST)).toBe(
      '2 errors occurred:\n' +
        `\t* invalid value '' for annotation 'prometheus.istio.io/merge-metrics': strconv.ParseBool: parsing "": invalid syntax\n` +
        `\t* invalid value 'x' for annotation 'sidecar.istio.io/interceptionMode': interceptionMode invalid, use REDIRECT,TPROXY,NONE: x\n\n`,
    )
    expect(validateAnnotations({ other: 'x' }, NEWEST)).toBeUndefined()
  })
})

describe('address ranges', () => {
  for (const good of [
    '0.0.0.0/0',
    '1.2.3.4/32',
    '::/0',
    'fd00::1/64',
    '::ffff:1.2.3.4/96',
    '1:2:3:4:5:6:7:8/128',
    '1::8/1',
  ]) {
    it(`takes ${good}`, () => expect(prefixError(good)).toBeUndefined())
  }

  const table: readonly [string, string][] = [
    ['', `no '/'`],
    ['1.2.3.4/', 'bad bits after slash: ""'],
    ['1.2.3.4/01', 'bad bits after slash: "01"'],
    ['1.2.3.4/99999999999999999999', 'bad bits after slash: "99999999999999999999"'],
    ['1.2.3/8', 'ParseAddr("1.2.3"): IPv4 address too short'],
    ['1.2.3.4.5/8', 'ParseAddr("1.2.3.4.5"): IPv4 address too long'],
    ['1.2.3.256/8', 'ParseAddr("1.2.3.256"): IPv4 field has value >255'],
    ['1.2.3.04/8', 'ParseAddr("1.2.3.04"): IPv4 field has octet with leading zero'],
    ['1..3.4/8', 'ParseAddr("1..3.4"): IPv4 field must have at least one digit (at ".3.4")'],
    ['1.2.3.x/8', 'ParseAddr("1.2.3.x"): unexpected character (at "x")'],
    ['%a/8', 'ParseAddr("%a"): missing IPv6 address'],
    ['fe80::1%/8', 'ParseAddr("fe80::1%"): zone must be a non-empty string'],
    ['fe80::1%e/8', 'IPv6 zones cannot be present in a prefix'],
    ['12345::/8', 'ParseAddr("12345::"): each group must have 4 or less digits (at "12345::")'],
    ['1:2:3/8', 'ParseAddr("1:2:3"): address string too short'],
    [
      '1:2:3:4:5:6:7::8/8',
      'ParseAddr("1:2:3:4:5:6:7::8"): the :: must expand to at least one field of zeros',
    ],
    ['1::2::3/8', 'ParseAddr("1::2::3"): multiple :: in address (at ":3")'],
    ['1:/8', 'ParseAddr("1:"): colon must be followed by more characters (at ":")'],
    ['1:g/8', 'ParseAddr("1:g"): each colon-separated field must have at least one digit (at "g")'],
    ['1g:/8', 'ParseAddr("1g:"): unexpected character, want colon (at "g:")'],
    [
      '1:2.3.4.5/8',
      'ParseAddr("1:2.3.4.5"): embedded IPv4 address must replace the final 2 fields of the address (at "2.3.4.5")',
    ],
    ['::1:2:3:4:5:6:7:8:9/8', 'ParseAddr("::1:2:3:4:5:6:7:8:9"): trailing garbage after address (at "9")'],
    [
      '::1:2:3:4:5:6:7:1.2.3.4/8',
      'ParseAddr("::1:2:3:4:5:6:7:1.2.3.4"): too many hex fields to fit an embedded IPv4 at the end of the address (at "1.2.3.4")',
    ],
  ]
  for (const [text, want] of table) {
    it(`refuses ${JSON.stringify(text)}`, () =>
      expect(prefixError(text)).toBe(`netip.ParsePrefix(${JSON.stringify(text)}): ${want}`))
  }
})
