// Strings, letters, encodings and digests.

import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BYTES } from '../../../src/gotemplate/types.ts'
import { Typed } from '../../../src/gotemplate/value.ts'
import { fromBytes, toBytes } from '../../../src/std/bytes.ts'
import { problems, render, table } from './sprig.ts'

describe('cutting counts bytes', () => {
  table([
    [
      '{{trunc 3 "kubelet"}}|{{trunc -3 "kubelet"}}|{{trunc 0 "x"}}|{{trunc 99 "x"}}|{{trunc -99 "x"}}',
      'kub|let||x|x',
    ],
    ['{{trunc 3 "né"}}|{{trunc 2 "né" | len}}', 'né|2'],
    [
      '{{substr 2 5 "webhook"}}|{{substr -1 3 "webhook"}}|{{substr 4 -1 "webhook"}}|{{substr 4 99 "webhook"}}',
      'bho|web|ook|ook',
    ],
    [
      '{{splitn "." 2 "a.b.c"}} {{(split "." "a.b.c")._2}} {{splitList "" "né" | join "+"}}',
      'map[_0:a _1:b.c] c n+é',
    ],
    ['{{splitn "." 0 "a.b"}}{{splitn "." -1 "a.b"}}', 'map[]map[_0:a _1:b]'],
  ])
  problems([
    ['{{substr 5 2 "webhook"}}', 'runtime error: slice bounds out of range [5:2]'],
    ['{{substr -1 9 "web"}}', 'runtime error: slice bounds out of range [:9] with length 3'],
    ['{{repeat -1 "x"}}', 'strings: negative Repeat count'],
    ['{{indent -1 "x"}}', 'strings: negative Repeat count'],
  ])
})

describe('trimming, joining, quoting', () => {
  table(
    [
      ['[{{trim "\\u00a0\\u2003 a b\\u0085\\n"}}] [{{trim "\\ufeffa"}}]', '[a b] [\ufeffa]'],
      [
        '{{trimAll "éx" "xéaéxé"}} {{trimPrefix "a" "aab"}} {{trimSuffix "b" "abb"}} {{nospace "a b\\tc"}}',
        'a ab ab abc',
      ],
      ['{{indent 2 "a\\n\\nb"}}|{{nindent 1 "a\\n"}}|', '  a\n  \n  b|\n a\n |'],
      ['{{quote "a\\"b" nil 1.5 true (list 1 "x")}} {{quote nil}}|', '"a\\"b" "1.5" "true" "[1 x]" |'],
      ['{{squote "it\'s" nil 2}} {{cat 1 nil "b " (dict "k" 1)}}|', "'it's' '2' 1 b  map[k:1]|"],
      [
        '{{join "-" (list 1 nil "b" 2.5)}} {{join "-" "x"}} {{join "-" nil}}| {{join "," (until 3)}}',
        '1-b-2.5 x | 0,1,2',
      ],
      ['{{replace "a" "$&" "banana"}} {{replace "" "." "né"}}', 'b$&n$&n$& .n.é.'],
      ['{{plural "pod" "pods" 1}} {{plural "pod" "pods" 0}} {{repeat 3 "ab"}}', 'pod pods ababab'],
      [
        '{{toStrings (list 1 nil "a")}} {{toStrings 5}} {{sortAlpha (list "b" 10 "a" 9)}} {{sortAlpha "x"}}',
        '[1 a] [5] [10 9 a b] [x]',
      ],
      ['{{sortAlpha (list "\\U0001F600" "\\uffff")}}', '[\uffff 😀]'],
      ['{{with $b := .bytes}}{{toString $b}} {{quote $b}} {{cat $b}} {{len $b}}{{end}}', 'ab "ab" [97 98] 2'],
      ['{{contains "b" "abc"}} {{hasPrefix "a" "abc"}} {{hasSuffix "b" "abc"}}', 'true true false'],
    ],
    { bytes: new Typed(BYTES, [97, 98]) },
  )
})

describe('letters', () => {
  table([
    [
      '{{upper "straße ǆ"}} {{lower "ÀİΣ"}} {{title "hello-wörld it\'s ǆ"}}',
      "STRAßE Ǆ àiσ Hello-Wörld It'S ǅ",
    ],
    ['{{untitle "One Two"}} {{swapcase "oNE tWO"}} {{initials "Foo bar  baz"}}', 'one two One Two Fbb'],
    [
      '{{snakecase "HTTPServer2go"}} {{snakecase "Load balancer-ID"}} {{snakecase "http2xx"}}',
      'http_server_2go load_balancer_id http_2xx',
    ],
    [
      '{{kebabcase "GetURLFor7Pods"}} {{kebabcase "__a__b"}} {{kebabcase "no.Dots"}}',
      'get-url-for7-pods --a--b no.dots',
    ],
    [
      '{{camelcase "virtual_service-list x"}} {{camelcase "__HTTPRoute"}} {{camelcase "_"}}',
      'VirtualServiceListX __Httproute __',
    ],
    [
      '{{abbrev 9 "sidecar injector"}} {{abbrev 3 "abcdef"}} {{abbrevboth 5 10 "1234567890abcdef"}}',
      'sideca... abcdef ...6789...',
    ],
    ['{{wrap 6 "one two threefour"}}|{{wrapWith 4 "/" "one twothree"}}', 'one\ntwo\nthreefour|one/twot/hree'],
  ])
})

describe('encodings', () => {
  table([
    [
      '{{b64enc "né"}} {{b64dec "bsOp"}} {{b64dec "bsO\\np"}} {{b32enc "né"}} {{b32dec "N3B2S==="}}',
      'bsOp né né N3B2S=== né',
    ],
    [
      '{{b64dec "a=b"}}|{{b64dec "YQ="}}|{{b64dec "YQ==x"}}|{{b32dec "a"}}',
      'illegal base64 data at input byte 1|illegal base64 data at input byte 3|illegal base64 data at input byte 4|illegal base32 data at input byte 0',
    ],
    ['{{b64enc (b64dec "//8=")}} {{b64enc "\\xff\\xfe"}}', '//8= //4='],
    [
      '{{adler32sum "sidecar"}} {{sha256sum ""}} {{sha1sum "abc"}}',
      '193397468 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 a9993e364706816aba3e25717850c26c9cd0d89d',
    ],
    ['{{decryptAES "secretkey" "30tEfhuJSVRhpG97XCuWgz2okj7L8vQ1s6V9zVUPeDQ="}}', 'plaintext'],
  ])

  it('digests and base64 are those of the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const data = { text: fromBytes(bytes) }
        for (const name of ['sha1', 'sha256', 'sha512']) {
          expect(render(`{{${name}sum .text}}`, data)).toBe(createHash(name).update(bytes).digest('hex'))
        }
        const encoded = Buffer.from(bytes).toString('base64')
        expect(render('{{b64enc .text}}', data)).toBe(encoded)
        expect([...toBytes(render('{{b64dec .text}}', { text: encoded }))]).toEqual([...bytes])
        expect([...toBytes(render('{{.text | b32enc | b32dec}}', data))]).toEqual([...bytes])
      }),
    )
  })
})
