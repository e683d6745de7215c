// Regular expressions, versions, URLs, paths.

import { describe, expect, it } from 'vitest'
import { problemOf, problems, render, table } from './sprig.ts'

describe('regular expressions', () => {
  table([
    [
      '{{regexMatch "^v[0-9]+$" "v12"}} {{regexMatch "(" "x"}} {{regexFind "a.?" "xaab"}} {{regexFind "z" "a"}}|',
      'true false aa |',
    ],
    [
      '{{regexFindAll "a*" "baac" -1 | toJson}} {{regexFindAll "[a-z]" "abc" 2}} {{regexFindAll "x" "a" -1 | toJson}}',
      '["","aa",""] [a b] null',
    ],
    [
      '{{regexReplaceAll "(?P<k>\\\\w+)=(\\\\w+)" "a=1,b=2" "${2}=${k}"}} {{regexReplaceAll "a" "aa" "$1x$$"}} {{regexReplaceAll "x*" "ab" "-"}}',
      '1=a,2=b $$ -a-b-',
    ],
    ['{{regexReplaceAll "(a)" "a" "$1x|${1}x|$"}} {{regexReplaceAllLiteral "(a)" "a" "$1"}}', '|ax|$ $1'],
    [
      '{{regexReplaceAll "(?P<n>a)?(?P<n>b)?" "b" "<$n>"}} {{regexReplaceAll "(é+)." "xéé😀" "[$1]"}}',
      '<b> x[éé]',
    ],
    [
      '{{regexSplit "," "a,b,,c" -1 | toJson}} {{regexSplit "" "né" -1 | toJson}} {{regexSplit "," "a,b,c" 2 | toJson}} {{regexSplit "," "" -1 | len}} {{regexSplit "," "a" 0 | toJson}}',
      '["a","b","","c"] ["n","é"] ["a","b,c"] 1 null',
    ],
    ['{{regexQuoteMeta "a.b*[c]$"}}', 'a\\.b\\*\\[c\\]\\$'],
  ])
  problems([
    ['{{mustRegexFind "(" "x"}}', 'error parsing regexp: missing closing ): `(`'],
    [
      '{{regexFind "a**" "x"}}',
      'regexp: Compile(`a**`): error parsing regexp: invalid nested repetition operator: `**`',
    ],
    ['{{mustRegexMatch "(?=a)" "a"}}', 'error parsing regexp: invalid or unsupported Perl syntax: `(?=`'],
    ['{{mustRegexMatch "\\xff" "a"}}', 'error parsing regexp: invalid UTF-8: `\ufffd`'],
  ])

  it('nested repetition takes linear time', () => {
    expect(render('{{regexMatch "^(a+)+$" .}}', `${'a'.repeat(5000)}!`)).toBe('false')
  })

  it('a search that looks at the whole rest for every match ends at the limit of the run', () => {
    expect(problemOf('{{regexFindAll "a.*z|b" . -1}}', 'ab'.repeat(50_000))).toMatch(/limit|steps/)
  })

  it('an enormous pattern ends there too', () => {
    expect(problemOf('{{regexMatch . "x"}}', 'a?'.repeat(200_000))).toMatch(/limit|steps/)
  })
})

describe('versions', () => {
  table([
    [
      '{{$v := semver "v1.2-rc.1+b"}}{{$v}} {{$v.Major}} {{$v.Minor}} {{$v.Patch}} {{$v.Prerelease}} {{$v.Metadata}} {{$v.Original}}',
      '1.2.0-rc.1+b 1 2 0 rc.1 b v1.2-rc.1+b',
    ],
    [
      '{{(semver "1.2.3").Compare (semver "1.2.3-a")}} {{(semver "1.0.0-2").LessThan (semver "1.0.0-10")}} {{toJson (semver "1")}}',
      '1 true "1.0.0"',
    ],
  ])

  it.each([
    ['^1.2', '1.30.3', true],
    ['^0.2.3', '0.3.0', false],
    ['^1.2.3', '1.2.2', false],
    ['^0.0.3', '0.0.4', false],
    ['~1.2.3', '1.2.9', true],
    ['~1.2.3', '1.3.0', false],
    ['~>1.2.3', '1.3.0', false],
    ['~1', '1.9', true],
    ['1.2.3', '1.2.4', false],
    ['1.2', '1.2.4', true],
    ['>1', '1.9.0', false],
    ['>1.2', '1.3.0', true],
    ['<2', '1.9.0', true],
    ['<=1.2', '1.2.9', true],
    ['=<1.2', '1.3.0', false],
    ['=>1.2', '1.2.0', true],
    ['>=1.24, <1.31', '1.30.3', true],
    ['>= 1.24 < 1.27 || 1.30.x', '1.30.0', true],
    ['1.2 - 1.4', '1.4.9', true],
    ['!=1.2', '1.2.9', false],
    ['!=1.2.3', '1.2.4', true],
    ['*', '2.0.0-rc.1', false],
    ['>=2.0.0-0', '2.0.0-rc.1', true],
    ['=1.0.0', '1.0.0+build', true],
  ])('%s holds for %s: %s', (constraint, version, holds) => {
    expect(render('{{semverCompare .c .v}}', { c: constraint, v: version })).toBe(String(holds))
  })

  problems([
    ['{{semver "x"}}', 'invalid semantic version'],
    ['{{semver "1.0.0-01"}}', 'version segment starts with 0'],
    ['{{semverCompare "1.0 >" "1"}}', 'improper constraint: 1.0 >'],
  ])
})

describe('URLs', () => {
  table([
    [
      '{{$u := urlParse "https://me:p%40@h.x:8080/a%20b?q=1&r#f%41"}}{{toRawJson $u}}',
      '{"fragment":"fA","host":"h.x:8080","hostname":"h.x","opaque":"","path":"/a b","query":"q=1&r","scheme":"https","userinfo":"me:p%40"}',
    ],
    [
      '{{(urlParse "mailto:a@b").opaque}} {{(urlParse "http://[::1]:80/").hostname}} {{(urlParse "//h/p").host}}',
      'a@b ::1 h',
    ],
    [
      '{{urlJoin (dict "scheme" "http" "userinfo" "a:b%20c" "host" "h" "path" "x y" "query" "q" "fragment" "é")}}',
      'http://a:b%20c@h/x%20y?q#%C3%A9',
    ],
    [
      '{{urlJoin (dict "path" "a:b")}} {{urlJoin (dict "scheme" "s" "opaque" "o")}} {{urlJoin (dict)}}|',
      './a:b s:o |',
    ],
  ])
  problems([
    [
      '{{urlParse "http://a b/"}}',
      'unable to parse url: parse "http://a b/": invalid character " " in host name',
    ],
    ['{{urlParse ":x"}}', 'unable to parse url: parse ":x": missing protocol scheme'],
    ['{{urlParse "/%zz"}}', 'unable to parse url: parse "/%zz": invalid URL escape "%zz"'],
    ['{{urlJoin (dict "host" 1)}}', 'unable to parse host key, must be of type string, but int found'],
  ])
})

describe('paths', () => {
  table([
    [
      '{{base "/a/b/"}} {{base ""}} {{base "//"}} {{dir "/a/b"}} {{dir "a"}} {{ext "x.tar.gz"}} {{ext "a.b/c"}}|',
      'b . / /a . .gz |',
    ],
    [
      '{{clean "/../a//./b/../c/"}} {{clean "../../a/.."}} {{clean ""}} {{isAbs "/"}} {{osDir "/a/b/c"}}',
      '/a/c ../.. . true /a/b',
    ],
  ])
})
